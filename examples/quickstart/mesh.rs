//! The mesh of some manifests: its objects in the order of the table, the count, and what could not be read.

use std::{collections::BTreeSet, fmt::Write, sync::Arc};

use smi_sdk::manifest::{Document, ManifestError, ManifestErrorKind, Object, Position};

use super::{
    says::{self, Says},
    table::{self, Screen},
};

/// Every kind in the order of the table, and what several of them are called: who may talk to whom, what the traffic
/// is, how it is divided, what was measured.
const KINDS: [(&str, &str); 8] = [
    ("TrafficTarget", "TrafficTargets"),
    ("IdentityBinding", "IdentityBindings"),
    ("HTTPRouteGroup", "HTTPRouteGroups"),
    ("TCPRoute", "TCPRoutes"),
    ("UDPRoute", "UDPRoutes"),
    ("TrafficSplit", "TrafficSplits"),
    ("TrafficMetrics", "TrafficMetrics"),
    ("TrafficMetricsList", "TrafficMetricsLists"),
];

/// What some manifests describe.
#[derive(Default)]
pub(crate) struct Mesh {
    rows: Vec<Row>,
    /// How many objects are none of SMI's.
    others: usize,
    /// Those that could be opened and hold something.
    files: BTreeSet<Arc<str>>,
    unreadable: Vec<String>,
}

/// An object of SMI. The order of the fields is that of the table.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    namespace: String,
    kind: Kind,
    name: String,
    at: Position,
    version: String,
    says: Says,
}

/// A position in [`KINDS`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind(usize);

impl Mesh {
    /// The mesh of what was read.
    pub(crate) fn of(documents: impl Iterator<Item = Result<Document, ManifestError>>) -> Self {
        let mut mesh = Self::default();
        for document in documents {
            match document {
                Ok(document) => {
                    mesh.files.insert(Arc::clone(&document.at.file));
                    match Row::of(&document) {
                        Some(row) => mesh.rows.push(row),
                        None => mesh.others += 1,
                    }
                }
                Err(error) => {
                    if !matches!(error.kind, ManifestErrorKind::Source(_)) {
                        mesh.files.insert(Arc::clone(&error.at.file));
                    }
                    mesh.unreadable.push(error.to_string());
                }
            }
        }
        mesh.rows.sort();
        mesh
    }

    /// What could not be read, each with its file, line and reason.
    pub(crate) fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    /// The table, the count and what could not be read, as text for `screen`.
    pub(crate) fn print(&self, screen: Screen) -> String {
        let mut text = String::new();
        if !self.rows.is_empty() {
            let rows: Vec<_> = self.rows.iter().map(Row::cells).collect();
            text = table::print(&["KIND", "VERSION", "NAME", "WHAT IT SAYS"], &rows, screen);
            text.push('\n');
        }
        text.push_str(&screen.bold(&self.count()));
        text.push('\n');
        if !self.unreadable.is_empty() {
            let _ = writeln!(text, "\n{}", screen.bad("Could not be read:"));
            for error in &self.unreadable {
                text.push_str(&table::printable(error));
                text.push('\n');
            }
        }
        text
    }

    /// `3 objects from 2 files: 1 TrafficTarget, 2 TrafficSplits; 4 other objects skipped; 1 could not be read`
    fn count(&self) -> String {
        let mut text = format!(
            "{} from {}",
            number(self.rows.len(), "object", "objects"),
            number(self.files.len(), "file", "files")
        );
        let kinds: Vec<_> = KINDS
            .iter()
            .enumerate()
            .filter_map(|(position, (one, several))| {
                let rows = self.rows.iter().filter(|row| row.kind == Kind(position));
                Some(rows.count())
                    .filter(|count| *count > 0)
                    .map(|count| number(count, one, several))
            })
            .collect();
        if !kinds.is_empty() {
            let _ = write!(text, ": {}", kinds.join(", "));
        }
        if self.others > 0 {
            let others = number(self.others, "other object", "other objects");
            let _ = write!(text, "; {others} skipped");
        }
        if !self.unreadable.is_empty() {
            let _ = write!(text, "; {} could not be read", self.unreadable.len());
        }
        text
    }
}

impl Row {
    /// The row of an object, if it is one of SMI's.
    fn of(document: &Document) -> Option<Self> {
        let says = says::says(document)?;
        let kind = document.object.kind();
        let (namespace, name) = name(&document.object);
        Some(Self {
            namespace,
            kind: Kind(KINDS.iter().position(|(one, _)| *one == kind)?),
            name,
            at: document.at.clone(),
            version: document.api_version().rsplit('/').next().unwrap_or_default().to_owned(),
            says,
        })
    }

    fn cells(&self) -> table::Row<4> {
        let name = if self.namespace.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.namespace, self.name)
        };
        table::Row {
            cells: [
                KINDS[self.kind.0].0.to_owned(),
                self.version.clone(),
                name,
                self.says.text.clone(),
            ],
            warns: self.says.is_nothing,
        }
    }
}

/// The namespace and the name, either of which may be empty.
fn name(object: &Object) -> (String, String) {
    let (namespace, name) = match object {
        // A list has no name; it is about one resource, or about all of a kind.
        Object::TrafficMetricsList(list) => (
            list.resource.namespace.clone(),
            list.resource.name.clone().or_else(|| Some("*".to_owned())),
        ),
        object => object.metadata().map_or((None, None), |metadata| {
            let generated = metadata.generate_name.as_ref().map(|prefix| format!("{prefix}*"));
            (metadata.namespace.clone(), metadata.name.clone().or(generated))
        }),
    };
    (namespace.unwrap_or_default(), name.unwrap_or_default())
}

fn number(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
