//! The generated CRDs: what they serve and store, that they are structural and bounded, and that `crds/` holds them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]

use std::{collections::BTreeMap, fs, path::Path};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use smi_sdk::{Conversion, CrdOptions, Serve, Stored, crds, to_yaml};

/// Each CRD's versions in their order, `*` for served and `!` for stored.
fn versions(options: &CrdOptions) -> BTreeMap<String, String> {
    let mark = |set: bool, mark: &'static str| if set { mark } else { "" };
    crds(options)
        .into_iter()
        .map(|crd| {
            let versions = crd.spec.versions.iter();
            let versions = versions.map(|v| format!("{}{}{}", v.name, mark(v.served, "*"), mark(v.storage, "!")));
            (crd.spec.names.plural, versions.collect::<Vec<_>>().join(" "))
        })
        .collect()
}

fn expect(options: &CrdOptions, expected: &[(&str, &str)]) {
    let expected = expected
        .iter()
        .map(|(plural, versions)| ((*plural).to_owned(), (*versions).to_owned()))
        .collect();
    assert_eq!(versions(options), expected);
}

#[test]
fn the_default_serves_and_stores_the_newest_released_version() {
    expect(
        &CrdOptions::default(),
        &[
            ("traffictargets", "v1alpha3*! v1alpha2 v1alpha1"),
            ("httproutegroups", "v1alpha4*! v1alpha3 v1alpha2 v1alpha1"),
            ("tcproutes", "v1alpha4*! v1alpha3 v1alpha2 v1alpha1"),
            ("udproutes", "v1alpha4*!"),
            ("trafficsplits", "v1alpha4*! v1alpha3 v1alpha2 v1alpha1"),
        ],
    );
}

#[test]
fn drafts_come_when_they_are_asked_for() {
    let drafts = versions(&CrdOptions {
        serve: Serve::Drafts,
        ..CrdOptions::default()
    });
    assert_eq!(drafts["traffictargets"], "v1alpha4*! v1alpha3 v1alpha2 v1alpha1");
    assert_eq!(drafts["identitybindings"], "v1alpha4*!");
}

#[test]
fn all_versions_are_served_when_all_are_asked_for_or_a_webhook_converts() {
    let webhook = CrdOptions {
        conversion: Conversion::webhook_url("https://localhost/convert", "ca"),
        ..CrdOptions::default()
    };
    for options in [CrdOptions::all_served(), webhook] {
        expect(
            &options,
            &[
                ("traffictargets", "v1alpha4*! v1alpha3* v1alpha2* v1alpha1*"),
                ("identitybindings", "v1alpha4*!"),
                ("httproutegroups", "v1alpha4*! v1alpha3* v1alpha2* v1alpha1*"),
                ("tcproutes", "v1alpha4*! v1alpha3* v1alpha2* v1alpha1*"),
                ("udproutes", "v1alpha4*!"),
                ("trafficsplits", "v1alpha4*! v1alpha3* v1alpha2* v1alpha1*"),
            ],
        );
    }
}

#[test]
fn the_stored_version_is_chosen_where_a_kind_has_it() {
    let stored = versions(&CrdOptions {
        stored: Stored::Version("v1alpha1".into()),
        ..CrdOptions::all_served()
    });
    assert_eq!(stored["trafficsplits"], "v1alpha4* v1alpha3* v1alpha2* v1alpha1*!");
    assert_eq!(stored["udproutes"], "v1alpha4*!");
}

#[test]
fn the_conversion_clause_says_what_was_asked_for() {
    let clause = |conversion| {
        let options = CrdOptions {
            conversion,
            ..CrdOptions::default()
        };
        serde_json::to_value(crds(&options).remove(0).spec.conversion).unwrap()
    };
    assert_eq!(clause(Conversion::None), serde_json::json!({"strategy": "None"}));
    assert_eq!(
        clause(
            Conversion::webhook_service("smi-system", "smi-webhook", "ca")
                .port(8443)
                .path("/c")
        ),
        serde_json::json!({"strategy": "Webhook", "webhook": {
            "conversionReviewVersions": ["v1"],
            "clientConfig": {
                "caBundle": "Y2E=",
                "service": {"namespace": "smi-system", "name": "smi-webhook", "port": 8443, "path": "/c"},
            },
        }})
    );
    assert_eq!(
        clause(Conversion::webhook_url("https://localhost:8443/convert", "ca").port(1))["webhook"]["clientConfig"],
        serde_json::json!({"caBundle": "Y2E=", "url": "https://localhost:8443/convert"})
    );
    for without in [
        Conversion::webhook_service("smi-system", "smi-webhook", ""),
        Conversion::webhook_url("https://localhost/convert", ""),
    ] {
        assert_eq!(clause(without)["webhook"]["clientConfig"].get("caBundle"), None);
    }
}

