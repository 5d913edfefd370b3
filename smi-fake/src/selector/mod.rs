//! Owns [`Selection`]: which objects the selectors of a request select.

mod fields;
mod labels;

use serde_json::Value;

use self::{fields::FieldSelector, labels::LabelSelector};
use crate::{
    error::ApiError,
    kind::{Kind, Version},
    meta,
    request::ListOptions,
};

/// A label selector and a field selector.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
    /// Only the object of this name, whatever its other fields.
    name: Option<String>,
}

impl Selection {
    pub(crate) fn read(options: &ListOptions, kind: &Kind, version: &Version) -> Result<Self, ApiError> {
        let labels = labels::parse(&options.label_selector);
        let labels = labels.map_err(ApiError::bad_request)?;
        let fields = FieldSelector::parse(&options.field_selector, kind, version).map_err(ApiError::bad_request)?;
        Ok(Self {
            labels,
            fields,
            name: None,
        })
    }

    /// Narrows the selection to one name: a watch on `/RESOURCE/NAME`.
    pub(crate) fn named(mut self, name: &str) -> Self {
        if !name.is_empty() {
            self.name = Some(name.to_owned());
        }
        self
    }

    pub(crate) fn selects_all(&self) -> bool {
        self.labels.selects_all() && self.fields.selects_all() && self.name.is_none()
    }

    pub(crate) fn selects(&self, object: &Value) -> bool {
        self.name.as_ref().is_none_or(|name| name == meta::name(object))
            && (self.labels.selects_all() || self.labels.matches(&meta::labels(object)))
            && self.fields.selects(object)
    }
}
