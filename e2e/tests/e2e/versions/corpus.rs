//! Every valid object at hand, written at its version, read and written back at every other one of its kind: on the real
//! server through the webhook, and on smi-fake.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};
use http::Method;
use kube::Client;
use serde_json::Value;
use smi_sdk::{Stored, convert::converters};

use super::world::{World, kind};
use crate::{
    Outcome, corpus,
    installing::clean,
    kinds::{self, Kind},
    manifests::{self, Manifest},
};

/// Requests at the same time.
const AT_ONCE: usize = 8;

/// What an object is at a version, for each object and version.
type Seen = BTreeMap<String, Value>;

#[tokio::test]
async fn every_object_is_read_and_written_back_at_every_version_and_nothing_of_it_is_lost() {
    let objects = manifests::all().unwrap();
    let world = World::bare("versions").await.unwrap();
    for stored in ["v1alpha1", "v1alpha4"] {
        world.install(Stored::Version(stored.to_owned())).await.unwrap();
        let options = world.options(Stored::Version(stored.to_owned()));
        let fake = smi_fake::Server::new(smi_sdk::crds(&options)).with_converter(converters());
        assert_eq!(fake.refused(), [""; 0]);

        let fake = fake.client();
        let both = (
            everywhere(&world.client, &objects, stored),
            everywhere(&fake, &objects, stored),
        );
        let (real, fake) = tokio::join!(both.0, both.1);
        let (real, fake) = (real.unwrap(), fake.unwrap());
        assert!(real.len() > objects.len(), "{} of {}", real.len(), objects.len());
        let differing = real.iter().filter(|(name, value)| fake.get(*name) != Some(value));
        let differing: Vec<_> = differing
            .map(|(name, value)| format!("{name}: {value}, not {:?}", fake.get(name)))
            .collect();
        assert!(
            differing.is_empty(),
            "on smi-fake they differ:\n{}",
            differing.join("\n")
        );
        assert_eq!(fake.len(), real.len());
    }
}

/// What each object is at each version of its kind, on the server of `client`, whose CRDs store the version `stored`.
async fn everywhere(client: &Client, objects: &[Manifest], stored: &str) -> Outcome<Seen> {
    // Files have many objects.
    let tours = stream::iter(objects.iter().enumerate()).map(async |(at, one)| {
        let seen = tour(client, at, one, stored).await;
        seen.map_err(|error| format!("{}, stored at {stored}: {error}", one.source))
    });
    let outcomes: Vec<_> = tours.buffer_unordered(AT_ONCE).collect().await;
    let problems: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().err().cloned())
        .collect();
    if problems.is_empty() {
        Ok(outcomes.into_iter().flatten().flatten().collect())
    } else {
        Err(problems.join("\n").into())
    }
}

/// Writes `one`, then reads it and writes it back at every version; each time its author finds what they wrote.
async fn tour(client: &Client, at: usize, one: &Manifest, stored: &str) -> Outcome<Vec<(String, Value)>> {
    let namespace = corpus::namespace(client).await?;
    let written = kinds::placed(corpus::admitted(one)?, &namespace);
    let own = kind(&written)?;
    clean(&own.create(client, &written).await?)?;
    let versions = own.versions();
    let at_rest = versions
        .iter()
        .find(|kind| kind.version() == stored)
        .or_else(|| versions.last());
    let at_rest = at_rest.ok_or("a kind without versions")?;

    let mut seen = Vec::new();
    for kind in &versions {
        let expected = converters().convert_served(read(client, at_rest, &written).await?, &kind.api_version)?;
        let found = read(client, kind, &written).await?;
        if found != expected.object {
            return Err(format!("{} is {found}, not {}", kind.api_version, expected.object).into());
        }
        let put = kind.replace(client, &found).await?;
        clean(&put).map_err(|error| format!("written back at {}: {error}", kind.api_version))?;
        let again = kinds::placed(read(client, &own, &written).await?, &namespace);
        // A required list that its author left out is written, and empty: the value is the same.
        if again != written && own.rewrite(&again)? != own.rewrite(&written)? {
            return Err(format!("after a write at {} it is {again}, not {written}", kind.api_version).into());
        }
        seen.push((format!("{at}: {} at {}", one.source, kind.version()), comparable(found)));
    }
    Ok(seen)
}

async fn read(client: &Client, kind: &Kind, object: &Value) -> Outcome<Value> {
    let response = kinds::send(client, Method::GET, &kind.path(object), None).await?;
    clean(&response).map_err(|error| format!("read at {}: {error}", kind.api_version))?;
    Ok(response.json()?)
}

/// Without what is another on each server.
fn comparable(object: Value) -> Value {
    let generation = object["metadata"]["generation"].clone();
    let mut object = kinds::placed(object, "");
    object["metadata"]["generation"] = generation;
    object
}
