//! The clientset beside other writers, and in clusters where a kind is not served, or not at the newest version.

use std::time::Duration;

use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, PatchParams, PostParams},
};
use serde_json::json;
use smi_sdk::{
    Clientset, CrdOptions,
    access::v1alpha4::{Subject, TrafficTarget},
    clientset::ClientError,
    split,
};

use crate::{
    samples::{self, Raw},
    support::{cluster, cluster_with, code, in_time},
};

#[tokio::test(start_paused = true)]
async fn changes_by_closure_at_the_same_time_all_count() {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    splits
        .create(&PostParams::default(), samples::split("web"))
        .await
        .unwrap();
    let params = PostParams::default();
    let add = || {
        splits.patch("web", &params, |split| {
            split.spec.backends[0].weight += 1;
        })
    };
    let written = tokio::join!(add(), add(), add(), add());
    for written in [written.0, written.1, written.2, written.3] {
        written.unwrap();
    }
    assert_eq!(splits.get("web").await.unwrap().spec.backends[0].weight, 5);
}

#[tokio::test(start_paused = true)]
async fn plain_kube_reads_and_writes_at_a_version_of_the_callers_choice() {
    let cluster = cluster().await;
    let smi = Clientset::new(cluster.client.clone());
    let old: Api<split::v1alpha2::TrafficSplit> = smi.namespaced(&cluster.namespace);
    let spec = split::v1alpha2::TrafficSplitSpec {
        service: "web".into(),
        backends: vec![split::v1alpha2::Backend::new("web-v1", 3)],
    };
    let made = old
        .create(&PostParams::default(), &split::v1alpha2::TrafficSplit::new("web", spec))
        .await;
    let made = made.unwrap();
    assert_eq!(old.get("web").await.unwrap(), made);
    let everywhere: Api<split::v1alpha2::TrafficSplit> = smi.api();
    let here = ListParams::default().fields(&format!("metadata.namespace={}", cluster.namespace));
    assert_eq!(everywhere.list(&here).await.unwrap().items.len(), 1);
    // The newest version has the same fields, so that the server needs no help to show it there.
    let newest = smi
        .traffic_splits()
        .namespaced(&cluster.namespace)
        .get("web")
        .await
        .unwrap();
    assert_eq!(newest.spec.backends[0].weight, 3);
    assert_eq!(newest.uid(), made.uid());
}

