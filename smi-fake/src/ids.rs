//! Owns the names and uids that the server makes up: random from start to start, never the same twice within one.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

/// What Kubernetes makes random names of: no vowels, so that no words come out.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

#[derive(Debug, Default)]
pub(crate) struct Ids {
    state: RandomState,
    next: AtomicU64,
}

impl Ids {
    fn random(&self) -> u64 {
        let mut hasher = self.state.build_hasher();
        hasher.write_u64(self.next.fetch_add(1, Ordering::Relaxed));
        hasher.finish()
    }

    /// A version 4 UUID.
    pub(crate) fn uid(&self) -> String {
        let (high, low) = (self.random(), self.random());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff
        )
    }

    /// `base` and five characters, cut as Kubernetes cuts it.
    pub(crate) fn name(&self, base: &str) -> String {
        let mut name: String = base.chars().take(58).collect();
        let mut random = self.random();
        for _ in 0..5 {
            let position = usize::try_from(random % ALPHABET.len() as u64).unwrap_or_default();
            name.push(char::from(ALPHABET[position]));
            random /= ALPHABET.len() as u64;
        }
        name
    }

    /// A secret of 32 characters.
    pub(crate) fn token(&self) -> String {
        format!("{:016x}{:016x}", self.random(), self.random())
    }
}
