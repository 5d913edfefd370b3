//! Which fields an object has, and which differ between two.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    fields::{FieldSet, Step},
    shape::{Form, Shape},
};

/// The fields that the configuration `value` says something of: what its applier owns.
pub(super) fn field_set(value: &Value, shape: Shape<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    collect(value, shape, &mut Vec::new(), &mut set);
    set
}

fn collect(value: &Value, shape: Shape<'_>, path: &mut Vec<Step>, set: &mut FieldSet) {
    match (shape.form(value), value) {
        (Form::Map, Value::Object(fields)) => {
            for (name, field) in fields {
                let (named, below) = shape.field(name);
                path.push(Step::Field(name.clone()));
                collect(field, below, path, set);
                let empty = field.is_null() || field.as_object().is_some_and(serde_json::Map::is_empty);
                if empty || !named {
                    set.insert(path);
                }
                path.pop();
            }
        }
        (form @ (Form::Set | Form::Keyed(_)), Value::Array(items)) => {
            for item in items {
                let Some(step) = shape.step_to(form, item) else {
                    continue;
                };
                path.push(step);
                collect(item, shape.item(), path, set);
                set.insert(path);
                path.pop();
            }
        }
        _ => set.insert(path),
    }
}

/// What differs between an old and a new object.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) added: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) removed: FieldSet,
}

pub(super) fn compare(old: &Value, new: &Value, shape: Shape<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    comparison.walk(Some(old), Some(new), shape, &mut Vec::new());
    comparison
}

impl Comparison {
    /// What is not as it was: new fields and changed ones.
    pub(super) fn changed(&self) -> FieldSet {
        self.modified.clone().union(&self.added)
    }

    fn walk(&mut self, old: Option<&Value>, new: Option<&Value>, shape: Shape<'_>, path: &mut Vec<Step>) {
        let form_of = |value: Option<&Value>| value.filter(|value| !value.is_null()).map(|value| shape.form(value));
        match (form_of(old), form_of(new)) {
            // Of a map or list that becomes something else, or was, the parts go or come.
            (Some(old_form), Some(new_form)) if old_form != new_form => {
                self.parts(old_form, old, None, shape, path);
                self.parts(new_form, None, new, shape, path);
                self.leaf(old, new, path);
            }
            (Some(form), _) | (None, Some(form)) if form != Form::Leaf && !(is_empty(old) && is_empty(new)) => {
                self.parts(form, old, new, shape, path);
                match (old, new) {
                    (None, Some(_)) => self.added.insert(path),
                    (Some(_), None) => self.removed.insert(path),
                    _ => {}
                }
            }
            _ => self.leaf(old, new, path),
        }
    }

    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>, path: &[Step]) {
        match (old, new) {
            (None, Some(_)) => self.added.insert(path),
            (Some(_), None) => self.removed.insert(path),
            (Some(old), Some(new)) if old != new => self.modified.insert(path),
            _ => {}
        }
    }

    fn parts(
        &mut self,
        form: Form<'_>,
        old: Option<&Value>,
        new: Option<&Value>,
        shape: Shape<'_>,
        path: &mut Vec<Step>,
    ) {
        if form == Form::Map {
            let (old, new) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
            let mut names: Vec<&String> = old.into_iter().chain(new).flat_map(|fields| fields.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                path.push(Step::Field(name.clone()));
                let get =
                    |fields: Option<&'_ serde_json::Map<String, Value>>| fields.and_then(|f| f.get(name)).cloned();
                self.walk(get(old).as_ref(), get(new).as_ref(), shape.field(name).1, path);
                path.pop();
            }
        } else if matches!(form, Form::Set | Form::Keyed(_)) {
            let (old, new) = (by_step(old, form, shape), by_step(new, form, shape));
            let mut steps: Vec<&Step> = old.keys().chain(new.keys()).collect();
            steps.sort_unstable();
            steps.dedup();
            for step in steps {
                path.push(step.clone());
                match (old.get(step).map(Vec::as_slice), new.get(step).map(Vec::as_slice)) {
                    (Some([_, _, ..]), Some([_, _, ..])) if old.get(step) == new.get(step) => {}
                    (Some([_, _, ..]), Some([_, _, ..])) => self.modified.insert(path),
                    (Some([_, _, ..]), new) => {
                        if let Some(new) = new.and_then(<[&Value]>::first) {
                            self.walk(None, Some(new), shape.item(), path);
                        }
                        self.removed.insert(path);
                    }
                    (old, Some([_, _, ..])) => {
                        if let Some(old) = old.and_then(<[&Value]>::first) {
                            self.walk(Some(old), None, shape.item(), path);
                        }
                        self.added.insert(path);
                    }
                    (old, new) => {
                        let first =
                            |items: Option<&[&'_ Value]>| items.and_then(<[_]>::first).map(|value| (*value).clone());
                        self.walk(first(old).as_ref(), first(new).as_ref(), shape.item(), path);
                    }
                }
                path.pop();
            }
        }
    }
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

/// The items of a list by the step to them; several where keys stand twice.
fn by_step<'v>(list: Option<&'v Value>, form: Form<'_>, shape: Shape<'_>) -> BTreeMap<Step, Vec<&'v Value>> {
    let mut items: BTreeMap<Step, Vec<&'v Value>> = BTreeMap::new();
    for item in list.and_then(Value::as_array).into_iter().flatten() {
        if let Some(step) = shape.step_to(form, item) {
            items.entry(step).or_default().push(item);
        }
    }
    items
}
