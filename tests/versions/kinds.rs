//! The kinds that are converted, each with its versions, and their schemas.

use std::{fmt::Debug, sync::LazyLock};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSONSchemaProps};
use kube::Resource;
use proptest::{prelude::*, sample::Index};
use serde::{Serialize, de::DeserializeOwned};
use smi_sdk::{CrdOptions, convert::Spoke, crds};

use crate::generate::{Generate, Visitor, every_kind};

/// A law of conversion.
pub(crate) trait Law {
    /// Holds for a kind at a version.
    fn holds<K: Generate + Spoke<Hub: Generate>>(&self);
}

/// Holds the law for every kind that has converters, at each of its versions.
pub(crate) fn for_every_kind(law: impl Law) {
    struct Each<L>(L);

    impl<L: Law> Visitor for Each<L> {
        fn custom_resource<K: Generate + Spoke<Hub: Generate>>(&mut self) {
            self.0.holds::<K>();
        }

        /// Never stored, so never converted here.
        fn metrics<K, H>(&mut self, _: &'static str, _: &'static str, _: fn(K) -> H)
        where
            K: Generate + Serialize + DeserializeOwned,
            H: PartialEq + Debug + Serialize,
        {
        }
    }

    every_kind(&mut Each(law));
}

/// All of our CRDs, with all versions.
pub(crate) static CRDS: LazyLock<Vec<CustomResourceDefinition>> = LazyLock::new(|| crds(&CrdOptions::all_served()));

/// The versions of the kind.
pub(crate) fn versions<K: Resource<DynamicType = ()>>() -> Vec<String> {
    let (group, kind) = (K::group(&()), K::kind(&()));
    let of_kind = |crd: &&CustomResourceDefinition| crd.spec.group == group && crd.spec.names.kind == kind;
    let crd = CRDS.iter().find(of_kind).unwrap();
    crd.spec.versions.iter().map(|version| version.name.clone()).collect()
}

/// One of the versions of the kind.
pub(crate) fn a_version<K: Resource<DynamicType = ()>>() -> impl Strategy<Value = String> {
    let versions = versions::<K>();
    any::<Index>().prop_map(move |index| versions[index.index(versions.len())].clone())
}

/// The schema of a kind's version in one of these CRDs.
pub(crate) fn schema<'a>(
    crds: &'a [CustomResourceDefinition],
    group: &str,
    kind: &str,
    version: &str,
) -> Option<&'a JSONSchemaProps> {
    let of_kind = |crd: &&CustomResourceDefinition| crd.spec.group == group && crd.spec.names.kind == kind;
    let mut versions = crds.iter().find(of_kind)?.spec.versions.iter();
    versions
        .find(|it| it.name == version)?
        .schema
        .as_ref()?
        .open_api_v3_schema
        .as_ref()
}
