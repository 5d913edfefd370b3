//! Laws for generated objects of every kind and version.

use std::fmt::Debug;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, ResourceExt};
use proptest::{collection::vec, prelude::*};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use smi_sdk::{
    convert::{Converters, Spoke, converters},
    core::decode,
    manifest::{self, Object},
    to_yaml,
};

use crate::{
    generate::{self, Generate, Visitor, every_kind},
    lenient,
};

/// For each kind and version; enough for each of its fields to show each of its forms several times.
const CASES: u32 = 48;

#[test]
fn what_is_written_is_read_back_and_written_the_same() {
    struct Law;

    impl Visitor for Law {
        fn custom_resource<K: Generate + Spoke>(&mut self) {
            for_all(K::any(), |object| {
                written_is_read_back(&object);
                let value = serde_json::to_value(&object).unwrap();
                assert_eq!(decode::object::<K>(&value), Ok(object));
            });
        }

        fn metrics<K, H>(&mut self, _: &'static str, _: &'static str, _: fn(K) -> H)
        where
            K: Generate + Serialize + DeserializeOwned,
            H: PartialEq + Debug + Serialize,
        {
            for_all(K::any(), |object| {
                written_is_read_back(&object);
                let value = serde_json::to_value(&object).unwrap();
                assert_eq!(decode::value(&value), Ok(object));
            });
        }
    }

    every_kind(&mut Law);
}

#[test]
fn lenient_spellings_mean_what_the_strict_one_means() {
    struct Law;

    impl Visitor for Law {
        fn custom_resource<K: Generate + Spoke>(&mut self) {
            for_all((K::any(), choices()), |(object, choices)| {
                let strict = serde_json::to_value(&object).unwrap();
                let lenient = lenient::respelled(strict, choices);
                assert_eq!(decode::object::<K>(&lenient), Ok(object.clone()), "{lenient}");
                // As a `kube::Api` reads it.
                assert_eq!(serde_json::from_value::<K>(lenient).unwrap(), object);
            });
        }

        fn metrics<K, H>(&mut self, _: &'static str, _: &'static str, _: fn(K) -> H)
        where
            K: Generate + Serialize + DeserializeOwned,
            H: PartialEq + Debug + Serialize,
        {
            for_all((K::any(), choices()), |(object, choices)| {
                let strict = serde_json::to_value(&object).unwrap();
                let lenient = lenient::respelled(strict, choices);
                assert_eq!(decode::value(&lenient), Ok(object), "{lenient}");
            });
        }
    }

    every_kind(&mut Law);
}

#[test]
fn what_is_written_has_the_keys_that_published_crds_require_and_none_that_ours_do_not_have() {
    struct Law(Converters);

    impl Visitor for Law {
        fn custom_resource<K: Generate + Spoke>(&mut self) {
            for_all(K::any(), |object| {
                let value = serde_json::to_value(&object).unwrap();
                for pointer in required(&K::kind(&()), &K::version(&())) {
                    assert!(value.pointer(pointer).is_some(), "{pointer} of {value}");
                }
                assert_eq!(self.0.unknown_fields(&value).unwrap(), []);
            });
        }

        fn metrics<K, H>(&mut self, _: &'static str, _: &'static str, _: fn(K) -> H)
        where
            K: Generate + Serialize + DeserializeOwned,
            H: PartialEq + Debug + Serialize,
        {
        }
    }

    every_kind(&mut Law(converters()));
}

#[test]
fn through_yaml_and_a_manifest_an_object_comes_back_at_its_newest_version() {
    struct Law;

    impl Visitor for Law {
        fn custom_resource<K: Generate + Spoke>(&mut self) {
            for_all(K::any(), |object| {
                let yaml = to_yaml(&object).unwrap();
                let value = serde_json::to_value(&object).unwrap();
                match (object.into_hub(), through_manifest(&yaml, &value)) {
                    (Ok(hub), Ok(read)) => assert_eq!(read, serde_json::to_value(&hub.object).unwrap(), "{yaml}"),
                    (Err(error), Err(message)) => assert!(message.ends_with(&error.to_string()), "{message}: {error}"),
                    (hub, read) => panic!("typed: {hub:?}, manifest: {read:?}", hub = hub.err()),
                }
            });
        }

        fn metrics<K, H>(&mut self, _: &'static str, _: &'static str, hub: fn(K) -> H)
        where
            K: Generate + Serialize + DeserializeOwned,
            H: PartialEq + Debug + Serialize,
        {
            for_all(K::any(), |object| {
                let yaml = to_yaml(&object).unwrap();
                let value = serde_json::to_value(&object).unwrap();
                let hub = serde_json::to_value(hub(object)).unwrap();
                assert_eq!(through_manifest(&yaml, &value), Ok(hub), "{yaml}");
            });
        }
    }

    every_kind(&mut Law);
}

