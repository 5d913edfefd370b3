//! Reviews as API servers send them.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::{Client, post},
    gate,
    support::{Running, V1ALPHA4, review, split},
};

fn assert_converted(answer: &Value, names: &[&str]) {
    assert_eq!(answer["apiVersion"], "apiextensions.k8s.io/v1");
    assert_eq!(answer["kind"], "ConversionReview");
    assert!(answer.get("request").is_none());
    let response = &answer["response"];
    assert_eq!(response["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
    assert_eq!(response["result"], json!({"status": "Success"}));
    let objects = response["convertedObjects"].as_array().unwrap();
    assert_eq!(objects.len(), names.len());
    for (object, name) in objects.iter().zip(names) {
        assert_eq!(object["apiVersion"], V1ALPHA4);
        assert_eq!(object["kind"], "TrafficSplit");
        assert_eq!(object["metadata"]["name"], *name);
        assert_eq!(object["metadata"]["uid"], "3a0e0f6b");
        assert_eq!(object["spec"]["backends"][0]["service"], "web-v1");
    }
}

#[tokio::test]
async fn a_review_is_answered_in_order_at_the_version_asked_for() {
    let server = Running::new().await;
    let asked = review(&[split("b", 1), split("a", 2)], V1ALPHA4);
    let answer = server.client.review(&asked).await.json();
    assert_converted(&answer, &["b", "a"]);
    let weight = |at: usize| &answer["response"]["convertedObjects"][at]["spec"]["backends"][0]["weight"];
    assert_eq!((weight(0), weight(1)), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_connection_of_http_1_1_takes_one_review_after_another() {
    let server = Running::new().await;
    let mut connection = server.client.connect().await.unwrap();
    for name in ["a", "b", "c"] {
        let asked = review(&[split(name, 1)], V1ALPHA4).to_string();
        assert_converted(&connection.send(post(asked)).await.unwrap().json(), &[name]);
    }
}

#[tokio::test]
async fn a_connection_of_http_2_takes_reviews_side_by_side() {
    let server = Running::new().await;
    let connection = server.client.connect_h2().await;
    let names: Vec<String> = (0..50).map(|number| format!("split-{number}")).collect();
    let answers = join_all(names.iter().map(|name| {
        let mut connection = connection.clone();
        async move {
            let asked = review(&[split(name, 1)], V1ALPHA4).to_string();
            Client::send_h2(&mut connection, post(asked)).await.json()
        }
    }));
    for (answer, name) in answers.await.iter().zip(&names) {
        assert_converted(answer, &[name]);
    }
}

#[tokio::test]
async fn a_review_of_a_thousand_objects_is_answered_over_either_http() {
    let server = Running::new().await;
    let names: Vec<String> = (0..1000).map(|number| format!("split-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let splits: Vec<Value> = names.iter().map(|name| split(name, 7)).collect();
    let asked = review(&splits, V1ALPHA4).to_string();
    assert_converted(&server.client.send(post(asked.clone())).await.json(), &names);
    let mut connection = server.client.connect_h2().await;
    assert_converted(&Client::send_h2(&mut connection, post(asked)).await.json(), &names);
}

#[tokio::test]
async fn field_owners_come_back_as_they_were_sent() {
    let server = Running::new().await;
    let managed =
        json!([{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:backends": {}}}, "time": "2023-05-04T09:21:13Z"}]);
    let mut object = split("web", 1);
    object["metadata"]["managedFields"] = managed.clone();
    let answer = server.client.review(&review(&[object], V1ALPHA4)).await.json();
    assert_converted(&answer, &["web"]);
    assert_eq!(
        answer["response"]["convertedObjects"][0]["metadata"]["managedFields"],
        managed
    );
}

#[tokio::test]
async fn the_version_may_stand_behind_the_objects() {
    let server = Running::new().await;
    let body = format!(
        r#"{{"request":{{"objects":[{}],"desiredAPIVersion":"{V1ALPHA4}","uid":"705ab4f5-6393-11e8-b7cc-42010a800002"}},"kind":"ConversionReview","response":{{"uid":"","convertedObjects":null,"result":{{"metadata":{{}}}}}},"apiVersion":"apiextensions.k8s.io/v1"}}"#,
        split("web", 1)
    );
    assert_converted(&server.client.send(post(body)).await.json(), &["web"]);
}

#[tokio::test]
async fn one_bad_object_fails_the_review_by_its_name() {
    let server = Running::new().await;
    let asked = review(&[split("good", 1), split("bad", -1), split("never-read", 1)], V1ALPHA4);
    let answer = server.client.review(&asked).await.json();
    let response = &answer["response"];
    assert_eq!(response["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
    assert_eq!(response["result"]["status"], "Failure");
    let message = response["result"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("`objects[1]`: TrafficSplit shop/bad: "),
        "{message}"
    );
    assert_eq!(response["convertedObjects"], json!([]));
}

#[tokio::test]
async fn a_review_of_nothing_is_a_success() {
    let server = Running::new().await;
    let mut asked = review(&[], V1ALPHA4);
    assert_converted(&server.client.review(&asked).await.json(), &[]);
    asked["request"]["objects"] = Value::Null;
    assert_converted(&server.client.review(&asked).await.json(), &[]);
}

#[tokio::test]
async fn a_conversion_that_panics_fails_its_own_review_alone() {
    let server = Running::new().await;
    let answer = server.client.review(&gate::review("panic")).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.text(), "the conversion panicked\n");
    server.assert_answers().await;
}
