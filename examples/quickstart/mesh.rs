//! The mesh: what the listers hold in the order of the table, the count, and what is missing from it.

use std::fmt::Write;

use smi_sdk::informers::{Lister, Listers};

use super::{
    apply::Applied,
    row::{KINDS, Row},
    says::Speaks,
    table::{self, Screen},
};

/// Where the objects come from.
pub(crate) enum Origin {
    /// Manifests.
    Files,
    /// A cluster, by the name of its context.
    Cluster(String),
}

/// What a server holds.
pub(crate) struct Mesh<'a> {
    rows: Vec<Row>,
    /// What the server gives out and we cannot read.
    invalid: Vec<String>,
    missing: Vec<&'static str>,
    applied: &'a Applied,
    origin: &'a Origin,
}

impl<'a> Mesh<'a> {
    /// The mesh that `listers` hold now.
    pub(crate) fn of(listers: &Listers, applied: &'a Applied, origin: &'a Origin) -> Self {
        let mut mesh = Self {
            rows: applied.metrics.iter().filter_map(Row::of_metrics).collect(),
            invalid: Vec::new(),
            missing: listers.missing(),
            applied,
            origin,
        };
        mesh.add(&listers.traffic_targets, listers);
        mesh.add(&listers.identity_bindings, listers);
        mesh.add(&listers.http_route_groups, listers);
        mesh.add(&listers.tcp_routes, listers);
        mesh.add(&listers.udp_routes, listers);
        mesh.add(&listers.traffic_splits, listers);
        mesh.rows.sort();
        mesh
    }

    fn add<K: Speaks>(&mut self, lister: &Lister<K>, listers: &Listers) {
        let objects = lister.list(None);
        self.rows
            .extend(objects.iter().map(|object| Row::of(&**object, listers, self.applied)));
        let invalid = lister.invalid();
        self.invalid.extend(
            invalid
                .iter()
                .map(|invalid| format!("{} `{}`: {}", K::kind(&()), invalid.object, invalid.error)),
        );
    }

    /// Whether everything could be read and applied.
    pub(crate) fn is_whole(&self) -> bool {
        self.unreadable() == 0 && self.applied.refused.is_empty()
    }

    fn unreadable(&self) -> usize {
        self.invalid.len() + self.applied.unreadable.len()
    }

    /// The table, the count and what is missing, as text for `screen`.
    pub(crate) fn print(&self, screen: Screen) -> String {
        let mut text = String::new();
        if !self.rows.is_empty() {
            let rows: Vec<_> = self.rows.iter().map(Row::cells).collect();
            text = table::print(&["KIND", "VERSION", "NAME", "WHAT IT SAYS"], &rows, screen);
            text.push('\n');
        }
        text.push_str(&screen.bold(&table::printable(&self.count())));
        text.push('\n');
        let unreadable = [self.applied.unreadable.as_slice(), &self.invalid].concat();
        for (title, lines) in [
            (
                screen.bold("Replaced by a later object of the same name:"),
                &self.applied.replaced,
            ),
            (screen.bad("Skipped:"), &self.applied.namesakes),
            (screen.bad("Could not be read:"), &unreadable),
            (screen.bad("Refused by the API server:"), &self.applied.refused),
        ] {
            if !lines.is_empty() {
                let _ = writeln!(text, "\n{title}");
                for line in lines {
                    text.push_str(&table::printable(line));
                    text.push('\n');
                }
            }
        }
        text
    }

    /// `3 objects from 2 files: 1 TrafficTarget, 2 TrafficSplits; 4 other objects skipped; 1 could not be read`
    fn count(&self) -> String {
        let Applied {
            files,
            others,
            skipped,
            replaced,
            refused,
            ..
        } = self.applied;
        let companions = self.rows.iter().filter(|row| row.is_companion).count();
        let mut text = number(self.rows.len() - companions, "object", "objects");
        let _ = match self.origin {
            Origin::Files => write!(text, " from {}", number(files.len(), "file", "files")),
            Origin::Cluster(name) => write!(text, " in the cluster of context `{name}`"),
        };
        if companions > 0 {
            let _ = write!(text, " and {companions} made beside them");
        }
        let kinds: Vec<_> = KINDS
            .iter()
            .enumerate()
            .filter_map(|(position, (one, several))| {
                let rows = self.rows.iter().filter(|row| row.kind == position);
                Some(rows.count())
                    .filter(|count| *count > 0)
                    .map(|count| number(count, one, several))
            })
            .collect();
        if !kinds.is_empty() {
            let _ = write!(text, ": {}", kinds.join(", "));
        }
        if !self.missing.is_empty() {
            let _ = write!(text, "; not served there: {}", self.missing.join(", "));
        }
        let other = |count| number(count, "other object", "other objects");
        for (count, part) in [
            (*others, format!("{} applied", other(*others))),
            (*skipped, format!("{} skipped", other(*skipped))),
            (replaced.len(), format!("{} replaced", replaced.len())),
            (self.unreadable(), format!("{} could not be read", self.unreadable())),
            (refused.len(), format!("{} refused", refused.len())),
        ] {
            if count > 0 {
                let _ = write!(text, "; {part}");
            }
        }
        text
    }
}

fn number(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
