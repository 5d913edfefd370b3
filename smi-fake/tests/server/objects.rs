//! Creates, reads, updates and deletes.

use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, PostParams, Preconditions, PropagationPolicy},
};
use serde_json::{Value, json};

use crate::harness::{WIDGETS, client, create, request, revision, send, status, touch, widget, widgets};

#[tokio::test(start_paused = true)]
async fn a_created_object_has_what_the_server_gives_it() {
    let client = client().await;
    let before = revision(&client).await;
    let made = create(&client, "a").await;
    assert_eq!(made.namespace().as_deref(), Some("default"));
    assert_eq!(made.metadata.generation, Some(1));
    assert!(made.uid().is_some_and(|uid| uid.len() == 36));
    assert!(made.creation_timestamp().is_some());
    // Real servers write of themselves too.
    let now = revision(&client).await;
    assert!((before + 1..=now).contains(&made.resource_version().unwrap().parse().unwrap()));
    assert_eq!(made.data["spec"]["color"], "grey", "defaulted");
    assert_eq!(widgets(&client).get("a").await.unwrap(), made);
}

#[tokio::test(start_paused = true)]
async fn a_generated_name_begins_as_asked() {
    let client = client().await;
    let mut object = widget("", 1);
    object.metadata.name = None;
    object.metadata.generate_name = Some("web-".to_owned());
    let first = widgets(&client)
        .create(&PostParams::default(), &object)
        .await
        .unwrap()
        .name_any();
    let second = widgets(&client)
        .create(&PostParams::default(), &object)
        .await
        .unwrap()
        .name_any();
    assert!(
        first.starts_with("web-") && first.len() == 9 && first != second,
        "{first} {second}"
    );
}

#[tokio::test(start_paused = true)]
async fn failures_are_worded_as_kube_apiserver_does() {
    let client = client().await;
    let made = create(&client, "a").await;
    let body = |name: &str, spec: Value| json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec});
    let of = async |method: &str, path: &str, object: Value| {
        let status = status(send(&client, method, path, &object).await);
        (status.code, status.reason, status.message)
    };
    let expect = |code: u16, reason: &str, message: &str| (code, reason.to_owned(), message.to_owned());
    let a = format!("{WIDGETS}/a");
    assert_eq!(
        of("GET", &format!("{WIDGETS}/b"), Value::Null).await,
        expect(404, "NotFound", "widgets.example.com \"b\" not found")
    );
    assert_eq!(
        of("POST", WIDGETS, body("a", json!({"size": 1}))).await,
        expect(409, "AlreadyExists", "widgets.example.com \"a\" already exists")
    );
    assert_eq!(
        of("PUT", &a, body("a", json!({"size": 1}))).await,
        expect(
            422,
            "Invalid",
            "widgets.example.com \"a\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"
        )
    );
    let mut old = body("a", json!({"size": 2}));
    old["metadata"]["resourceVersion"] = "1".into();
    assert_eq!(
        of("PUT", &a, old).await,
        expect(
            409,
            "Conflict",
            "Operation cannot be fulfilled on widgets.example.com \"a\": the object has been modified; please apply your changes to the latest version and try again"
        )
    );
    let mut other = body("a", json!({"size": 2}));
    other["metadata"]["uid"] = "x".into();
    let message = format!(
        "Operation cannot be fulfilled on widgets.example.com \"a\": StorageError: invalid object, Code: 4, Key: /registry/example.com/widgets/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: {}",
        made.uid().unwrap()
    );
    other["metadata"]["resourceVersion"] = made.resource_version().into();
    assert_eq!(of("PUT", &a, other).await, expect(409, "Conflict", &message));
    assert_eq!(
        of("POST", WIDGETS, body("B_", json!({"size": 1})))
            .await
            .2
            .split(" a lowercase")
            .next(),
        Some("Widget.example.com \"B_\" is invalid: metadata.name: Invalid value: \"B_\":")
    );
    assert_eq!(
        of(
            "POST",
            "/apis/example.com/v1/namespaces/nope/widgets",
            body("a", json!({"size": 1}))
        )
        .await,
        expect(404, "NotFound", "namespaces \"nope\" not found")
    );
    assert_eq!(
        of("PUT", WIDGETS, Value::Null).await,
        expect(400, "BadRequest", "name must be provided")
    );
    let mut typo = body("b", json!({"size": 1, "foo": 2}));
    typo["bar"] = 1.into();
    assert_eq!(
        of("POST", &format!("{WIDGETS}?fieldValidation=Strict"), typo).await,
        expect(
            400,
            "BadRequest",
            "Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: unknown field \"bar\", unknown field \"spec.foo\""
        )
    );
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_are_pruned_with_a_warning() {
    let client = client().await;
    let body = br#"{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 1, "foo": 2}, "spec": {"size": 2, "foo": 2}}"#;
    let mut request = request("POST", WIDGETS, "application/json", &Value::Null).map(kube::client::Body::from);
    *request.body_mut() = kube::client::Body::from(body.to_vec());
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.status(), 201);
    let warnings: Vec<_> = answer.headers().get_all("warning").iter().collect();
    assert_eq!(
        warnings,
        [
            "299 - \"duplicate field \\\"spec\\\"\"",
            "299 - \"unknown field \\\"spec.foo\\\"\""
        ]
    );
    let stored = widgets(&client).get("a").await.unwrap();
    assert_eq!(stored.data["spec"], json!({"size": 2, "color": "grey"}));
}

