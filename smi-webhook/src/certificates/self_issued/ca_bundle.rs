//! The CA in the CRDs: how an API server knows the webhook.

use http::Uri;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, WebhookClientConfig,
};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
    core::PartialObjectMeta,
};
use serde_json::{Value, json};
use smi_core::failure;

use super::MANAGER;
use crate::certificates::said::Said;

/// How often a CRD is looked at again at once when somebody else wrote it meanwhile.
const TRIES: usize = 3;

/// Gives a CA bundle to CRDs by server-side apply, of `spec.conversion.webhook.clientConfig.caBundle` and nothing else,
/// so that whoever applies the CRDs keeps what they apply.
///
/// A CRD is given it when its conversion strategy is `Webhook` and its webhook is called by one of the names of the
/// certificate; another is somebody else's, and is left as it is. The field is taken from whoever had it before: that is
/// what an own CA means.
#[derive(Debug)]
pub(super) struct CaBundle {
    api: Api<CustomResourceDefinition>,
    crds: Vec<Crd>,
    names: Vec<String>,
}

#[derive(Debug)]
struct Crd {
    name: String,
    /// What was looked at last: its schema is large, so it is read again only when this is another.
    seen: Option<Seen>,
    /// What hinders, and what fails.
    note: Said,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    uid: Option<String>,
    generation: Option<i64>,
    bundle: String,
}

/// How a CRD stands to the webhook.
enum Standing {
    /// It has the bundle.
    Has,
    Lacks,
    /// It does not call this webhook; why.
    Foreign(String),
}

impl CaBundle {
    pub(super) fn new(client: Client, crds: Vec<String>, names: Vec<String>) -> Self {
        let crd = |name| Crd {
            name,
            seen: None,
            note: Said::default(),
        };
        Self {
            api: Api::all(client),
            crds: crds.into_iter().map(crd).collect(),
            names,
        }
    }

    /// Looks at every CRD and gives `bundle` to those that lack it; whether all that call this webhook have it now. A CRD
    /// that is not there yet calls nobody.
    pub(super) async fn give(&mut self, bundle: &str) -> bool {
        let Self { api, crds, names } = self;
        let mut given = true;
        for crd in crds {
            match crd.give(api, names, bundle).await {
                Ok(None) => crd.note.is_over(&format!("the CRD `{}` has the CA", crd.name)),
                Ok(Some(note)) => crd
                    .note
                    .warn(&format!("the CRD `{}` is not given the CA: {note}", crd.name)),
                Err(error) => {
                    given = false;
                    let why = failure::said(&error);
                    crd.note
                        .warn(&format!("the CRD `{}` cannot be given the CA: {why}", crd.name));
                }
            }
        }
        given
    }
}

impl Crd {
    /// Gives the bundle where it lacks; why it is none of ours where it is not.
    async fn give(
        &mut self,
        api: &Api<CustomResourceDefinition>,
        names: &[String],
        bundle: &str,
    ) -> Result<Option<String>, kube::Error> {
        let mut tries = TRIES;
        loop {
            let Some(PartialObjectMeta { metadata, .. }) = api.get_metadata_opt(&self.name).await? else {
                self.seen = None;
                return Ok(Some("it is not there".to_owned()));
            };
            let seen = Seen {
                uid: metadata.uid,
                generation: metadata.generation,
                bundle: bundle.to_owned(),
            };
            if self.seen.as_ref() == Some(&seen) {
                return Ok(None);
            }
            self.seen = None;
            let Some(crd) = api.get_opt(&self.name).await? else {
                continue;
            };
            match standing(&crd, names, bundle) {
                Standing::Foreign(why) => return Ok(Some(why)),
                Standing::Has => {
                    self.seen = Some(Seen {
                        uid: crd.metadata.uid,
                        generation: crd.metadata.generation,
                        bundle: bundle.to_owned(),
                    });
                    return Ok(None);
                }
                Standing::Lacks => {}
            }
            let how = PatchParams::apply(MANAGER).force();
            match api.patch(&self.name, &how, &Patch::Apply(applied(&crd, bundle))).await {
                Ok(_) => tracing::info!(crd = %self.name, "the CRD is given the CA"),
                Err(kube::Error::Api(status)) if status.is_conflict() && tries > 0 => {}
                Err(error) => return Err(error),
            }
            tries = tries.saturating_sub(1);
        }
    }
}

/// What is applied. The resourceVersion makes it of effect on the CRD that was looked at and on no other: not on one that
/// was turned to another webhook meanwhile, or that went.
fn applied(crd: &CustomResourceDefinition, bundle: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": crd.metadata.name, "resourceVersion": crd.metadata.resource_version},
        "spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": k8s_openapi::ByteString(bundle.into())}}}},
    })
}

fn standing(crd: &CustomResourceDefinition, names: &[String], bundle: &str) -> Standing {
    let conversion = crd.spec.conversion.as_ref();
    let strategy = conversion.map_or("None", |conversion| &conversion.strategy);
    let webhook = conversion.and_then(|conversion| conversion.webhook.as_ref());
    let Some(config) = webhook.and_then(|webhook| webhook.client_config.as_ref()) else {
        return Standing::Foreign(format!("its conversion strategy is `{strategy}`"));
    };
    match server_name(config) {
        Some(name) if names.contains(&name) => {}
        Some(name) => return Standing::Foreign(format!("its webhook is `{name}`, which is not a name of this one")),
        None => return Standing::Foreign("its webhook has no address".to_owned()),
    }
    match &config.ca_bundle {
        Some(has) if has.0 == bundle.as_bytes() => Standing::Has,
        _ => Standing::Lacks,
    }
}

/// The name that the API server looks for in the webhook's certificate.
fn server_name(config: &WebhookClientConfig) -> Option<String> {
    if let Some(service) = &config.service {
        return Some(format!("{}.{}.svc", service.name, service.namespace));
    }
    let url: Uri = config.url.as_ref()?.parse().ok()?;
    let host = url.host()?;
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    Some(address.unwrap_or(host).to_owned())
}
