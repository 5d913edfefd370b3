//! The `conversion` clause of a CRD.

use k8s_openapi::{
    ByteString,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::{
        CustomResourceConversion, ServiceReference, WebhookClientConfig, WebhookConversion,
    },
};

/// The review version that webhooks are asked in.
const REVIEW_VERSION: &str = "v1";

/// How the API server converts the objects of a CRD between its versions.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Conversion {
    /// Not at all: the API server rewrites `apiVersion` and drops what the stored version has no field for.
    #[default]
    None,
    /// By a webhook.
    Webhook(WebhookClientConfig),
}

impl Conversion {
    /// A webhook behind the Service `namespace`/`name`, at port 443 and path `/convert`, whose certificate is signed by
    /// `ca_bundle` (PEM). Empty, the CRDs have no `caBundle`: whoever gives it to them later (the webhook itself, or
    /// cert-manager) keeps it when they are applied again.
    pub fn webhook_service(
        namespace: impl Into<String>,
        name: impl Into<String>,
        ca_bundle: impl Into<Vec<u8>>,
    ) -> Self {
        let service = ServiceReference {
            namespace: namespace.into(),
            name: name.into(),
            path: Some("/convert".to_owned()),
            port: None,
        };
        Self::Webhook(WebhookClientConfig {
            ca_bundle: given(ca_bundle),
            service: Some(service),
            url: None,
        })
    }

    /// A webhook at `url`, whose certificate is signed by `ca_bundle` (PEM), with an empty one as
    /// [`webhook_service`](Self::webhook_service).
    pub fn webhook_url(url: impl Into<String>, ca_bundle: impl Into<Vec<u8>>) -> Self {
        Self::Webhook(WebhookClientConfig {
            ca_bundle: given(ca_bundle),
            service: None,
            url: Some(url.into()),
        })
    }

    /// The same webhook at another port of its Service; nothing changes where there is no Service.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        if let Some(service) = self.service() {
            service.port = Some(port.into());
        }
        self
    }

    /// The same webhook at another path of its Service; nothing changes where there is no Service.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        if let Some(service) = self.service() {
            service.path = Some(path.into());
        }
        self
    }

    const fn service(&mut self) -> Option<&mut ServiceReference> {
        match self {
            Self::Webhook(config) => config.service.as_mut(),
            Self::None => None,
        }
    }

    pub(super) fn clause(&self) -> CustomResourceConversion {
        match self {
            Self::None => CustomResourceConversion {
                strategy: "None".to_owned(),
                webhook: None,
            },
            Self::Webhook(config) => CustomResourceConversion {
                strategy: "Webhook".to_owned(),
                webhook: Some(WebhookConversion {
                    client_config: Some(config.clone()),
                    conversion_review_versions: vec![REVIEW_VERSION.to_owned()],
                }),
            },
        }
    }
}

fn given(ca_bundle: impl Into<Vec<u8>>) -> Option<ByteString> {
    let pem = ca_bundle.into();
    (!pem.is_empty()).then_some(ByteString(pem))
}