#[test]
fn reading_as_the_newest_version_keeps_the_metadata_and_is_the_same_typed_and_on_json() {
    struct Law(Converters);

    impl Visitor for Law {
        fn custom_resource<K: Generate + Spoke>(&mut self) {
            let newest = <K::Hub as Resource>::api_version(&());
            for_all(K::any(), |object| {
                let before = but_labels_and_annotations(object.meta());
                let value = serde_json::to_value(&object).unwrap();
                let on_json = self.0.convert(value, &newest);
                match object.into_hub() {
                    Ok(typed) => {
                        assert_eq!(but_labels_and_annotations(typed.object.meta()), before);
                        let on_json = on_json.unwrap();
                        assert_eq!(on_json.object, serde_json::to_value(&typed.object).unwrap());
                        assert_eq!(on_json.companions, typed.companions);
                        assert_eq!(on_json.losses, typed.losses);
                        for companion in &typed.companions {
                            assert_eq!(companion.namespace(), before.namespace);
                        }
                    }
                    Err(error) => assert_eq!(on_json.unwrap_err(), error),
                }
            });
        }

        fn metrics<K, H>(&mut self, api_version: &'static str, kind: &'static str, hub: fn(K) -> H)
        where
            K: Generate + Serialize + DeserializeOwned,
            H: PartialEq + Debug + Serialize,
        {
            for_all(K::any(), |object| {
                let before = serde_json::to_value(&object).unwrap();
                let after = serde_json::to_value(hub(object)).unwrap();
                assert_eq!(
                    (&before["apiVersion"], &before["kind"]),
                    (&api_version.into(), &kind.into())
                );
                assert_eq!(after["metadata"], before["metadata"]);
            });
        }
    }

    every_kind(&mut Law(converters()));
}

fn for_all<S: Strategy>(strategy: S, law: impl Fn(S::Value)) {
    generate::law::for_all(CASES, strategy, law);
}

fn written_is_read_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(object: &T) {
    let text = serde_json::to_string(object).unwrap();
    let again: T = serde_json::from_str(&text).unwrap();
    assert_eq!(again, *object);
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..40)
}

/// The only object of `yaml`, as JSON of its newest version; it stands there as `value`.
fn through_manifest(yaml: &str, value: &Value) -> Result<Value, String> {
    let mut documents = manifest::read(yaml.as_bytes(), "generated.yaml");
    let document = documents.next().unwrap();
    assert!(documents.next().is_none(), "{yaml}");
    let document = document.map_err(|error| error.to_string())?;
    assert_eq!(document.source.value, *value, "{yaml}");
    match document.object {
        Object::TrafficTarget(object) => serde_json::to_value(object),
        Object::IdentityBinding(object) => serde_json::to_value(object),
        Object::HttpRouteGroup(object) => serde_json::to_value(object),
        Object::TcpRoute(object) => serde_json::to_value(object),
        Object::UdpRoute(object) => serde_json::to_value(object),
        Object::TrafficSplit(object) => serde_json::to_value(object),
        Object::TrafficMetrics(object) => serde_json::to_value(object),
        Object::TrafficMetricsList(object) => serde_json::to_value(object),
        other => panic!("{other:?}"),
    }
    .map_err(|error| error.to_string())
}

fn but_labels_and_annotations(metadata: &ObjectMeta) -> ObjectMeta {
    ObjectMeta {
        labels: None,
        annotations: None,
        ..metadata.clone()
    }
}

/// The lists and maps that the published CRDs of a version require, whether empty or not.
fn required(kind: &str, version: &str) -> &'static [&'static str] {
    match (kind, version) {
        ("TrafficTarget", "v1alpha1") => &["/destination", "/sources", "/specs"],
        ("TrafficTarget", _) => &["/spec/destination", "/spec/sources", "/spec/rules"],
        ("HTTPRouteGroup", "v1alpha1" | "v1alpha2") => &["/matches"],
        ("HTTPRouteGroup", _) => &["/spec/matches"],
        ("TCPRoute", "v1alpha4") | ("UDPRoute", _) => &["/spec/matches/ports"],
        ("TrafficSplit", _) => &["/spec/service", "/spec/backends"],
        ("IdentityBinding", _) => &["/spec/schemes"],
        ("TCPRoute", "v1alpha3") => &["/spec"],
        _ => &[],
    }
}