#[test]
fn every_kind_has_its_names_and_columns() {
    let names: Vec<_> = crds(&CrdOptions::all_served())
        .into_iter()
        .map(|crd| {
            let names = &crd.spec.names;
            assert_eq!(names.categories, Some(vec!["smi".to_owned()]));
            assert_eq!(names.list_kind, Some(format!("{}List", names.kind)));
            for version in &crd.spec.versions {
                let columns = version.additional_printer_columns.as_deref().unwrap();
                assert_eq!(columns.last().unwrap().name, "Age", "{} {}", names.kind, version.name);
                let old_tcp_route = names.kind == "TCPRoute" && version.name != "v1alpha4";
                assert!(old_tcp_route || columns.len() > 1, "{} {}", names.kind, version.name);
            }
            format!(
                "{} {} {}",
                names.kind,
                names.plural,
                names.short_names.as_ref().unwrap().join(",")
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            "TrafficTarget traffictargets tt",
            "IdentityBinding identitybindings ib",
            "HTTPRouteGroup httproutegroups htr",
            "TCPRoute tcproutes tr",
            "UDPRoute udproutes ur",
            "TrafficSplit trafficsplits ts",
        ]
    );
}

/// Calls `check` on every schema node with its path.
fn walk(at: &str, schema: &JSONSchemaProps, check: &dyn Fn(&str, &JSONSchemaProps)) {
    check(at, schema);
    for (name, property) in schema.properties.iter().flatten() {
        walk(&format!("{at}.{name}"), property, check);
    }
    match &schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => walk(&format!("{at}[]"), items, check),
        Some(JSONSchemaPropsOrArray::Schemas(_)) => panic!("{at}: several item schemas are not structural"),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        walk(&format!("{at}[*]"), values, check);
    }
}

fn every_schema(check: &dyn Fn(&str, &JSONSchemaProps)) {
    for crd in crds(&CrdOptions::all_served()) {
        for version in &crd.spec.versions {
            let schema = version
                .schema
                .as_ref()
                .and_then(|schema| schema.open_api_v3_schema.as_ref())
                .unwrap();
            walk(&format!("{} {}", crd.spec.names.kind, version.name), schema, check);
        }
    }
}

#[test]
fn every_list_map_and_string_is_bounded() {
    every_schema(&|at, schema| match schema.type_.as_deref() {
        Some("array") => assert!(schema.max_items.is_some(), "{at}: a list without maxItems"),
        Some("string") => assert!(
            schema.max_length.is_some() || schema.enum_.is_some(),
            "{at}: no maxLength"
        ),
        Some("object") if schema.additional_properties.is_some() => {
            assert!(schema.max_properties.is_some(), "{at}: a map without maxProperties");
        }
        Some("object" | "integer") => {}
        None => assert_eq!(schema.x_kubernetes_int_or_string, Some(true), "{at}: no type"),
        Some(other) => panic!("{at}: unexpected type {other}"),
    });
}

#[test]
fn every_field_is_described_and_has_no_default_title_or_odd_format() {
    every_schema(&|at, schema| {
        let is_item = at.ends_with("[]") || at.ends_with("[*]");
        assert!(
            is_item || schema.description.as_ref().is_some_and(|text| text.ends_with('.')),
            "{at}: not described"
        );
        assert!(
            schema.description.as_ref().is_none_or(|text| !text.contains('\n')),
            "{at}: a line break"
        );
        assert_eq!((&schema.default, &schema.title), (&None, &None), "{at}");
        assert!(
            matches!(schema.format.as_deref(), None | Some("int32")),
            "{at}: {:?}",
            schema.format
        );
        for required in schema.required.iter().flatten() {
            assert!(
                schema.properties.as_ref().unwrap().contains_key(required),
                "{at}: {required}"
            );
        }
    });
}

#[test]
fn the_committed_crds_are_those_that_the_types_give() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let generated: BTreeMap<String, String> = crds(&CrdOptions::default())
        .iter()
        .map(|crd: &CustomResourceDefinition| {
            (
                format!("{}.yaml", crd.metadata.name.as_ref().unwrap()),
                to_yaml(crd).unwrap(),
            )
        })
        .collect();
    let committed: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read_to_string(entry.path()).unwrap(),
            )
        })
        .collect();
    assert!(
        generated == committed,
        "crds/ is not what the types give: run `cargo run --example crds -- --out crds`, and remove what is no CRD"
    );
}
