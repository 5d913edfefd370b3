//! What happens to the mesh: the first sync, then one line for each change.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Write},
    path::Path,
    pin::pin,
};

use futures::{Stream, StreamExt};
use kube::runtime::watcher;
use smi_sdk::{
    core::failure,
    informers::{Event, InformerError, Lister, Listers, MeshEvent, ObjectKey, Stored},
    kube,
};

use super::{
    apply::Applied,
    row::Row,
    says::Speaks,
    table::{Screen, printable},
};

/// Waits until the listers hold the mesh of the server at `url`.
///
/// # Errors
/// The first error of the server: here somebody waits, where a controller would let the informer try again.
pub(crate) async fn sync(
    listers: &Listers,
    events: &mut (impl Stream<Item = MeshEvent> + Unpin),
    url: Option<&str>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut ready = pin!(listers.ready());
    loop {
        tokio::select! {
            ready = &mut ready => return Ok(ready?),
            event = events.next() => if let Some(error) = event.and_then(failure) {
                return Err(url.map_or_else(|| error.to_string(), |url| at(url, &error)).into());
            },
        }
    }
}

/// An error of the server at `url`.
fn at(url: &str, error: &InformerError) -> String {
    match error {
        InformerError::Discovery(unreached @ (kube::Error::Service(_) | kube::Error::HyperError(_)))
        | InformerError::Watch(watcher::Error::InitialListFailed(
            unreached @ (kube::Error::Service(_) | kube::Error::HyperError(_)),
        )) => format!("cannot reach `{url}`: {}", failure::cause(unreached)),
        other => format!("`{url}`: {other}"),
    }
}

fn failure(event: MeshEvent) -> Option<InformerError> {
    match event {
        MeshEvent::TrafficTarget(Event::Failed(error))
        | MeshEvent::IdentityBinding(Event::Failed(error))
        | MeshEvent::HttpRouteGroup(Event::Failed(error))
        | MeshEvent::TcpRoute(Event::Failed(error))
        | MeshEvent::UdpRoute(Event::Failed(error))
        | MeshEvent::TrafficSplit(Event::Failed(error)) => Some(error),
        _ => None,
    }
}

/// What kubectl meets on the embedded server and not on others.
const NOTES: &str = "
VERSION is that of the manifest, or of the last writer after it; any version may be written. To delete a namespace:
kubectl delete namespace NAME --wait=false
";

/// Says that changes follow, and how to make some: `kubeconfig` is for kubectl.
pub(crate) fn announce(out: &mut impl Write, kubeconfig: Option<&Path>) -> io::Result<()> {
    if let Some(path) = kubeconfig {
        writeln!(out, "\nChange it from another terminal:")?;
        writeln!(out, "  export KUBECONFIG={}", path.display())?;
        writeln!(out, "  kubectl get smi -A")?;
        out.write_all(NOTES.as_bytes())?;
    }
    writeln!(out, "\nWatching; Ctrl-C ends it.")?;
    out.flush()
}

