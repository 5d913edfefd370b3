//! Sets of fields, as `managedFields` holds them (FieldsV1).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::{Map, Value};

/// One step down to a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A field of a map: `f:spec`.
    Field(String),
    /// The item of a list that has these keys, as JSON by name: `k:{"name":"web"}`.
    Key(Vec<(String, String)>),
    /// The item of a set that is this value, as JSON: `v:"web"`.
    Value(String),
    /// The item at a position: `i:0`.
    Index(usize),
}

/// A set of fields: those that are in it themselves, and those below which others are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldSet {
    members: BTreeSet<Step>,
    children: BTreeMap<Step, Self>,
}

impl Step {
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::Field(rest.to_owned())),
            "v" => Some(Self::Value(serde_json::from_str::<Value>(rest).ok()?.to_string())),
            "i" => rest.parse().ok().map(Self::Index),
            "k" => {
                let keys: BTreeMap<String, Value> = serde_json::from_str(rest).ok()?;
                Some(Self::Key(
                    keys.into_iter()
                        .map(|(name, value)| (name, value.to_string()))
                        .collect(),
                ))
            }
            _ => None,
        }
    }

    fn encode(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Value(value) => format!("v:{value}"),
            Self::Index(position) => format!("i:{position}"),
            Self::Key(keys) => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
                    .collect();
                format!("k:{{{}}}", keys.join(","))
            }
        }
    }
}

/// As conflicts name fields: `.spec`, `[name="web"]`, `[="web"]`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Value(value) => write!(f, "[={value}]"),
            Self::Index(position) => write!(f, "[{position}]"),
            Self::Key(keys) => {
                let keys: Vec<String> = keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(f, "[{}]", keys.join(","))
            }
        }
    }
}

impl FieldSet {
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    pub(super) fn insert(&mut self, path: &[Step]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    /// Without the field `name` and all below it.
    pub(super) fn without_field(mut self, name: &str) -> Self {
        let step = Step::Field(name.to_owned());
        self.members.remove(&step);
        self.children.remove(&step);
        self
    }

    pub(super) fn has_member(&self, step: &Step) -> bool {
        self.members.contains(step)
    }

    pub(super) fn below(&self, step: &Step) -> Option<&Self> {
        self.children.get(step)
    }

    pub(super) fn union(mut self, other: &Self) -> Self {
        self.members.extend(other.members.iter().cloned());
        for (step, theirs) in &other.children {
            let ours = self.children.remove(step).unwrap_or_default();
            self.children.insert(step.clone(), ours.union(theirs));
        }
        self
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        Self {
            members: self.members.intersection(&other.members).cloned().collect(),
            children: self
                .children
                .iter()
                .filter_map(|(step, ours)| Some((step.clone(), ours.intersection(other.children.get(step)?))))
                .filter(|(_, both)| !both.is_empty())
                .collect(),
        }
    }

    pub(super) fn difference(&self, other: &Self) -> Self {
        Self {
            members: self.members.difference(&other.members).cloned().collect(),
            children: self
                .children
                .iter()
                .map(|(step, ours)| match other.children.get(step) {
                    Some(theirs) => (step.clone(), ours.difference(theirs)),
                    None => (step.clone(), ours.clone()),
                })
                .filter(|(_, rest)| !rest.is_empty())
                .collect(),
        }
    }

    /// With every field of a fixed name a member below which there are members. `named` tells of a step from here
    /// whether it is such a field, and what is so below it.
    pub(super) fn with_named_parents<S: Copy>(&self, at: S, descend: &impl Fn(S, &Step) -> (bool, S)) -> Self {
        let mut out = Self {
            members: self.members.clone(),
            children: BTreeMap::new(),
        };
        for (step, below) in &self.children {
            let (named, next) = descend(at, step);
            if named {
                out.members.insert(step.clone());
            }
            out.children
                .insert(step.clone(), below.with_named_parents(next, descend));
        }
        out
    }

    /// The members with their paths as conflicts name them.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.members.iter().map(ToString::to_string).collect();
        for (step, below) in &self.children {
            paths.extend(below.paths().into_iter().map(|path| format!("{step}{path}")));
        }
        paths
    }

    /// None for what is no FieldsV1.
    pub(super) fn decode(fields: &Value) -> Option<Self> {
        let mut set = Self::default();
        for (name, below) in fields.as_object()? {
            if name == "." {
                continue;
            }
            let step = Step::parse(name)?;
            let within = below.as_object()?;
            if within.is_empty() || within.contains_key(".") {
                set.members.insert(step.clone());
            }
            let below = Self::decode(below)?;
            if !below.is_empty() {
                set.children.insert(step, below);
            }
        }
        Some(set)
    }

    pub(super) fn encode(&self) -> Value {
        let mut fields = Map::new();
        for (step, below) in &self.children {
            fields.insert(step.encode(), below.encode());
        }
        for step in &self.members {
            if let Value::Object(below) = fields.entry(step.encode()).or_insert_with(|| Value::Object(Map::new()))
                && !below.is_empty()
            {
                below.insert(".".into(), Value::Object(Map::new()));
            }
        }
        Value::Object(fields)
    }
}
