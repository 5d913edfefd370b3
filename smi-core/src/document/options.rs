//! Owns [`Options`] and [`Limits`]: what a reader takes apart, and how much it takes on.

use std::borrow::Cow;

/// What may be in a file, and which lists are objects of their own.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// How large a file and a document may be.
    pub limits: Limits,
    /// The API groups whose `*List` kinds are objects of their own instead of their items.
    pub keep_lists_of: Vec<Cow<'static, str>>,
    /// The API groups whose `*List` kinds are lists and nothing else, so that one without `items` is an empty one.
    pub lists_of: Vec<Cow<'static, str>>,
}

impl Options {
    /// Keeps the `*List` kinds of the API group `group` as they are (`metrics.smi-spec.io`, whose `TrafficMetricsList` says
    /// more than its items do).
    #[must_use]
    pub fn keep_lists_of(mut self, group: impl Into<Cow<'static, str>>) -> Self {
        self.keep_lists_of.push(group.into());
        self
    }

    /// Takes every `*List` of the API group `group` without a name for a list, also one without `items`, as the Go types of
    /// Kubernetes write an empty one. In other groups a kind may be called so that is none (`AllowList`).
    #[must_use]
    pub fn lists_of(mut self, group: impl Into<Cow<'static, str>>) -> Self {
        self.lists_of.push(group.into());
        self
    }

    /// Sets the limits.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub(super) fn keeps_list(&self, api_version: &str) -> bool {
        self.keep_lists_of.iter().any(|kept| kept == group(api_version))
    }

    pub(super) fn has_only_lists(&self, api_version: &str) -> bool {
        self.lists_of.iter().any(|one| one == group(api_version))
    }
}

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// How large a file and a document may be. The defaults take a few thousand objects as `kubectl get` prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The bytes of one file: 32 MiB.
    pub file_bytes: usize,
    /// How deep maps and lists of one document nest: 100. JSON nests 127 levels at most. Values are dropped recursively,
    /// so a limit above a thousand needs a larger stack.
    pub depth: usize,
    /// The values (maps, lists and scalars) of one document, copies that aliases make included: 2,000,000.
    pub values: usize,
    /// The values that the aliases and anchors of one document may copy: 100,000.
    pub alias_values: usize,
    /// The bytes of text that the aliases and anchors of one document may copy: 8 MiB.
    pub alias_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 32 << 20,
            depth: 100,
            values: 2_000_000,
            alias_values: 100_000,
            alias_bytes: 8 << 20,
        }
    }
}
