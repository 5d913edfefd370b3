//! What holds for any requests.

use std::collections::BTreeMap;

use futures::StreamExt;
use kube::{
    Client,
    api::{DeleteParams, ListParams, PostParams},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{TestCaseError, TestCaseResult},
};
use serde_json::{Map, Value, json};

use crate::harness::{WIDGETS, get, request, server, touch, watch, widget, widgets};

fn with_client<F: Future<Output = TestCaseResult>>(test: impl FnOnce(smi_fake::Server, Client) -> F) -> TestCaseResult {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    runtime.block_on(async {
        let server = server();
        let client = server.client();
        test(server, client).await
    })
}

/// The sizes of the widgets in a list, by name.
fn state(list: &Value) -> BTreeMap<String, Value> {
    let items = list["items"].as_array().unwrap().iter();
    let pair = |object: &Value| {
        (
            object["metadata"]["name"].as_str().unwrap().to_owned(),
            object["spec"]["size"].clone(),
        )
    };
    items.map(pair).collect()
}

/// Creates, changes or deletes the widget of a name, whichever it can.
async fn write(client: &Client, name: &str, size: i64) {
    let there = widgets(client).get_opt(name).await.unwrap().is_some();
    if !there {
        widgets(client)
            .create(&PostParams::default(), &widget(name, size))
            .await
            .unwrap();
    } else if size == 0 {
        widgets(client).delete(name, &DeleteParams::default()).await.unwrap();
    } else {
        touch(client, name, size).await;
    }
}

/// Values of every shape, with the names that the server looks at.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "a",
            "v1",
            "web",
            "/spec/size",
            "replace",
            "default",
            "2026-01-02T03:04:05Z",
            "\u{0}\u{fffd}"
        ])
        .prop_map(Value::from),
    ];
    let names = vec![
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "namespace",
        "labels",
        "annotations",
        "finalizers",
        "managedFields",
        "resourceVersion",
        "uid",
        "spec",
        "size",
        "status",
        "ports",
        "port",
        "selector",
        "op",
        "path",
        "value",
        "from",
        "group",
        "names",
        "plural",
        "versions",
        "schema",
        "openAPIV3Schema",
        "storage",
        "conditions",
        "stringData",
        "$patch",
        "$setElementOrder/ports",
        "$deleteFromPrimitiveList/finalizers",
        "$retainKeys",
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((prop::sample::select(names.clone()), inner), 0..7).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

/// `base` with some of its fields exchanged.
fn near(base: Value) -> impl Strategy<Value = Value> {
    (value(), 0..3).prop_map(move |(change, how)| {
        let mut object = base.clone();
        match how {
            0 => change,
            1 => {
                object["spec"] = change;
                object
            }
            _ => {
                if let Value::Object(fields) = change {
                    object["metadata"].as_object_mut().unwrap().extend(fields);
                }
                object
            }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_revision_can_be_listed_and_watched_from(writes in vec((0..4_usize, 0..4_i64), 1..24)) {
        with_client(|server, client| async move {
            let mut states = vec![(server.resource_version(), BTreeMap::new())];
            for (name, size) in writes {
                write(&client, ["a", "b", "c", "d"][name], size).await;
                states.push((server.resource_version(), state(&get(&client, WIDGETS).await)));
            }
            let (last, now) = states.last().cloned().unwrap();
            for (revision, then) in states {
                let exact = format!("{WIDGETS}?resourceVersion={revision}&resourceVersionMatch=Exact");
                prop_assert_eq!(&state(&get(&client, &exact).await), &then);
                let mut seen = then;
                let mut reached = revision;
                let mut events = watch(&client, &format!("{WIDGETS}?watch=1&resourceVersion={revision}")).await;
                while reached < last {
                    let event = events.next().await.unwrap().unwrap();
                    let object = &event["object"];
                    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
                    reached = object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
                    match event["type"].as_str().unwrap() {
                        "ADDED" => prop_assert!(seen.insert(name, object["spec"]["size"].clone()).is_none()),
                        "MODIFIED" => prop_assert!(seen.insert(name, object["spec"]["size"].clone()).is_some()),
                        _ => prop_assert!(seen.remove(&name).is_some()),
                    }
                }
                prop_assert_eq!(&seen, &now);
            }
            Ok(())
        })?;
    }

    #[test]
    fn pages_of_any_size_make_the_whole_list(count in 0..12_usize, limit in 1..5_u32) {
        with_client(|_, client| async move {
            for number in 0..count {
                write(&client, &format!("w{number:02}"), 1).await;
            }
            let mut found = Vec::new();
            let mut page = ListParams::default().limit(limit);
            loop {
                let list = widgets(&client).list(&page).await.unwrap();
                prop_assert!(list.items.len() <= limit as usize);
                found.extend(crate::harness::names(&list.items));
                match list.metadata.continue_.filter(|token| !token.is_empty()) {
                    Some(token) => page = page.continue_token(&token),
                    None => break,
                }
            }
            prop_assert_eq!(found, (0..count).map(|number| format!("w{number:02}")).collect::<Vec<_>>());
            Ok(())
        })?;
    }

    #[test]
    fn any_body_gets_an_answer(
        widget in near(json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 1}})),
        service in near(json!({"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}})),
        crd in near(serde_json::to_value(crate::harness::crd()).unwrap()),
        other in value(),
    ) {
        with_client(|_, client| async move {
            let services = "/api/v1/namespaces/default/services";
            let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            write(&client, "a", 1).await;
            let patches = ["merge-patch+json", "json-patch+json", "strategic-merge-patch+json", "apply-patch+yaml"];
            for (collection, body) in [(WIDGETS, &widget), (services, &service), ("/api/v1/namespaces", &other), (crds, &crd)] {
                let name = if collection == crds { "widgets.example.com" } else { "a" };
                let one = format!("{collection}/{name}?fieldManager=m");
                let mut requests = vec![
                    request("POST", collection, "application/json", body),
                    request("PUT", &one, "application/json", body),
                    request("PUT", &format!("{collection}/{name}/status"), "application/json", body),
                    request("DELETE", &one, "application/json", &other),
                ];
                requests.extend(patches.map(|of| request("PATCH", &one, &format!("application/{of}"), body)));
                for request in requests {
                    let what = format!("{} {}", request.method(), request.uri());
                    let answer = client.send(request.map(kube::client::Body::from)).await;
                    prop_assert!(answer.is_ok(), "{what}: {answer:?}");
                }
            }
            Ok(())
        })?;
    }
}
