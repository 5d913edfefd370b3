//! The CPU time of a review, without a server, against parse-and-print of the same bytes.

use std::{error::Error, hint::black_box};

use kube::core::conversion::ConversionReview;
use serde_json::Value;
use smi_sdk::{convert, webhook};

use crate::{measure::cpu_ms, objects::CASES};

const OBJECTS: usize = 1000;
const ROUNDS: usize = 20;

pub fn run() -> Result<(), Box<dyn Error>> {
    let converters = convert::converters();
    for case in &CASES {
        let body = case.review(0, OBJECTS);
        let answer = webhook::review(&converters, &body)?;
        let said: Value = serde_json::from_slice(&answer)?;
        let status = &said["response"]["result"];
        if status["status"] != "Success" {
            println!("{OBJECTS}\t{}, failed: {}\t0\t-", case.name, status["message"]);
            continue;
        }
        let row = |what: &str, value: f64, unit: &str| println!("{OBJECTS}\t{}, {what}\t{value:.3}\t{unit}", case.name);
        row("size", body.len() as f64 / 1e6, "MB");
        row(
            "parse and print",
            each(|| serde_json::to_vec(&serde_json::from_slice::<Value>(&body)?)),
            "ms CPU",
        );
        row("bytes to bytes", each(|| webhook::review(&converters, &body)), "ms CPU");
        let library = || {
            let review: ConversionReview = serde_json::from_slice(&body)?;
            serde_json::to_vec(&converters.review(review))
        };
        row("Converters::review", each(library), "ms CPU");
    }
    Ok(())
}

/// Milliseconds of one call.
fn each<T, E>(call: impl Fn() -> Result<T, E>) -> f64 {
    black_box(call().ok());
    let before = cpu_ms();
    for _ in 0..ROUNDS {
        black_box(call().ok());
    }
    (cpu_ms() - before) / ROUNDS as f64
}
