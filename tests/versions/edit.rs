//! What somebody changes in an object, whichever its version; said as data, so that the same edit goes to an object and to
//! what it was converted to.

use serde_json::{Value, json};

/// An edit of one field, named as the newest version names it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Edit {
    /// A label, which no conversion looks at.
    Label,
    /// A field that is no list gets a value, or goes where that is null.
    Set(Field, Value),
    /// A list gets one item more.
    Push(Field, Value),
    /// A list loses its last item.
    Pop(Field),
    /// A list loses all items.
    Clear(Field),
    /// A list loses the items that hold all of these fields.
    Drop(Field, Value),
    /// The items of a list that hold all of these fields get those fields.
    Change(Field, Value, Value),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Field {
    Destination,
    Port,
    Sources,
    Rules,
    Service,
    Backends,
    /// Of an HTTPRouteGroup or a TrafficSplit.
    Matches,
    /// Of a TCPRoute or a UDPRoute.
    Ports,
}

impl Edit {
    /// Makes the edit, where the object's version has the field; says whether the object is another one now.
    pub(crate) fn apply(&self, object: &mut Value) -> bool {
        let before = object.clone();
        match self {
            Self::Label => object["metadata"]["labels"]["edited"] = json!("yes"),
            Self::Set(field, value) => {
                let (name, parent) = field.of(object).unzip();
                match (parent, name) {
                    (Some(Value::Object(parent)), Some(name)) if value.is_null() => drop(parent.remove(name)),
                    (Some(Value::Object(parent)), Some(name)) => drop(parent.insert(name.to_owned(), value.clone())),
                    _ => {}
                }
            }
            Self::Push(field, item) => field.edit_list(object, |list| list.push(item.clone())),
            Self::Pop(field) => field.edit_list(object, |list| drop(list.pop())),
            Self::Clear(field) => field.edit_list(object, Vec::clear),
            Self::Drop(field, key) => field.edit_list(object, |list| list.retain(|item| !holds(item, key))),
            Self::Change(field, key, changes) => field.edit_list(object, |list| {
                for item in list.iter_mut().filter(|item| holds(item, key)) {
                    for (name, value) in changes.as_object().unwrap() {
                        item[name] = value.clone();
                    }
                }
            }),
        }
        *object != before
    }

    /// The field that it is about; none for the label.
    pub(crate) fn field(&self) -> Option<Field> {
        match self {
            Self::Label => None,
            Self::Set(field, _)
            | Self::Push(field, _)
            | Self::Pop(field)
            | Self::Clear(field)
            | Self::Drop(field, _)
            | Self::Change(field, ..) => Some(*field),
        }
    }
}

impl Field {
    /// The field's value; null where the object has none.
    pub(crate) fn value(self, object: &Value) -> Value {
        let mut object = object.clone();
        self.of(&mut object)
            .map_or(Value::Null, |(name, parent)| parent[name].clone())
    }

    pub(crate) fn edit_list(self, object: &mut Value, edit: impl FnOnce(&mut Vec<Value>)) {
        let may_be_absent = self == Self::Matches && object["kind"] == "TrafficSplit";
        if let Some((name, Value::Object(parent))) = self.of(object)
            && let Value::Array(list) = parent.entry(name).or_insert_with(|| json!([]))
        {
            edit(list);
            if list.is_empty() && may_be_absent {
                parent.remove(name);
            }
        }
    }

    /// The field's name at the object's version and what holds it; none where the version, or the kind, has no such field.
    fn of(self, object: &mut Value) -> Option<(&'static str, &mut Value)> {
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let (group, version) = api_version.split_once('/')?;
        let at_root = matches!((group, version), (_, "v1alpha1") | ("specs.smi-spec.io", "v1alpha2"))
            && group != "split.smi-spec.io";
        let body = if at_root { object } else { object.get_mut("spec")? };
        match (kind.as_str(), self) {
            ("TrafficTarget", Self::Destination) => Some(("name", body.get_mut("destination")?)),
            ("TrafficTarget", Self::Port) if matches!(version, "v1alpha1" | "v1alpha2") => {
                Some(("port", body.get_mut("destination")?))
            }
            ("TrafficTarget", Self::Sources) => Some(("sources", body)),
            ("TrafficTarget", Self::Rules) => Some((if at_root { "specs" } else { "rules" }, body)),
            ("TrafficSplit", Self::Service) => Some(("service", body)),
            ("TrafficSplit", Self::Backends) => Some(("backends", body)),
            ("TrafficSplit", Self::Matches) if !matches!(version, "v1alpha1" | "v1alpha2") => Some(("matches", body)),
            ("HTTPRouteGroup", Self::Matches) => Some(("matches", body)),
            ("TCPRoute" | "UDPRoute", Self::Ports) if version == "v1alpha4" => {
                Some(("ports", body.get_mut("matches")?))
            }
            _ => None,
        }
    }
}

fn holds(item: &Value, key: &Value) -> bool {
    key.as_object()
        .unwrap()
        .iter()
        .all(|(name, value)| item.get(name) == Some(value))
}
