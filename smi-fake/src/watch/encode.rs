//! Owns [`Encoder`]: what a watch says of each event, line by line.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, Target},
    error::ApiError,
    meta,
    selector::Selection,
    store::{Change, Event},
    view::View,
};

pub(super) struct Encoder {
    pub(super) cluster: Arc<Cluster>,
    pub(super) target: Target,
    selection: Selection,
    view: View,
    /// Whether an object was sent already.
    begun: bool,
}

impl Encoder {
    pub(super) const fn new(cluster: Arc<Cluster>, target: Target, selection: Selection, view: View) -> Self {
        Self {
            cluster,
            target,
            selection,
            view,
            begun: false,
        }
    }

    /// What the watch says of `event`; nothing where the selectors select neither its old nor its new object.
    pub(super) fn event(&mut self, event: &Event) -> Result<Option<Bytes>, ApiError> {
        let namespace = &self.target.namespace;
        if !namespace.is_empty() && event.key.namespace != *namespace {
            return Ok(None);
        }
        if !self.target.name.is_empty() && event.key.name != self.target.name {
            return Ok(None);
        }
        let object = self.at_version(&event.object)?;
        let now = event.change != Change::Deleted && self.selection.selects(&object);
        let before = match &event.previous {
            Some(previous) => self.selection.selects_all() || self.selection.selects(&*self.at_version(previous)?),
            None => false,
        };
        let line = match (before, now) {
            (false, true) => self.object("ADDED", &object),
            (true, true) => self.object("MODIFIED", &object),
            (true, false) => self.object("DELETED", &self.left(event, object)?),
            (false, false) => return Ok(None),
        };
        Ok(Some(line))
    }

    /// An object that is not selected any more, as it was, at the revision of the event.
    fn left(&self, event: &Event, object: Arc<Value>) -> Result<Arc<Value>, ApiError> {
        let (Change::Modified, Some(previous)) = (event.change, &event.previous) else {
            return Ok(object);
        };
        let mut last = Value::clone(&*self.at_version(previous)?);
        meta::set(&mut last, "resourceVersion", Some(event.revision.to_string().into()));
        Ok(Arc::new(last))
    }

    fn at_version(&self, object: &Arc<Value>) -> Result<Arc<Value>, ApiError> {
        self.cluster.at_version(&self.target.kind, object, &self.target.version)
    }

    pub(super) fn object(&mut self, event: &str, object: &Arc<Value>) -> Bytes {
        let mut object = self.view.object(&self.cluster, &self.target, object);
        if self.begun {
            object = self.view.without_columns(object);
        }
        self.begun = true;
        line(event, &object)
    }

    /// Everything up to `revision` was sent. `initial`: that is the state that the watch began with.
    pub(super) fn bookmark(&self, revision: u64, initial: bool) -> Bytes {
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        line("BOOKMARK", &self.view.bookmark(&self.cluster, &self.target, &metadata))
    }
}

pub(super) fn error(error: &ApiError) -> Bytes {
    line("ERROR", &error.to_value())
}

fn line(event: &str, object: &Value) -> Bytes {
    let mut line = format!("{{\"type\":{event:?},\"object\":").into_bytes();
    // Writing a value into memory cannot fail.
    let _ = serde_json::to_writer(&mut line, object);
    line.extend_from_slice(b"}\n");
    line.into()
}
