//! Owns [`Accept`]: the form that an answer shall have.

use http::HeaderMap;

/// The form of objects in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    #[default]
    Whole,
    /// `Table` of meta.k8s.io/v1.
    Table,
    /// `PartialObjectMetadata` of meta.k8s.io/v1, or a list of it.
    Partial,
    /// Aggregated discovery.
    Discovery,
}

/// The `Accept` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accept {
    pub(crate) form: Form,
}

impl Accept {
    /// The first form that the server has; none where it has none of them. Protobuf and CBOR it has not.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let values: Vec<_> = headers.get_all(http::header::ACCEPT).iter().collect();
        if values.is_empty() {
            return Some(Self::default());
        }
        let texts = values.iter().filter_map(|value| value.to_str().ok());
        texts.flat_map(|text| text.split(',')).find_map(clause)
    }
}

fn clause(text: &str) -> Option<Accept> {
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next()?;
    if !matches!(media, "application/json" | "application/*" | "*/*" | "") {
        return None;
    }
    let (mut kind, mut group, mut version) = ("", "", "");
    for part in parts {
        match part.split_once('=') {
            Some(("as", value)) => kind = value,
            Some(("g", value)) => group = value,
            Some(("v", value)) => version = value,
            _ => {}
        }
    }
    let form = match (kind, group, version) {
        ("", _, _) => Form::Whole,
        ("Table", "meta.k8s.io", "v1") => Form::Table,
        ("PartialObjectMetadata" | "PartialObjectMetadataList", "meta.k8s.io", "v1") => Form::Partial,
        ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2") => Form::Discovery,
        _ => return None,
    };
    Some(Accept { form })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::ACCEPT, accept.parse().unwrap());
        Accept::read(&headers).map(|accept| accept.form)
    }

    #[test]
    fn the_first_form_that_the_server_has_is_taken() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(form(kubectl), Some(Form::Table));
        assert_eq!(
            form("application/vnd.kubernetes.protobuf,application/json"),
            Some(Form::Whole)
        );
        assert_eq!(
            form("application/json;as=Table;v=v1beta1;g=meta.k8s.io, */*"),
            Some(Form::Whole)
        );
        assert_eq!(form("application/vnd.kubernetes.protobuf"), None);
    }
}
