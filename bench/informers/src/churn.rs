//! Updates from a server: what one costs the whole process.

use std::{env, error::Error};

use futures::StreamExt;
use smi_sdk::{Clientset, access::by, informers::Event};

use crate::{
    client, measure,
    recorded::{figure, name_length, rule_count},
};

/// Counts as the peers' informer does: from when it has synced, whatever the server sends.
pub async fn run(updates: usize) -> Result<(), Box<dyn Error>> {
    let informer = Clientset::new(client()?).traffic_targets().informer();
    let informer = informer.index(by::destination).index(by::source).index(by::route);
    let (targets, mut events) = informer.index(name_length).index(rule_count).start();
    let mut before = None;
    let mut seen = 0;
    while seen < updates {
        match events.next().await.ok_or("the informer ended")? {
            Event::Ready => before = Some(measure::cpu_ms()),
            Event::Applied(_) if before.is_some() => seen += 1,
            Event::Failed(error) => return Err(error.into()),
            _ => {}
        }
    }
    let cpu = measure::cpu_ms() - before.unwrap_or_default();
    let objects = targets.list(None).len();
    if env::var("SMI_OBJECTS")?.parse::<usize>()? != objects {
        return Err(format!("{objects} objects").into());
    }
    figure(
        objects,
        "update from a server, five indexes",
        cpu * 1e3 / updates as f64,
        "us CPU",
    );
    Ok(())
}
