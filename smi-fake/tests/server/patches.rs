//! Patches through the server; what each kind of patch means is tested where it is made.

use k8s_openapi::api::core::v1::Service;
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::harness::{WIDGETS, client, create, request, status, widgets};

#[tokio::test(start_paused = true)]
async fn merge_and_json_patches_change_what_they_say() {
    let client = client().await;
    create(&client, "a").await;
    let merge = Patch::Merge(json!({"metadata": {"labels": {"app": "web"}}, "spec": {"size": 4}}));
    let patched = widgets(&client)
        .patch("a", &PatchParams::default(), &merge)
        .await
        .unwrap();
    assert_eq!(
        (&patched.data["spec"]["size"], patched.labels()["app"].as_str()),
        (&4.into(), "web")
    );
    let patch: Value = json!([{"op": "replace", "path": "/spec/size", "value": 5}]);
    let at = format!("{WIDGETS}/a");
    let patched: Value = client
        .request(request("PATCH", &at, "application/json-patch+json", &patch))
        .await
        .unwrap();
    assert_eq!(patched["spec"]["size"], 5);
    let failing = json!([{"op": "test", "path": "/spec/size", "value": 1}]);
    let failed = status(
        client
            .request::<Value>(request("PATCH", &at, "application/json-patch+json", &failing))
            .await,
    );
    assert_eq!(
        (failed.code, failed.message.as_str()),
        (422, "the server rejected our request due to an error in our request")
    );
    let stale = json!({"metadata": {"resourceVersion": "1"}});
    let failed = status(
        client
            .request::<Value>(request("PATCH", &at, "application/merge-patch+json", &stale))
            .await,
    );
    assert_eq!(failed.code, 409);
    let too_large = json!({"spec": {"size": 11}});
    let failed = status(
        client
            .request::<Value>(request("PATCH", &at, "application/merge-patch+json", &too_large))
            .await,
    );
    assert_eq!(
        failed.message,
        "Widget.example.com \"a\" is invalid: spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10"
    );
}

#[tokio::test(start_paused = true)]
async fn custom_resources_know_no_strategic_merge() {
    let client = client().await;
    create(&client, "a").await;
    let refused = status(
        widgets(&client)
            .patch("a", &PatchParams::default(), &Patch::Strategic(json!({})))
            .await,
    );
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (
            415,
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_strategic_patch_merges_lists_by_their_keys() {
    let client = client().await;
    let services: Api<Service> = Api::namespaced(client, "default");
    let service: Service =
        serde_json::from_value(json!({"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80, "name": "http"}]}}))
            .unwrap();
    services.create(&PostParams::default(), &service).await.unwrap();
    let patch = Patch::Strategic(json!({"spec": {"ports": [{"port": 443, "name": "https"}]}}));
    let patched = services.patch("web", &PatchParams::default(), &patch).await.unwrap();
    let mut ports: Vec<_> = patched
        .spec
        .unwrap()
        .ports
        .unwrap()
        .iter()
        .map(|port| port.port)
        .collect();
    ports.sort_unstable();
    assert_eq!(ports, [80, 443]);
}

#[tokio::test(start_paused = true)]
async fn server_side_apply_creates_owns_and_conflicts() {
    let client = client().await;
    let applied = |size: i64| json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": size}});
    let first = widgets(&client)
        .patch("a", &PatchParams::apply("one"), &Patch::Apply(applied(1)))
        .await
        .unwrap();
    assert_eq!(first.metadata.generation, Some(1));
    assert_eq!(first.managed_fields()[0].manager.as_deref(), Some("one"));
    let again = widgets(&client)
        .patch("a", &PatchParams::apply("one"), &Patch::Apply(applied(1)))
        .await
        .unwrap();
    assert_eq!(again.resource_version(), first.resource_version(), "nothing changed");
    let refused = status(
        widgets(&client)
            .patch("a", &PatchParams::apply("two"), &Patch::Apply(applied(2)))
            .await,
    );
    assert_eq!((refused.code, refused.reason.as_str()), (409, "Conflict"));
    assert_eq!(refused.details.unwrap().causes[0].reason, "FieldManagerConflict");
    let forced = widgets(&client)
        .patch("a", &PatchParams::apply("two").force(), &Patch::Apply(applied(2)))
        .await
        .unwrap();
    assert_eq!(forced.data["spec"]["size"], 2);
}
