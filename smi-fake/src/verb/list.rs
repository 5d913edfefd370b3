//! Lists a resource, page by page, at the revision that is asked for.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    cluster::{Cluster, Target},
    error::ApiError,
    meta,
    request::{ListOptions, Match},
    selector::Selection,
    storage_error,
    store::{Collection, Continue, Key, Range, range},
};

const EXPIRED_TOKEN: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/// One page of a list, at the version of the request.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) objects: Vec<Arc<Value>>,
    pub(crate) revision: u64,
    pub(crate) continue_token: Option<String>,
    pub(crate) remaining: Option<usize>,
}

pub(crate) fn list(cluster: &Cluster, target: &Target, options: &ListOptions) -> Result<List, ApiError> {
    let version = target.kind.version(&target.version);
    let version = version.ok_or_else(|| ApiError::not_found(&target.resource(), ""))?;
    let selection = Selection::read(options, &target.kind, version)?.named(&target.name);
    let token = options.continue_token.as_deref().map(Continue::decode).transpose();
    let token = token
        .map_err(|why| ApiError::bad_request(format!("invalid continue token: continue key is not valid: {why}")))?;
    if token.is_some() && options.resource_version.is_some_and(|version| version != 0) {
        let why = "specifying resource version is not allowed when using continue";
        return Err(ApiError::bad_request(why));
    }

    let state = cluster.lock();
    let current = state.store.revision();
    let collection = state.store.collection(&target.kind.stored_in);
    let collection = collection.ok_or_else(|| ApiError::not_found(&target.resource(), ""))?;
    let at = revision(collection, current, options, token.as_ref())?;
    // The watch cache, which answers "any revision", knows no pages.
    let unlimited = options.resource_version == Some(0) && options.resource_version_match != Some(Match::Exact);
    let found = range(
        collection,
        &Range {
            namespace: &target.namespace,
            at,
            after: token.as_ref().map(Continue::after),
        },
    );
    // A converter takes its time, and may ask this server something.
    drop(state);

    let limit = if unlimited { 0 } else { options.limit };
    let page = Page::of(cluster, target, &selection, &found, limit)?;
    let revision = at.unwrap_or(current);
    let last = page.objects.last().filter(|_| page.remaining > 0);
    Ok(List {
        remaining: (last.is_some() && selection.selects_all()).then_some(page.remaining),
        continue_token: last.map(|last| {
            let after = Key::new(meta::namespace(last), meta::name(last));
            Continue::new(Some(revision), &after).encode()
        }),
        objects: page.objects,
        revision,
    })
}

struct Page {
    /// At the version of the request.
    objects: Vec<Arc<Value>>,
    /// How many follow, selected or not.
    remaining: usize,
}

impl Page {
    /// The first `limit` (no limit: 0) of the objects `found` that `selection` selects.
    fn of(
        cluster: &Cluster,
        target: &Target,
        selection: &Selection,
        found: &[Arc<Value>],
        limit: usize,
    ) -> Result<Self, ApiError> {
        // Selectors look at the objects as the client sees them, which needs their version.
        let converts = !selection.selects_all() && target.kind.api_version(&target.version) != target.kind.stored_at;
        let mut objects = Vec::new();
        for (position, stored) in found.iter().enumerate() {
            if limit > 0 && objects.len() == limit {
                let remaining = found.len() - position;
                return Ok(Self { objects, remaining });
            }
            if !converts && !selection.selects(stored) {
                continue;
            }
            let shown = cluster.at_version(&target.kind, stored, &target.version);
            let shown = shown.map_err(|why| storage_error::unreadable_in_list(target, stored, &why))?;
            if !converts || selection.selects(&shown) {
                objects.push(shown);
            }
        }
        Ok(Self { objects, remaining: 0 })
    }
}

/// The older revision that is to be shown; none for the newest.
fn revision(
    collection: &Collection,
    current: u64,
    options: &ListOptions,
    token: Option<&Continue>,
) -> Result<Option<u64>, ApiError> {
    if let Some(token) = token {
        let Ok(revision) = u64::try_from(token.rv) else {
            return Ok(None);
        };
        if revision < collection.compacted() {
            let again = Continue::new(None, &token.after()).encode();
            return Err(ApiError::expired(EXPIRED_TOKEN).with_continue(again));
        }
        return Ok(Some(revision));
    }
    let Some(asked) = options.resource_version else {
        return Ok(None);
    };
    if asked > current {
        return Err(ApiError::too_large_resource_version(asked, current));
    }
    let paged = options.limit > 0 && asked > 0 && options.resource_version_match.is_none();
    if options.resource_version_match == Some(Match::Exact) || paged {
        if asked < collection.compacted() {
            let why = "The resourceVersion for the provided list is too old.";
            return Err(ApiError::expired(why));
        }
        return Ok(Some(asked));
    }
    Ok(None)
}
