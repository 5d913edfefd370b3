//! Tables, held against what a real API server printed.

use super::*;

/// 2026-11-23T02:18:19Z.
const NOW: i64 = 1_795_400_299;

fn cells(columns: &Columns, object: &Value) -> Value {
    table(columns, object, IncludeObject::None, NOW)["rows"][0]["cells"].clone()
}

/// The columns and the cells are those of kube-apiserver 1.37 for the same CRD and object.
#[test]
fn cells_of_a_custom_resource_are_those_of_an_api_server() {
    let column = |name: &str, type_: &str, path: &str| CustomResourceColumnDefinition {
        name: name.into(),
        type_: type_.into(),
        json_path: path.into(),
        ..CustomResourceColumnDefinition::default()
    };
    let columns = Columns::of_crd(Some(&[
        column("Services", "string", ".spec.backends[*].service"),
        column("First", "integer", ".spec.backends[0].weight"),
        column("Flag", "boolean", ".spec.flag"),
        column("When", "date", ".spec.when"),
        column("Map", "string", ".spec.labels"),
        column("List", "string", ".spec.tags"),
        column("Ratio", "number", ".spec.ratio"),
        column("Mistyped", "integer", ".spec.name"),
        column("Chosen", "string", ".spec.backends[?(@.service==\"b\")].weight"),
        column("Missing", "string", ".spec.nothing"),
        column("Whole", "string", ".spec.backends[*]"),
        column("Age", "date", ".metadata.creationTimestamp"),
    ]));
    let object = json!({
        "metadata": {"name": "t1", "creationTimestamp": "2026-11-23T02:14:41Z"},
        "spec": {
            "name": "ab", "flag": true, "when": "2020-01-01T00:00:00Z", "labels": {"b": "1", "a": "<x>"},
            "tags": ["x", "y"], "ratio": 0.25,
            "backends": [{"service": "a", "weight": 5}, {"service": "b", "weight": 7}],
        },
    });
    let whole = "{\"service\":\"a\",\"weight\":5}";
    let expected = json!([
        "t1",
        "a",
        5,
        true,
        "6y328d",
        "{\"a\":\"\\u003cx\\u003e\",\"b\":\"1\"}",
        "[\"x\",\"y\"]",
        0.25,
        null,
        "7",
        null,
        whole,
        "3m38s",
    ]);
    assert_eq!(cells(&columns, &object), expected);
}

#[test]
fn a_crd_without_columns_shows_name_and_age() {
    let columns = Columns::of_crd(None);
    let object =
        json!({"metadata": {"name": "a", "resourceVersion": "7", "creationTimestamp": "2026-11-23T02:18:19Z"}});
    let table = table(&columns, &object, IncludeObject::Metadata, NOW);
    assert_eq!(table["columnDefinitions"][1]["name"], "Age");
    assert_eq!(table["rows"][0]["cells"], json!(["a", "0s"]));
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(table["metadata"], json!({"resourceVersion": "7"}));
}

#[test]
fn a_list_has_a_row_for_each_item_and_keeps_its_place() {
    let list = json!({"metadata": {"resourceVersion": "9", "continue": "x", "remainingItemCount": 3}, "items": [{"metadata": {"name": "a"}}, {}]});
    let columns = Columns::of_kind("x.y", "Unheard");
    let answer = table(&columns, &list, IncludeObject::None, NOW);
    assert_eq!(answer["metadata"]["continue"], "x");
    assert_eq!(
        answer["rows"],
        json!([
            {"cells": ["a", "<unknown>"], "object": null},
            {"cells": ["", "<unknown>"], "object": null},
        ])
    );
    assert_eq!(partial_object_metadata(&list)["items"][0]["metadata"]["name"], "a");
}

#[test]
fn built_in_kinds_show_what_kubectl_users_know() {
    let created = json!({"name": "x", "creationTimestamp": "2026-11-23T02:18:19Z"});
    let of = |group: &str, kind: &str, mut object: Value| {
        object["metadata"] = created.clone();
        cells(&Columns::of_kind(group, kind), &object)
    };
    let service = json!({"spec": {
        "type": "ClusterIP", "clusterIPs": ["10.0.0.155"], "selector": {"a": "b", "c": "d"},
        "ports": [{"port": 80, "protocol": "TCP"}, {"port": 81, "protocol": "UDP", "nodePort": 30000}],
    }});
    assert_eq!(
        of("", "Service", service),
        json!([
            "x",
            "ClusterIP",
            "10.0.0.155",
            "<none>",
            "80/TCP,81:30000/UDP",
            "0s",
            "a=b,c=d"
        ])
    );
    let pod = json!({"spec": {"containers": [{}, {}]}, "status": {"phase": "Pending"}});
    assert_eq!(
        of("", "Pod", pod),
        json!(["x", "0/2", "Pending", "0", "0s", "<none>", "<none>", "<none>", "<none>"])
    );
    let deployment = json!({"spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": {"spec": {
        "containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "j"}],
    }}}});
    assert_eq!(
        of("apps", "Deployment", deployment),
        json!(["x", "0/2", 0, 0, "0s", "c,d", "i,j", "a=b"])
    );
    assert_eq!(
        of("", "ConfigMap", json!({"data": {"a": "1"}, "binaryData": {"b": ""}})),
        json!(["x", 2, "0s"])
    );
    let slice = json!({"addressType": "IPv4", "ports": [{"port": 80}, {"port": 90}], "endpoints": [
        {"addresses": ["10.0.0.1", "10.0.0.2"]}, {"addresses": ["10.0.0.3"]}, {"addresses": ["10.0.0.4"]},
    ]});
    assert_eq!(
        of("discovery.k8s.io", "EndpointSlice", slice),
        json!(["x", "IPv4", "80,90", "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...", "0s"])
    );
}

#[test]
fn counts_that_are_too_large_to_add_do_no_harm() {
    let status = json!({"restartCount": i64::MAX});
    let pod = json!({"status": {"containerStatuses": [status, status]}});
    let cells = cells(&Columns::of_kind("", "Pod"), &pod);
    assert_eq!(cells[3], i64::MAX.to_string());
}
