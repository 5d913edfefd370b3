//! The manifests of the webhook: that `deploy/` holds them, that their names agree, and that a server takes them.

#![expect(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::panic,
    reason = "the helpers of tests fail as the tests do"
)]
#![cfg(feature = "client")]

#[expect(dead_code, reason = "an example's `main` is not called here")]
#[path = "../examples/deploy/main.rs"]
mod deploy;

#[expect(
    dead_code,
    reason = "of the example that is deployed only the command line is read here"
)]
#[path = "../examples/webhook/main.rs"]
mod webhook;

use std::{collections::BTreeSet, fs, path::Path};

use kube::{
    Api, Client, ResourceExt,
    api::{DynamicObject, Patch, PatchParams},
    discovery::{Discovery, Scope},
};
use serde_json::{Value, json};
use smi_sdk::core::document;

/// What the example prints, or the one line that it ends with.
fn printed(arguments: &[&str]) -> Result<String, String> {
    let mut stdout = Vec::new();
    match deploy::run(arguments, &mut stdout) {
        Ok(()) => Ok(String::from_utf8(stdout).unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

/// The objects that the example prints.
fn objects(arguments: &[&str]) -> Vec<Value> {
    let text = printed(arguments).unwrap();
    let documents = document::read(text.as_bytes(), "deploy", &document::Options::default());
    documents.map(|document| document.unwrap().value).collect()
}

fn of_kind<'o>(objects: &'o [Value], kind: &str) -> &'o Value {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    let object = found.next().unwrap();
    assert!(found.next().is_none(), "{kind}");
    object
}

/// Creates or changes them by server-side apply, in their order, as `kubectl apply -f deploy/` does.
async fn apply(client: &Client, objects: &[Value]) {
    for object in objects {
        let found = Discovery::new(client.clone()).run().await.unwrap();
        let object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
        let types = object.types.clone().unwrap();
        let kind = (&types).try_into().unwrap();
        let (resource, capabilities) = found.resolve_gvk(&kind).unwrap();
        let api: Api<DynamicObject> = match capabilities.scope {
            Scope::Cluster => Api::all_with(client.clone(), &resource),
            Scope::Namespaced => Api::namespaced_with(client.clone(), &object.namespace().unwrap(), &resource),
        };
        let mut how = PatchParams::apply("test");
        how.field_validation = Some(kube::api::ValidationDirective::Strict);
        let applied = api.patch(&object.name_any(), &how, &Patch::Apply(&object)).await;
        applied.unwrap_or_else(|error| panic!("{types:?}: {error}"));
    }
}

#[test]
fn the_committed_files_are_what_the_example_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let files = deploy::files(&deploy::Install::default()).unwrap();
    for (file, text) in files {
        let committed = fs::read_to_string(folder.join(file)).unwrap();
        assert!(
            committed == text,
            "`{file}` differs: cargo run --example deploy -- --out deploy"
        );
    }
}

#[test]
fn printed_and_written_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("not/yet/there");
    printed(&["--out", out.to_str().unwrap()]).unwrap();
    let files = ["crds.yaml", "webhook.yaml"].map(|file| fs::read_to_string(out.join(file)).unwrap());
    assert_eq!(files.concat(), printed(&[]).unwrap());
}