/// Prints a line for each change until `stop` is ready: `+` for a new object, `~` for a changed one, `-` for one that is
/// gone, `!` for one that cannot be read any more, or a server that does not answer.
pub(crate) async fn follow(
    listers: &Listers,
    mut events: impl Stream<Item = MeshEvent> + Unpin,
    applied: &Applied,
    out: &mut impl Write,
    screen: Screen,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut printer = Printer {
        listers,
        applied,
        out,
        screen,
        known: HashMap::new(),
        failing: HashMap::new(),
        missing: listers.missing().into_iter().map(str::to_owned).collect(),
    };
    printer.know(&listers.traffic_targets);
    printer.know(&listers.identity_bindings);
    printer.know(&listers.http_route_groups);
    printer.know(&listers.tcp_routes);
    printer.know(&listers.udp_routes);
    printer.know(&listers.traffic_splits);
    let mut stop = pin!(stop);
    loop {
        let event = tokio::select! {
            () = &mut stop => return Ok(()),
            event = events.next() => event,
        };
        match event {
            Some(MeshEvent::TrafficTarget(event)) => printer.print(event, &listers.traffic_targets)?,
            Some(MeshEvent::IdentityBinding(event)) => printer.print(event, &listers.identity_bindings)?,
            Some(MeshEvent::HttpRouteGroup(event)) => printer.print(event, &listers.http_route_groups)?,
            Some(MeshEvent::TcpRoute(event)) => printer.print(event, &listers.tcp_routes)?,
            Some(MeshEvent::UdpRoute(event)) => printer.print(event, &listers.udp_routes)?,
            Some(MeshEvent::TrafficSplit(event)) => printer.print(event, &listers.traffic_splits)?,
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

struct Printer<'a, W> {
    listers: &'a Listers,
    applied: &'a Applied,
    out: &'a mut W,
    screen: Screen,
    /// What was printed as being there, or as unreadable, at which version: what of the first sync is still on its way is
    /// no change.
    known: HashMap<(String, ObjectKey), String>,
    /// What was printed last of the kinds whose server does not answer: it is asked again and again.
    failing: HashMap<String, String>,
    /// The kinds that were printed as not being served.
    missing: HashSet<String>,
}

impl<W: Write> Printer<'_, W> {
    fn know<K: Speaks>(&mut self, lister: &Lister<K>) {
        let kind = K::kind(&());
        let id = |key: ObjectKey| (kind.clone().into_owned(), key);
        for object in &lister.list(None) {
            self.known
                .insert(id(key(&**object)), object.resource_version().to_owned());
        }
        for invalid in lister.invalid() {
            self.known
                .insert(id(invalid.object.clone()), invalid.resource_version.clone());
        }
    }

    fn print<K: Speaks>(&mut self, event: Event<K>, lister: &Lister<K>) -> io::Result<()> {
        let kind = K::kind(&()).into_owned();
        if !matches!(event, Event::Failed(_)) {
            self.failing.remove(&kind);
        }
        let line = match event {
            Event::Applied(object) => {
                self.missing.remove(&kind);
                let version = object.resource_version();
                let before = self.known.insert((kind, key(&*object)), version.to_owned());
                if before.as_deref() == Some(version) {
                    return Ok(());
                }
                let cells = Row::of(&*object, self.listers, self.applied).cells().cells;
                let sign = if before.is_none() { '+' } else { '~' };
                format!("{sign} {}", cells.join("  "))
            }
            // One that cannot be read is gone from the lister, and not from the cluster: that is said next.
            Event::Deleted { key, .. } if lister.invalid().iter().any(|invalid| invalid.object == key) => return Ok(()),
            Event::Deleted { key, .. } => {
                let line = format!("- {kind}  {key}");
                self.known.remove(&(kind, key));
                line
            }
            Event::Invalid(invalid) => {
                let id = (kind, invalid.object.clone());
                let line = format!("! {}  {}: {}", id.0, id.1, invalid.error);
                let before = self.known.insert(id, invalid.resource_version.clone());
                if before.as_ref() == Some(&invalid.resource_version) {
                    return Ok(());
                }
                line
            }
            Event::Missing if self.missing.insert(kind.clone()) => format!("! {kind}: not served any more"),
            Event::Failed(error) => {
                let line = format!("! {kind}: {error}");
                if self.failing.insert(kind, line.clone()).as_ref() == Some(&line) {
                    return Ok(());
                }
                line
            }
            _ => return Ok(()),
        };
        let line = printable(&line);
        let line = if line.starts_with('!') {
            self.screen.bad(&line)
        } else {
            line
        };
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }
}

fn key<K: Speaks>(object: &K) -> ObjectKey {
    let metadata = object.meta();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    ObjectKey::new(&text(&metadata.namespace), &text(&metadata.name))
}
