//! Namespace and name: which object of its kind, or which Service or account.

use std::{cmp::Ordering, fmt, str::FromStr};

use kube::core::ObjectMeta;

/// Namespace and name of an object, in one allocation; prints as `shop/web`, or `web` where the kind has no namespaces.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    text: Box<str>,
    /// Bytes of the namespace; 0 where there is none.
    namespace: u32,
}

impl ObjectKey {
    /// The object `name` in `namespace`, which is empty where the kind has no namespaces.
    pub fn new(namespace: &str, name: &str) -> Self {
        let text = if namespace.is_empty() {
            name.to_owned()
        } else {
            format!("{namespace}/{name}")
        };
        Self {
            text: text.into_boxed_str(),
            namespace: u32::try_from(namespace.len()).unwrap_or_default(),
        }
    }

    /// The namespace; empty where the kind has none.
    pub fn namespace(&self) -> &str {
        self.by_ref().namespace
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.by_ref().name
    }

    /// The same, borrowed.
    pub fn by_ref(&self) -> KeyRef<'_> {
        let length = usize::try_from(self.namespace).unwrap_or_default();
        if length == 0 {
            return KeyRef {
                namespace: "",
                name: &self.text,
            };
        }
        let (namespace, name) = self.text.split_at_checked(length).unwrap_or(("", &self.text));
        KeyRef {
            namespace,
            name: name.strip_prefix('/').unwrap_or(name),
        }
    }
}

/// A text that is no namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name, or a namespace and a name with a slash between them")]
pub struct NoKey(String);

impl FromStr for ObjectKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self::new(namespace, name))
            }
            None if !text.is_empty() => Ok(Self::new("", text)),
            _ => Err(NoKey(text.to_owned())),
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.text)
    }
}

impl Ord for ObjectKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.by_ref().cmp(&other.by_ref())
    }
}

impl PartialOrd for ObjectKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Namespace and name of an object, borrowed from it; ordered by the namespace first, and prints as [`ObjectKey`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyRef<'a> {
    /// The namespace; empty where the kind has none.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
}

impl<'a> KeyRef<'a> {
    /// The key in an object's metadata.
    pub fn of(metadata: &'a ObjectMeta) -> Self {
        Self {
            namespace: metadata.namespace.as_deref().unwrap_or_default(),
            name: metadata.name.as_deref().unwrap_or_default(),
        }
    }

    /// The same, owned.
    pub fn owned(self) -> ObjectKey {
        ObjectKey::new(self.namespace, self.name)
    }
}

impl fmt::Display for KeyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, name } = self;
        if !namespace.is_empty() {
            write!(f, "{namespace}/")?;
        }
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_compare_and_split_by_their_parts() {
        let key = ObjectKey::new("shop", "web");
        assert_eq!(
            (key.namespace(), key.name(), key.to_string().as_str()),
            ("shop", "web", "shop/web")
        );
        let bare = ObjectKey::new("", "a");
        assert_eq!(
            (bare.namespace(), bare.name(), bare.to_string().as_str()),
            ("", "a", "a")
        );
        assert_eq!(key.by_ref().to_string(), "shop/web");
        assert_eq!(bare.by_ref().to_string(), "a");
        assert_eq!("shop/web".parse(), Ok(key));
        assert_eq!("a".parse(), Ok(bare));
        for text in ["", "/", "a/", "/a", "a/b/c"] {
            assert!(text.parse::<ObjectKey>().is_err(), "{text}");
        }
        // By the text alone "shop-a/x" would come before "shop/x".
        assert!(ObjectKey::new("shop", "x") < ObjectKey::new("shop-a", "x"));
    }
}
