//! kubectl at old versions on objects that were written at the newest one: what the old version cannot say is still there
//! afterwards (defect B12 of the Go SDK's conversions).

use e2e::{Kubectl, Output};
use futures::future::try_join_all;
use http::Method;
use kube::config::Kubeconfig;
use serde_json::{Value, json};
use smi_sdk::Stored;

use super::world::{World, kind};
use crate::{
    Outcome, installing,
    installing::clean,
    kinds::{self, Kind},
};

/// Objects that say what no older version can.
fn newest(namespace: &str) -> [Value; 4] {
    let object = |api_version: &str, kind: &str, name: &str, spec: Value| {
        let metadata = json!({"name": name, "namespace": namespace, "labels": {"tier": "front"}});
        json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})
    };
    [
        object(
            "split.smi-spec.io/v1alpha4",
            "TrafficSplit",
            "web",
            json!({
                "service": "web",
                "backends": [{"service": "web-v1", "weight": 90}, {"service": "web-v2", "weight": 10}],
                "matches": [{"kind": "HTTPRouteGroup", "name": "api"}],
            }),
        ),
        object(
            "access.smi-spec.io/v1alpha4",
            "TrafficTarget",
            "orders",
            json!({
                "destination": {"kind": "IdentityBinding", "name": "api"},
                "sources": [{"kind": "IdentityBinding", "name": "mobile"}, {"kind": "ServiceAccount", "name": "web"}],
                "rules": [
                    {"kind": "HTTPRouteGroup", "name": "api", "matches": ["orders"]},
                    {"kind": "TCPRoute", "name": "db"},
                    {"kind": "UDPRoute", "name": "dns"},
                ],
            }),
        ),
        object(
            "specs.smi-spec.io/v1alpha4",
            "HTTPRouteGroup",
            "api",
            json!({"matches": [
                {"name": "orders", "pathRegex": "/orders", "methods": ["GET"]},
                {"name": "mobile", "headers": [{"user-agent": ".*Mobile.*"}, {"cookie": "x"}]},
            ]}),
        ),
        object(
            "specs.smi-spec.io/v1alpha4",
            "TCPRoute",
            "db",
            json!({"matches": {"name": "db", "ports": [5432, 5433]}}),
        ),
    ]
}

struct Shell {
    world: World,
    kubectl: Kubectl,
    namespace: String,
}

impl Shell {
    async fn new(name: &str) -> Outcome<Self> {
        let world = World::new(name, Stored::Newest).await?;
        let kubectl = Kubectl::new(&Kubeconfig::read_from(world.cluster.kubeconfig())?)?;
        let namespace = world.cluster.namespace(name).await?;
        for object in newest(&namespace) {
            clean(&kind(&object)?.create(&world.client, &object).await?)?;
        }
        Ok(Self {
            world,
            kubectl,
            namespace,
        })
    }

    /// Runs kubectl in the namespace; what it prints. It may warn of nothing but what `apply` says of objects that it
    /// meets for the first time.
    async fn run(&self, editor: Option<&str>, arguments: &[&str], input: &str) -> Outcome<String> {
        let mut command = self.kubectl.command(&[arguments, &["-n", &self.namespace]].concat());
        if let Some(editor) = editor {
            command.env("KUBE_EDITOR", editor);
        }
        let Output {
            success,
            stdout,
            stderr,
            ..
        } = self.kubectl.output(command, input).await?;
        let said = stderr.replace('\n', " ");
        if !success
            || (!said.is_empty() && !said.contains("missing the kubectl.kubernetes.io/last-applied-configuration"))
        {
            return Err(format!("kubectl {}: {stderr}", arguments.join(" ")).into());
        }
        Ok(stdout)
    }

    /// The object as it is at the newest version.
    async fn read(&self, object: &Value) -> Outcome<Value> {
        let path = kind(object)?.path(object);
        let response = kinds::send(&self.world.client, Method::GET, &path, None).await?;
        clean(&response)?;
        Ok(response.json()?)
    }

    /// Whether the object says at the newest version what was written there, under another label.
    async fn is_whole(&self, written: &Value, label: &str) -> Outcome {
        let found = self.read(written).await?;
        if found["spec"] != written["spec"] {
            return Err(format!("after {label}: {} is not {}", found["spec"], written["spec"]).into());
        }
        if found["metadata"]["labels"]["tier"] != label {
            return Err(format!("not {label}: {}", found["metadata"]).into());
        }
        Ok(())
    }

    /// What people do to an object at one version.
    async fn handle(&self, written: &Value, at: &Kind, everything: bool) -> Outcome {
        let (name, version) = (installing::name(written), at.version());
        let resource = format!("{}.{version}.{}", at.plural(), at.group());
        let step = |how: &str| format!("{how}-{version}");
        let labelled = format!("tier={}", step("label"));
        self.run(None, &["label", "--overwrite", &resource, name, &labelled], "")
            .await?;
        self.is_whole(written, &step("label")).await?;
        let edit = format!("sed -i s/{}/{}/", step("label"), step("edit"));
        self.run(Some(&edit), &["edit", &resource, name], "").await?;
        self.is_whole(written, &step("edit")).await?;
        if !everything {
            return Ok(());
        }
        let patch = json!({"metadata": {"labels": {"tier": step("patch")}}}).to_string();
        self.run(None, &["patch", &resource, name, "--type=merge", "-p", &patch], "")
            .await?;
        self.is_whole(written, &step("patch")).await?;
        let text = self.run(None, &["get", &resource, name, "-o", "yaml"], "").await?;
        assert!(text.contains(&format!("apiVersion: {}\n", at.api_version)), "{text}");
        // Without the revision, which has passed.
        let lines = text.lines().filter(|line| !line.starts_with("  resourceVersion:"));
        let text = lines.collect::<Vec<_>>().join("\n");
        for (how, command) in [("replace", "replace"), ("apply", "apply"), ("again", "apply")] {
            let text = text.replace(&step("patch"), &step(how));
            self.run(None, &[command, "-f", "-"], &text).await?;
            self.is_whole(written, &step(how)).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn what_an_old_version_cannot_say_survives_kubectl_at_that_version() -> Outcome {
    let shell = Shell::new("kubectl").await?;
    let objects = newest(&shell.namespace);
    let each = objects.iter().map(async |written| {
        let versions = kind(written)?.versions();
        for (at, old) in versions.iter().rev().skip(1).rev().enumerate() {
            let handled = shell.handle(written, old, at == 0).await;
            handled.map_err(|error| format!("{} {}: {error}", old.name, old.version()))?;
        }
        Outcome::Ok(())
    });
    try_join_all(each).await?;

    // A match that v1alpha1 can say is edited there; the one with headers, which is not seen there, stays.
    let [_, _, group, _] = &objects;
    let edit = "sed -i s:/orders:/orders/[0-9]+:";
    shell
        .run(
            Some(edit),
            &["edit", "httproutegroups.v1alpha1.specs.smi-spec.io", "api"],
            "",
        )
        .await?;
    let mut expected = group["spec"].clone();
    expected["matches"][0]["pathRegex"] = "/orders/[0-9]+".into();
    assert_eq!(shell.read(group).await?["spec"], expected);
    Ok(())
}
