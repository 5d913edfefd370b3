//! `kube::runtime::watcher` on the server, in both ways of syncing.

use std::pin::pin;

use futures::StreamExt;
use kube::{
    ResourceExt,
    core::DynamicObject,
    runtime::{
        WatchStreamExt, watcher,
        watcher::{Config, Event},
    },
};

use crate::harness::{create, server, touch, widgets};

fn told(event: Event<DynamicObject>) -> String {
    match event {
        Event::Init => "init".to_owned(),
        Event::InitApply(object) => format!("init {}", object.name_any()),
        Event::InitDone => "done".to_owned(),
        Event::Apply(object) => format!("apply {}", object.name_any()),
        Event::Delete(object) => format!("delete {}", object.name_any()),
    }
}

async fn sees_everything(config: Config) {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    create(&client, "b").await;
    let mut events = pin!(watcher(widgets(&client), config).default_backoff());
    let mut next = async || told(events.next().await.unwrap().unwrap());
    for expected in ["init", "init a", "init b", "done"] {
        assert_eq!(next().await, expected);
    }
    touch(&client, "a", 2).await;
    assert_eq!(next().await, "apply a");
    // It goes on by itself after its watch was dropped.
    server.faults().drop_watches();
    create(&client, "c").await;
    assert_eq!(next().await, "apply c");
    widgets(&client)
        .delete("c", &kube::api::DeleteParams::default())
        .await
        .unwrap();
    assert_eq!(next().await, "delete c");
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_lists_sees_everything() {
    sees_everything(Config::default().page_size(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_streams_its_list_sees_everything() {
    sees_everything(Config::default().streaming_lists()).await;
}

#[tokio::test(start_paused = true)]
async fn a_watcher_lists_again_after_410() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let mut events = pin!(watcher(widgets(&client), Config::default()).default_backoff());
    let mut told_of = Vec::new();
    while told_of.last().is_none_or(|last| last != "done") {
        told_of.push(told(events.next().await.unwrap().unwrap()));
    }
    server.faults().gone(1);
    server.faults().drop_watches();
    create(&client, "b").await;
    let mut again = Vec::new();
    while again.last().is_none_or(|last| last != "done") {
        if let Ok(event) = events.next().await.unwrap() {
            again.push(told(event));
        }
    }
    assert_eq!(again, ["init", "init a", "init b", "done"]);
}
