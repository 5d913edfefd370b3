//! A row of the table: one object.

use std::fmt::Write;

use smi_sdk::{
    convert::{Loss, LossReason},
    informers::Listers,
    kube::core::ObjectMeta,
    manifest::{Document, Object},
};

use super::{
    apply::Applied,
    says::{self, Says, Speaks},
    table,
};

/// Every kind in the order of the table, and what several of them are called: who may talk to whom, what the traffic
/// is, how it is divided, what was measured.
pub(crate) const KINDS: [(&str, &str); 8] = [
    ("TrafficTarget", "TrafficTargets"),
    ("IdentityBinding", "IdentityBindings"),
    ("HTTPRouteGroup", "HTTPRouteGroups"),
    ("TCPRoute", "TCPRoutes"),
    ("UDPRoute", "UDPRoutes"),
    ("TrafficSplit", "TrafficSplits"),
    ("TrafficMetrics", "TrafficMetrics"),
    ("TrafficMetricsList", "TrafficMetricsLists"),
];

/// An object of SMI. The order of the fields is that of the table.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    namespace: String,
    /// A position in [`KINDS`].
    pub(crate) kind: usize,
    name: String,
    version: String,
    says: Says,
    /// Whether it was made for another object, and is in no manifest.
    pub(crate) is_companion: bool,
}

impl Row {
    /// The row of an object that a lister holds.
    pub(crate) fn of<K: Speaks>(object: &K, listers: &Listers, applied: &Applied) -> Self {
        let kind = K::kind(&());
        let metadata = object.meta();
        let mut says = object.says(listers);
        let known = applied.known(&kind, metadata);
        if let Some(made_for) = known.and_then(|known| known.made_for.as_deref()) {
            let _ = write!(says.text, " (made for {made_for})");
        }
        says.lose(known.map(|known| known.losses.as_slice()).unwrap_or_default());
        Self {
            namespace: metadata.namespace.clone().unwrap_or_default(),
            kind: position(&kind),
            name: metadata.name.clone().unwrap_or_default(),
            version: known
                .map(|known| known.version.clone())
                .or_else(|| written_at(metadata))
                .unwrap_or_else(|| K::version(&()).into_owned()),
            says,
            is_companion: known.is_some_and(|known| known.made_for.is_some()),
        }
    }

    /// The row of an object that no server stores.
    pub(crate) fn of_metrics(document: &Document) -> Option<Self> {
        let (mut says, namespace, name) = match &document.object {
            Object::TrafficMetrics(metrics) => {
                let metadata = &metrics.metadata;
                let generated = metadata.generate_name.as_ref().map(|prefix| format!("{prefix}*"));
                let name = metadata.name.clone().or(generated);
                (says::traffic_metrics(metrics), metadata.namespace.clone(), name)
            }
            // A list has no name; it is about one resource, or about all of a kind.
            Object::TrafficMetricsList(list) => {
                let name = list.resource.name.clone().unwrap_or_else(|| "*".to_owned());
                (
                    says::traffic_metrics_list(list),
                    list.resource.namespace.clone(),
                    Some(name),
                )
            }
            _ => return None,
        };
        says.lose(&document.losses);
        Some(Self {
            namespace: namespace.unwrap_or_default(),
            kind: position(document.object.kind()),
            name: name.unwrap_or_default(),
            version: version(document.api_version()),
            says,
            is_companion: false,
        })
    }

    pub(crate) fn cells(&self) -> table::Row<4> {
        let name = if self.namespace.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.namespace, self.name)
        };
        table::Row {
            cells: [
                KINDS[self.kind].0.to_owned(),
                self.version.clone(),
                name,
                self.says.text.clone(),
            ],
            warns: self.says.is_nothing,
        }
    }
}

impl Says {
    /// Adds what of a manifest has no effect.
    fn lose(&mut self, losses: &[Loss]) {
        use LossReason::{NoSuchField, NoSuchKind, UnknownField, Withdrawn};
        let is_lost = |loss: &&Loss| matches!(loss.reason, NoSuchField | NoSuchKind | UnknownField | Withdrawn);
        let lost: Vec<_> = losses
            .iter()
            .filter(is_lost)
            .map(|loss| loss.path.to_string())
            .collect();
        if !lost.is_empty() {
            let _ = write!(self.text, "; without effect: {}", lost.join(", "));
        }
    }
}

/// The version at which an object was last written, whoever wrote it.
fn written_at(metadata: &ObjectMeta) -> Option<String> {
    let entries = metadata.managed_fields.iter().flatten();
    let last = entries.max_by_key(|entry| entry.time.as_ref().map(|time| time.0))?;
    Some(version(last.api_version.as_deref()?))
}

fn version(api_version: &str) -> String {
    api_version.rsplit('/').next().unwrap_or_default().to_owned()
}

fn position(kind: &str) -> usize {
    KINDS.iter().position(|(one, _)| *one == kind).unwrap_or_default()
}
