//! The manifests of `deploy/` on a real API server, and certificates that the webhook issues to itself with just the rights
//! that they give.

use std::{path::Path, sync::OnceLock, time::Duration};

use e2e::{Cluster, LIMIT, until};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};
use smi_sdk::webhook::certificates::{Certificates, Current, SelfIssued};
use tokio::task::JoinHandle;

use crate::{Outcome, installing::CRDS, start};

const NAMESPACE: &str = "smi-system";
const NAME: &str = "smi-webhook";
const SECRET: &str = "smi-webhook-certificates";
const TARGETS: &str = "traffictargets.access.smi-spec.io";
const SPLITS: &str = "trafficsplits.split.smi-spec.io";

/// The folder, as kubectl is told of it.
fn folder() -> &'static str {
    static FOLDER: OnceLock<String> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
        deploy.to_string_lossy().into_owned()
    })
}

/// Runs kubectl; an error where it fails or has anything to complain of.
async fn kubectl(cluster: &Cluster, arguments: &[&str]) -> Outcome<String> {
    let output = cluster.kubectl(arguments).await?;
    if !output.success || !output.stderr.is_empty() {
        return Err(format!("kubectl {}: {}", arguments.join(" "), output.stderr).into());
    }
    Ok(output.stdout)
}

/// A client with the rights of the webhook's ServiceAccount, and no others.
async fn of_the_webhook(cluster: &Cluster) -> Outcome<Client> {
    let user = format!("system:serviceaccount:{NAMESPACE}:{NAME}");
    // Roles reach the authorizer a moment after they are written.
    until("the roles are in force", LIMIT, async || {
        let asked = ["auth", "can-i", "patch", &format!("crd/{SPLITS}"), "--as", &user];
        Ok(cluster.kubectl(&asked).await?.success.then_some(()))
    })
    .await?;
    let mut config = cluster.config().clone();
    config.auth_info.impersonate = Some(user);
    Ok(Client::try_from(config)?)
}

/// A replica of the webhook, as far as its certificates go.
struct Replica {
    current: Current,
    task: JoinHandle<()>,
}