#[tokio::test(start_paused = true)]
async fn an_update_counts_the_generation_only_when_the_content_changes() {
    let client = client().await;
    create(&client, "a").await;
    let changed = touch(&client, "a", 2).await;
    assert_eq!(changed.metadata.generation, Some(2));
    let same = touch(&client, "a", 2).await;
    assert_eq!(
        (same.metadata.generation, same.resource_version()),
        (Some(2), changed.resource_version()),
        "nothing is written"
    );
    let mut labelled = same;
    labelled.labels_mut().insert("app".to_owned(), "web".to_owned());
    let labelled = widgets(&client)
        .replace("a", &PostParams::default(), &labelled)
        .await
        .unwrap();
    assert_eq!(labelled.metadata.generation, Some(2));
    assert_eq!(labelled.labels()["app"], "web");
}

#[tokio::test(start_paused = true)]
async fn status_is_written_through_its_subresource_only() {
    let client = client().await;
    let mut object = create(&client, "a").await;
    object.data["status"] = json!({"ready": true});
    object.data["spec"]["size"] = 3.into();
    let replaced = widgets(&client)
        .replace("a", &PostParams::default(), &object)
        .await
        .unwrap();
    assert_eq!(replaced.data.get("status"), None);
    let mut object = replaced;
    object.data["status"] = json!({"ready": true});
    object.data["spec"]["size"] = 4.into();
    let written = widgets(&client)
        .replace_status("a", &PostParams::default(), &object)
        .await
        .unwrap();
    assert_eq!(written.data["status"]["ready"], true);
    assert_eq!(written.data["spec"]["size"], 3);
    assert_eq!(written.metadata.generation, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_answers_and_writes_nothing() {
    let client = client().await;
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let made = widgets(&client).create(&dry, &widget("a", 1)).await.unwrap();
    assert!(made.uid().is_some() && made.resource_version().is_none());
    assert_eq!(widgets(&client).get_opt("a").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_object_with_finalizers_stays_until_they_are_done() {
    let client = client().await;
    let mut object = widget("a", 1);
    object.metadata.finalizers = Some(vec!["example.com/keep".to_owned()]);
    widgets(&client).create(&PostParams::default(), &object).await.unwrap();
    let deleted = widgets(&client).delete("a", &DeleteParams::default()).await.unwrap();
    let deleted = deleted.left().expect("the object, for it is still there");
    assert!(deleted.metadata.deletion_timestamp.is_some());
    assert_eq!(
        (
            deleted.metadata.generation,
            deleted.metadata.deletion_grace_period_seconds
        ),
        (Some(2), Some(0))
    );

    let mut more = widgets(&client).get("a").await.unwrap();
    more.finalizers_mut().push("example.com/more".to_owned());
    let refused = status(widgets(&client).replace("a", &PostParams::default(), &more).await);
    assert_eq!(
        refused.message,
        "Widget.example.com \"a\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"example.com/more\"}"
    );
    let mut done = widgets(&client).get("a").await.unwrap();
    done.finalizers_mut().clear();
    widgets(&client)
        .replace("a", &PostParams::default(), &done)
        .await
        .unwrap();
    assert_eq!(widgets(&client).get_opt("a").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_delete_with_a_precondition_hits_no_other_object() {
    let client = client().await;
    let made = create(&client, "a").await;
    let with = |uid: Option<&str>, version: Option<&str>| DeleteParams {
        preconditions: Some(Preconditions {
            uid: uid.map(str::to_owned),
            resource_version: version.map(str::to_owned),
        }),
        ..DeleteParams::default()
    };
    let refused = status(widgets(&client).delete("a", &with(Some("x"), None)).await);
    assert_eq!(refused.code, 409);
    assert!(
        refused
            .message
            .contains("the UID in the precondition (x) does not match"),
        "{}",
        refused.message
    );
    assert_eq!(
        status(widgets(&client).delete("a", &with(None, Some("1"))).await).code,
        409
    );
    let gone = widgets(&client)
        .delete("a", &with(made.uid().as_deref(), None))
        .await
        .unwrap();
    let gone = gone.right().expect("a status, for it is gone");
    assert_eq!(gone.details.unwrap().uid, made.uid().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_foreground_deletion_waits_for_a_collector_that_is_not_there() {
    let client = client().await;
    create(&client, "a").await;
    let foreground = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Foreground),
        ..DeleteParams::default()
    };
    let deleted = widgets(&client).delete("a", &foreground).await.unwrap().left().unwrap();
    assert_eq!(deleted.finalizers(), ["foregroundDeletion"]);
}

#[tokio::test(start_paused = true)]
async fn deletecollection_deletes_what_is_selected() {
    let client = client().await;
    for name in ["a", "b", "c"] {
        create(&client, name).await;
    }
    let selected = kube::api::ListParams::default().fields("metadata.name!=b");
    widgets(&client)
        .delete_collection(&DeleteParams::default(), &selected)
        .await
        .unwrap();
    let left = widgets(&client).list(&kube::api::ListParams::default()).await.unwrap();
    assert_eq!(crate::harness::names(&left.items), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn what_lies_in_namespaces_is_read_of_all_and_written_in_one() {
    let client = client().await;
    create(&client, "a").await;
    let maps = "/api/v1/configmaps";
    let all = "/apis/example.com/v1/widgets";
    for method in ["DELETE", "POST", "PUT", "PATCH"] {
        let refused = status(send(&client, method, maps, &json!({})).await);
        assert_eq!(
            (refused.code, refused.reason.as_str(), refused.message.as_str()),
            (
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource"
            ),
            "{method}"
        );
        let sent = request(method, all, "application/json", &json!({})).map(kube::client::Body::from);
        assert_eq!(client.send(sent).await.unwrap().status(), 404, "{method}");
    }
    let listed = crate::harness::get(&client, all).await;
    assert_eq!(listed["items"][0]["metadata"]["name"], "a");
}

#[tokio::test(start_paused = true)]
async fn services_and_secrets_get_what_kubernetes_fills_in() {
    let client = client().await;
    let services: Api<Service> = Api::namespaced(client.clone(), "default");
    let service: Service =
        serde_json::from_value(json!({"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})).unwrap();
    let made = services.create(&PostParams::default(), &service).await.unwrap();
    let spec = made.spec.clone().unwrap();
    assert!(
        spec.cluster_ip
            .as_deref()
            .is_some_and(|address| address.starts_with("10."))
    );
    assert_eq!(
        (spec.type_.as_deref(), spec.ports.unwrap()[0].protocol.as_deref()),
        (Some("ClusterIP"), Some("TCP"))
    );
    let again = services.replace("web", &PostParams::default(), &service).await.unwrap();
    assert_eq!(again.spec.unwrap().cluster_ip, made.spec.unwrap().cluster_ip);

    let secrets: Api<Secret> = Api::namespaced(client, "default");
    let secret: Secret = serde_json::from_value(json!({"metadata": {"name": "s"}, "stringData": {"a": "x"}})).unwrap();
    let made = secrets.create(&PostParams::default(), &secret).await.unwrap();
    assert_eq!(made.data.unwrap()["a"].0, b"x");
    assert_eq!((made.string_data, made.type_.as_deref()), (None, Some("Opaque")));
}

#[tokio::test(start_paused = true)]
async fn a_built_in_object_of_wrong_types_is_refused() {
    let client = client().await;
    let body = json!({"metadata": {"name": "web"}, "spec": {"ports": [{"port": "x"}]}});
    let refused = status(send(&client, "POST", "/api/v1/namespaces/default/services", &body).await);
    assert_eq!((refused.code, refused.reason.as_str()), (400, "BadRequest"));
    assert!(
        refused
            .message
            .starts_with("Service in version \"v1\" cannot be handled as a Service: "),
        "{}",
        refused.message
    );
}

#[tokio::test(start_paused = true)]
async fn limits_are_refusals_that_say_so() {
    let limits = smi_fake::Limits {
        objects: 6,
        body: 1000,
        watchers: 1,
        ..smi_fake::Limits::default()
    };
    let server = smi_fake::Server::new([crate::harness::crd()]).with_limits(limits);
    let client = server.client();
    create(&client, "a").await;
    let refused = status(widgets(&client).create(&PostParams::default(), &widget("b", 1)).await);
    assert_eq!((refused.code, refused.reason.as_str()), (403, "Forbidden"));
    assert!(
        refused.message.contains("exceeded quota: smi-fake"),
        "{}",
        refused.message
    );

    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    let large: ConfigMap =
        serde_json::from_value(json!({"metadata": {"name": "m"}, "data": {"a": "x".repeat(2000)}})).unwrap();
    let refused = status(maps.create(&PostParams::default(), &large).await);
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (413, "Request entity too large: limit is 1000")
    );

    let open = crate::harness::watch(&client, &format!("{WIDGETS}?watch=1")).await;
    let answer = client
        .send(request("GET", &format!("{WIDGETS}?watch=1"), "", &Value::Null).map(kube::client::Body::from))
        .await
        .unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "1")
    );
    drop(open);
    assert_eq!(server.watchers(), 0);
}
