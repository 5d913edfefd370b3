//! One CRD out of the generated CRDs of a kind's versions.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps, JSONSchemaPropsOrArray,
    JSONSchemaPropsOrBool,
};

use super::{CrdOptions, Serve, Stored};

/// Merges the CRDs of `versions`, given from the oldest to the newest with whether each is a draft; the newest comes
/// first in the result. `kube`'s `merge_crds` leaves the order, the list kind and what is served to its caller, and fails
/// where names differ, which they cannot here.
pub(crate) fn merged(
    versions: impl DoubleEndedIterator<Item = (fn() -> CustomResourceDefinition, bool)>,
    options: &CrdOptions,
) -> Option<CustomResourceDefinition> {
    let with_drafts = options.serves_all() || options.serve == Serve::Drafts;
    let mut crds = versions
        .rev()
        .filter(|(_, draft)| with_drafts || !draft)
        .map(|(crd, _)| crd());
    let mut crd = crds.next()?;
    crd.spec.versions.extend(crds.flat_map(|older| older.spec.versions));

    let stored = match &options.stored {
        Stored::Version(name) => crd
            .spec
            .versions
            .iter()
            .position(|version| version.name == *name)
            .unwrap_or(0),
        Stored::Newest => 0,
    };
    for (position, version) in crd.spec.versions.iter_mut().enumerate() {
        version.served = position == 0 || options.serves_all();
        version.storage = position == stored;
        tidy_version(version);
    }
    crd.spec.names.list_kind = Some(format!("{}List", crd.spec.names.kind));
    crd.spec.conversion = Some(options.conversion.clause());
    Some(crd)
}

fn tidy_version(version: &mut CustomResourceDefinitionVersion) {
    if let Some(schema) = version
        .schema
        .as_mut()
        .and_then(|schema| schema.open_api_v3_schema.as_mut())
    {
        tidy(schema);
        // A body without fields says nothing, so that an object without it is as good.
        let is_empty = |name: &String| {
            schema
                .properties
                .as_ref()
                .and_then(|fields| fields.get(name)?.properties.as_ref())
                .is_none()
        };
        if let Some(required) = &mut schema.required {
            required.retain(|name| name != "spec" || !is_empty(name));
        }
        schema.required.take_if(|required| required.is_empty());
    }
}

/// Makes a generated schema what a person would write: no Rust type names as titles, descriptions without the line breaks
/// of our source, and no defaults. Those come from `#[serde(default)]`, which is about reading: an API server would write
/// them into its objects.
fn tidy(schema: &mut JSONSchemaProps) {
    schema.title = None;
    schema.default = None;
    if let Some(text) = &mut schema.description {
        *text = text
            .split("\n\n")
            .map(|paragraph| paragraph.replace('\n', " "))
            .collect::<Vec<_>>()
            .join("\n\n");
    }
    schema
        .properties
        .iter_mut()
        .flatten()
        .for_each(|(_, property)| tidy(property));
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => tidy(items),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(tidy),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        tidy(values);
    }
}
