//! The floor: a whole list decoded into structs that skip what informers throw away.

use std::{error::Error, time::Instant};

use serde::Deserialize;

use crate::measure::{self, Line, Measured};

pub async fn run() -> Result<(), Box<dyn Error>> {
    #[derive(Deserialize)]
    struct List {
        items: Vec<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        metadata: Metadata,
        spec: smi_sdk::access::v1alpha4::TrafficTargetSpec,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata {
        name: Box<str>,
        namespace: Box<str>,
        uid: Box<str>,
        resource_version: Box<str>,
        labels: Vec1,
    }
    /// Labels without a map.
    struct Vec1(Vec<(Box<str>, Box<str>)>);
    impl<'de> Deserialize<'de> for Vec1 {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Labels;
            impl<'de> serde::de::Visitor<'de> for Labels {
                type Value = Vec1;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("labels")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Vec1, A::Error> {
                    let mut labels = Vec::with_capacity(3);
                    while let Some(entry) = map.next_entry()? {
                        labels.push(entry);
                    }
                    Ok(Vec1(labels))
                }
            }
            deserializer.deserialize_map(Labels)
        }
    }

    let client = crate::client()?;
    let request = http::Request::get("/apis/access.smi-spec.io/v1alpha3/traffictargets").body(Vec::new())?;
    let text = client.request_text(request).await?;
    let before = measure::cpu_ms();
    let start = Instant::now();
    let list: List = serde_json::from_str(&text)?;
    let measured = Measured {
        cpu_ms: measure::cpu_ms() - before,
        ..Measured::now(start)
    };
    let kept = |target: &Target| {
        let Metadata {
            name,
            namespace,
            uid,
            resource_version,
            labels,
        } = &target.metadata;
        name.len() + namespace.len() + uid.len() + resource_version.len() + labels.0.len() + target.spec.rules.len()
    };
    assert!(list.items.iter().map(kept).sum::<usize>() > 0);
    Line {
        client: "serde_json",
        variant: "decode",
        objects: list.items.len(),
        bucket: f64::NAN,
        read: f64::NAN,
    }
    .print(&measured);
    Ok(())
}
