//! Owns [`Fingerprint`]: a short text by which values are known again.

use std::{hash::Hasher, io};

use fnv::FnvHasher;
use serde::Serialize;

/// Says whether fields are still what they were, without keeping them.
///
/// It tells edits, not attacks: whoever may write an object may write its annotations too. So 64 bits of a hash that is the
/// same in every release are enough.
#[derive(Default)]
pub struct Fingerprint {
    hasher: FnvHasher,
    is_broken: bool,
}

impl Fingerprint {
    /// Adds a value, by its JSON text.
    pub fn add(&mut self, value: &(impl Serialize + ?Sized)) {
        self.is_broken |= serde_json::to_writer(Writer(&mut self.hasher), value).is_err();
        // So that `"ab", "c"` is not `"a", "bc"`, whatever is added.
        self.hasher.write_u8(b'\n');
    }

    /// The text; none where a value had no JSON text, which then is like nothing else.
    pub(super) fn text(&self) -> Option<String> {
        (!self.is_broken).then(|| format!("{:016x}", self.hasher.finish()))
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Fingerprint").field(&self.text()).finish()
    }
}

struct Writer<'a>(&'a mut FnvHasher);

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<String> {
        let mut fingerprint = Fingerprint::default();
        for value in values {
            fingerprint.add(value);
        }
        fingerprint.text()
    }

    #[test]
    fn equal_values_have_one_fingerprint_and_others_another() {
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        for other in [&["b", "a"][..], &["ab"], &["a"], &["a", "b", ""], &[]] {
            assert_ne!(of(&["a", "b"]), of(other), "{other:?}");
        }
    }

    #[test]
    fn the_text_is_the_same_in_every_release() {
        // Objects in clusters hold it: another hash would drop all that they keep. FNV-1a, 64 bits, of `"web"` and a newline.
        assert_eq!(of(&["web"]).unwrap(), "d100f3412a880d59");
    }
}
