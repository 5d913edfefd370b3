//! Merging an applied configuration into an object, and taking fields out of it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    fields::{FieldSet, Step},
    shape::{Form, Shape},
};

/// `live` with what `config` says.
pub(super) fn combine(live: &Value, config: &Value, shape: Shape<'_>) -> Value {
    match (live, config) {
        (Value::Object(live_fields), Value::Object(config)) if shape.form(live) == Form::Map => {
            let mut fields = live_fields.clone();
            for (name, value) in config {
                let merged = match live_fields.get(name) {
                    Some(live) => combine(live, value, shape.field(name).1),
                    None => value.clone(),
                };
                fields.insert(name.clone(), merged);
            }
            Value::Object(fields)
        }
        (Value::Array(live_items), Value::Array(config)) => match shape.form(live) {
            form @ (Form::Set | Form::Keyed(_)) => Value::Array(combine_lists(live_items, config, form, shape)),
            Form::Leaf | Form::Map => Value::Array(config.clone()),
        },
        (_, config) => config.clone(),
    }
}

/// The items of both: in the order of the configuration, those that it does not have where they stand in the live list.
fn combine_lists(live: &[Value], config: &[Value], form: Form<'_>, shape: Shape<'_>) -> Vec<Value> {
    let step_to = |item: &Value| shape.step_to(form, item);
    let theirs: Vec<(Option<Step>, &Value)> = live.iter().map(|item| (step_to(item), item)).collect();
    let ours: Vec<(Option<Step>, &Value)> = config.iter().map(|item| (step_to(item), item)).collect();
    let mut old: BTreeMap<&Step, &Value> = BTreeMap::new();
    for (step, item) in &theirs {
        if let Some(step) = step {
            old.entry(step).or_insert(item);
        }
    }
    let in_ours = |step: &Option<Step>| step.is_some() && ours.iter().any(|(ours, _)| ours == step);
    let shared: Vec<&Option<Step>> = ours
        .iter()
        .map(|(step, _)| step)
        .filter(|step| step.as_ref().is_some_and(|step| old.contains_key(step)))
        .collect();
    let mut out = Vec::with_capacity(theirs.len() + ours.len());
    let take = |(step, item): &(Option<Step>, &Value)| match step.as_ref().and_then(|step| old.get(step)) {
        Some(live) => combine(live, item, shape.item()),
        None => (*item).clone(),
    };
    let (mut next_live, mut next_ours, mut next_shared) = (0, 0, 0);
    while next_live < theirs.len() || next_ours < ours.len() {
        if let (Some((live_step, live_item)), our) = (theirs.get(next_live), ours.get(next_ours)) {
            if !in_ours(live_step) {
                out.push((*live_item).clone());
                next_live += 1;
                continue;
            }
            match our {
                Some(our) if our.0 == *live_step => {
                    out.push(take(our));
                    next_live += 1;
                    next_ours += 1;
                    next_shared += 1;
                    continue;
                }
                // It comes later, or came before, in the order of the configuration.
                None => {
                    next_live += 1;
                    continue;
                }
                Some(_) if shared.get(next_shared).is_some_and(|shared| *shared != live_step) => {
                    next_live += 1;
                    continue;
                }
                Some(_) => {}
            }
        }
        if let Some(our) = ours.get(next_ours) {
            if shared.get(next_shared).is_some_and(|shared| **shared == our.0) {
                next_shared += 1;
            }
            out.push(take(our));
            next_ours += 1;
        }
    }
    out
}

/// `value` without the members of `set`.
pub(super) fn without(value: &Value, set: &FieldSet, shape: Shape<'_>) -> Value {
    match (shape.form(value), value) {
        (Form::Map, Value::Object(fields)) => Value::Object(
            fields
                .iter()
                .filter_map(|(name, value)| {
                    let step = Step::Field(name.clone());
                    kept(value, &step, set, shape.field(name).1).map(|value| (name.clone(), value))
                })
                .collect(),
        ),
        (form @ (Form::Set | Form::Keyed(_)), Value::Array(items)) => Value::Array(
            items
                .iter()
                .filter_map(|item| match shape.step_to(form, item) {
                    Some(step) => kept(item, &step, set, shape.item()),
                    None => Some(item.clone()),
                })
                .collect(),
        ),
        (_, value) => value.clone(),
    }
}

fn kept(value: &Value, step: &Step, set: &FieldSet, shape: Shape<'_>) -> Option<Value> {
    if set.has_member(step) {
        return None;
    }
    Some(match set.below(step) {
        Some(below) => without(value, below, shape),
        None => value.clone(),
    })
}
