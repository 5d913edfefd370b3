//! Where the TrafficSplits send a request.

use smi_sdk::split::v1alpha4::TrafficSplit;

use super::{Http, Mesh, Regexes, access::namespace};

impl Mesh {
    /// The services that may receive a request to `service`, and their shares, by name; no shares at all where every weight
    /// is 0. A service that no split is about receives all itself.
    ///
    /// `http` is none where the request is no HTTP.
    pub(crate) fn shares(
        &self,
        in_namespace: &str,
        service: &str,
        http: Option<&Http>,
        regexes: &Regexes,
    ) -> Vec<(String, u64)> {
        let matched = |split: &&TrafficSplit| !split.spec.matches.is_empty() && self.is_matched(split, http, regexes);
        let plain = |split: &&TrafficSplit| split.spec.matches.is_empty();
        let about = || {
            let splits = self.splits.iter();
            splits.filter(|split| {
                namespace(&split.metadata) == in_namespace && short(&split.spec.service, in_namespace) == Some(service)
            })
        };
        // The oldest, where one has no age the newest of all, then the lowest name.
        let age = |split: &&TrafficSplit| {
            let created = split.metadata.creation_timestamp.as_ref().map(|time| time.0);
            (created.is_none(), created, split.metadata.name.clone())
        };
        let winner = about()
            .filter(matched)
            .min_by_key(age)
            .or_else(|| about().filter(plain).min_by_key(age));
        match winner {
            Some(split) => shares(split, in_namespace),
            None => vec![(service.to_owned(), 1)],
        }
    }

    /// Whether the split is about this HTTP request: a match of any of its groups is enough.
    fn is_matched(&self, split: &TrafficSplit, http: Option<&Http>, regexes: &Regexes) -> bool {
        let own = namespace(&split.metadata);
        http.is_some_and(|http| {
            split.spec.matches.iter().any(|route| {
                let is_ours = route
                    .api_group
                    .as_deref()
                    .is_none_or(|group| group == "specs.smi-spec.io");
                is_ours && route.kind == "HTTPRouteGroup" && self.group_matches(own, &route.name, &[], http, regexes)
            })
        })
    }
}

/// The weights of one split, those of equal names added, those of 0 left out.
fn shares(split: &TrafficSplit, in_namespace: &str) -> Vec<(String, u64)> {
    let mut shares: Vec<(String, u64)> = Vec::new();
    for backend in &split.spec.backends {
        let Some(name) = short(&backend.service, in_namespace) else {
            continue;
        };
        match shares.iter_mut().find(|(known, _)| known == name) {
            Some((_, share)) => *share += u64::from(backend.weight),
            None => shares.push((name.to_owned(), u64::from(backend.weight))),
        }
    }
    shares.retain(|(_, share)| *share > 0);
    shares
}

/// `web`, `web.shop` and `web.shop.svc.cluster.local` are `web` in the namespace `shop`; what is elsewhere is nobody.
fn short<'a>(service: &'a str, in_namespace: &str) -> Option<&'a str> {
    let mut parts = service.split('.');
    let name = parts.next()?;
    match (parts.next(), parts.next()) {
        (None, _) => Some(name),
        (Some(namespace), None | Some("svc")) if namespace == in_namespace => Some(name),
        _ => None,
    }
}
