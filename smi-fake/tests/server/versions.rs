//! One object at several versions.

use futures::StreamExt;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams, PostParams},
    core::DynamicObject,
};
use serde_json::json;

use crate::{
    harness::{client, crd_stored_at, create, get, resource, send, status, touch, watch, widgets},
    support::real::{in_time, until},
};

const AT_V2: &str = "/apis/example.com/v2/namespaces/default/widgets";

#[tokio::test(start_paused = true)]
async fn an_object_is_read_and_written_at_any_served_version() {
    let client = client().await;
    create(&client, "a").await;
    let at_v2: Api<DynamicObject> = Api::namespaced_with(client.clone(), "default", &resource("v2"));
    let mut seen = at_v2.get("a").await.unwrap();
    assert_eq!(seen.data["spec"], json!({"extent": {"size": 1}, "color": "grey"}));
    assert_eq!(seen.types.clone().unwrap().api_version, "example.com/v2");
    seen.data["spec"]["extent"]["size"] = 5.into();
    at_v2.replace("a", &PostParams::default(), &seen).await.unwrap();
    assert_eq!(widgets(&client).get("a").await.unwrap().data["spec"]["size"], 5);
    seen.data["spec"]["extent"]["size"] = 11.into();
    seen.metadata.resource_version = widgets(&client).get("a").await.unwrap().resource_version();
    let refused = status(at_v2.replace("a", &PostParams::default(), &seen).await);
    assert!(refused.message.contains("spec.extent.size"), "{}", refused.message);
}

#[tokio::test(start_paused = true)]
async fn a_watch_speaks_its_own_version() {
    let client = client().await;
    create(&client, "a").await;
    let mut events = watch(&client, &format!("{AT_V2}?watch=1")).await;
    assert_eq!(
        events.next().await.unwrap().unwrap()["object"]["spec"]["extent"]["size"],
        1
    );
    touch(&client, "a", 2).await;
    assert_eq!(
        events.next().await.unwrap().unwrap()["object"]["spec"]["extent"]["size"],
        2
    );
}

#[tokio::test(start_paused = true)]
async fn the_stored_version_can_change() {
    let client = client().await;
    let from = create(&client, "old").await.resource_version().unwrap();
    let events = watch(&client, &format!("{AT_V2}?watch=1&resourceVersion={from}")).await;
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let versions = Patch::Merge(json!({"spec": {"versions": crd_stored_at("v2").spec.versions}}));
    let crd = crds
        .patch("widgets.example.com", &PatchParams::default(), &versions)
        .await
        .unwrap();
    assert_eq!(crd.status.unwrap().stored_versions.unwrap(), ["v1", "v2"]);
    let told: Vec<_> = in_time("the watch ends", events.collect()).await;
    assert!(told.len() <= 1, "the watch ends: {told:?}");
    create(&client, "new").await;
    for name in ["old", "new"] {
        assert_eq!(widgets(&client).get(name).await.unwrap().data["spec"]["size"], 1);
        assert_eq!(
            get(&client, &format!("{AT_V2}/{name}")).await["spec"]["extent"]["size"],
            1
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_changes_nothing_stores_at_a_new_stored_version_and_not_twice() {
    let client = client().await;
    let old = create(&client, "old").await;
    let hash = async || {
        let list = client.list_api_group_resources("example.com/v1").await.unwrap();
        let found = list.resources.into_iter().find(|resource| resource.name == "widgets");
        found.unwrap().storage_version_hash
    };
    // What Kubernetes says of `example.com/v1, Kind=Widget`: the start of a hash that clients only compare.
    let before = hash().await;
    let nothing = Patch::Merge(json!({}));
    let at_v2: Api<DynamicObject> = Api::namespaced_with(client.clone(), "default", &resource("v2"));
    let write = async |params: &PatchParams| at_v2.patch("old", params, &nothing).await.unwrap();
    assert_eq!(
        write(&PatchParams::default()).await.resource_version(),
        old.resource_version()
    );

    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let versions = Patch::Merge(json!({"spec": {"versions": crd_stored_at("v2").spec.versions}}));
    let params = PatchParams::default();
    crds.patch("widgets.example.com", &params, &versions).await.unwrap();
    until("discovery tells of the new version", async || {
        (hash().await != before).then_some(())
    })
    .await;

    let dry = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    assert_eq!(write(&dry).await.resource_version(), old.resource_version());
    let anew = write(&PatchParams::default()).await;
    assert_ne!(anew.resource_version(), old.resource_version());
    let mut same = anew.metadata.clone();
    same.resource_version = old.resource_version();
    assert_eq!(same, old.metadata);
    let again = write(&PatchParams::default()).await;
    assert_eq!(again.resource_version(), anew.resource_version());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_converted_fails_the_request_that_needs_it() {
    let client = client().await;
    let mut bad = crate::harness::widget("a", 1);
    bad.data["spec"]["color"] = "bad".into();
    let made = widgets(&client).create(&PostParams::default(), &bad).await.unwrap();
    assert_eq!(
        widgets(&client)
            .list(&kube::api::ListParams::default())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    let version = made.resource_version().unwrap();
    let corrupt = |root: &str| {
        format!(
            "StorageError: corrupt object, Code: 7, Key: {root}/example.com/widgets/default/a, ResourceVersion: 0, AdditionalErrorMsg: object not decodable revision={version}: conversion webhook for example.com/v1, Kind=Widget failed: the color is bad"
        )
    };
    let listed = format!(
        "failed to read one or more widgets.example.com from the storage: {}",
        corrupt("/registry")
    );
    let read = format!("Internal error occurred: {}", corrupt(""));
    for (path, message) in [(AT_V2.to_owned(), listed), (format!("{AT_V2}/a"), read)] {
        let failed = status(send(&client, "GET", &path, &serde_json::Value::Null).await);
        assert_eq!((failed.code, failed.message), (500, message));
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_the_same_in_both_of_their_groups() {
    let client = client().await;
    let event = json!({
        "metadata": {"name": "e"}, "regarding": {"kind": "Widget", "name": "a"}, "note": "hello", "reason": "Made",
        "action": "Make", "type": "Normal", "eventTime": "2026-01-02T03:04:05.000000Z", "reportingController": "tests", "reportingInstance": "x",
    });
    send(
        &client,
        "POST",
        "/apis/events.k8s.io/v1/namespaces/default/events",
        &event,
    )
    .await
    .unwrap();
    let core = get(&client, "/api/v1/namespaces/default/events/e").await;
    assert_eq!(
        (&core["message"], &core["involvedObject"]["name"]),
        (&"hello".into(), &"a".into())
    );
    let new = get(&client, "/apis/events.k8s.io/v1/namespaces/default/events/e").await;
    assert_eq!(
        (&new["note"], &new["apiVersion"]),
        (&"hello".into(), &"events.k8s.io/v1".into())
    );
}