#[tokio::test(start_paused = true)]
async fn a_name_without_a_namespace_is_an_error_and_not_an_object_that_is_not_there() {
    let cluster = cluster().await;
    let everywhere = Clientset::new(cluster.client.clone()).traffic_splits();
    let here = everywhere.clone().namespaced(&cluster.namespace);
    let made = here
        .create(&PostParams::default(), samples::split("web"))
        .await
        .unwrap();
    let mut homeless = made.clone();
    homeless.metadata.namespace = None;
    for refused in [
        everywhere.get("web").await.map(drop),
        everywhere.get_opt("web").await.map(drop),
        everywhere
            .patch("web", &PostParams::default(), |split| split.spec.backends.clear())
            .await
            .map(drop),
        everywhere.delete("web", &DeleteParams::default()).await,
        everywhere
            .create(&PostParams::default(), samples::split("other"))
            .await
            .map(drop),
        everywhere
            .replace(&PostParams::default(), homeless.clone())
            .await
            .map(drop),
        everywhere.apply(&PatchParams::apply("tests"), homeless).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, ClientError::NoNamespace { .. }), "{error:?}");
        assert!(
            error.to_string().starts_with("no namespace is set for `TrafficSplit"),
            "{error}"
        );
    }
    assert_eq!(here.get_opt("web").await.unwrap().as_ref(), Some(&made));
    assert_eq!(here.get_opt("other").await.unwrap(), None);
    // Lists need none, and neither does an object that says its own.
    let fields = ListParams::default().fields(&format!("metadata.namespace={}", cluster.namespace));
    assert_eq!(
        everywhere.list(&fields).await.unwrap().items,
        std::slice::from_ref(&made)
    );
    everywhere.replace(&PostParams::default(), made).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_list_with_a_limit_says_how_it_goes_on() {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    for name in ["a", "b", "c"] {
        splits
            .create(&PostParams::default(), samples::split(name))
            .await
            .unwrap();
    }
    let mut params = ListParams::default().limit(2);
    let first = splits.list(&params).await.unwrap();
    assert_eq!(
        first.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(
        (first.types.api_version.as_str(), first.types.kind.as_str()),
        ("split.smi-spec.io/v1alpha4", "TrafficSplitList")
    );
    let token = first.metadata.continue_.unwrap();
    params = params.continue_token(&token);
    let second = splits.list(&params).await.unwrap();
    assert_eq!(
        second.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(),
        ["c"]
    );
    assert_eq!(second.metadata.continue_.unwrap_or_default(), "");
    assert_eq!(second.metadata.resource_version, first.metadata.resource_version);
}

#[tokio::test(start_paused = true)]
async fn writers_have_a_name_may_try_first_and_may_take_fields_from_others() {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    let as_one = PostParams {
        field_manager: Some("one".to_owned()),
        ..PostParams::default()
    };
    let trial = PostParams {
        dry_run: true,
        ..as_one.clone()
    };
    splits.create(&trial, samples::split("web")).await.unwrap();
    assert_eq!(splits.get_opt("web").await.unwrap(), None);
    let made = splits.create(&as_one, samples::split("web")).await.unwrap();
    let managers = |split: &split::v1alpha4::TrafficSplit| -> Vec<String> {
        let fields = split.metadata.managed_fields.iter().flatten();
        fields.filter_map(|entry| entry.manager.clone()).collect()
    };
    assert_eq!(managers(&made), ["one"]);
    splits
        .patch("web", &trial, |split| split.spec.backends[0].weight = 70)
        .await
        .unwrap();
    splits.replace(&trial, made.clone()).await.unwrap();

    let mut theirs = samples::split("web");
    theirs.spec.backends[0].weight = 80;
    let refused = splits
        .apply(&PatchParams::apply("two"), theirs.clone())
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, ClientError::Kube(kube::Error::Api(status)) if status.is_conflict()),
        "{refused}"
    );
    let forced = PatchParams::apply("two").force();
    splits.apply(&forced.clone().dry_run(), theirs.clone()).await.unwrap();
    assert_eq!(splits.get("web").await.unwrap(), made);
    let taken = splits.apply(&forced, theirs).await.unwrap();
    assert_eq!(taken.spec.backends[0].weight, 80);
    assert!(managers(&taken).contains(&"two".to_owned()), "{:?}", managers(&taken));
}

#[tokio::test(start_paused = true)]
async fn the_server_refuses_what_the_crd_does_not_admit() {
    let cluster = cluster().await;
    let splits = Clientset::new(cluster.client.clone())
        .traffic_splits()
        .namespaced(&cluster.namespace);
    let mut split = samples::split("web");
    split.spec.backends[0].weight = u32::MAX;
    match splits.create(&PostParams::default(), split).await {
        Err(ClientError::Kube(kube::Error::Api(status))) => {
            assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
            assert!(status.message.contains("spec.backends[0].weight"), "{}", status.message);
        }
        other => panic!("{other:?}"),
    }
}

