//! What applying does to objects that are there, and with what stands beside them.

use kube::{Api, api::PostParams};
use serde_json::json;
use smi_sdk::{Conversion, CrdOptions, convert::converters, kube, manifest, split::v1alpha4::TrafficSplit};

use crate::{
    program::{quickstart, runtime},
    quickstart::{ALL_READ, SOME_UNREADABLE, apply::apply, server},
    says::first,
};

/// A TrafficTarget of an old version, which needs a TCPRoute for `port` beside it.
fn old_target(name: &str, port: u32) -> String {
    format!(
        "---\n{{apiVersion: access.smi-spec.io/v1alpha1, kind: TrafficTarget, metadata: {{name: {name}, namespace: shop}}, \
         destination: {{kind: ServiceAccount, name: api, port: {port}}}, sources: [{{kind: ServiceAccount, name: web}}], \
         specs: [{{kind: TCPRoute, name: tcp}}]}}\n"
    )
}

/// One that needs nothing beside it.
fn new_target(name: &str) -> String {
    format!(
        "---\n{{apiVersion: access.smi-spec.io/v1alpha3, kind: TrafficTarget, metadata: {{name: {name}, namespace: shop}}, \
         spec: {{destination: {{kind: ServiceAccount, name: api}}, sources: [], rules: []}}}}\n"
    )
}

/// The namespaces and names of the TCPRoutes in the table.
fn routes(text: &str) -> Vec<&str> {
    let rows = text.lines().filter(|line| line.starts_with("TCPRoute"));
    rows.map(|line| line.split_whitespace().nth(2).unwrap()).collect()
}

#[test]
fn an_object_that_is_there_keeps_what_is_not_the_manifests() {
    runtime().block_on(async {
        let client = server::embedded().unwrap().client();
        let splits: Api<TrafficSplit> = Api::namespaced(client.clone(), "default");
        let body = json!({"apiVersion": "split.smi-spec.io/v1alpha4", "kind": "TrafficSplit",
            "metadata": {"name": "web", "finalizers": ["example.org/other"]}, "spec": {"service": "web", "backends": []}});
        let split = serde_json::from_value(body).unwrap();
        let before = splits.create(&PostParams::default(), &split).await.unwrap();
        for version in ["v1alpha1", "v1alpha2", "v1alpha4"] {
            let yaml = format!(
                "{{apiVersion: split.smi-spec.io/{version}, kind: TrafficSplit, metadata: {{name: web}}, \
                 spec: {{service: web, backends: [{{service: {version}, weight: 1}}]}}}}"
            );
            let applied = apply(&client, manifest::read(yaml.as_bytes(), "a").collect()).await.unwrap();
            assert_eq!(applied.refused, [""; 0]);
            let after = splits.get("web").await.unwrap();
            assert_eq!(after.spec.backends[0].service, version);
            assert_eq!(after.metadata.uid, before.metadata.uid);
            assert_eq!(after.metadata.finalizers, before.metadata.finalizers);
        }
    });
}

#[test]
fn a_write_whose_answer_cannot_be_converted_is_told_of() {
    runtime().block_on(async {
        let conversion = Conversion::webhook_url("https://127.0.0.1/convert", "");
        let crds = smi_sdk::crds(&CrdOptions {
            conversion,
            ..CrdOptions::all_served()
        });
        let up_only = |object, version: &str| {
            if version.ends_with("v1alpha1") {
                Err("no way down".to_owned())
            } else {
                let converted = converters().convert(object, version).map_err(|error| error.to_string())?;
                Ok(converted.object)
            }
        };
        let client = smi_fake::Server::new(crds).with_converter(up_only).client();
        let yaml = "{apiVersion: split.smi-spec.io/v1alpha1, kind: TrafficSplit, metadata: {name: web}, spec: {service: web, backends: []}}";
        let applied = apply(&client, manifest::read(yaml.as_bytes(), "a").collect()).await.unwrap();
        let [refused] = applied.refused.as_slice() else {
            panic!("{:?}", applied.refused);
        };
        assert!(
            refused.starts_with("a:1: TrafficSplit `web`: ") && refused.ends_with("no way down"),
            "{refused}"
        );
    });
}

#[test]
fn what_a_target_needs_stands_beside_it() {
    let (code, text) = quickstart(&["-"], &old_target("orders", 8080));
    assert_eq!(code, ALL_READ, "{text}");
    assert_eq!(routes(&text), ["shop/smi-port-8080"]);
}

#[test]
fn nothing_stands_beside_a_target_that_was_refused() {
    // Names are lower case.
    let (code, text) = quickstart(&["-"], &old_target("Orders", 8080));
    assert_eq!(code, SOME_UNREADABLE);
    assert!(text.contains("1 refused"), "{text}");
    assert_eq!(routes(&text), [""; 0]);
}

#[test]
fn what_a_replaced_target_needed_goes_with_it() {
    let (_, text) = quickstart(&["-"], &[old_target("orders", 8080), new_target("orders")].concat());
    assert_eq!(routes(&text), [""; 0]);
    let (_, text) = quickstart(
        &["-"],
        &[old_target("orders", 8080), old_target("orders", 9090)].concat(),
    );
    assert_eq!(routes(&text), ["shop/smi-port-9090"]);
    // Another one may need the same.
    let yaml = [
        old_target("orders", 8080),
        old_target("other", 8080),
        new_target("orders"),
    ]
    .concat();
    let (_, text) = quickstart(&["-"], &yaml);
    assert_eq!(routes(&text), ["shop/smi-port-8080"]);
    assert!(text.contains("(made for TrafficTarget shop/other)"), "{text}");
    // What was refused replaces nothing.
    let bad = new_target("orders").replace("sources: []", "sources: 7");
    let (_, text) = quickstart(&["-"], &[old_target("orders", 8080), bad].concat());
    assert_eq!(routes(&text), ["shop/smi-port-8080"]);
}

#[test]
fn an_empty_namespace_is_the_default_one() {
    let yaml = old_target("orders", 8080).replace("namespace: shop", "namespace: ''");
    let (code, text) = quickstart(&["-"], &yaml);
    assert_eq!(code, ALL_READ, "{text}");
    assert!(first(&text).starts_with("web -> api"), "{text}");
    assert_eq!(routes(&text), ["default/smi-port-8080"]);
    let yaml = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, namespace: ''}}";
    let (code, text) = quickstart(&["-"], yaml);
    assert_eq!(code, ALL_READ, "{text}");
}
