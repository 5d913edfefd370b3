//! The Secret that the replicas share.

use std::collections::BTreeMap;

use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{Api, Client, api::PostParams, core::ObjectMeta};
use smi_core::failure;
use thiserror::Error;

use super::MANAGER;

/// The label that says that a Secret is ours to overwrite.
const LABEL: &str = "app.kubernetes.io/managed-by";

/// Where the Secret is.
#[derive(Debug)]
pub(super) struct Store {
    api: Api<Secret>,
    namespace: String,
    name: String,
}

/// What a write came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    Done,
    /// Somebody else wrote, or took the Secret away: look again.
    Lost,
}

/// Why the Secret cannot be used.
#[derive(Debug, Error)]
pub(crate) enum SecretError {
    #[error("cannot read the Secret `{secret}`: {}", failure::said(source))]
    Read { secret: String, source: kube::Error },
    #[error("cannot write the Secret `{secret}`: {}", failure::said(source))]
    Write { secret: String, source: kube::Error },
    #[error(
        "the Secret `{secret}` is not there and cannot be created: {}",
        failure::said(source)
    )]
    Create { secret: String, source: kube::Error },
    #[error(
        "the Secret `{secret}` has data and no label `{LABEL}: {MANAGER}`: it is somebody else's, and is left as it is"
    )]
    SomebodyElses { secret: String },
}

impl Store {
    pub(super) fn new(client: Client, namespace: &str, name: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The Secret; none where there is none. One that holds what somebody else wrote is an error: a wrong name must cost
    /// nobody their keys.
    pub(super) async fn read(&self) -> Result<Option<Secret>, SecretError> {
        let read = self.api.get_opt(&self.name).await;
        let found = read.map_err(|source| SecretError::Read {
            secret: self.secret(),
            source,
        })?;
        let is_somebody_elses = |secret: &Secret| {
            let labels = secret.metadata.labels.as_ref();
            let label = labels.and_then(|labels| labels.get(LABEL));
            !data(secret).is_empty() && label.is_none_or(|label| label != MANAGER)
        };
        match found {
            Some(secret) if is_somebody_elses(&secret) => Err(SecretError::SomebodyElses { secret: self.secret() }),
            found => Ok(found),
        }
    }

    /// Puts `data` into the Secret that was `found`, if nobody wrote it since.
    pub(super) async fn write(
        &self,
        found: Option<Secret>,
        data: BTreeMap<String, ByteString>,
    ) -> Result<Write, SecretError> {
        let is_new = found.is_none();
        let mut secret = found.unwrap_or_else(|| Secret {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                ..ObjectMeta::default()
            },
            ..Secret::default()
        });
        let labels = secret.metadata.labels.get_or_insert_default();
        labels.insert(LABEL.to_owned(), MANAGER.to_owned());
        // Keys that are not ours stay.
        secret.data.get_or_insert_default().extend(data);
        let how = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PostParams::default()
        };
        let written = if is_new {
            self.api.create(&how, &secret).await
        } else {
            self.api.replace(&self.name, &how, &secret).await
        };
        match written {
            Ok(_) => Ok(Write::Done),
            Err(kube::Error::Api(status)) if status.is_already_exists() || status.is_conflict() => Ok(Write::Lost),
            Err(kube::Error::Api(status)) if !is_new && status.is_not_found() => Ok(Write::Lost),
            Err(source) => Err(self.failed(is_new, source)),
        }
    }

    fn failed(&self, is_new: bool, source: kube::Error) -> SecretError {
        let secret = self.secret();
        if is_new {
            SecretError::Create { secret, source }
        } else {
            SecretError::Write { secret, source }
        }
    }

    fn secret(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// What a Secret holds.
pub(super) fn data(secret: &Secret) -> BTreeMap<String, ByteString> {
    secret.data.clone().unwrap_or_default()
}
