//! How what a server sends becomes objects: all at once where it is good, each by itself where something is bad.

use std::{marker::PhantomData, sync::Arc};

use kube::core::Resource;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{event::Decoded, raw};
use crate::{
    convert::{ConvertError, Converter, Hub},
    decode::{
        Strip,
        served::{self, Line, List},
        shaped,
    },
};

/// Reads objects of one version.
pub(super) trait Reader<K>: Send + Sync {
    /// An object by itself.
    fn object(&self, text: &str, strip: Strip) -> Result<K, ConvertError>;

    /// A list of good objects without [`Strip::Bookkeeping`]; none where one is bad.
    fn list(&self, text: &str) -> Option<List<K>>;

    /// A line about a good object without [`Strip::Bookkeeping`]; none where it is bad.
    fn line<'a>(&self, text: &'a str) -> Option<Line<'a, K>>;
}

impl<K> dyn Reader<K> + '_ {
    /// A list, whatever its objects are.
    pub(super) fn list_of_any(&self, text: &str, strip: Strip) -> serde_json::Result<List<Decoded<K>>> {
        let good = (strip == Strip::Bookkeeping).then(|| self.list(text)).flatten();
        if let Some(List { metadata, items }) = good {
            let items = items.into_iter().map(Decoded::Good).collect();
            return Ok(List { metadata, items });
        }
        let List { metadata, items } = shaped::text::<List<&RawValue>>(text)?;
        let items = items.into_iter().map(|item| self.any(item.get(), strip)).collect();
        Ok(List { metadata, items })
    }

    /// An object, good or bad.
    pub(super) fn any(&self, text: &str, strip: Strip) -> Decoded<K> {
        match self.object(text, strip) {
            Ok(object) => Decoded::Good(object),
            Err(error) => Decoded::Bad(raw::invalid(text, error)),
        }
    }
}

/// Reads the version that `K` is.
pub(super) struct Plain<K>(PhantomData<fn() -> K>);

impl<K> Plain<K> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K: Resource + DeserializeOwned> Reader<K> for Plain<K> {
    fn object(&self, text: &str, strip: Strip) -> Result<K, ConvertError> {
        Ok(strip.read(text)?)
    }

    fn list(&self, text: &str) -> Option<List<K>> {
        served::list(text)
    }

    fn line<'a>(&self, text: &'a str) -> Option<Line<'a, K>> {
        served::line(text)
    }
}

/// Reads a version that a converter knows as the hub.
pub(super) struct Converted<H> {
    pub(super) converter: Arc<Converter<H>>,
    pub(super) version: String,
}

impl<H: Hub> Reader<H> for Converted<H> {
    fn object(&self, text: &str, strip: Strip) -> Result<H, ConvertError> {
        Ok(self.converter.read_served(text, &self.version, strip)?.object)
    }

    fn list(&self, text: &str) -> Option<List<H>> {
        self.converter.list_served(text, &self.version)
    }

    fn line<'a>(&self, text: &'a str) -> Option<Line<'a, H>> {
        self.converter.line_served(text, &self.version)
    }
}
