//! Field selectors: `metadata.name=a,status.phase!=Running`.

use serde_json::Value;

use crate::kind::{Kind, Version};

#[derive(Clone, Debug, Default)]
pub(crate) struct FieldSelector(Vec<Requirement>);

#[derive(Clone, Debug)]
struct Requirement {
    path: Vec<String>,
    equal: bool,
    value: String,
}

impl FieldSelector {
    pub(crate) fn parse(text: &str, kind: &Kind, version: &Version) -> Result<Self, String> {
        let clauses = split(text);
        let requirements = clauses.iter().filter(|clause| !clause.is_empty()).map(|clause| {
            let (field, equal, value) =
                operator(clause).ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{clause}'"))?;
            let known = field == "metadata.name"
                || field == "metadata.namespace" && kind.namespaced
                || version.selectable.iter().any(|known| known == field);
            if !known && kind.builtin.is_some() && version.selectable.is_empty() {
                let own = "only \"metadata.name\", \"metadata.namespace\"";
                return Err(format!("{field:?} is not a known field selector: {own}"));
            }
            if !known {
                return Err(format!("field label not supported: {field}"));
            }
            Ok(Requirement {
                path: field.split('.').map(str::to_owned).collect(),
                equal,
                value: unescape(value),
            })
        });
        requirements.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) const fn selects_all(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn selects(&self, object: &Value) -> bool {
        self.0.iter().all(|requirement| {
            let field = requirement.path.iter().try_fold(object, |value, name| value.get(name));
            let text = match field {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            (text == requirement.value) == requirement.equal
        })
    }
}

/// The clauses between commas that no backslash escapes.
fn split(text: &str) -> Vec<String> {
    let mut clauses = vec![String::new()];
    let mut escaped = false;
    for character in text.chars() {
        if character == ',' && !escaped {
            clauses.push(String::new());
            continue;
        }
        escaped = character == '\\' && !escaped;
        if let Some(clause) = clauses.last_mut() {
            clause.push(character);
        }
    }
    clauses
}

fn operator(clause: &str) -> Option<(&str, bool, &str)> {
    let at = clause.find(['=', '!'])?;
    let (field, rest) = clause.split_at(at);
    for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some(value) = rest.strip_prefix(operator) {
            return Some((field, equal, value));
        }
    }
    None
}

fn unescape(value: &str) -> String {
    let mut out = String::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        out.push(if character == '\\' {
            characters.next().unwrap_or('\\')
        } else {
            character
        });
    }
    out
}
