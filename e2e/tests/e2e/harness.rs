//! The harness itself: the other modules can trust it.

use std::{
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
};

use e2e::{Cluster, LIMIT, until};
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::cluster;

#[tokio::test]
async fn a_started_server_is_ready() {
    let ready = cluster().await.read("/readyz").await.unwrap();
    assert_eq!((ready.status, ready.body.as_str()), (200, "ok"));
}

#[tokio::test]
async fn kubectl_and_the_server_are_the_release_of_go_mod() {
    let required = include_str!("../../go.mod")
        .lines()
        .find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "));
    let release = required.unwrap().trim_end_matches(" // indirect");

    let output = cluster().await.kubectl(&["version", "--output=json"]).await.unwrap();
    assert_eq!((output.success, output.stderr.as_str()), (true, ""));
    let versions: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(versions["clientVersion"]["gitVersion"], release);
    assert_eq!(versions["serverVersion"]["gitVersion"], release);
}

#[tokio::test]
async fn a_failure_of_kubectl_is_an_output() {
    let output = cluster().await.kubectl(&["get", "nothing-like-this"]).await.unwrap();
    assert!(!output.success);
    assert_eq!(
        output.stderr,
        "error: the server doesn't have a resource type \"nothing-like-this\"\n"
    );
}

#[tokio::test]
async fn each_namespace_is_a_world_of_its_own() {
    let cluster = cluster().await;
    let (one, other) = (
        cluster.namespace("same").await.unwrap(),
        cluster.namespace("same").await.unwrap(),
    );
    for namespace in [&one, &other] {
        let created = cluster.create(&config_map(namespace)).await.unwrap();
        assert_eq!(created.status, 201, "{}", created.message());
    }
    assert_eq!(cluster.delete(&config_map(&one)).await.unwrap().status, 200);
    assert_eq!(cluster.get(&config_map(&one)).await.unwrap().status, 404);
    assert_eq!(cluster.get(&config_map(&other)).await.unwrap().status, 200);
}

#[tokio::test]
async fn kubectl_applies_what_it_is_given_to_read() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("apply").await.unwrap();
    let manifest = config_map(&namespace).to_string();
    let output = cluster
        .kubectl_with_input(&["apply", "-f", "-"], &manifest)
        .await
        .unwrap();
    assert_eq!(output.stdout, "configmap/note created\n", "{}", output.stderr);

    let mut changed = cluster.get(&config_map(&namespace)).await.unwrap().json().unwrap();
    changed["data"]["text"] = "changed".into();
    assert_eq!(cluster.replace(&changed).await.unwrap().status, 200);
    let read = [
        "get",
        "configmap",
        "note",
        "-n",
        &namespace,
        "-o",
        "jsonpath={.data.text}",
    ];
    assert_eq!(cluster.kubectl(&read).await.unwrap().stdout, "changed");
}

#[tokio::test]
async fn an_installed_crd_is_served_and_a_removed_one_is_not() {
    let cluster = cluster().await;
    let crd = widgets("served.e2e.test");
    let installed = cluster.install_crd(&crd).await.unwrap();
    assert_eq!((installed.status, installed.warnings), (201, vec![]));

    let namespace = cluster.namespace("widgets").await.unwrap();
    let widget = widget("served.e2e.test", &namespace, &json!({"size": 3}));
    let created = cluster.create(&widget).await.unwrap();
    assert_eq!(created.status, 201, "{}", created.message());
    let listed = cluster
        .kubectl(&["get", "served-widgets", "-n", &namespace, "-o", "name"])
        .await
        .unwrap();
    assert_eq!(listed.stdout, "widget.served.e2e.test/small\n", "{}", listed.stderr);
    let mut at_v2 = widget.clone();
    at_v2["apiVersion"] = "served.e2e.test/v2".into();
    let at_v2 = cluster.get(&at_v2).await.unwrap().json().unwrap();
    assert_eq!(
        (&at_v2["apiVersion"], &at_v2["spec"]),
        (&json!("served.e2e.test/v2"), &json!({"size": 3}))
    );

    cluster.remove_crd("widgets.served.e2e.test").await.unwrap();
    assert_eq!(
        cluster.read("/apis/served.e2e.test/v1/widgets").await.unwrap().status,
        404
    );
}

#[tokio::test]
async fn a_crd_goes_also_right_after_its_versions_changed() {
    let cluster = cluster().await;
    let groups: Vec<_> = (0..8).map(|at| format!("changed-{at}.e2e.test")).collect();
    let removed = groups.iter().map(async |group| {
        let mut crd = widgets(group);
        cluster.install_crd(&crd).await?;
        crd["spec"]["versions"][1]["served"] = false.into();
        crd["metadata"]["resourceVersion"] = cluster.get(&crd).await?.json()?["metadata"]["resourceVersion"].clone();
        let changed = cluster.replace(&crd).await?;
        assert!(changed.is_success(), "{}", changed.message());
        cluster.remove_crd(&format!("widgets.{group}")).await
    });
    try_join_all(removed).await.unwrap();
}

#[tokio::test]
async fn a_crd_that_is_not_there_is_gone() {
    let removed = cluster().await.remove_crd("widgets.never.e2e.test").await;
    assert!(removed.is_ok(), "{removed:?}");
}

