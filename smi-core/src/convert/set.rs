//! Owns [`ConvertedSet`]: objects that belong together, converted as a whole.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Beside, ConvertError, Converted, Converters, Loss, LossReason,
    converter::Source,
    converters::{api_version_and_kind, split},
    metadata,
};
use crate::path::FieldPath;

/// What became of a set of objects.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct ConvertedSet {
    /// One for each object that went in, in the same order; one that fails does not hide the others.
    pub objects: Vec<Result<Converted<Value>, ConvertError>>,
    /// The objects that must stand beside them and did not; see [`Converted::companions`].
    pub companions: Vec<Converted<Value>>,
}

impl Converters {
    /// Converts objects that belong together, as those of one folder do, each to that of `api_versions`
    /// (`access.smi-spec.io/v1alpha3`) which is of its group; objects of other groups stay as they are, with a loss that says
    /// so.
    ///
    /// More is known here than of one object alone: a TCPRoute of the set that is named for its one port (`smi-port-8080`)
    /// stands for it, so that an older TrafficTarget can say it; and companions become objects of the set. Where an object has a companion's name and
    /// says something else, it is narrowed to what the companion says.
    pub fn convert_all(&self, objects: &[Value], api_versions: &[&str]) -> ConvertedSet {
        let beside = Set::of(objects);
        let mut set = ConvertedSet::default();
        let mut companions = Vec::new();
        for object in objects {
            let converted = self.convert_to_any(object.clone(), api_versions, &beside);
            set.objects.push(converted.map(|mut converted| {
                companions.append(&mut converted.companions);
                converted
            }));
        }
        for companion in companions {
            // What has no JSON text or no version to go to would have failed above.
            let Ok(companion) = serde_json::to_value(&companion) else {
                continue;
            };
            if let Ok(companion) = self.convert_to_any(companion, api_versions, &()) {
                set.add(companion);
            }
        }
        set
    }

    fn convert_to_any(
        &self,
        object: Value,
        api_versions: &[&str],
        beside: &dyn Beside,
    ) -> Result<Converted<Value>, ConvertError> {
        let (api_version, kind) = api_version_and_kind(&object)?;
        if (api_version, kind) == ("v1", "List") {
            let each = |item| self.convert_to_any(item, api_versions, beside);
            return Self::convert_items(object, each);
        }
        let (group, _) = split(api_version);
        match api_versions.iter().find(|wanted| split(wanted).0 == group) {
            Some(wanted) => self.convert_from(Source::File, object, wanted, beside),
            None => Ok(Converted {
                losses: vec![Loss::new(FieldPath::root(), LossReason::OtherGroup)],
                ..Converted::exactly(object)
            }),
        }
    }
}

impl ConvertedSet {
    /// Whether some reader of the set may allow what the original denies.
    pub fn widens(&self) -> bool {
        let objects = self.objects.iter().flatten().chain(&self.companions);
        objects.flat_map(|converted| &converted.losses).any(|loss| loss.widens)
    }

    /// Adds a companion, or narrows the object that has its name.
    fn add(&mut self, companion: Converted<Value>) {
        let there = self.objects.iter_mut().flatten().chain(&mut self.companions);
        for converted in there {
            let Converted { object, losses, .. } = converted;
            if let Some((at, there)) = namesake(object, &companion.object, FieldPath::root()) {
                if !metadata::is_like(there, &companion.object) {
                    let metadata = there["metadata"].take();
                    *there = companion.object;
                    there["metadata"] = metadata;
                    losses.push(Loss::new(at, LossReason::Narrowed));
                }
                return;
            }
        }
        self.companions.push(companion);
    }
}

/// The object with the name of `companion` within `object`, which may be a list of objects, and its place.
fn namesake<'v>(object: &'v mut Value, companion: &Value, at: FieldPath) -> Option<(FieldPath, &'v mut Value)> {
    if Named::of(object) == Named::of(companion) {
        return Some((at, object));
    }
    let items = object.get_mut("items")?.as_array_mut()?.iter_mut().enumerate();
    let at = at.child("items");
    items
        .map(|(position, item)| namesake(item, companion, at.index(position)))
        .find_map(|found| found)
}

/// The objects of a set by name.
struct Set<'a>(HashMap<Named<'a>, &'a Value>);

/// What tells an object from the others of a set, at whichever version it is.
#[derive(PartialEq, Eq, Hash)]
struct Named<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
}

impl<'a> Named<'a> {
    fn of(object: &'a Value) -> Option<Self> {
        let (api_version, kind) = api_version_and_kind(object).ok()?;
        let metadata = object.get("metadata")?;
        Some(Self {
            group: split(api_version).0,
            kind,
            namespace: metadata.get("namespace").and_then(Value::as_str),
            name: metadata.get("name")?.as_str()?,
        })
    }
}

impl<'a> Set<'a> {
    fn of(objects: &'a [Value]) -> Self {
        let mut set = Self(HashMap::new());
        for object in objects {
            set.add(object);
        }
        set
    }

    fn add(&mut self, object: &'a Value) {
        self.0.extend(Named::of(object).map(|name| (name, object)));
        for item in object.get("items").and_then(Value::as_array).into_iter().flatten() {
            self.add(item);
        }
    }
}

impl Beside for Set<'_> {
    fn find(&self, group: &str, kind: &str, namespace: Option<&str>, name: &str) -> Option<&Value> {
        let name = Named {
            group,
            kind,
            namespace,
            name,
        };
        self.0.get(&name).copied()
    }
}
