//! The webhook's certificate changes under load: no request fails, on connections that are open and on new ones.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use e2e::{LIMIT, Proxy, until};
use futures::{AsyncBufReadExt as _, TryStreamExt as _, future::join_all};
use http::Method;
use kube::Client;
use serde_json::Value;
use smi_sdk::Stored;

use super::{
    certificates::Authority,
    webhook,
    world::{Call, FIRST_YEAR, World, kind, split},
};
use crate::{Outcome, installing::clean, kinds};

/// Tasks that read at the same time.
const READERS: usize = 4;

/// A cluster that calls its webhook through a proxy, which counts the connections, and what happens to it meanwhile.
struct Mesh {
    world: World,
    proxy: Proxy,
    client: Client,
    /// Two splits, at versions at which none is stored.
    read: Value,
    written: Value,
    stop: AtomicBool,
    reads: AtomicUsize,
    events: AtomicUsize,
}

impl Mesh {
    async fn new(name: &str, by_service: bool) -> Outcome<Self> {
        let mut world = World::bare(name).await?;
        let proxy = Proxy::start(world.webhook.address()).await?;
        if by_service {
            world.call_by_service(proxy.address().port()).await?;
        } else {
            world.call = Call::Url(format!("https://{}{}", proxy.address(), webhook::PATH));
        }
        world.install(Stored::Version("v1alpha4".to_owned())).await?;
        let namespace = world.cluster.namespace(name).await?;
        for name in ["read", "written"] {
            world.write_split("v1alpha1", &namespace, name, 1).await?;
        }
        Ok(Self {
            client: world.client.clone(),
            world,
            proxy,
            read: split("v1alpha2", &namespace, "read", 1),
            written: split("v1alpha1", &namespace, "written", 1),
            stop: AtomicBool::new(false),
            reads: AtomicUsize::new(0),
            events: AtomicUsize::new(0),
        })
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Reads until it is told to stop; the first failure ends it.
    async fn reads(&self) -> Outcome {
        let path = kind(&self.read)?.path(&self.read);
        while !self.stops() {
            clean(&kinds::send(&self.client, Method::GET, &path, None).await?)?;
            self.reads.fetch_add(1, Ordering::AcqRel);
        }
        Ok(())
    }

    /// Changes a split until it is told to stop, and once more then.
    async fn writes(&self) -> Outcome {
        let kind = kind(&self.written)?;
        let path = kind.path(&self.written);
        let mut object = kinds::send(&self.client, Method::GET, &path, None).await?.json()?;
        for weight in 1.. {
            let is_last = self.stops();
            object["spec"]["backends"][0]["weight"] = weight.into();
            let replaced = kind.replace(&self.client, &object).await?;
            clean(&replaced)?;
            object = replaced.json()?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Watches until it is told to stop, which the last write's event ends. A server ends its watches when a CRD changes,
    /// without an error; then the watch is made again.
    async fn watches(&self) -> Outcome {
        let path = format!("{}?watch=true", kind(&self.read)?.collection(&self.read));
        while !self.stops() {
            let request = http::Request::builder().uri(&path).body(Vec::new())?;
            let mut lines = self.client.request_stream(request).await?.lines();
            while let Some(line) = lines.try_next().await? {
                let event: Value = serde_json::from_str(&line)?;
                if event["type"] == "ERROR" {
                    return Err(line.into());
                }
                self.events.fetch_add(1, Ordering::AcqRel);
                if self.stops() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Waits until everybody has gone on.
    async fn goes_on(&self) -> Outcome {
        for (count, some, what) in [
            (&self.reads, 20 * READERS, "reads go on"),
            (&self.events, 5, "the watch goes on"),
        ] {
            let before = count.load(Ordering::Acquire);
            let more = async || Ok((count.load(Ordering::Acquire) >= before + some).then_some(()));
            until(what, LIMIT, more).await?;
        }
        Ok(())
    }

    /// The same on the connection that is there: over HTTP/2 there is one, and it stays.
    async fn goes_on_as_connected(&self) -> Outcome {
        let before = self.proxy.connections();
        self.goes_on().await?;
        if let Call::Url(_) = self.world.call {
            assert_eq!(self.proxy.connections(), before, "it connected again");
        }
        Ok(())
    }

    /// Gives `bundle` to the CRDs. An API server connects anew where it is another text.
    async fn connects_anew(&self, bundle: &str) -> Outcome {
        let before = self.proxy.connections();
        self.world.trust(bundle).await?;
        let connected = async || Ok((self.proxy.connections() > before).then_some(()));
        until("there is another connection", LIMIT, connected).await?;
        self.goes_on().await
    }

    /// Presents a certificate of `by`, and waits until the webhook does.
    async fn presents(&self, by: &Authority, year: i32) -> Outcome {
        self.world.webhook.present(&by.issue(year)?)?;
        let presented = async || {
            let counts = self.world.webhook.counts().await.ok();
            Ok(counts.filter(|counts| ends_with(counts.not_after, year)).map(drop))
        };
        Ok(until("the other certificate is presented", LIMIT, presented).await?)
    }

    /// Other certificates of the CA; then another CA: trusted beside the old one, in use, and alone.
    async fn rotates(&self) -> Outcome {
        self.goes_on_as_connected().await?;
        let mut bundle = self.world.authority.pem();
        for year in FIRST_YEAR + 1..FIRST_YEAR + 4 {
            self.presents(&self.world.authority, year).await?;
            self.goes_on_as_connected().await?;
            bundle.push('\n');
            self.connects_anew(&bundle).await?;
        }
        let next = Authority::new("the next CA")?;
        self.connects_anew(&format!("{bundle}{}", next.pem())).await?;
        self.presents(&next, FIRST_YEAR + 10).await?;
        self.goes_on_as_connected().await?;
        self.connects_anew(&format!("{}{bundle}", next.pem())).await?;
        self.connects_anew(&next.pem()).await
    }
}

/// Whether a certificate ends with that year.
fn ends_with(not_after: u64, year: i32) -> bool {
    // A day before the year's end, and leap years make it another day of it at most.
    const YEAR: f64 = 31_556_952.0;
    let since_1970 = std::time::Duration::from_secs(not_after).as_secs_f64() / YEAR;
    (since_1970 - f64::from(year + 1 - 1970)).abs() < 0.1
}

/// Exchanges certificates under load.
async fn exchange(mesh: &Mesh) -> Outcome {
    assert!(ends_with(mesh.world.webhook.counts().await?.not_after, FIRST_YEAR));
    let readers = async {
        join_all((0..READERS).map(|_| mesh.reads()))
            .await
            .into_iter()
            .collect::<Outcome>()
    };
    let rotating = async {
        let rotated = mesh.rotates().await;
        mesh.stop.store(true, Ordering::Release);
        rotated
    };
    tokio::try_join!(readers, mesh.watches(), mesh.writes(), rotating)?;
    Ok(())
}

#[tokio::test]
async fn a_certificate_is_exchanged_under_load_and_no_request_fails() -> Outcome {
    let mesh = Mesh::new("rotation", false).await?;
    exchange(&mesh).await
}

#[tokio::test]
async fn a_certificate_behind_a_service_is_exchanged_under_load_and_no_request_fails() -> Outcome {
    let mesh = Mesh::new("service", true).await?;
    exchange(&mesh).await?;
    assert!(
        mesh.proxy.connections() > 7,
        "HTTP/1.1 needs more than one connection: {}",
        mesh.proxy.connections()
    );
    Ok(())
}
