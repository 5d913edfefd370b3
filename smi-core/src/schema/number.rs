//! Numbers by their schema, as Go sees them: whole numbers that fit 64 bits, all others floats.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::{Number, Value};

use super::{print, value::Outcome};
use crate::path::FieldPath;

/// Whether `value` is a number without a fraction, as far as kube-apiserver can tell.
pub(super) fn is_integral(value: &Value) -> bool {
    value.as_f64().is_some_and(is_whole)
}

/// Whether two values are the same; numbers by what they count: `1` is `1.0`.
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

/// Checks range, bounds and factor.
pub(super) fn check(number: &Number, schema: &JSONSchemaProps, at: &FieldPath, outcome: &mut Outcome) {
    let float = number.as_f64().unwrap_or(f64::NAN);
    let value = Value::Number(number.clone());
    out_of_range(number.as_i64(), float, schema, "Checked", at, outcome);
    if let Some(factor) = schema.multiple_of {
        out_of_range(None, factor, schema, "MultipleOf", at, outcome);
        match number.as_i64() {
            // kube-apiserver cuts the factor of a whole number.
            Some(_) if factor.trunc() <= 0.0 => {
                let cut = print::float(factor.trunc());
                let message = format!("factor MultipleOf declared for {at} must be positive: {cut}");
                outcome.add(at, super::Reason::Invalid, format!("Invalid value: {cut}: {message}"));
            }
            Some(_) if float % factor.trunc() != 0.0 => not_multiple(&value, factor.trunc(), at, outcome),
            None if factor <= 0.0 => {
                let message = format!(
                    "factor MultipleOf declared for {at} must be positive: {}",
                    print::float(factor)
                );
                outcome.invalid(at, &factor.into(), &message);
            }
            None if !is_whole(if factor < 1.0 {
                1.0 / factor * float
            } else {
                float / factor
            }) =>
            {
                not_multiple(&value, factor, at, outcome);
            }
            _ => {}
        }
    }
    if let Some(most) = schema.minimum {
        out_of_range(None, most, schema, "Minimum boundary", at, outcome);
    }
    if let Some(most) = schema.maximum {
        out_of_range(None, most, schema, "Maximum boundary", at, outcome);
    }
    let cut = |bound: f64| {
        if number.as_i64().is_some() {
            bound.trunc()
        } else {
            bound
        }
    };
    if let Some(least) = schema.minimum.map(cut) {
        let exclusive = schema.exclusive_minimum == Some(true);
        if float < least || (exclusive && float <= least) {
            let than = if exclusive {
                "greater than"
            } else {
                "greater than or equal to"
            };
            let message = format!("{at} in body should be {than} {}", print::float(least));
            outcome.invalid(at, &value, &message);
        }
    }
    if let Some(most) = schema.maximum.map(cut) {
        let exclusive = schema.exclusive_maximum == Some(true);
        if float > most || (exclusive && float >= most) {
            let than = if exclusive {
                "less than"
            } else {
                "less than or equal to"
            };
            outcome.invalid(
                at,
                &value,
                &format!("{at} in body should be {than} {}", print::float(most)),
            );
        }
    }
}

fn not_multiple(value: &Value, factor: f64, at: &FieldPath, outcome: &mut Outcome) {
    let message = format!("{at} in body should be a multiple of {}", print::float(factor));
    outcome.invalid(at, value, &message);
}

/// Whole up to the precision that kube-apiserver grants, and small enough for a float to tell.
fn is_whole(float: f64) -> bool {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    let distance = (float - float.trunc()).abs();
    float.abs() <= LARGEST && (distance == 0.0 || distance / (float.abs() + float.trunc().abs()) < 1e-9)
}

/// Whether the number is within its type and format.
fn out_of_range(
    whole: Option<i64>,
    float: f64,
    schema: &JSONSchemaProps,
    what: &str,
    at: &FieldPath,
    outcome: &mut Outcome,
) {
    let type_ = schema
        .type_
        .as_deref()
        .filter(|_| schema.x_kubernetes_int_or_string != Some(true));
    let format = schema.format.as_deref().unwrap_or_default();
    let (fits, type_, format) = match (type_, format) {
        (Some("integer"), "int32") => {
            let range = f64::from(i32::MIN)..=f64::from(i32::MAX);
            (float.fract() == 0.0 && range.contains(&float), "integer", "int32")
        }
        (Some("integer"), format) => {
            // The next float above is out of range, so the upper bound is open.
            let fits = whole.is_some() || (float.fract() == 0.0 && (-2f64.powi(63)..2f64.powi(63)).contains(&float));
            (fits, "integer", if format == "int64" { format } else { "" })
        }
        (Some("number"), "float") => (float.abs() <= f64::from(f32::MAX), "number", "float"),
        _ => return,
    };
    if !fits {
        let format = if format.is_empty() {
            "(default format)".into()
        } else {
            format!("with format {format}")
        };
        outcome.add_nowhere(&format!("{what} value must be of type {type_} {format} in {at}"));
    }
}
