//! Owns [`Cluster`]: the state that all requests share, and how stored objects come out at a version.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;

use crate::{
    clock::Clock,
    convert::Convert,
    error::{ApiError, GroupResource},
    faults::Faults,
    ids::Ids,
    kind::{Conversion, Kind, Registry},
    limits::Limits,
    meta,
    request::ResourcePath,
    store::{Key, Store},
};

/// Everything behind a server's front.
pub(crate) struct Cluster {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) limits: Limits,
    pub(crate) converter: Option<Arc<dyn Convert>>,
    pub(crate) faults: Faults,
    /// Whether `sendInitialEvents` is taken.
    pub(crate) streaming_lists: bool,
    watchers: AtomicUsize,
}

/// What is read and written under one lock.
pub(crate) struct State {
    pub(crate) registry: Registry,
    pub(crate) store: Store,
    /// The last number of the next Service's address.
    pub(crate) next_address: u32,
}

/// What a request is about.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: Arc<Kind>,
    pub(crate) version: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) subresource: Subresource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subresource {
    None,
    Status,
    /// Of namespaces.
    Finalize,
}

impl Cluster {
    pub(crate) fn new(
        clock: Clock,
        limits: Limits,
        converter: Option<Arc<dyn Convert>>,
        streaming_lists: bool,
    ) -> Self {
        let registry = Registry::new();
        let mut store = Store::new(limits.history);
        for kind in registry.kinds() {
            store.open(&kind.stored_in);
        }
        Self {
            state: Mutex::new(State {
                registry,
                store,
                next_address: 1,
            }),
            clock,
            ids: Ids::default(),
            limits,
            converter,
            faults: Faults::default(),
            streaming_lists,
            watchers: AtomicUsize::new(0),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `path` names; none where nothing is served there.
    pub(crate) fn resolve(&self, path: &ResourcePath) -> Option<Target> {
        let kind = Arc::clone(
            self.lock()
                .registry
                .served(&path.group, &path.version, &path.resource)?,
        );
        if !kind.namespaced && !path.namespace.is_empty() {
            return None;
        }
        if kind.namespaced && path.namespace.is_empty() && !path.name.is_empty() {
            return None;
        }
        let has_status = kind.version(&path.version).is_some_and(|version| version.status);
        let subresource = match path.subresource.as_str() {
            "" => Subresource::None,
            "status" if has_status => Subresource::Status,
            "finalize" if kind.is("", "Namespace") => Subresource::Finalize,
            _ => return None,
        };
        Some(Target {
            version: path.version.clone(),
            namespace: path.namespace.clone(),
            name: path.name.clone(),
            subresource,
            kind,
        })
    }

    /// `object` at a version of its kind, with the defaults of that version.
    pub(crate) fn at_version(&self, kind: &Kind, object: &Arc<Value>, version: &str) -> Result<Arc<Value>, ApiError> {
        let api_version = kind.api_version(version);
        let as_is = meta::text(object, "/apiVersion") == api_version && meta::text(object, "/kind") == kind.kind;
        let schema = kind.version(version).filter(|version| version.has_defaults);
        if as_is && schema.is_none() {
            return Ok(Arc::clone(object));
        }
        let mut converted = self.convert(kind, Value::clone(object), &api_version)?;
        if let Some(version) = schema {
            smi_core::schema::default(&mut converted, &version.schema);
        }
        Ok(Arc::new(converted))
    }

    /// `object` at the version that its kind is stored at.
    pub(crate) fn for_storage(&self, kind: &Kind, object: Value) -> Result<Value, ApiError> {
        self.convert(kind, object, &kind.stored_at)
    }

    /// `object` at a version, without the fields that this does not have.
    fn convert(&self, kind: &Kind, object: Value, api_version: &str) -> Result<Value, ApiError> {
        if meta::text(&object, "/apiVersion") == api_version {
            return Ok(object);
        }
        let mut converted = self.converted(kind, object, api_version)?;
        let mut versions = kind.versions.iter().filter(|_| kind.builtin.is_none());
        if let Some(version) = versions.find(|version| kind.api_version(&version.name) == api_version) {
            smi_core::schema::prune(&mut converted, &version.schema);
        }
        Ok(converted)
    }

    fn converted(&self, kind: &Kind, mut object: Value, api_version: &str) -> Result<Value, ApiError> {
        match kind.conversion {
            Conversion::None => {
                meta::map_mut(&mut object).insert("apiVersion".to_owned(), api_version.into());
                Ok(object)
            }
            Conversion::Events => Ok(events(object, api_version)),
            Conversion::Webhook => {
                let from = meta::text(&object, "/apiVersion").to_owned();
                let failed = |why: &str| {
                    let kind = format!("{from}, Kind={}", kind.kind);
                    ApiError::unexpected(format!("conversion webhook for {kind} failed: {why}"))
                };
                let converter = self
                    .converter
                    .as_ref()
                    .ok_or_else(|| failed("the server was given no converter"))?;
                let before = object.clone();
                let mut after = converter.convert(object, api_version).map_err(|why| failed(&why))?;
                if meta::text(&after, "/apiVersion") != api_version || meta::text(&after, "/kind") != kind.kind {
                    return Err(failed("the converter answered with another version or kind"));
                }
                // Of metadata a webhook may change labels and annotations, nothing else.
                let mut metadata = before.get("metadata").cloned().unwrap_or_default();
                for field in ["labels", "annotations"] {
                    match after.pointer("/metadata").and_then(|metadata| metadata.get(field)) {
                        Some(value) => meta::map_mut(&mut metadata).insert(field.to_owned(), value.clone()),
                        None => meta::map_mut(&mut metadata).remove(field),
                    };
                }
                meta::map_mut(&mut after).insert("metadata".to_owned(), metadata);
                Ok(after)
            }
        }
    }

    /// Counts a watch, while there is room for one more.
    pub(crate) fn admit_watcher(self: &Arc<Self>) -> Result<Watcher, ApiError> {
        let limit = self.limits.watchers;
        let counted = self
            .watchers
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |watchers| {
                (watchers < limit).then_some(watchers + 1)
            });
        counted.map(|_| Watcher(Arc::clone(self))).map_err(|_| {
            let why = format!("too many watches are open: the limit is {limit}");
            ApiError::too_many_requests(why, 1)
        })
    }

    pub(crate) fn watchers(&self) -> usize {
        self.watchers.load(Ordering::Relaxed)
    }
}

/// An open watch; closed when dropped.
pub(crate) struct Watcher(Arc<Cluster>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Target {
    pub(crate) fn resource(&self) -> GroupResource {
        self.kind.group_resource()
    }

    /// Where the object that is named lies.
    pub(crate) fn key(&self) -> Key {
        Key::new(&self.namespace, &self.name)
    }

    pub(crate) fn api_version(&self) -> String {
        self.kind.api_version(&self.version)
    }

    /// `status`; empty for the object itself.
    pub(crate) const fn subresource_name(&self) -> &'static str {
        match self.subresource {
            Subresource::None => "",
            Subresource::Status => "status",
            Subresource::Finalize => "finalize",
        }
    }
}

/// `v1` and `events.k8s.io/v1` name the same fields differently.
pub(crate) fn events(mut event: Value, api_version: &str) -> Value {
    const FIELDS: [(&str, &str); 7] = [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("reportingComponent", "reportingController"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
    ];
    let fields = meta::map_mut(&mut event);
    for (core, new) in FIELDS {
        let (from, to) = if api_version == "v1" { (new, core) } else { (core, new) };
        if let Some(value) = fields.remove(from) {
            fields.insert(to.to_owned(), value);
        }
    }
    fields.insert("apiVersion".to_owned(), api_version.into());
    event
}
