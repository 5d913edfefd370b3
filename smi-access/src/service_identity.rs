//! Who sends or receives traffic, as a namespace and the name of a ServiceAccount.

use std::{fmt, str::FromStr};

use smi_core::key::ObjectKey;

/// A ServiceAccount; prints and parses as `shop/api`.
///
/// ```
/// use smi_access::ServiceIdentity;
///
/// let identity: ServiceIdentity = "shop/api".parse()?;
/// assert_eq!((identity.namespace(), identity.name()), ("shop", "api"));
/// assert!("api".parse::<ServiceIdentity>().is_err(), "which namespace?");
/// # Ok::<(), smi_access::NoServiceIdentity>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceIdentity(ObjectKey);

impl ServiceIdentity {
    /// The ServiceAccount `name` in `namespace`.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self(ObjectKey::new(namespace, name))
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.0.namespace()
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

/// A text that is no ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a namespace and a ServiceAccount with a slash between them")]
pub struct NoServiceIdentity(String);

impl FromStr for ServiceIdentity {
    type Err = NoServiceIdentity;

    fn from_str(text: &str) -> Result<Self, NoServiceIdentity> {
        match text.parse::<ObjectKey>() {
            Ok(key) if !key.namespace().is_empty() => Ok(Self(key)),
            _ => Err(NoServiceIdentity(text.to_owned())),
        }
    }
}

impl fmt::Display for ServiceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