#[tokio::test]
async fn warnings_and_refusals_come_in_the_servers_words() {
    let cluster = cluster().await;
    let mut crd = widgets("warned.e2e.test");
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"]["format"] =
        "uint16".into();
    let installed = cluster.install_crd(&crd).await.unwrap();
    let warning = "unrecognized format \"uint16\"";
    assert!(installed.is_success(), "{}", installed.message());
    assert!(
        installed.warnings.iter().any(|text| text.contains(warning)),
        "{:?}",
        installed.warnings
    );

    let namespace = cluster.namespace("warned").await.unwrap();
    let unknown = widget("warned.e2e.test", &namespace, &json!({"size": 1, "colour": "red"}));
    assert_eq!(
        cluster.create(&unknown).await.unwrap().warnings,
        ["unknown field \"spec.colour\""]
    );

    let refused = cluster
        .create(&widget("warned.e2e.test", &namespace, &json!({"size": "big"})))
        .await
        .unwrap();
    assert_eq!(refused.status, 422);
    assert!(
        refused.message().contains("spec.size: Invalid value"),
        "{}",
        refused.message()
    );
}

#[tokio::test]
async fn a_killed_api_server_comes_back_with_what_was_written() {
    let mut cluster = Cluster::start().await.unwrap();
    let namespace = cluster.namespace("killed").await.unwrap();
    assert_eq!(cluster.create(&config_map(&namespace)).await.unwrap().status, 201);

    cluster.kill_apiserver();
    assert!(!listens(cluster.apiserver_address()));
    assert!(cluster.read("/readyz").await.is_err());
    cluster.start_apiserver().await.unwrap();
    assert_eq!(
        cluster.get(&config_map(&namespace)).await.unwrap().json().unwrap()["data"]["text"],
        "kept"
    );
}

#[tokio::test]
async fn a_killed_etcd_comes_back_with_what_was_written() {
    let mut cluster = Cluster::start().await.unwrap();
    let namespace = cluster.namespace("killed").await.unwrap();
    assert_eq!(cluster.create(&config_map(&namespace)).await.unwrap().status, 201);

    cluster.kill_etcd();
    assert!(!listens(cluster.etcd_address()));
    let unready = async || Ok((cluster.read("/readyz").await?.status == 500).then_some(()));
    until("kube-apiserver misses its etcd", LIMIT, unready).await.unwrap();
    cluster.restart_etcd().await.unwrap();
    assert_eq!(
        cluster.get(&config_map(&namespace)).await.unwrap().json().unwrap()["data"]["text"],
        "kept"
    );
}

#[tokio::test]
async fn a_dropped_cluster_leaves_nothing_running() {
    let cluster = Cluster::start().await.unwrap();
    let folder = cluster.folder().to_owned();
    // Two servers, and a guard for each of them and for the folder.
    assert!(processes_of(&folder).len() >= 2);
    drop(cluster);
    assert_eq!(processes_of(&folder), [""; 0]);
}

#[tokio::test]
async fn a_killed_test_process_leaves_nothing_running_and_no_files() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_cluster"))
        .env_remove("SMI_E2E_KEEP")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut kubeconfig = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut kubeconfig)
        .unwrap();
    let kubeconfig = Path::new(kubeconfig.trim_end());
    let text: Value = serde_json::from_slice(&std::fs::read(kubeconfig).unwrap()).unwrap();
    let server = text["clusters"][0]["cluster"]["server"].as_str().unwrap();
    let address = server.strip_prefix("https://").unwrap().parse().unwrap();
    assert!(listens(address));

    process.kill().unwrap();
    process.wait().unwrap();
    // The folder goes last, when both servers have ended.
    let folder = kubeconfig.parent().unwrap();
    until("the folder is gone", LIMIT, async || {
        Ok((!folder.exists()).then_some(()))
    })
    .await
    .unwrap();
    // Not by its port, which a cluster of another test may have by now.
    assert_eq!(processes_of(folder), [""; 0]);
}

/// The command lines of running processes that name `folder`; those that ended and wait for their parent have none.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy();
    let processes = std::fs::read_dir("/proc").expect("a Linux machine").flatten();
    let commands = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let commands = commands.map(|command| String::from_utf8_lossy(&command).replace('\0', " "));
    commands.filter(|command| command.contains(&*folder)).collect()
}

fn listens(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

fn config_map(namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "note", "namespace": namespace},
        "data": {"text": "kept"},
    })
}

fn widget(group: &str, namespace: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": format!("{group}/v1"),
        "kind": "Widget",
        "metadata": {"name": "small", "namespace": namespace},
        "spec": spec,
    })
}

/// A CRD with two served versions of one schema. Its category is the first part of the group and `-widgets`.
fn widgets(group: &str) -> Value {
    let version = |name: &str| {
        json!({
            "name": name,
            "served": true,
            "storage": name == "v1",
            "schema": {"openAPIV3Schema": {
                "type": "object",
                "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
            }},
        })
    };
    let category = format!("{}-widgets", group.split('.').next().unwrap_or_default());
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("widgets.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "categories": [category]},
            "versions": [version("v1"), version("v2")],
        },
    })
}
