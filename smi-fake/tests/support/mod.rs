//! What the tests that run on two servers need of the real one: its address, its CRDs, a conversion webhook. Knows no
//! kind; the tests of the facade include these files too.

pub(crate) mod real;
pub(crate) mod webhook;
