//! A kind whose conversion waits until the test lets it go on, or panics.

use std::{
    collections::HashMap,
    sync::{
        LazyLock, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
};

use kube::{CustomResource, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smi_core::convert::{ConvertError, Converter, Converters, Hub, Known, Moved, Spoke};

#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Gate", root = "OldGate", namespaced)]
pub(crate) struct OldGateSpec {}

#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(group = "example.com", version = "v2", kind = "Gate", namespaced)]
pub(crate) struct GateSpec {}

impl Hub for Gate {}

/// Where a conversion says that it waits, and what for.
type Wait = (Sender<()>, Receiver<()>);

/// What the conversion of an object waits for, by the object's name.
static CLOSED: LazyLock<Mutex<HashMap<String, Wait>>> = LazyLock::new(Mutex::default);

impl Spoke for OldGate {
    type Hub = Gate;

    fn up(self) -> Result<Moved<Gate>, ConvertError> {
        let name = self.name_any();
        assert_ne!(name, "panic", "as the test wants it");
        let closed = CLOSED.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        if let Some((reached, open)) = closed {
            // Whoever does not look any more has let it go on.
            let _ = reached.send(());
            let _ = open.recv();
        }
        Ok(Moved::exactly(Gate {
            metadata: self.metadata,
            spec: GateSpec {},
        }))
    }

    fn down(hub: Gate, _: &Known<'_>) -> Moved<Self> {
        Moved::exactly(Self {
            metadata: hub.metadata,
            spec: OldGateSpec {},
        })
    }

    fn comes_back(&self) -> bool {
        true
    }
}

pub(crate) fn converters() -> Converters {
    Converters::new().with(Converter::<Gate>::new().version::<OldGate>().version::<Gate>())
}

/// A gate that is closed: the conversion of the object of this name waits at it.
pub(crate) struct Closed {
    reached: Receiver<()>,
    _open: Sender<()>,
}

impl Closed {
    pub(crate) fn new(name: &str) -> Self {
        let (tell, reached) = channel();
        let (open, wait) = channel();
        CLOSED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), (tell, wait));
        Self { reached, _open: open }
    }

    /// Until a conversion waits here.
    pub(crate) async fn reached(self) -> Self {
        tokio::task::spawn_blocking(move || {
            self.reached.recv().unwrap();
            self
        })
        .await
        .unwrap()
    }

    /// Lets the conversion go on, as dropping this does.
    pub(crate) fn open(self) {
        drop(self);
    }
}

/// A review of one gate.
pub(crate) fn review(name: &str) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": {
        "uid": format!("uid-{name}"), "desiredAPIVersion": "example.com/v2",
        "objects": [{"apiVersion": "example.com/v1", "kind": "Gate", "metadata": {"name": name}, "spec": {}}],
    }})
}
