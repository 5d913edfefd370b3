//! HTTPRouteGroups and the matches in them.

use smi_sdk::specs::v1alpha4::{HeaderMatch, HttpMatch, HttpRouteGroup};

use super::{Http, Mesh, Regexes};

impl Mesh {
    /// Whether the group of this name allows the request: by one of the matches with one of `names`, or by any match where
    /// no names are given. A group, or a match, that does not exist allows nothing.
    pub(super) fn group_matches(
        &self,
        namespace: &str,
        group: &str,
        names: &[String],
        request: &Http,
        regexes: &Regexes,
    ) -> bool {
        let is_it = |it: &&HttpRouteGroup| super::access::is_named(&it.metadata, namespace, group);
        self.route_groups.iter().filter(is_it).any(|group| {
            let meant = |one: &&HttpMatch| names.is_empty() || names.contains(&one.name);
            let mut meant = group.spec.matches.iter().filter(meant);
            meant.any(|one| matches(one, request, regexes))
        })
    }
}

/// Method AND path AND every header.
fn matches(one: &HttpMatch, request: &Http, regexes: &Regexes) -> bool {
    let method = one.methods.is_empty()
        || one
            .methods
            .iter()
            .any(|method| method == "*" || *method == request.method);
    let path = request.path.split('?').next().unwrap_or_default();
    method
        && regexes.matches_start(one.path_regex.as_deref().unwrap_or_default(), path)
        && one.headers.iter().all(|header| has(request, header, regexes))
}

/// Names without case; one of the values, as a whole. A missing header never matches.
fn has(request: &Http, header: &HeaderMatch, regexes: &Regexes) -> bool {
    request
        .headers
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case(&header.name) && regexes.matches_whole(&header.value, value))
}
