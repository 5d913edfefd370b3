//! A list of a thousand objects at a version at which none is stored.
//!
//! An API server does not put a list into a review: it reads the objects of a CRD into a cache for each served version, one
//! review an object, and lists from there.

use std::time::Instant;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::Method;
use serde_json::{Value, json};
use smi_sdk::{Stored, convert::converters};

use super::{
    webhook,
    world::{World, kind, split},
};
use crate::{Outcome, installing, installing::clean, kinds, say};

const OBJECTS: usize = 1_000;

#[tokio::test]
async fn a_thousand_objects_are_listed_at_another_version() -> Outcome {
    let mut world = World::new("list", Stored::Version("v1alpha1".to_owned())).await?;
    let namespace = world.cluster.namespace("list").await?;
    // Each at the stored version: the webhook has no part in it.
    let object = |at: usize| {
        split(
            "v1alpha1",
            &namespace,
            &format!("web-{at:04}"),
            i64::try_from(at).unwrap_or_default(),
        )
    };
    let of_v1 = kind(&object(0))?;
    let create = async |at| -> Outcome { Ok(clean(&of_v1.create(&world.client, &object(at)).await?)?) };
    stream::iter(0..OBJECTS)
        .map(create)
        .buffer_unordered(16)
        .try_collect::<Vec<_>>()
        .await?;
    // A server that was just started has nothing in its caches.
    world.cluster.restart_apiserver().await?;

    let stored = items(&world, &of_v1.collection(&object(0))).await?;
    let expected = |version: &str| -> Outcome<Vec<Value>> {
        let api_version = format!("split.smi-spec.io/{version}");
        let convert = |object: &Value| Ok(converters().convert_served(object.clone(), &api_version)?.object);
        stored.iter().map(convert).collect()
    };
    let start = world.webhook.counts().await?;
    for (version, query) in [
        ("v1alpha4", ""),
        ("v1alpha4", ""),
        ("v1alpha3", "?limit=2000"),
        ("v1alpha2", "?resourceVersion=0"),
    ] {
        let (before, began) = (world.webhook.counts().await?, Instant::now());
        let path = kind(&split(version, &namespace, "web", 1))?.collection(&object(0));
        let found = items(&world, &format!("{path}{query}")).await?;
        let (took, after) = (began.elapsed(), world.webhook.counts().await?);
        assert_eq!(found.len(), OBJECTS);
        assert!(found == expected(version)?, "{version}{query}");
        say(&format!(
            "{OBJECTS} splits stored at v1alpha1, listed at {version}{query}: {} objects in {} reviews, {} ms",
            after.objects - before.objects,
            after.reviews - before.reviews,
            took.as_millis()
        ));
    }

    let all = world.webhook.counts().await?;
    say(&format!(
        "in all: {} objects in {} reviews",
        all.objects - start.objects,
        all.reviews - start.reviews
    ));

    // API servers may put any number into a review.
    let review = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "ConversionReview",
        "request": {"uid": "thousand", "desiredAPIVersion": "split.smi-spec.io/v1alpha4", "objects": stored},
    });
    let client = webhook::client(world.webhook.address(), &world.authority.pem())?;
    let answer = webhook::ask(&client, &review).await?.json()?;
    assert_eq!(answer["response"]["result"]["status"], "Success", "{answer}");
    assert!(answer["response"]["convertedObjects"] == Value::from(expected("v1alpha4")?));
    Ok(())
}

/// The items of a list, each with what the list says of all, in the order of their names.
async fn items(world: &World, path: &str) -> Outcome<Vec<Value>> {
    let response = kinds::send(&world.client, Method::GET, path, None).await?;
    clean(&response)?;
    let mut list = response.json()?;
    let mut items = match list["items"].take() {
        Value::Array(items) => items,
        other => return Err(format!("no items: {other}").into()),
    };
    items.sort_by(|one, other| installing::name(one).cmp(installing::name(other)));
    Ok(items)
}