impl Replica {
    fn new(client: Client, crds: &[String]) -> Self {
        let issuer = SelfIssued::new(client, NAMESPACE, NAME)
            .crds(crds)
            .every(Duration::from_millis(200));
        let (current, fresh) = Certificates::from(issuer).into_parts();
        Self {
            current,
            task: tokio::spawn(fresh),
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The names of our CRDs, and the CA that each has.
async fn authorities(cluster: &Cluster) -> Outcome<Vec<(String, Value)>> {
    let list = cluster.read(CRDS).await?.json()?;
    let crds = list["items"].as_array().ok_or("no list")?.iter();
    let ca = |crd: &Value| crd["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"].clone();
    let name = |crd: &Value| crd["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    Ok(crds.map(|crd| (name(crd), ca(crd))).collect())
}

/// Waits until every CRD has the CAs of the Secret.
async fn until_given(cluster: &Cluster, secrets: &Api<Secret>) -> Outcome<Value> {
    let given = until("the CRDs have the CA", LIMIT, async || {
        let secret = secrets.get(SECRET).await?;
        let Some(bundle) = secret.data.and_then(|mut data| data.remove("ca.crt")) else {
            return Ok(None);
        };
        let bundle = serde_json::to_value(bundle)?;
        let authorities = authorities(cluster).await.unwrap_or_default();
        let all = !authorities.is_empty() && authorities.iter().all(|(_, ca)| *ca == bundle);
        Ok(all.then_some(bundle))
    });
    Ok(given.await?)
}

/// What the field managers own of the conversion of a CRD.
async fn owners(cluster: &Cluster, crd: &str) -> Outcome<Vec<(String, Value)>> {
    let crd = cluster.read(&format!("{CRDS}/{crd}")).await?.json()?;
    let entries = crd["metadata"]["managedFields"].as_array().ok_or("no owners")?;
    let owned = entries.iter().map(|entry| {
        let manager = entry["manager"].as_str().unwrap_or_default().to_owned();
        (manager, entry["fieldsV1"]["f:spec"].clone())
    });
    Ok(owned.filter(|(manager, _)| manager == NAME).collect())
}

#[tokio::test]
async fn the_manifests_are_applied_and_the_webhook_starts_with_the_rights_that_they_give() {
    let cluster = start("deploying").await.unwrap();
    for arguments in [
        &["apply", "--validate=strict", "-f", folder()][..],
        &["apply", "--validate=strict", "-f", folder()],
        &["apply", "--validate=strict", "--dry-run=server", "-f", folder()],
    ] {
        kubectl(&cluster, arguments).await.unwrap();
    }
    let crds: Vec<String> = authorities(&cluster)
        .await
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(crds.len(), 6);
    let client = of_the_webhook(&cluster).await.unwrap();
    let secrets: Api<Secret> = Api::namespaced(cluster.client().unwrap(), NAMESPACE);

    // Each CRD calls a webhook that is not there: nothing of it is asked for to start.
    let replicas = [Replica::new(client.clone(), &crds), Replica::new(client.clone(), &crds)];
    let bundle = until_given(&cluster, &secrets).await.unwrap();
    until("both serve", LIMIT, async || {
        let serving = replicas.iter().map(|replica| replica.current.get());
        let shown: Vec<_> = serving.flatten().map(|serving| serving.key.cert.clone()).collect();
        Ok((shown.len() == 2 && shown[0] == shown[1]).then_some(()))
    })
    .await
    .unwrap();
    let owned = json!({"f:conversion": {"f:webhook": {"f:clientConfig": {"f:caBundle": {}}}}});
    assert_eq!(owners(&cluster, SPLITS).await.unwrap(), [(NAME.to_owned(), owned)]);

    // Applied again, in both ways, the CRDs keep it; replaced, they get it back.
    kubectl(&cluster, &["apply", "--validate=strict", "-f", folder()])
        .await
        .unwrap();
    let crds_file = format!("{}/crds.yaml", folder());
    assert!(authorities(&cluster).await.unwrap().iter().all(|(_, ca)| *ca == bundle));
    kubectl(&cluster, &["replace", "--validate=strict", "-f", &crds_file])
        .await
        .unwrap();
    assert_eq!(until_given(&cluster, &secrets).await.unwrap(), bundle);
    let server_side = ["apply", "--server-side", "--force-conflicts", "-f", &crds_file];
    kubectl(&cluster, &server_side).await.unwrap();
    assert!(authorities(&cluster).await.unwrap().iter().all(|(_, ca)| *ca == bundle));

    // A CRD that is turned to no conversion is left so, while another gets its CA back.
    let patch = async |crd: &str, change: &str| {
        kubectl(&cluster, &["patch", "crd", crd, "--type=merge", "-p", change])
            .await
            .unwrap();
    };
    patch(
        SPLITS,
        r#"{"spec": {"conversion": {"strategy": "None", "webhook": null}}}"#,
    )
    .await;
    let taken = r#"{"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": null}}}}}"#;
    for _ in 0..2 {
        patch(TARGETS, taken).await;
        until("the other CRD has its CA again", LIMIT, async || {
            let authorities = authorities(&cluster).await.unwrap_or_default();
            let target = authorities.iter().find(|(name, _)| name == TARGETS);
            Ok(target.filter(|(_, ca)| *ca == bundle).map(drop))
        })
        .await
        .unwrap();
    }
    let crd = cluster.read(&format!("{CRDS}/{SPLITS}")).await.unwrap().json().unwrap();
    assert_eq!(crd["spec"]["conversion"], json!({"strategy": "None"}));
}

#[tokio::test]
async fn the_rights_of_the_webhook_end_at_its_secret_and_our_crds() {
    let cluster = start("rights").await.unwrap();
    kubectl(&cluster, &["apply", "-f", folder()]).await.unwrap();
    let client = of_the_webhook(&cluster).await.unwrap();
    let user = format!("system:serviceaccount:{NAMESPACE}:{NAME}");
    let can = async |verb: &str, what: &str, namespace: &str| {
        let asked = ["auth", "can-i", verb, what, "-n", namespace, "--as", &user];
        cluster.kubectl(&asked).await.unwrap().stdout.trim() == "yes"
    };
    for verb in ["get", "update"] {
        assert!(can(verb, &format!("secret/{SECRET}"), NAMESPACE).await, "{verb}");
    }
    for verb in ["get", "patch"] {
        assert!(can(verb, &format!("crd/{SPLITS}"), NAMESPACE).await, "{verb}");
    }
    for (verb, what, namespace) in [
        ("get", "secret/other", NAMESPACE),
        ("list", "secrets", NAMESPACE),
        ("create", "secrets", NAMESPACE),
        ("delete", &format!("secret/{SECRET}"), NAMESPACE),
        ("get", &format!("secret/{SECRET}"), "default"),
        ("get", "crd/widgets.example.com", NAMESPACE),
        ("patch", "crd/widgets.example.com", NAMESPACE),
        ("list", "crd", NAMESPACE),
        ("create", "crd", NAMESPACE),
        ("delete", &format!("crd/{SPLITS}"), NAMESPACE),
        ("get", "trafficsplits.split.smi-spec.io", "default"),
        ("list", "pods", NAMESPACE),
    ] {
        assert!(!can(verb, what, namespace).await, "{verb} {what} in {namespace}");
    }

    // It makes no Secret: it waits for the administrator's.
    let secrets: Api<Secret> = Api::namespaced(cluster.client().unwrap(), NAMESPACE);
    secrets
        .delete(SECRET, &kube::api::DeleteParams::default())
        .await
        .unwrap();
    let replica = Replica::new(client, &[]);
    assert!(replica.current.get().is_none());
    let empty: Secret = serde_json::from_value(json!({"metadata": {"name": SECRET}})).unwrap();
    secrets.create(&PostParams::default(), &empty).await.unwrap();
    until("it serves", LIMIT, async || Ok(replica.current.get().map(drop)))
        .await
        .unwrap();
}
