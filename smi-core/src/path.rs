//! Owns [`FieldPath`]: where a field is within an object, spelled as Kubernetes prints it.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A path to a field of an object: `spec.backends[1].weight`, `metadata.annotations[smi-spec.io/x]`.
///
/// Paths are values: [`child`](Self::child), [`index`](Self::index) and [`key`](Self::key) return a longer path and leave
/// the shorter one as it is. The root (the object itself) is [`FieldPath::default`] and prints as nothing. Paths order by
/// their segments, list positions as numbers.
///
/// ```
/// use smi_core::path::FieldPath;
///
/// let backends = FieldPath::root().child("spec").child("backends");
/// assert_eq!(backends.index(1).child("weight").to_string(), "spec.backends[1].weight");
///
/// let object = serde_json::json!({"spec": {"backends": [{"weight": 10}, {"weight": 90}]}});
/// assert_eq!(backends.index(1).child("weight").lookup(&object), Some(&90.into()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    segments: Vec<Segment>,
}

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A named field: `.spec`.
    Field(Cow<'static, str>),
    /// A position in a list, from 0: `[1]`.
    Index(usize),
    /// A key of a map whose keys are data (labels, annotations, headers): `[smi-spec.io/x]`.
    Key(Cow<'static, str>),
}

impl FieldPath {
    /// The path of the object itself.
    #[must_use]
    pub const fn root() -> Self {
        Self { segments: Vec::new() }
    }

    /// Whether this is the path of the object itself.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.segments.is_empty()
    }

    /// The path of the field `name` of what this path points to.
    #[must_use]
    pub fn child(&self, name: impl Into<Cow<'static, str>>) -> Self {
        self.with(Segment::Field(name.into()))
    }

    /// The path of the item at `position` (from 0) of the list that this path points to.
    #[must_use]
    pub fn index(&self, position: usize) -> Self {
        self.with(Segment::Index(position))
    }

    /// The path of the entry `key` of the map that this path points to.
    #[must_use]
    pub fn key(&self, key: impl Into<Cow<'static, str>>) -> Self {
        self.with(Segment::Key(key.into()))
    }

    /// The path of a member of a JSON object of which no schema says whether its keys are fields or data.
    ///
    /// A member of the metadata maps (`labels`, `annotations`, `matchLabels`) and a name that no field could have
    /// (`a.b/c`) is a [`Segment::Key`], any other a [`Segment::Field`].
    #[must_use]
    pub fn member(&self, name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        let of_data = matches!(self.segments.last(), Some(Segment::Field(parent))
            if matches!(parent.as_ref(), "labels" | "annotations" | "matchLabels"));
        if of_data || !could_be_field(&name) {
            self.key(name)
        } else {
            self.child(name)
        }
    }

    /// The path of fields whose names stand in `path` with dots between them, as in `spec.destination.port`.
    pub(crate) fn dotted(path: &str) -> Self {
        path.split('.')
            .fold(Self::root(), |path, name| path.child(name.to_owned()))
    }

    /// Whether one of the two is the other, or within it.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.iter().zip(other).all(|(ours, theirs)| ours == theirs)
    }

    /// This path followed by `rest`, a path relative to what this path points to.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        self.iter().chain(rest).cloned().collect()
    }

    /// The steps from the object down to the field.
    pub fn iter(&self) -> std::slice::Iter<'_, Segment> {
        self.segments.iter()
    }

    /// What this path points to in `value`, where there is such a thing.
    #[must_use]
    pub fn lookup<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.iter().try_fold(value, |value, segment| match segment {
            Segment::Field(name) | Segment::Key(name) => value.as_object()?.get(name.as_ref()),
            Segment::Index(position) => value.as_array()?.get(*position),
        })
    }

    fn with(&self, last: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.segments.len() + 1);
        segments.extend_from_slice(&self.segments);
        segments.push(last);
        Self { segments }
    }
}

fn could_be_field(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$'))
        && !name.starts_with(|first: char| first.is_ascii_digit() || first == '-')
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.iter().enumerate() {
            match segment {
                Segment::Field(name) if position == 0 => write!(f, "{}", one_line(name))?,
                Segment::Field(name) => write!(f, ".{}", one_line(name))?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => write!(f, "[{}]", one_line(key))?,
            }
        }
        Ok(())
    }
}

