//! One object that cannot be converted, among others that can.

use e2e::{LIMIT, Response, until};
use futures::{AsyncBufReadExt as _, TryStreamExt as _};
use http::Method;
use kube::Client;
use serde_json::{Value, json};
use smi_sdk::Stored;

use super::world::{World, kind, split};
use crate::{Outcome, installing::clean, kinds};

const NEWEST: &str = "v1alpha4";
const STORED: &str = "v1alpha1";

/// A split whose weight no other version can say. A schema cannot refuse it at v1alpha1, where weights may be text.
fn bad(namespace: &str) -> Value {
    let mut object = split(STORED, namespace, "bad", 1);
    object["spec"]["backends"]
        .as_array_mut()
        .into_iter()
        .for_each(|backends| backends.push(json!({"service": "web-v2", "weight": -1})));
    object
}

/// Whether a message names the object, its field and its fault.
fn names_it(response: &Response, namespace: &str) -> bool {
    let named = format!("TrafficSplit {namespace}/bad: `spec.backends[1].weight`: the weight `-1` is negative");
    !response.is_success() && response.message().contains(&named)
}

struct Reader {
    client: Client,
}

impl Reader {
    /// A client that does not try again: as long as an API server cannot fill a cache it answers some lists and watches
    /// with 429, and the default client asks fifteen times.
    fn new(world: &World) -> Outcome<Self> {
        let mut config = world.cluster.config().clone();
        config.default_retry = false;
        Ok(Self {
            client: Client::try_from(config)?,
        })
    }

    async fn get(&self, namespace: &str, name: &str) -> Outcome<Response> {
        let object = split(NEWEST, namespace, name, 1);
        kinds::send(&self.client, Method::GET, &kind(&object)?.path(&object), None).await
    }

    async fn list(&self, version: &str, namespace: &str, query: &str) -> Outcome<Response> {
        let object = split(version, namespace, "any", 1);
        let path = format!("{}{query}", kind(&object)?.collection(&object));
        kinds::send(&self.client, Method::GET, &path, None).await
    }

    /// Asks for a list or a watch until the answer names the object.
    async fn until_named(&self, namespace: &str, query: &str) -> Outcome<Response> {
        let what = format!("`{query}` names the object");
        let named = async || {
            let answer = self.list(NEWEST, namespace, query).await.ok();
            Ok(answer.filter(|answer| names_it(answer, namespace)))
        };
        Ok(until(&what, LIMIT, named).await?)
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_converted_is_named_and_the_others_are_readable() -> Outcome {
    let world = World::new("unconvertible", Stored::Version(STORED.to_owned())).await?;
    let namespace = world.cluster.namespace("mixed").await?;
    for name in ["one", "two"] {
        world.write_split(STORED, &namespace, name, 1).await?;
    }
    let reader = Reader::new(&world)?;
    let listed = reader.list(NEWEST, &namespace, "").await?.json()?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    let revision = listed["metadata"]["resourceVersion"].as_str().ok_or("no revision")?;

    // A watch that is open when the object comes says nothing false of it: the server ends it.
    let object = split(NEWEST, &namespace, "any", 1);
    let watch = format!(
        "{}?watch=true&resourceVersion={revision}",
        kind(&object)?.collection(&object)
    );
    let request = http::Request::builder().uri(&watch).body(Vec::new())?;
    let mut lines = reader.client.request_stream(request).await?.lines();
    clean(&kind(&bad(&namespace))?.create(&reader.client, &bad(&namespace)).await?)?;
    while let Some(line) = tokio::time::timeout(LIMIT, lines.try_next()).await?? {
        let event: Value = serde_json::from_str(&line)?;
        assert!(
            ["BOOKMARK", "ERROR"].contains(&event["type"].as_str().unwrap_or_default()),
            "{line}"
        );
    }

    let refused = reader.get(&namespace, "bad").await?;
    assert!(
        names_it(&refused, &namespace),
        "{} {}",
        refused.status,
        refused.message()
    );
    reader.until_named(&namespace, "").await?;
    reader
        .until_named(
            &namespace,
            &format!("?watch=true&timeoutSeconds=5&resourceVersion={revision}"),
        )
        .await?;

    for name in ["one", "two"] {
        clean(&reader.get(&namespace, name).await?)?;
    }
    let at_rest = reader.list(STORED, &namespace, "").await?;
    assert_eq!(
        at_rest.json()?["items"].as_array().map(Vec::len),
        Some(3),
        "{}",
        at_rest.message()
    );

    // Mended where it can be said.
    let mend = json!({"spec": {"backends": split(STORED, &namespace, "bad", 1)["spec"]["backends"]}}).to_string();
    let path = kind(&bad(&namespace))?.path(&bad(&namespace));
    let merge = "application/merge-patch+json";
    clean(
        &world
            .cluster
            .request(Method::PATCH, &path, merge, mend.as_bytes())
            .await?,
    )?;
    let whole = async || {
        let listed = reader.list(NEWEST, &namespace, "").await.ok();
        Ok(listed.filter(Response::is_success))
    };
    let whole = until("the list is whole again", LIMIT, whole).await?;
    assert_eq!(whole.json()?["items"].as_array().map(Vec::len), Some(3));
    clean(&reader.get(&namespace, "bad").await?)?;
    Ok(())
}
