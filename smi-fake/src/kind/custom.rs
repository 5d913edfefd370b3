//! Makes a [`Kind`] of a `CustomResourceDefinition`.

use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps,
};
use kube::core::Version as Priority;

use super::{Conversion, Kind, Version, has_defaults};
use crate::{error::GroupResource, table::Columns};

impl Kind {
    /// The kind that `crd` describes; its names as defaulted by the server.
    pub(crate) fn of_crd(crd: &CustomResourceDefinition, terminating: bool) -> Self {
        let (spec, names) = (&crd.spec, &crd.spec.names);
        let mut versions: Vec<_> = spec.versions.iter().map(|of| version(crd, of)).collect();
        versions.sort_by_cached_key(|version| std::cmp::Reverse(Priority::parse(&version.name).priority()));
        let stored = spec.versions.iter().find(|version| version.storage);
        let stored = stored.map(|version| version.name.as_str()).unwrap_or_default();
        let converted = spec
            .conversion
            .as_ref()
            .is_some_and(|conversion| conversion.strategy == "Webhook");
        Self {
            group: spec.group.clone(),
            kind: names.kind.clone(),
            list_kind: names.list_kind.clone().unwrap_or_else(|| format!("{}List", names.kind)),
            plural: names.plural.clone(),
            singular: names.singular.clone().unwrap_or_else(|| names.kind.to_lowercase()),
            short_names: names.short_names.clone().unwrap_or_default(),
            categories: names.categories.clone().unwrap_or_default(),
            namespaced: spec.scope == "Namespaced",
            versions,
            stored_in: GroupResource {
                group: spec.group.clone(),
                resource: names.plural.clone(),
            },
            stored_at: format!("{}/{stored}", spec.group),
            conversion: if converted {
                Conversion::Webhook
            } else {
                Conversion::None
            },
            builtin: None,
            terminating,
        }
    }
}

fn version(crd: &CustomResourceDefinition, of: &CustomResourceDefinitionVersion) -> Version {
    let schema = of.schema.as_ref().and_then(|schema| schema.open_api_v3_schema.clone());
    let schema = schema.unwrap_or_else(|| JSONSchemaProps {
        x_kubernetes_preserve_unknown_fields: Some(true),
        ..JSONSchemaProps::default()
    });
    let selectable = of.selectable_fields.iter().flatten();
    let deprecation = of.deprecated.unwrap_or_default().then(|| {
        let default = format!("{}/{} {} is deprecated", crd.spec.group, of.name, crd.spec.names.kind);
        of.deprecation_warning.clone().unwrap_or(default)
    });
    Version {
        name: of.name.clone(),
        served: of.served,
        has_defaults: has_defaults(&schema),
        schema: LazyLock::new(Box::new(move || schema)),
        status: of
            .subresources
            .as_ref()
            .is_some_and(|subresources| subresources.status.is_some()),
        columns: Columns::of_crd(of.additional_printer_columns.as_deref()),
        selectable: selectable
            .map(|field| field.json_path.trim_start_matches('.').to_owned())
            .collect(),
        deprecation,
    }
}
