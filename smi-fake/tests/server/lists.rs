//! Lists: selectors, pages, revisions.

use kube::{
    ResourceExt,
    api::{ListParams, PostParams},
};
use serde_json::Value;

use crate::harness::{WIDGETS, client, create, get, names, send, server, status, touch, widget, widgets};

#[tokio::test(start_paused = true)]
async fn selectors_select() {
    let client = client().await;
    for (name, app, color) in [("a", "web", "red"), ("b", "web", "blue"), ("c", "api", "red")] {
        let mut object = widget(name, 1);
        object.labels_mut().insert("app".to_owned(), app.to_owned());
        object.data["spec"]["color"] = color.into();
        widgets(&client).create(&PostParams::default(), &object).await.unwrap();
    }
    let list = async |of: ListParams| names(&widgets(&client).list(&of).await.unwrap().items);
    assert_eq!(list(ListParams::default().labels("app=web")).await, ["a", "b"]);
    assert_eq!(list(ListParams::default().labels("app notin (web)")).await, ["c"]);
    assert_eq!(list(ListParams::default().fields("spec.color=red")).await, ["a", "c"]);
    assert_eq!(list(ListParams::default().fields("metadata.name=b")).await, ["b"]);
    assert_eq!(
        list(ListParams::default().labels("app=web").fields("spec.color!=red")).await,
        ["b"]
    );
    let refused = status(
        widgets(&client)
            .list(&ListParams::default().fields("spec.size=1"))
            .await,
    );
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (400, "field label not supported: spec.size")
    );
}

#[tokio::test(start_paused = true)]
async fn pages_show_one_state_whatever_is_written_meanwhile() {
    let client = client().await;
    for name in ["a", "b", "c", "d", "e"] {
        create(&client, name).await;
    }
    let first = widgets(&client).list(&ListParams::default().limit(2)).await.unwrap();
    assert_eq!(names(&first.items), ["a", "b"]);
    assert_eq!(first.metadata.remaining_item_count, Some(3));
    widgets(&client)
        .delete("d", &kube::api::DeleteParams::default())
        .await
        .unwrap();
    create(&client, "cc").await;
    touch(&client, "e", 9).await;
    let token = first.metadata.continue_.unwrap();
    let rest = widgets(&client)
        .list(&ListParams::default().limit(5).continue_token(&token))
        .await
        .unwrap();
    assert_eq!(names(&rest.items), ["c", "d", "e"]);
    assert_eq!(rest.items[2].data["spec"]["size"], 1);
    assert_eq!(rest.metadata.resource_version, first.metadata.resource_version);
    assert!(rest.metadata.continue_.is_none_or(|token| token.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_page_after_compaction_is_expired_and_tells_how_to_go_on() {
    let server = server();
    let client = server.client();
    for name in ["a", "b", "c"] {
        create(&client, name).await;
    }
    let first = widgets(&client).list(&ListParams::default().limit(1)).await.unwrap();
    create(&client, "bb").await;
    server.compact();
    let token = first.metadata.continue_.unwrap();
    let refused = status(
        widgets(&client)
            .list(&ListParams::default().continue_token(&token))
            .await,
    );
    assert_eq!((refused.code, refused.reason.as_str()), (410, "Expired"));
    let again = refused.metadata.unwrap().continue_.unwrap();
    let rest = widgets(&client)
        .list(&ListParams::default().continue_token(&again))
        .await
        .unwrap();
    assert_eq!(names(&rest.items), ["b", "bb", "c"]);
}

#[tokio::test(start_paused = true)]
async fn an_exact_revision_shows_the_past() {
    let client = client().await;
    let then = create(&client, "a").await.resource_version().unwrap();
    touch(&client, "a", 5).await;
    create(&client, "b").await;
    let list = |query: String| {
        let client = client.clone();
        async move { get(&client, &format!("{WIDGETS}?{query}")).await }
    };
    let past = list(format!("resourceVersion={then}&resourceVersionMatch=Exact")).await;
    assert_eq!(past["items"].as_array().unwrap().len(), 1);
    assert_eq!(past["items"][0]["spec"]["size"], 1);
    assert_eq!(past["metadata"]["resourceVersion"], then.as_str());
    let newer = list(format!("resourceVersion={then}&resourceVersionMatch=NotOlderThan")).await;
    assert_eq!(newer["items"].as_array().unwrap().len(), 2);
    let cached = list("resourceVersion=0&limit=1".to_owned()).await;
    assert_eq!(cached["items"].as_array().unwrap().len(), 2, "the cache knows no pages");
}

#[tokio::test(start_paused = true)]
async fn options_that_make_no_sense_are_refused() {
    let client = client().await;
    let refused = async |query: &str| {
        let status = status(send(&client, "GET", &format!("{WIDGETS}?{query}"), &Value::Null).await);
        (status.code, status.message)
    };
    let (code, message) = refused("resourceVersion=9999999999&resourceVersionMatch=Exact").await;
    assert_eq!(code, 504);
    assert!(
        message.starts_with("Timeout: Too large resource version: 9999999999, current: "),
        "{message}"
    );
    let cases = [
        ("resourceVersionMatch=Exact", 422, "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided".to_owned()),
        ("resourceVersion=x", 400, "invalid resource version: resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": invalid syntax".to_owned()),
        ("limit=x", 400, "strconv.ParseInt: parsing \"x\": invalid syntax".to_owned()),
        ("labelSelector=a%20b%20c", 400, "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt".to_owned()),
        ("fieldSelector=zz", 400, "invalid selector: 'zz'; can't understand 'zz'".to_owned()),
        ("watch=1&sendInitialEvents=true", 422, "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan".to_owned()),
    ];
    for (query, code, message) in cases {
        assert_eq!(refused(query).await, (code, message), "{query}");
    }
}
