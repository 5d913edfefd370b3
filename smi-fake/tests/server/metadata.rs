//! What `metadata` may say: owners, annotations; and who is noted to have written it.

use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::harness::{WIDGETS, client, create, request, send, status, widget, widgets};

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn owner() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"})
}

/// The owner with these fields changed.
fn owner_with(fields: &Value) -> Value {
    let mut owner = owner();
    for (field, value) in fields.as_object().unwrap() {
        owner[field] = value.clone();
    }
    owner
}

fn owned(kind: &str, name: &str, owners: &[Value]) -> Value {
    let api_version = if kind == "Widget" { "example.com/v1" } else { "v1" };
    json!({
        "apiVersion": api_version, "kind": kind, "metadata": {"name": name, "ownerReferences": owners},
        "spec": {"size": 1},
    })
}

#[tokio::test(start_paused = true)]
async fn owners_are_named_whole_and_one_of_them_controls() {
    let client = client().await;
    let required = |field: &str| format!("metadata.ownerReferences[0].{field}: Required value: must not be empty");
    let version = |says: &str| {
        format!(
            "metadata.ownerReferences[0].apiVersion: Invalid value: \"{says}\": must be <group>/<version> or <version>"
        )
    };
    let printed = |name: &str, uid: &str| {
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","name":"{name}","uid":"{uid}","controller":true}}"#)
    };
    let controls = owner_with(&json!({"controller": true}));
    let also_controls = owner_with(&json!({"controller": true, "name": "p", "uid": "v"}));
    let cases = [
        (
            vec![json!({})],
            format!(
                "[{}, {}, {}, {}]",
                required("apiVersion"),
                required("kind"),
                required("name"),
                required("uid")
            ),
        ),
        (vec![owner_with(&json!({"uid": ""}))], required("uid")),
        (vec![owner_with(&json!({"apiVersion": "a/b/c"}))], version("a/b/c")),
        (vec![owner_with(&json!({"apiVersion": "apps/"}))], version("apps/")),
        (
            vec![owner_with(&json!({"kind": "Event", "blockOwnerDeletion": false}))],
            r#"metadata.ownerReferences[0]: Invalid value: {"apiVersion":"v1","kind":"Event","name":"o","uid":"u","blockOwnerDeletion":false}: /v1, Kind=Event is disallowed from being an owner"#.to_owned(),
        ),
        (
            vec![controls.clone(), also_controls.clone()],
            format!(
                "metadata.ownerReferences: Invalid value: [{},{}]: Only one reference can have Controller set to true. Found \"true\" in references for ConfigMap/o and ConfigMap/p",
                printed("o", "u"),
                printed("p", "v")
            ),
        ),
    ];
    for (owners, why) in cases {
        for (path, kind, of) in [
            (WIDGETS, "Widget", "Widget.example.com"),
            (CONFIG_MAPS, "ConfigMap", "ConfigMap"),
        ] {
            let mut body = owned(kind, "a", &owners);
            if kind == "ConfigMap" {
                body.as_object_mut().unwrap().remove("spec");
            }
            let refused = status(send(&client, "POST", path, &body).await);
            assert_eq!(
                (refused.code, refused.message),
                (422, format!("{of} \"a\" is invalid: {why}"))
            );
        }
    }

    create(&client, "b").await;
    let merge = Patch::Merge(json!({"metadata": {"ownerReferences": [owner_with(&json!({"uid": ""}))]}}));
    let refused = status(widgets(&client).patch("b", &PatchParams::default(), &merge).await);
    assert_eq!(
        (refused.code, refused.message),
        (422, format!("Widget.example.com \"b\" is invalid: {}", required("uid")))
    );

    let one = [
        controls,
        owner_with(&json!({"controller": false, "name": "p", "uid": "v"})),
    ];
    let made = send(&client, "POST", WIDGETS, &owned("Widget", "c", &one))
        .await
        .unwrap();
    assert_eq!(made["metadata"]["ownerReferences"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_owner_named_twice_is_kept_once_with_a_warning() {
    let client = client().await;
    let advice = "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u, z";
    let z = owner_with(&json!({"uid": "z"}));
    let twice = [owner(), owner(), z.clone(), z.clone()];
    // The same UID, another name: not the same reference.
    let other = owner_with(&json!({"name": "p"}));
    let owners = [&twice[..], std::slice::from_ref(&other)].concat();
    let merge = json!({"metadata": {"ownerReferences": owners}});
    let requests = [
        (
            request("POST", WIDGETS, "application/json", &owned("Widget", "a", &owners)),
            "contains duplicate entries",
        ),
        (
            request("PATCH", &format!("{WIDGETS}/a"), "application/merge-patch+json", &merge),
            "contains duplicate entries after mutating admission happens",
        ),
    ];
    for (request, what) in requests {
        let answer = client.send(request.map(kube::client::Body::from)).await.unwrap();
        assert!(answer.status().is_success(), "{what}: {}", answer.status());
        let warnings: Vec<_> = answer.headers().get_all("warning").iter().collect();
        assert_eq!(
            warnings,
            [format!("299 - \".metadata.ownerReferences {what}; {advice}\"").as_str()]
        );
        let kept = widgets(&client).get("a").await.unwrap().metadata.owner_references;
        assert_eq!(serde_json::to_value(kept).unwrap(), json!([owner(), z, other]));
    }
}

#[tokio::test(start_paused = true)]
async fn annotations_take_256_kib_with_their_keys() {
    const LIMIT: usize = 256 * 1024;
    let client = client().await;
    let why = "metadata.annotations: Too long: may not be more than 262144 bytes";
    let too_long = [
        json!({"k": "x".repeat(LIMIT)}),
        json!({"k": "x".repeat(LIMIT / 2), "l": "x".repeat(LIMIT / 2)}),
        // Bytes, not characters.
        json!({"k": "é".repeat(LIMIT / 2)}),
    ];
    for annotations in too_long {
        let mut body = owned("Widget", "a", &[]);
        body["metadata"]["annotations"] = annotations;
        let refused = status(send(&client, "POST", WIDGETS, &body).await);
        assert_eq!(
            (refused.code, refused.message),
            (422, format!("Widget.example.com \"a\" is invalid: {why}"))
        );
        assert_eq!(refused.details.unwrap().causes[0].reason, "FieldValueTooLong");
    }
    let mut largest = owned("Widget", "a", &[]);
    largest["metadata"]["annotations"] = json!({"k": "x".repeat(LIMIT - 1)});
    send(&client, "POST", WIDGETS, &largest).await.unwrap();
    let grow = Patch::Merge(json!({"metadata": {"annotations": {"l": "x"}}}));
    let refused = status(widgets(&client).patch("a", &PatchParams::default(), &grow).await);
    assert_eq!(refused.message, format!("Widget.example.com \"a\" is invalid: {why}"));
}

/// Who is noted to have created a widget by a request with this agent.
async fn manager(client: &kube::Client, agent: Option<&[u8]>, query: &str) -> Value {
    let body = json!({
        "apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"generateName": "m-"}, "spec": {"size": 1},
    });
    let mut request = request("POST", &format!("{WIDGETS}{query}"), "application/json", &body);
    request.headers_mut().remove("user-agent");
    if let Some(agent) = agent {
        let agent = http::HeaderValue::from_bytes(agent).unwrap();
        request.headers_mut().insert("user-agent", agent);
    }
    let made: Value = client.request(request).await.unwrap();
    made["metadata"]["managedFields"][0]["manager"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_writer_is_noted_by_its_agent_or_as_unknown() {
    let client = client().await;
    let long = "é".repeat(100);
    let agents: [(Option<&[u8]>, &str); 8] = [
        (None, "unknown"),
        (Some(b""), "unknown"),
        (Some(b"/1.0"), "unknown"),
        (Some(b"mesh/1.0 (linux)"), "mesh"),
        (Some(b"a\tb c/1"), "ab c"),
        (Some("ö\u{a0}p".as_bytes()), "öp"),
        (Some(b"a\xffb/1"), "a\u{fffd}b"),
        (Some(long.as_bytes()), &long[..128]),
    ];
    for (agent, noted) in agents {
        assert_eq!(manager(&client, agent, "").await, noted, "{agent:?}");
    }
    assert_eq!(manager(&client, Some(b"mesh"), "?fieldManager=").await, "mesh");
    assert_eq!(manager(&client, None, "?fieldManager=me").await, "me");
    // kube's client has neither.
    let made = widgets(&client)
        .create(&PostParams::default(), &widget("a", 1))
        .await
        .unwrap();
    assert_eq!(
        made.metadata.managed_fields.unwrap()[0].manager.as_deref(),
        Some("unknown")
    );
}

#[tokio::test(start_paused = true)]
async fn a_field_manager_is_short_and_printable() {
    let client = client().await;
    let cases = [
        (
            "x".repeat(129),
            "fieldManager: Too long: may not be more than 128 bytes".to_owned(),
        ),
        (
            "%C3%A9%09".to_owned(),
            r#"fieldManager: Invalid value: "é\t": invalid character U+0009 (at position 2)"#.to_owned(),
        ),
    ];
    for (manager, why) in cases {
        let path = format!("{WIDGETS}?fieldManager={manager}");
        let refused = status(send(&client, "POST", &path, &owned("Widget", "a", &[])).await);
        assert_eq!(
            (refused.code, refused.message),
            (422, format!("CreateOptions.meta.k8s.io \"\" is invalid: {why}"))
        );
    }
}
