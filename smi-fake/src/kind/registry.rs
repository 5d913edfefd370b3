//! Owns [`Registry`]: the kinds that a server serves at the moment.

use std::sync::Arc;

use super::{Kind, builtins};
use crate::error::GroupResource;

/// Every kind, built-in ones first, CRDs in the order of their creation.
#[derive(Debug)]
pub(crate) struct Registry {
    kinds: Vec<Arc<Kind>>,
    /// Grows with every change: a fingerprint for caches.
    pub(crate) changes: u64,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self {
            kinds: builtins(),
            changes: 0,
        }
    }

    pub(crate) fn kinds(&self) -> &[Arc<Kind>] {
        &self.kinds
    }

    pub(crate) fn by_resource(&self, group: &str, resource: &str) -> Option<&Arc<Kind>> {
        self.kinds
            .iter()
            .find(|kind| kind.group == group && kind.plural == resource)
    }

    /// The kind that serves a resource at a version.
    pub(crate) fn served(&self, group: &str, version: &str, resource: &str) -> Option<&Arc<Kind>> {
        self.by_resource(group, resource)
            .filter(|kind| kind.version(version).is_some_and(|version| version.served))
    }

    /// Whether a group is one of kube-apiserver's own.
    pub(crate) fn is_builtin(&self, group: &str) -> bool {
        self.kinds
            .iter()
            .any(|kind| kind.group == group && kind.builtin.is_some())
    }

    /// Adds a kind, or puts it in the place of the one of the same resource.
    pub(crate) fn put(&mut self, kind: Kind) {
        self.changes += 1;
        let kind = Arc::new(kind);
        let same = |other: &&mut Arc<Kind>| other.group == kind.group && other.plural == kind.plural;
        match self.kinds.iter_mut().find(same) {
            Some(place) => *place = kind,
            None => self.kinds.push(kind),
        }
    }

    pub(crate) fn remove(&mut self, of: &GroupResource) {
        self.changes += 1;
        self.kinds
            .retain(|kind| kind.group != of.group || kind.plural != of.resource);
    }

    /// The groups, the core group (empty) first, each with its served versions, newest first.
    pub(crate) fn groups(&self) -> Vec<(String, Vec<String>)> {
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        for kind in &self.kinds {
            let position = groups.iter().position(|(group, _)| *group == kind.group);
            let position = position.unwrap_or_else(|| {
                groups.push((kind.group.clone(), Vec::new()));
                groups.len() - 1
            });
            let versions = &mut groups[position].1;
            for version in kind.served() {
                if !versions.contains(&version.name) {
                    versions.push(version.name.clone());
                }
            }
        }
        for (_, versions) in &mut groups {
            versions.sort_by_cached_key(|version| std::cmp::Reverse(kube::core::Version::parse(version).priority()));
        }
        groups.retain(|(_, versions)| !versions.is_empty());
        groups
    }
}
