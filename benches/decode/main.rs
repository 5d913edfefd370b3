//! What it costs to decode a list of TrafficTargets as an API server sends it: typed, against the same bytes as
//! `serde_json::Value` and against a walk that keeps nothing, the floor of any JSON reader.
//!
//! `cargo bench --bench decode` prints medians, and their ratios, in one table at the end.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::{error::Error, fs, path::Path, thread, time::Duration};

use criterion::{Criterion, SamplingMode, Throughput};
use kube::core::ObjectList;
use serde::de::IgnoredAny;
use serde_json::Value;
use smi_sdk::{
    access::{convert::traffic_targets, v1alpha3, v1alpha4},
    convert::{ConvertError, Spoke},
};

mod objects;

const OBJECTS: u64 = 10_000;
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/decode");

/// What is measured, under the name of its row; the first two are what the others are compared with.
const WALK: &str = "serde_json walk (IgnoredAny)";
const VALUE: &str = "serde_json::Value";
const TYPED: &str = "typed, ObjectList<v1alpha3>";
const TYPED_HUB: &str = "typed, then into_hub";
const VALUE_HUB: &str = "Value, then Converter::to_hub";
const ROWS: [&str; 5] = [WALK, VALUE, TYPED, TYPED_HUB, VALUE_HUB];

fn main() -> Result<(), Box<dyn Error>> {
    let bytes = serde_json::to_vec(&objects::list(OBJECTS))?;
    // What is measured below must be right.
    assert_eq!(typed(&bytes)?.items.len(), usize::try_from(OBJECTS)?);
    assert_eq!(typed_hub(&bytes)?, value_hub(&bytes)?);

    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5))
        .without_plots()
        .output_directory(Path::new(FOLDER))
        .configure_from_args();
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(u64::try_from(bytes.len())?));
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(WALK, |b| b.iter(|| serde_json::from_slice::<IgnoredAny>(&bytes)));
    group.bench_function(VALUE, |b| b.iter(|| serde_json::from_slice::<Value>(&bytes)));
    group.bench_function(TYPED, |b| b.iter(|| typed(&bytes)));
    group.bench_function(TYPED_HUB, |b| b.iter(|| typed_hub(&bytes)));
    group.bench_function(VALUE_HUB, |b| b.iter(|| value_hub(&bytes)));
    group.finish();
    criterion.final_summary();

    // Under `cargo test --all-targets` nothing is measured.
    if std::env::args().any(|argument| argument == "--bench") {
        print_table(bytes.len())?;
    }
    Ok(())
}

fn typed(bytes: &[u8]) -> Result<ObjectList<v1alpha3::TrafficTarget>, serde_json::Error> {
    serde_json::from_slice(bytes)
}

fn typed_hub(bytes: &[u8]) -> Result<Vec<v1alpha4::TrafficTarget>, Box<dyn Error>> {
    let hubs = typed(bytes)?
        .items
        .into_iter()
        .map(|object| Ok(object.into_hub()?.object));
    Ok(hubs.collect::<Result<_, ConvertError>>()?)
}

fn value_hub(bytes: &[u8]) -> Result<Vec<v1alpha4::TrafficTarget>, Box<dyn Error>> {
    let list: Value = serde_json::from_slice(bytes)?;
    let converter = traffic_targets();
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let hubs = items.iter().map(|object| Ok(converter.to_hub(object)?.object));
    Ok(hubs.collect::<Result<_, ConvertError>>()?)
}

#[expect(clippy::cast_precision_loss, reason = "figures of three digits")]
fn print_table(bytes: usize) -> Result<(), Box<dyn Error>> {
    let (walk, value) = (median(WALK)?, median(VALUE)?);
    println!(
        "\n{OBJECTS} TrafficTargets, {:.1} MB of JSON, {:.2} kB each; medians of 10, {} cores; cargo bench --bench decode\n",
        bytes as f64 / 1e6,
        bytes as f64 / 1e3 / OBJECTS as f64,
        thread::available_parallelism()?,
    );
    println!("| decoded as | ms | us per object | MB/s | x walk | x Value |");
    println!("| --- | --: | --: | --: | --: | --: |");
    for row in ROWS {
        let nanos = median(row)?;
        println!(
            "| {row} | {:.1} | {:.2} | {:.0} | {:.2} | {:.2} |",
            nanos / 1e6,
            nanos / 1e3 / OBJECTS as f64,
            bytes as f64 / nanos * 1e3,
            nanos / walk,
            nanos / value,
        );
    }
    Ok(())
}

/// In nanoseconds; a row that a filter on the command line left out has that of an earlier run, or none.
fn median(row: &str) -> Result<f64, Box<dyn Error>> {
    let folder: String = row
        .chars()
        .map(|c| if "?\"/\\*<>:|^".contains(c) { '_' } else { c })
        .collect();
    let path = Path::new(FOLDER).join("decode").join(folder).join("new/estimates.json");
    let estimates: Value = serde_json::from_slice(&fs::read(path)?)?;
    estimates["median"]["point_estimate"]
        .as_f64()
        .ok_or_else(|| "no median".into())
}
