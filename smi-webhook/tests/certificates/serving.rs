//! The certificate on the wire: what connects before, during and after a change.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    time::{Duration, UNIX_EPOCH},
};

use smi_core::convert::Converters;
use smi_webhook::{Certificates, Server};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    support::{DAY, connect, get, until},
    world::{NAME, WIDGETS, World},
};

/// A server with self-issued certificates, on the wall clock: a paused one does not wait for sockets.
async fn serve(world: &World) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let issuer = world.issuer().every(Duration::from_millis(20));
    let server = Server::new(Certificates::from(issuer)).conversion("/convert", Converters::default());
    let task = tokio::spawn(async move { server.serve(listener, std::future::pending()).await.unwrap() });
    (address, task)
}

/// How long a certificate is good from now on.
fn lives(certificate: &[u8], world: &World) -> Duration {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).unwrap();
    let not_after = u64::try_from(parsed.validity().not_after.timestamp()).unwrap();
    let not_after = UNIX_EPOCH + Duration::from_secs(not_after);
    not_after.duration_since(world.time.now()).unwrap_or_default()
}

#[tokio::test]
async fn a_change_of_ca_under_load_fails_no_request() {
    let world = World::new().await;
    let replicas = [serve(&world).await, serve(&world).await];
    world.until_given().await;
    let addresses = [replicas[0].0, replicas[1].0];
    until("both serve", async || {
        for address in addresses {
            connect(address, &world.ca_of(WIDGETS).await, NAME, &world.time)
                .await
                .ok()?;
        }
        Some(())
    })
    .await;

    // One that stays, and new ones all the time, each of which trusts what the CRD of its moment says.
    let mut lasting = connect(addresses[0], &world.until_given().await, NAME, &world.time)
        .await
        .unwrap();
    let (mut requests, mut bundles, mut certificates) = (0, BTreeSet::new(), BTreeSet::new());
    for jump in 0..40 {
        // 26 days at a time, and the five minutes that a CA settles: certificates and CA change on the way.
        world.time.jump(if jump % 2 == 0 {
            26 * DAY
        } else {
            Duration::from_secs(301)
        });
        let mut rounds = 0;
        let mut is_fresh = false;
        while rounds < 5 || !is_fresh {
            is_fresh = true;
            for address in addresses {
                let bundle = world.ca_of(WIDGETS).await;
                let mut fresh = connect(address, &bundle, NAME, &world.time).await.unwrap();
                assert_eq!(get(&mut fresh, "/healthz").await.unwrap(), 200);
                let shown = fresh.get_ref().1.peer_certificates().unwrap()[0].to_vec();
                is_fresh &= lives(&shown, &world) > 30 * DAY;
                bundles.insert(bundle);
                certificates.insert(shown);
                requests += 1;
            }
            assert_eq!(get(&mut lasting, "/healthz").await.unwrap(), 200);
            rounds += 1;
            assert!(rounds < 10_000, "a certificate is renewed");
        }
    }
    assert!(requests >= 400);
    assert!(bundles.len() >= 2, "the CA changed: {}", bundles.len());
    assert!(certificates.len() >= 4, "certificates changed: {}", certificates.len());
    for (_, task) in replicas {
        task.abort();
    }
}
