//! What a person sees with kubectl on a server with our CRDs.

use e2e::{Cluster, Error, LIMIT, until};
use serde_json::json;
use smi_sdk::CrdOptions;
use tokio::sync::OnceCell;

use crate::{Outcome, cluster, installing};

/// The shared cluster with every kind and version, installed by the first test that asks.
pub(crate) async fn cluster_with_crds() -> &'static Cluster {
    static INSTALLED: OnceCell<Result<(), String>> = OnceCell::const_new();
    let cluster = cluster().await;
    let install = async || {
        let crds = installing::crds(&CrdOptions::all_served()).map_err(|error| error.to_string())?;
        let installed = installing::install_cleanly(cluster, &crds).await;
        installed.map_err(|error| error.to_string())
    };
    let installed = INSTALLED.get_or_init(install).await;
    assert_eq!(*installed, Ok(()));
    cluster
}

/// A namespace with an object of every kind.
async fn mesh(cluster: &Cluster) -> Outcome<String> {
    let namespace = cluster.namespace("mesh").await?;
    for (api_version, kind, name, spec) in [
        (
            "access.smi-spec.io/v1alpha4",
            "TrafficTarget",
            "orders",
            json!({
                "destination": {"kind": "ServiceAccount", "name": "api"},
                "sources": [{"kind": "ServiceAccount", "name": "web"}, {"kind": "ServiceAccount", "name": "app", "namespace": "mobile"}],
                "rules": [{"kind": "HTTPRouteGroup", "name": "api", "matches": ["orders"]}, {"kind": "TCPRoute", "name": "db"}],
            }),
        ),
        (
            "access.smi-spec.io/v1alpha4",
            "IdentityBinding",
            "pods",
            json!({"schemes": {
                "podLabelSelector": {"matchLabels": {"app": "web", "tier": "front"}},
                "spiffeIdentities": ["shop.example/web", "shop.example/app"],
            }}),
        ),
        (
            "access.smi-spec.io/v1alpha4",
            "IdentityBinding",
            "account",
            json!({"schemes": {"serviceAccount": "web"}}),
        ),
        (
            "specs.smi-spec.io/v1alpha4",
            "HTTPRouteGroup",
            "api",
            json!({"matches": [{"name": "orders", "pathRegex": "/orders", "methods": ["GET"]}, {"name": "users"}]}),
        ),
        (
            "specs.smi-spec.io/v1alpha4",
            "TCPRoute",
            "db",
            json!({"matches": {"ports": [5432, 5433]}}),
        ),
        (
            "specs.smi-spec.io/v1alpha4",
            "TCPRoute",
            "every-port",
            json!({"matches": {"ports": []}}),
        ),
        (
            "specs.smi-spec.io/v1alpha4",
            "UDPRoute",
            "dns",
            json!({"matches": {"ports": [53]}}),
        ),
        (
            "split.smi-spec.io/v1alpha4",
            "TrafficSplit",
            "web",
            json!({"service": "web", "backends": [{"service": "web-v1", "weight": 90}, {"service": "web-v2", "weight": 10}]}),
        ),
        (
            "split.smi-spec.io/v1alpha1",
            "TrafficSplit",
            "old",
            json!({"service": "old", "backends": [{"service": "old-v1", "weight": "500m"}, {"service": "old-v2", "weight": 1}]}),
        ),
    ] {
        let metadata = json!({"name": name, "namespace": namespace});
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec});
        installing::clean(&cluster.create(&object).await?).map_err(|error| format!("{kind} `{name}`: {error}"))?;
    }
    Ok(namespace)
}

