//! CRDs at run time: served, changed, removed, put back.

use futures::StreamExt;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    runtime::wait::{Condition, conditions::is_crd_established},
};
use serde_json::json;
use smi_fake::Server;

use crate::{
    harness::{WIDGETS, client, client_without_widgets, crd, create, get, status, told, watch, widgets},
    support::real::{in_time, install, remove, until, until_served},
};

fn crds(client: &Client) -> Api<CustomResourceDefinition> {
    Api::all(client.clone())
}

#[tokio::test(start_paused = true)]
async fn a_created_crd_is_established_and_served() {
    let client = client_without_widgets().await;
    let missing = client
        .send(crate::harness::request("GET", WIDGETS, "", &serde_json::Value::Null).map(kube::client::Body::from))
        .await
        .unwrap();
    assert_eq!(missing.status(), 404);
    let made = crds(&client).create(&PostParams::default(), &crd()).await.unwrap();
    assert!(!is_crd_established().matches_object(Some(&made)), "that takes a moment");
    let now = until("it is established", async || {
        let now = crds(&client).get("widgets.example.com").await.unwrap();
        is_crd_established().matches_object(Some(&now)).then_some(now)
    })
    .await;
    assert_eq!(now.status.unwrap().stored_versions.unwrap(), ["v1"]);
    until_served(&client, &crd()).await;
    create(&client, "a").await;
    let found = get(&client, "/apis/example.com/v1").await;
    assert_eq!(found["resources"][0]["name"], "widgets");
    assert_eq!(found["resources"][0]["singularName"], "widget");
    assert_eq!(found["resources"][1]["name"], "widgets/status");
}

#[tokio::test(start_paused = true)]
async fn a_crd_that_makes_no_sense_is_refused() {
    let client = client_without_widgets().await;
    let mut bad = crd();
    bad.metadata.name = Some("gadgets.example.com".to_owned());
    let refused = status(crds(&client).create(&PostParams::default(), &bad).await);
    assert_eq!(
        refused.message,
        "CustomResourceDefinition.apiextensions.k8s.io \"gadgets.example.com\" is invalid: metadata.name: Invalid value: \"gadgets.example.com\": must be spec.names.plural+\".\"+spec.group"
    );
    assert_eq!(Server::new([bad]).refused().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_removed_crd_takes_its_objects_and_watches_along() {
    let client = client().await;
    create(&client, "a").await;
    let mut events = watch(&client, &format!("{WIDGETS}?watch=1")).await;
    assert_eq!(told(&events.next().await.unwrap().unwrap()), "ADDED a");
    remove(&client, "widgets.example.com").await;
    let rest: Vec<_> = in_time("the watch ends", events.collect()).await;
    assert!(rest.len() <= 1, "the deletion at most, then the end: {rest:?}");
    install(&client, &crd()).await;
    assert_eq!(
        widgets(&client)
            .list(&kube::api::ListParams::default())
            .await
            .unwrap()
            .items
            .len(),
        0
    );
    let mut again = watch(&client, &format!("{WIDGETS}?watch=1")).await;
    create(&client, "b").await;
    assert_eq!(told(&again.next().await.unwrap().unwrap()), "ADDED b");
}

#[tokio::test(start_paused = true)]
async fn a_crd_waits_for_the_finalizers_of_its_objects() {
    let client = client().await;
    let mut object = crate::harness::widget("a", 1);
    object.metadata.finalizers = Some(vec!["example.com/keep".to_owned()]);
    widgets(&client).create(&PostParams::default(), &object).await.unwrap();
    crds(&client)
        .delete("widgets.example.com", &DeleteParams::default())
        .await
        .unwrap();
    let dying = crds(&client).get("widgets.example.com").await.unwrap();
    assert!(dying.metadata.deletion_timestamp.is_some());
    // Nothing is written by those that still come through.
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let refused = until("nothing is created any more", async || {
        widgets(&client)
            .create(&dry, &crate::harness::widget("b", 1))
            .await
            .err()
    })
    .await;
    let refused = status(Err::<(), _>(refused));
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (
            403,
            "widgets.example.com \"b\" is forbidden: create not allowed while custom resource definition is terminating"
        )
    );
    // A controller of a real server deletes it at any time, so this names no version.
    let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    widgets(&client)
        .patch("a", &PatchParams::default(), &free)
        .await
        .unwrap();
    until("it is gone", async || {
        crds(&client)
            .get_opt("widgets.example.com")
            .await
            .unwrap()
            .is_none()
            .then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn discovery_shows_the_kinds_in_both_forms() {
    let client = client().await;
    let old = kube::discovery::Discovery::new(client.clone()).run().await.unwrap();
    let new = kube::discovery::Discovery::new(client.clone())
        .run_aggregated()
        .await
        .unwrap();
    for found in [old, new] {
        let group = found.get("example.com").unwrap();
        assert_eq!(group.preferred_version_or_latest(), "v2");
        assert_eq!(group.versions().collect::<Vec<_>>(), ["v2", "v1"]);
        let (resource, capabilities) = group.recommended_kind("Widget").unwrap();
        assert_eq!(resource.plural, "widgets");
        assert!(capabilities.supports_operation("deletecollection"));
        assert!(found.get("apps").is_some() && found.get("").is_some());
    }
    let version = client.apiserver_version().await.unwrap();
    assert_eq!((version.major.as_str(), version.minor.as_str()), ("1", "37"));
}
