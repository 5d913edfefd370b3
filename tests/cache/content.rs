//! What snapshots hold.

use serde_json::json;

use crate::{
    cache::snapshot::Content,
    support::cluster_with,
    world::{World, crds, group, paths, routes},
};

#[tokio::test(start_paused = true)]
async fn a_proxy_knows_who_may_send_what_and_how_traffic_is_divided() {
    let world = World::new().await.with_orders().await;
    let shop = world.shop.as_str();
    let split = json!({
        "service": "web",
        "backends": [{"service": "v1", "weight": 1}],
        "matches": [{"kind": "HTTPRouteGroup", "name": "api"}],
    });
    world.create("TrafficSplit", shop, "web", split).await;
    let schemes = json!({"schemes": {"spiffeIdentities": ["spiffe://shop/support"]}});
    world.create("IdentityBinding", shop, "support", schemes).await;
    let mut api = world.proxy("api");
    let bound =
        json!({"sources": [{"kind": "ServiceAccount", "name": "web"}, {"kind": "IdentityBinding", "name": "support"}]});
    world.patch("TrafficTarget", shop, "orders", bound).await;
    let is_whole = |content: &Content| {
        let inbound = content.inbound.first();
        inbound.is_some_and(|inbound| inbound.bindings.len() == 1) && content.splits.len() == 1
    };
    let snapshot = api.has("everything", is_whole).await;
    let inbound = &snapshot.content.inbound[0];
    assert_eq!(inbound.target.to_string(), format!("{shop}/orders"));
    assert_eq!(inbound.sources, [format!("{shop}/web").parse().unwrap()]);
    assert_eq!(inbound.bindings[0].spiffe_identities, ["spiffe://shop/support"]);
    // Of the group only what the rule names.
    assert_eq!(paths(&snapshot.content), ["/orders"]);
    assert_eq!((inbound.tcp.as_slice(), inbound.udp.len()), (&[vec![80]][..], 0));
    assert_eq!(inbound.dangling, [""; 0]);
    let split = &snapshot.content.splits[0];
    assert_eq!(
        (split.service.as_str(), split.backends[0].service.as_str()),
        ("web", "v1")
    );
    assert_eq!(split.only.as_ref().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn kinds_that_are_not_served_are_empty_and_hold_nothing_up() {
    let mut crds = crds();
    crds.retain(|crd| crd.spec.names.kind == "TrafficTarget");
    let world = World::of(cluster_with(crds).await).await;
    let mut api = world.proxy("api");
    api.has("nothing", |content| *content == Content::default()).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_target_names_and_nobody_has_grants_nothing_until_it_is_there() {
    let world = World::new().await;
    let shop = world.shop.as_str();
    world
        .create("TrafficTarget", shop, "orders", world.target("api", "web", &routes()))
        .await;
    let mut api = world.proxy("api");
    let snapshot = api.has_targets(&["orders"]).await;
    let inbound = &snapshot.content.inbound[0];
    assert_eq!((inbound.http.len(), inbound.tcp.len()), (0, 0));
    assert_eq!(inbound.dangling, ["HTTPRouteGroup api", "TCPRoute web"]);
    world.create("HTTPRouteGroup", shop, "api", group()).await;
    api.has("the group", |content| paths(content) == ["/orders"]).await;
    world.delete("HTTPRouteGroup", shop, "api").await;
    api.has("no group", |content| paths(content).is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_target_in_another_namespace_is_followed_too() {
    let world = World::new().await;
    let far = world.far.as_str();
    let mut api = world.proxy("api");
    api.has_targets(&[]).await;
    world.create("HTTPRouteGroup", far, "api", group()).await;
    world
        .create("TrafficTarget", far, "orders", world.target("api", "web", &routes()))
        .await;
    api.has("the target", |content| paths(content) == ["/orders"]).await;
    let moved = json!({"matches": [{"name": "orders", "pathRegex": "/v2"}]});
    world.patch("HTTPRouteGroup", far, "api", moved).await;
    api.has("the new path", |content| paths(content) == ["/v2"]).await;
    world.delete("TrafficTarget", far, "orders").await;
    api.has_targets(&[]).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_read_grants_nothing_and_the_others_do() {
    let world = World::admitting_anything().await.with_orders().await;
    let shop = world.shop.as_str();
    world
        .create("TrafficTarget", shop, "more", world.target("api", "batch", &routes()))
        .await;
    let mut api = world.proxy("api");
    api.has_targets(&["more", "orders"]).await;
    world
        .patch("TrafficTarget", shop, "orders", json!({"sources": 0}))
        .await;
    let snapshot = api.has_targets(&["more"]).await;
    assert_eq!(paths(&snapshot.content), ["/orders"]);

    let good = world.target("api", "web", &routes());
    world.patch("TrafficTarget", shop, "orders", good).await;
    api.has_targets(&["more", "orders"]).await;
}