/// In a cluster that serves nothing newer than `version`; `body` is the sample target there.
async fn is_read_and_written(version: &str, body: &serde_json::Value) {
    let cluster = cluster_with(samples::serving_only(version)).await;
    let raw = Raw::targets(&cluster.client, &cluster.namespace, version);
    raw.create("orders", body.clone()).await;

    let targets = Clientset::new(cluster.client.clone())
        .traffic_targets()
        .namespaced(&cluster.namespace);
    assert_eq!(targets.version().await.unwrap(), version);
    let found = targets.get("orders").await.unwrap();
    assert_eq!(found.spec, samples::target("orders").spec);
    assert_eq!(
        targets.list(&ListParams::default()).await.unwrap().items,
        std::slice::from_ref(&found)
    );

    // Written at the version that is served, read as the newest.
    let params = PostParams::default();
    let patched = targets.patch("orders", &params, |target| {
        target.spec.sources.push(Subject::service_account("jobs"));
    });
    let patched = patched.await.unwrap();
    assert_eq!(targets.get("orders").await.unwrap(), patched);
    let replaced = targets
        .replace(
            &PostParams::default(),
            TrafficTarget {
                spec: found.spec.clone(),
                ..patched
            },
        )
        .await
        .unwrap();
    assert_eq!(replaced.spec, found.spec);
    targets
        .create(&PostParams::default(), samples::target("other"))
        .await
        .unwrap();
    let mut applied = samples::target("third");
    targets
        .apply(&PatchParams::apply("tests"), applied.clone())
        .await
        .unwrap();
    applied.spec.rules.clear();
    assert_eq!(
        targets
            .apply(&PatchParams::apply("tests"), applied.clone())
            .await
            .unwrap()
            .spec,
        applied.spec
    );
    let items = raw.api.list(&ListParams::default()).await.unwrap().items;
    assert_eq!(items.len(), 3);
    assert_eq!(items[0].data, *body);

    targets.delete("orders", &DeleteParams::default()).await.unwrap();
    assert_eq!(code(raw.api.get("orders").await), 404);
}

#[tokio::test(start_paused = true)]
async fn the_released_version_is_read_and_written_as_the_newest() {
    let body = json!({"spec": {"destination": {"kind": "ServiceAccount", "name": "api"},
        "sources": [{"kind": "ServiceAccount", "name": "web"}], "rules": [{"kind": "HTTPRouteGroup", "name": "api"}]}});
    is_read_and_written("v1alpha3", &body).await;
}

#[tokio::test(start_paused = true)]
async fn the_oldest_version_is_read_and_written_as_the_newest() {
    let body = json!({"destination": {"kind": "ServiceAccount", "name": "api"},
        "sources": [{"kind": "ServiceAccount", "name": "web"}], "specs": [{"kind": "HTTPRouteGroup", "name": "api"}]});
    is_read_and_written("v1alpha1", &body).await;
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_served_is_an_error_until_its_crd_is_there() {
    let crds = smi_sdk::crds(&CrdOptions::all_served());
    let cluster = cluster_with(Vec::new()).await;
    let smi = Clientset::new(cluster.client.clone());
    let routes = smi.udp_routes().namespaced(&cluster.namespace);
    let error = routes.get("a").await.unwrap_err();
    assert!(matches!(error, ClientError::NotServed { .. }));
    assert_eq!(
        error.to_string(),
        "the server does not serve `UDPRoute` of `specs.smi-spec.io`"
    );
    assert!(matches!(
        routes.create(&PostParams::default(), samples::udp_route("a")).await,
        Err(ClientError::NotServed { .. })
    ));

    // A sibling in the same group does not make it served.
    cluster.install(samples::of(&crds, "tcproutes")).await;
    assert_eq!(smi.tcp_routes().version().await.unwrap(), "v1alpha4");
    assert!(matches!(routes.version().await, Err(ClientError::NotServed { .. })));

    let waiting = routes.wait_until_served(Duration::from_millis(100));
    let (version, ()) = in_time("UDPRoutes are served", async {
        tokio::join!(waiting, cluster.install(samples::of(&crds, "udproutes")))
    })
    .await;
    assert_eq!(version.unwrap(), "v1alpha4");
    routes
        .create(&PostParams::default(), samples::udp_route("a"))
        .await
        .unwrap();
}