/// What `kubectl get` prints, with the ages and the widths of the columns taken away.
async fn get(arguments: &[&str]) -> Outcome<String> {
    let cluster = cluster_with_crds().await;
    let namespace = mesh(cluster).await?;
    let arguments = [&["get", "-n", &namespace], arguments].concat();
    let output = cluster.kubectl(&arguments).await?;
    assert_eq!((output.success, output.stderr.as_str()), (true, ""));
    let lines = output.stdout.lines().map(|line| {
        let words = line
            .split_whitespace()
            .map(|word| if is_age(word) { "~" } else { word });
        words.collect::<Vec<_>>().join(" ")
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// `12s`, `2m3s`
fn is_age(word: &str) -> bool {
    word.strip_suffix('s')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'm'))
}

#[tokio::test]
async fn get_smi_lists_the_objects_of_every_kind() {
    let expected = "\
NAME SERVICE ACCOUNT POD LABELS SPIFFE AGE
identitybinding.access.smi-spec.io/account web ~
identitybinding.access.smi-spec.io/pods {\"app\":\"web\",\"tier\":\"front\"} [\"shop.example/web\",\"shop.example/app\"] ~

NAME DESTINATION AGE
traffictarget.access.smi-spec.io/orders api ~

NAME AGE
httproutegroup.specs.smi-spec.io/api ~

NAME PORTS AGE
tcproute.specs.smi-spec.io/db [5432,5433] ~
tcproute.specs.smi-spec.io/every-port [] ~

NAME PORTS AGE
udproute.specs.smi-spec.io/dns [53] ~

NAME SERVICE AGE
trafficsplit.split.smi-spec.io/old old ~
trafficsplit.split.smi-spec.io/web web ~";
    assert_eq!(get(&["smi"]).await.unwrap(), expected);
}

#[tokio::test]
async fn get_ts_wide_shows_every_backend_with_its_weight() {
    let expected = r#"NAME SERVICE BACKENDS AGE
old old [{"service":"old-v1","weight":"500m"},{"service":"old-v2","weight":1}] ~
web web [{"service":"web-v1","weight":90},{"service":"web-v2","weight":10}] ~"#;
    assert_eq!(get(&["ts", "-o", "wide"]).await.unwrap(), expected);
    assert_eq!(
        get(&["trafficsplits.v1alpha1.split.smi-spec.io", "-o", "wide"])
            .await
            .unwrap(),
        expected
    );
}

#[tokio::test]
async fn get_wide_shows_every_source_rule_and_match() {
    let expected = concat!(
        "NAME DESTINATION SOURCES RULES AGE\n",
        r#"orders api [{"kind":"ServiceAccount","name":"web"},{"kind":"ServiceAccount","name":"app","namespace":"mobile"}] "#,
        r#"[{"kind":"HTTPRouteGroup","matches":["orders"],"name":"api"},{"kind":"TCPRoute","name":"db"}] ~"#,
    );
    assert_eq!(get(&["tt", "-o", "wide"]).await.unwrap(), expected);
    let expected = concat!(
        "NAME MATCHES AGE\n",
        r#"api [{"methods":["GET"],"name":"orders","pathRegex":"/orders"},{"name":"users"}] ~"#,
    );
    assert_eq!(get(&["htr", "-o", "wide"]).await.unwrap(), expected);
}

#[tokio::test]
async fn short_names_name_every_kind() {
    let printed = get(&["tt,htr,tr,ur,ib", "-o", "name"]).await.unwrap();
    let expected = "\
traffictarget.access.smi-spec.io/orders
httproutegroup.specs.smi-spec.io/api
tcproute.specs.smi-spec.io/db
tcproute.specs.smi-spec.io/every-port
udproute.specs.smi-spec.io/dns
identitybinding.access.smi-spec.io/account
identitybinding.access.smi-spec.io/pods";
    assert_eq!(printed, expected);
}

/// What `kubectl explain` prints, in single spaces: its line breaks depend on nothing that matters.
async fn explain(arguments: &[&str]) -> Outcome<String> {
    let cluster = cluster_with_crds().await;
    let arguments = [&["explain"], arguments].concat();
    // The schemas are published some time after the CRD is served.
    let output = until("explain knows the kind", LIMIT, async || {
        let output = cluster.kubectl(&arguments).await?;
        Ok::<_, Error>(output.success.then_some(output))
    });
    let output = output.await?;
    assert_eq!(output.stderr, "");
    Ok(output.stdout.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn says(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "`{expected}` is not in: {text}");
    }
}

#[tokio::test]
async fn explain_tells_a_quantity_from_a_whole_number() {
    let field = "trafficsplit.spec.backends";
    let old = explain(&[field, "--api-version=split.smi-spec.io/v1alpha1"])
        .await
        .unwrap();
    // `<Object>` is how kubectl shows a field that takes numbers and strings, so the text has to say it.
    says(
        &old,
        &[
            "VERSION: v1alpha1 FIELD: backends <[]Object> DESCRIPTION: The services that share the traffic.",
            "service <string> -required- The name of the service.",
            "weight <Object> -required- The share of the service, in proportion to the other weights: a whole number, or a \
             quantity as a string such as 500m.",
        ],
    );
    let new = explain(&[field, "--api-version=split.smi-spec.io/v1alpha4"])
        .await
        .unwrap();
    says(
        &new,
        &[
            "VERSION: v1alpha4 FIELD: backends <[]Object>",
            "weight <integer> -required- The share of the service, in proportion to the other weights: a whole number from 0 \
             to 2147483647. 0 receives nothing.",
        ],
    );
}

#[tokio::test]
async fn explain_says_how_headers_are_written() {
    let text = explain(&["httproutegroup.spec.matches.headers"]).await.unwrap();
    says(
        &text,
        &[
            "GROUP: specs.smi-spec.io KIND: HTTPRouteGroup VERSION: v1alpha4 FIELD: headers <[]map[string]string>",
            "Headers that a request must have, all of them; each is a header name and a regular expression (RE2) for the \
             whole value. Written as a list of maps with one key each.",
        ],
    );
}

#[tokio::test]
async fn explain_has_a_sentence_for_every_kind_and_no_rust_in_it() {
    for crd in smi_sdk::crds(&CrdOptions::all_served()) {
        let (group, names) = (crd.spec.group, crd.spec.names);
        for version in crd.spec.versions.iter().map(|version| &version.name) {
            let text = explain(&[&names.plural, &format!("--api-version={group}/{version}")])
                .await
                .unwrap();
            says(&text, &[&format!("VERSION: {version} DESCRIPTION: {} ", names.kind)]);
            assert!(!text.contains("[`") && !text.contains("::"), "{text}");
        }
    }
}
