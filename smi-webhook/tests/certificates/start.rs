//! Nothing that the webhook needs to start is served by itself.

use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, PostParams};
use serde_json::json;

use crate::world::{NAMESPACE, World};

#[tokio::test(start_paused = true)]
async fn it_starts_while_every_crd_calls_a_webhook_that_is_down() {
    let world = World::new().await;
    // Objects are stored, and cannot be read at the other version.
    let resource = |version: &str| ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", version, "Widget"));
    let widgets = |version| Api::<DynamicObject>::namespaced_with(world.client(), NAMESPACE, &resource(version));
    let widget = DynamicObject::new("a", &resource("v2")).data(json!({}));
    widgets("v2").create(&PostParams::default(), &widget).await.unwrap();
    let refused = widgets("v1").list(&ListParams::default()).await.unwrap_err();
    assert!(refused.to_string().contains("connection refused"), "{refused}");

    let replica = world.replica();
    replica.until_it_serves(&world).await;
    world.until_given().await;
    let refused = widgets("v1").list(&ListParams::default()).await;
    assert!(refused.is_err(), "and it still did not answer");
}