#[test]
fn names_and_ports_agree_whatever_they_are() {
    let objects = objects(&["--namespace", "mesh", "--name", "hook", "--image", "r.example/hook:2"]);
    let crds: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"] == "CustomResourceDefinition")
        .collect();
    let service = of_kind(&objects, "Service");
    let deployment = of_kind(&objects, "Deployment");
    let pod = &deployment["spec"]["template"];
    let container = &pod["spec"]["containers"][0];
    for crd in &crds {
        let config = &crd["spec"]["conversion"]["webhook"]["clientConfig"];
        let called = json!({"namespace": "mesh", "name": "hook", "path": "/convert", "port": 443});
        assert_eq!(config, &json!({"service": called}), "no CA: the webhook gives it");
        assert!(
            crd["spec"]["versions"]
                .as_array()
                .unwrap()
                .iter()
                .all(|version| version["served"] == true)
        );
    }
    assert_eq!(service["spec"]["ports"][0]["port"], 443);
    assert_eq!(service["spec"]["ports"][0]["targetPort"], container["ports"][0]["name"]);
    for selector in [
        &service["spec"]["selector"],
        &deployment["spec"]["selector"]["matchLabels"],
        &of_kind(&objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        &pod["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, &pod["metadata"]["labels"]);
    }
    assert_eq!(
        container["args"],
        json!([
            "--self-issued=mesh/hook",
            "--listen=0.0.0.0:8443",
            "--health=0.0.0.0:8080"
        ])
    );
    assert_eq!(container["image"], "r.example/hook:2");
    for object in &objects {
        let namespace = &object["metadata"]["namespace"];
        assert!(namespace.is_null() || namespace == "mesh", "{object}");
    }
    let subject = json!([{"kind": "ServiceAccount", "name": "hook", "namespace": "mesh"}]);
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        let binding = of_kind(&objects, kind);
        assert_eq!(binding["subjects"], subject);
        let role = binding["roleRef"]["kind"].as_str().unwrap();
        assert_eq!(binding["roleRef"]["name"], of_kind(&objects, role)["metadata"]["name"]);
    }
    assert_eq!(
        of_kind(&objects, "ServiceAccount")["metadata"]["name"],
        pod["spec"]["serviceAccountName"]
    );
}

#[test]
fn the_program_understands_what_it_is_told() {
    let objects = objects(&["--namespace", "mesh", "--name", "hook"]);
    let arguments = &of_kind(&objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"];
    let arguments = arguments.as_array().unwrap().iter().filter_map(Value::as_str);
    let understood = format!("{:?}", webhook::Arguments::parse(arguments).unwrap());
    for part in [
        r#"SelfIssued { namespace: "mesh", service: "hook" }"#,
        "listen: 0.0.0.0:8443",
        "health: Some(0.0.0.0:8080)",
        "apply: false",
    ] {
        assert!(understood.contains(part), "{understood}");
    }
}

#[test]
fn the_rights_are_those_of_one_secret_and_of_our_crds() {
    let objects = objects(&[]);
    let secret = of_kind(&objects, "Secret");
    assert!(secret.get("data").is_none() && secret.get("stringData").is_none());
    assert_eq!(
        of_kind(&objects, "Role")["rules"],
        json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret["metadata"]["name"]],
            "verbs": ["get", "update"]}])
    );
    let rules = &of_kind(&objects, "ClusterRole")["rules"];
    assert_eq!(rules.as_array().unwrap().len(), 1);
    assert_eq!(rules[0]["resources"], json!(["customresourcedefinitions"]));
    assert_eq!(rules[0]["verbs"], json!(["get", "patch"]));
    let named = rules[0]["resourceNames"].as_array().unwrap().iter();
    let named: BTreeSet<_> = named.filter_map(Value::as_str).collect();
    let crds = objects
        .iter()
        .filter(|object| object["kind"] == "CustomResourceDefinition");
    let crds: BTreeSet<_> = crds.filter_map(|crd| crd["metadata"]["name"].as_str()).collect();
    assert_eq!(named, crds);
}

#[test]
fn bad_names_are_refused_in_one_line() {
    for (arguments, error) in [
        (
            &["--name", "Hook"][..],
            "`--name` takes a name of a-z, 0-9 and `-`, 40 letters at most, not `Hook`",
        ),
        (
            &["--namespace", ""],
            "`--namespace` takes a name of a-z, 0-9 and `-`, 40 letters at most, not ``",
        ),
        (&["--image", "a b"], "`--image` takes the name of an image, not `a b`"),
    ] {
        assert_eq!(printed(arguments).unwrap_err(), error);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_takes_all_of_them_and_twice() {
    let client = smi_fake::Server::new([]).client();
    let objects = objects(&[]);
    apply(&client, &objects).await;
    apply(&client, &objects).await;
}
