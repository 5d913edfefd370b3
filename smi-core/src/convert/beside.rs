//! Owns [`Beside`]: the other objects of a set that is converted as a whole.

use serde_json::Value;

/// The other objects of a set that is converted as a whole. `()` is a set of one.
pub trait Beside {
    /// The object of this group, kind, namespace and name, at any version.
    fn find(&self, group: &str, kind: &str, namespace: Option<&str>, name: &str) -> Option<&Value>;
}

impl Beside for () {
    fn find(&self, _: &str, _: &str, _: Option<&str>, _: &str) -> Option<&Value> {
        None
    }
}