/// A name as it stands in messages: control characters escaped, and cut where no name of a field, a label, a header or
/// an object is as long. Names come from files, and may hold anything.
///
/// ```
/// use smi_core::path::one_line;
///
/// assert_eq!(one_line("web\n\u{1b}[31m"), "web\\n\\u{1b}[31m");
/// assert_eq!(one_line(&"x".repeat(1000)).chars().count(), 321);
/// ```
#[must_use]
pub fn one_line(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 320;
    let end = name.char_indices().nth(LONGEST).map(|(end, _)| end);
    if end.is_none() && !name.contains(char::is_control) {
        return Cow::Borrowed(name);
    }
    let mut shown = String::new();
    for character in name.chars().take(LONGEST) {
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    if end.is_some() {
        shown.push('…');
    }
    Cow::Owned(shown)
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromIterator<Segment> for FieldPath {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self {
            segments: segments.into_iter().collect(),
        }
    }
}

impl<'p> IntoIterator for &'p FieldPath {
    type Item = &'p Segment;
    type IntoIter = std::slice::Iter<'p, Segment>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Where serde stopped. What lies below a key that is no string is unknown: the path then ends at the nearest known field.
impl From<&serde_path_to_error::Path> for FieldPath {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment as Step;
        let mut out = Self::root();
        for step in path {
            out = match step {
                Step::Seq { index } => out.index(*index),
                Step::Map { key: name } | Step::Enum { variant: name } => out.member(name.clone()),
                Step::Unknown => return out,
            };
        }
        out
    }
}

impl From<serde_path_to_error::Path> for FieldPath {
    fn from(path: serde_path_to_error::Path) -> Self {
        Self::from(&path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn weight() -> FieldPath {
        FieldPath::root()
            .child("spec")
            .child("backends")
            .index(1)
            .child("weight")
    }

    #[test]
    fn path_prints_as_kubernetes_prints_it() {
        assert_eq!(FieldPath::default().to_string(), "");
        assert_eq!(weight().to_string(), "spec.backends[1].weight");
        assert_eq!(FieldPath::root().index(0).child("name").to_string(), "[0].name");
        let annotation = FieldPath::root()
            .child("metadata")
            .child("annotations")
            .key("smi-spec.io/x");
        assert_eq!(annotation.to_string(), "metadata.annotations[smi-spec.io/x]");
        assert_eq!(
            serde_json::to_value(annotation).unwrap(),
            json!("metadata.annotations[smi-spec.io/x]")
        );
    }

    #[test]
    fn path_prints_on_one_line_of_bounded_length_whatever_the_names() {
        let long = FieldPath::root().child("x".repeat(1 << 20));
        assert_eq!(long.to_string(), format!("{}…", "x".repeat(320)));
        let odd = FieldPath::root().child("a\n\u{1b}[31m").key("\t\u{85}b\r").child("ü");
        assert_eq!(odd.to_string(), "a\\n\\u{1b}[31m[\\t\\u{85}b\\r].ü");
    }

    #[test]
    fn member_of_a_metadata_map_is_a_key() {
        let metadata = FieldPath::root().member("metadata");
        assert_eq!(
            metadata.member("labels").member("app").to_string(),
            "metadata.labels[app]"
        );
        assert_eq!(metadata.member("a.b/c").to_string(), "metadata[a.b/c]");
        assert_eq!(metadata.member("x-debug").to_string(), "metadata.x-debug");
        assert_eq!(metadata.member("").to_string(), "metadata[]");
    }

    #[test]
    fn lookup_finds_the_field_or_nothing() {
        let object = json!({"spec": {"backends": [{}, {"weight": 7}]}});
        assert_eq!(weight().lookup(&object), Some(&json!(7)));
        assert_eq!(FieldPath::root().lookup(&object), Some(&object));
        assert_eq!(weight().child("more").lookup(&object), None);
        assert_eq!(FieldPath::root().child("spec").index(0).lookup(&object), None);
    }

    #[test]
    fn paths_order_list_positions_as_numbers() {
        let list = FieldPath::root().child("l");
        assert!(list.index(9) < list.index(10));
        assert!(list < list.index(0));
    }

    #[test]
    fn path_of_a_serde_error_names_the_field() {
        #[derive(serde::Deserialize)]
        struct Item {
            #[serde(rename = "weight")]
            _weight: u8,
        }
        type Shape = std::collections::BTreeMap<String, std::collections::BTreeMap<String, Vec<Item>>>;

        let text = r#"{"a.b": {"list": [{"weight": 1}, {"weight": "x"}]}}"#;
        let error = serde_path_to_error::deserialize::<_, Shape>(&mut serde_json::Deserializer::from_str(text))
            .err()
            .unwrap();
        assert_eq!(FieldPath::from(error.path()).to_string(), "[a.b].list[1].weight");
    }

    #[test]
    fn join_prefixes_a_relative_path() {
        let spec = FieldPath::root().child("items").index(3);
        assert_eq!(spec.join(&weight()).to_string(), "items[3].spec.backends[1].weight");
    }
}
