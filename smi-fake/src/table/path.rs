//! The JSONPath of a printer column, in the dialect of Kubernetes: `.spec.backends[*].service`.

use jsonpath_rust::{
    parser::{model::JpQuery, parse_json_path},
    query::js_path_process,
};
use serde_json::Value;

/// A path that was understood.
#[derive(Clone, Debug)]
pub(super) struct ColumnPath(JpQuery);

impl ColumnPath {
    /// None for a path that cannot be read.
    pub(super) fn parse(path: &str) -> Option<Self> {
        parse_json_path(&standard(path)).ok().map(Self)
    }

    /// The first value that the path finds.
    pub(super) fn first<'v>(&self, object: &'v Value) -> Option<&'v Value> {
        js_path_process(&self.0, object)
            .ok()?
            .into_iter()
            .next()
            .map(|found| found.val)
    }
}

/// The path as RFC 9535 spells it: fields in brackets and quotes, for Kubernetes allows dashes and escaped dots in names.
fn standard(path: &str) -> String {
    let mut out = String::from("$");
    let mut rest = path.trim().trim_start_matches('$');
    while let Some(first) = rest.chars().next() {
        if first == '[' {
            let end = bracket_end(rest);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if let Some(deeper) = rest.strip_prefix("..") {
            out.push_str("..");
            rest = deeper;
            if rest.starts_with('[') {
                continue;
            }
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
        }
        let (name, after) = field(rest);
        match name.as_str() {
            "" if after.len() == rest.len() && !after.starts_with('[') => break,
            "" => {}
            "*" => out.push_str("[*]"),
            name => {
                out.push_str("['");
                out.push_str(&name.replace('\\', "\\\\").replace('\'', "\\'"));
                out.push_str("']");
            }
        }
        rest = after;
    }
    out
}

/// The name up to the next dot or bracket, and what follows.
fn field(path: &str) -> (String, &str) {
    let mut name = String::new();
    let mut escaped = false;
    for (at, letter) in path.char_indices() {
        match letter {
            '\\' if !escaped => escaped = true,
            '.' | '[' if !escaped => return (name, &path[at..]),
            letter => {
                name.push(letter);
                escaped = false;
            }
        }
    }
    (name, "")
}

/// Where the bracket at the start of `path` is closed; quotes and inner brackets are passed over.
fn bracket_end(path: &str) -> usize {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, letter) in path.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    path.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_of_printer_columns_find_what_they_name() {
        let object = json!({
            "metadata": {"annotations": {"smi-spec.io/x": "dotted"}},
            "spec": {"backends": [{"service": "a", "weight": 1}, {"service": "b", "weight": 2}], "my-field": 3},
        });
        for (path, found) in [
            (".spec.backends[*].service", json!("a")),
            (".spec.backends[1].weight", json!(2)),
            (".spec.backends[?(@.service==\"b\")].weight", json!(2)),
            (".spec.my-field", json!(3)),
            (".metadata.annotations.smi-spec\\.io/x", json!("dotted")),
            (".metadata.annotations['smi-spec\\.io/x']", Value::Null),
            ("$.spec.backends[0].service", json!("a")),
            (".spec.nothing", Value::Null),
        ] {
            let first = ColumnPath::parse(path).and_then(|path| path.first(&object).cloned());
            assert_eq!(first.unwrap_or_default(), found, "{path}");
        }
    }

    #[test]
    fn strange_paths_find_nothing_and_do_not_panic() {
        for path in [
            "",
            ".",
            "..",
            "[",
            "]",
            ".a[",
            ".a['",
            "\\",
            "....",
            ".a[?(@.b",
            "é.ü[é]",
        ] {
            let _ = ColumnPath::parse(path).map(|path| path.first(&json!({"b": 1})).cloned());
        }
    }
}
