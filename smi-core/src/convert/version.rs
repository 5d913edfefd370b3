//! What a converter knows of one version of its kind.

use std::sync::OnceLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps,
};
use serde_json::Value;

use super::{Beside, ConvertError, Converted, Hub, Loss, Spoke};
#[cfg(feature = "runtime")]
use crate::decode::served::{self, Line, List};
use crate::{
    decode::{self, Strip, body},
    path::FieldPath,
    schema,
};

/// How the text of an object at one version becomes the hub.
type Reading<H> = fn(&str, Strip) -> Result<Converted<H>, ConvertError>;

/// What a converter knows of one version.
pub(super) struct Version<H> {
    pub(super) name: String,
    pub(super) draft: bool,
    pub(super) to_hub: fn(&Value) -> Result<Converted<H>, ConvertError>,
    pub(super) read: Reading<H>,
    #[cfg(feature = "runtime")]
    pub(super) list: fn(&str) -> Option<List<H>>,
    #[cfg(feature = "runtime")]
    pub(super) line: for<'a> fn(&'a str) -> Option<Line<'a, H>>,
    pub(super) from_hub: fn(H, &dyn Beside) -> Result<Converted<Value>, ConvertError>,
    pub(super) mend: fn(&mut Value) -> Vec<Loss>,
    pub(super) crd: fn() -> CustomResourceDefinition,
    schema: OnceLock<Option<JSONSchemaProps>>,
}

impl<H: Hub> Version<H> {
    pub(super) fn of<V: Spoke<Hub = H>>(draft: bool) -> Self {
        Self {
            name: V::version(&()).into_owned(),
            draft,
            to_hub: |object| decode::object::<V>(object)?.into_hub(),
            read: |text, strip| {
                let object = strip.read::<V>(text)?;
                body::check::<V>(text)?;
                object.into_hub()
            },
            #[cfg(feature = "runtime")]
            list: |text| {
                let list = (!body::may_be_at_root::<V>()).then(|| served::list::<V>(text));
                list??.convert(hub)
            },
            #[cfg(feature = "runtime")]
            line: |text| {
                let line = (!body::may_be_at_root::<V>()).then(|| served::line::<V>(text));
                line??.convert(hub)
            },
            from_hub: |hub, beside| {
                V::from_hub_beside(hub, beside)?.try_map(|object| {
                    serde_json::to_value(&object).map_err(|error| ConvertError::Encode(error.to_string()))
                })
            },
            mend: V::mend,
            crd: V::crd,
            schema: OnceLock::new(),
        }
    }
}

/// The hub alone; none where there is an error.
#[cfg(feature = "runtime")]
fn hub<V: Spoke>(object: V) -> Option<V::Hub> {
    Some(object.into_hub().ok()?.object)
}

impl<H> Version<H> {
    /// The schema of this version, worked out when it is first asked for.
    pub(super) fn schema(&self) -> Option<&JSONSchemaProps> {
        let props = |version: CustomResourceDefinitionVersion| version.schema?.open_api_v3_schema;
        self.schema
            .get_or_init(|| (self.crd)().spec.versions.into_iter().next().and_then(props))
            .as_ref()
    }

    /// Whether the fields of this version stand under `spec`.
    pub(super) fn has_spec(&self) -> bool {
        let properties = self.schema().and_then(|schema| schema.properties.as_ref());
        properties.is_some_and(|properties| properties.contains_key("spec"))
    }

    /// The names of the fields under `spec`, or at the root.
    pub(super) fn body(&self) -> impl Iterator<Item = &str> {
        let root = self.schema().and_then(|schema| schema.properties.as_ref());
        let body = match root.and_then(|root| root.get("spec")) {
            Some(spec) => spec.properties.as_ref(),
            None => root,
        };
        body.into_iter()
            .flat_map(|properties| properties.keys())
            .map(String::as_str)
    }

    pub(super) fn unknown_fields(&self, object: &Value) -> Vec<FieldPath> {
        self.schema()
            .map(|schema| schema::unknown_fields(object, schema))
            .unwrap_or_default()
    }

    /// Whether `object` would be right at this version, its `apiVersion` aside.
    pub(super) fn fits(&self, object: &Value, api_version: String) -> bool {
        let mut object = object.clone();
        if let Some(says) = object.get_mut("apiVersion") {
            *says = Value::String(api_version);
        }
        (self.to_hub)(&object).is_ok() && self.unknown_fields(&object).is_empty()
    }
}
