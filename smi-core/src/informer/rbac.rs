//! The permissions that an informer needs.

use std::collections::BTreeMap;

use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use kube::core::ObjectMeta;

/// The ClusterRole `name` with the least that an informer of these kinds needs: to list and watch them. Whoever reads single
/// objects too needs `get`. `kinds` are API groups and plurals. A RoleBinding to it limits it to one namespace.
///
/// ```
/// let role = smi_core::informer::reader_role("reader", [("split.smi-spec.io", "trafficsplits")]);
/// println!("{}", smi_core::yaml::to_yaml(&role)?);
/// # Ok::<(), smi_core::yaml::YamlError>(())
/// ```
pub fn reader_role<'a>(name: &str, kinds: impl IntoIterator<Item = (&'a str, &'a str)>) -> ClusterRole {
    let mut groups = BTreeMap::<&str, Vec<String>>::new();
    for (group, plural) in kinds {
        groups.entry(group).or_default().push(plural.to_owned());
    }
    let rule = |(group, plurals): (&str, Vec<String>)| PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(plurals),
        verbs: ["list", "watch"].map(str::to_owned).to_vec(),
        ..PolicyRule::default()
    };
    ClusterRole {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        rules: Some(groups.into_iter().map(rule).collect()),
        ..ClusterRole::default()
    }
}
