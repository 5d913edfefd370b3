//! The permissions that a migration needs.

use std::collections::BTreeMap;

use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use kube::core::ObjectMeta;

/// The ClusterRole `name` with the least that a migration of `crds` (`PLURAL.GROUP`) needs: to read the CRDs and write their
/// status, and to list, read and patch the objects.
///
/// ```
/// let role = smi_sdk::migrate::role("migration", ["trafficsplits.split.smi-spec.io"]);
/// println!("{}", smi_sdk::to_yaml(&role)?);
/// # Ok::<(), smi_sdk::core::yaml::YamlError>(())
/// ```
pub fn role<'a>(name: &str, crds: impl IntoIterator<Item = &'a str>) -> ClusterRole {
    let mut names = Vec::new();
    let mut groups = BTreeMap::<&str, Vec<String>>::new();
    for crd in crds {
        names.push(crd.to_owned());
        let (plural, group) = crd.split_once('.').unwrap_or((crd, ""));
        groups.entry(group).or_default().push(plural.to_owned());
    }
    let of_crds = |resource: &str, verb: &str| PolicyRule {
        resource_names: Some(names.clone()),
        ..rule("apiextensions.k8s.io", vec![resource.to_owned()], &[verb])
    };
    let of_objects = groups
        .into_iter()
        .map(|(group, plurals)| rule(group, plurals, &["list", "get", "patch"]));
    let mut rules = vec![
        of_crds("customresourcedefinitions", "get"),
        of_crds("customresourcedefinitions/status", "patch"),
    ];
    rules.extend(of_objects);
    ClusterRole {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        rules: Some(rules),
        ..ClusterRole::default()
    }
}

fn rule(group: &str, resources: Vec<String>, verbs: &[&str]) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(resources),
        verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        ..PolicyRule::default()
    }
}
