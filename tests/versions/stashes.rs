//! The annotation that keeps what a version cannot say: in bounds, and never trusted to be well-formed.

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Map, Value, json};
use smi_sdk::convert::{Converted, Spoke};

use crate::{
    convert::{STASH, at, stash, without_stash},
    generate::{Generate, law::for_all},
    kinds::{Law, a_version, for_every_kind, versions},
};

/// For each kind and version.
const CASES: u32 = 64;

/// The largest stash, in bytes.
const LIMIT: usize = 128 * 1024;

/// What an API server takes: the names and values of all annotations together, in bytes.
const TOTAL: usize = 256 * 1024;

/// An object of a kind and version, at another version; with a stash, where that version cannot say all of it.
#[derive(Clone, Debug)]
struct Away {
    /// The version that it came from.
    home: String,
    object: Value,
}

/// Holds `law` for objects of every kind and version at any other version, each with another value.
fn for_objects_away<S: Strategy>(other: impl Fn() -> S, law: impl Fn(Away, S::Value)) {
    struct AllAway<O, F>(O, F);

    impl<S: Strategy, O: Fn() -> S, F: Fn(Away, S::Value)> Law for AllAway<O, F> {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            let home = K::version(&()).into_owned();
            for_all(
                CASES,
                (K::any(), a_version::<K>(), (self.0)()),
                |(object, version, other)| {
                    if object.clone().into_hub().is_ok() {
                        let object = at(&serde_json::to_value(object).unwrap(), &version).object;
                        (self.1)(
                            Away {
                                home: home.clone(),
                                object,
                            },
                            other,
                        );
                    }
                },
            );
        }
    }

    for_every_kind(AllAway(other, law));
}

#[test]
fn a_stash_is_there_only_where_something_is_left_to_keep() {
    for_objects_away(
        || Just(()),
        |Away { home, object }, ()| {
            let back = at(&object, &home).object;
            assert_eq!(stash(&back), None, "{back}");
            if let Some(kept) = stash(&object) {
                assert_ne!(
                    at(&without_stash(object.clone()), &home).object,
                    back,
                    "for nothing: {kept}"
                );
                let value: Value = serde_json::from_str(kept).unwrap();
                assert_eq!(value.to_string().len(), kept.len(), "not compact: {kept}");
            }
        },
    );
}

#[test]
fn a_malformed_stash_is_as_none_with_a_warning() {
    let texts = || {
        prop_oneof![
            Just(String::new()),
            Just("{".to_owned()),
            Just("null".to_owned()),
            Just("7".to_owned()),
            Just("[[[[[[".to_owned()),
            Just("[".repeat(10_000)),
            Just("\"text\"".to_owned()),
            "\\PC{0,40}",
        ]
    };
    for_objects_away(texts, |Away { home, mut object }, text| {
        let version = object["apiVersion"]
            .as_str()
            .unwrap()
            .split('/')
            .next_back()
            .unwrap()
            .to_owned();
        let without = at(&without_stash(object.clone()), &home);
        object["metadata"]["annotations"][STASH] = text.into();
        let with = at(&object, &home);
        if version != home {
            assert_eq!(without_stash(with.object), without_stash(without.object));
            assert!(
                with.losses.len() > without.losses.len(),
                "nobody is told: {:?}",
                with.losses
            );
        }
    });
}

#[test]
fn a_forged_stash_never_fails_a_conversion() {
    let forgery = || (vec((any::<Index>(), json()), 1..4), any::<bool>());
    for_objects_away(forgery, |Away { home, mut object }, (changes, whole)| {
        let kept = stash(&object).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let mut forged = kept.unwrap_or_else(|| json!({}));
        for (place, value) in changes {
            if whole {
                forged = value;
            } else {
                let pointers = pointers(&forged);
                *forged.pointer_mut(&pointers[place.index(pointers.len())]).unwrap() = value;
            }
        }
        object["metadata"]["annotations"][STASH] = forged.to_string().into();
        stays_in_bounds(&at(&object, &home));
        everywhere(&object);
    });
}

#[test]
fn the_stash_of_another_object_never_fails_a_conversion() {
    struct Foreign;

    impl Law for Foreign {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            let inputs = (K::any(), K::any(), a_version::<K>());
            for_all(CASES, inputs, |(one, other, version)| {
                if one.clone().into_hub().is_err() || other.clone().into_hub().is_err() {
                    return;
                }
                let [mut one, other] = [one, other].map(|it| at(&serde_json::to_value(it).unwrap(), &version).object);
                if let Some(foreign) = stash(&other) {
                    one["metadata"]["annotations"][STASH] = foreign.into();
                    everywhere(&one);
                }
            });
        }
    }

    for_every_kind(Foreign);
}

#[test]
fn a_stash_keeps_within_what_other_annotations_leave() {
    struct Crowded<O>(O);

    impl<S: Strategy<Value = usize>, O: Fn() -> S> Law for Crowded<O> {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            for_all(CASES, (K::any(), (self.0)()), |(object, size)| {
                if object.clone().into_hub().is_err() {
                    return;
                }
                let mut object = serde_json::to_value(object).unwrap();
                let name = "example.com/filler";
                object["metadata"]["annotations"] = json!({name: ""});
                let others = size.saturating_sub(name.len());
                object["metadata"]["annotations"][name] = "x".repeat(others).into();
                everywhere(&object);
            });
        }
    }

    let sizes = || {
        prop_oneof![
            Just(TOTAL - 100),
            Just(TOTAL),
            Just(TOTAL - 1000),
            Just(TOTAL + 1000),
            0..TOTAL
        ]
    };
    for_every_kind(Crowded(sizes));
}

#[test]
fn what_does_not_fit_is_narrowed_without_a_stash_and_said() {
    let matches = (0..400).map(|n| json!({"name": format!("m{n}"), "headers": [{"x-a": "a".repeat(1000)}]}));
    let mut group = json!({
        "apiVersion": "specs.smi-spec.io/v1alpha4", "kind": "HTTPRouteGroup", "metadata": {"name": "g"},
        "spec": {"matches": matches.collect::<Value>()},
    });
    group["spec"]["matches"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "plain", "pathRegex": "/a"}));
    let converted = at(&group, "v1alpha1");
    assert_eq!(
        converted.object["matches"],
        json!([{"name": "plain", "pathRegex": "/a"}])
    );
    stays_in_bounds(&converted);
    let codes: Vec<_> = converted.losses.iter().map(|loss| loss.reason.code()).collect();
    assert!(codes.contains(&"stash-full"), "{codes:?}");
    assert!(converted.losses.iter().all(|loss| !loss.widens));
    // Whoever reads it again gets what is left, or more of it, and no error.
    everywhere(&converted.object);
}

#[test]
fn a_stash_over_the_limit_is_not_read() {
    let hub = json!({
        "apiVersion": "split.smi-spec.io/v1alpha4", "kind": "TrafficSplit", "metadata": {"name": "s"},
        "spec": {"service": "web", "backends": [{"service": "v1", "weight": 1}], "matches": [{"kind": "HTTPRouteGroup", "name": "g"}]},
    });
    let mut old = at(&hub, "v1alpha2").object;
    let mut kept = stash(&old).unwrap().to_owned();
    kept.push_str(&" ".repeat(LIMIT));
    old["metadata"]["annotations"][STASH] = kept.into();
    let back = at(&old, "v1alpha4");
    assert_eq!(back.object["spec"].get("matches"), None);
    assert_ne!(back.losses, []);
    stays_in_bounds(&back);
}

/// The object can be converted to every version, and what comes out can be converted again.
fn everywhere(object: &Value) {
    let (group, version) = object["apiVersion"].as_str().unwrap().split_once('/').unwrap();
    let kind = object["kind"].as_str().unwrap();
    for other in versions_of(group, kind) {
        let converted = at(object, &other);
        if other != version {
            stays_in_bounds_of(&converted, total(object));
        }
        let again = at(&converted.object, version);
        stays_in_bounds_of(&again, total(object));
    }
}

fn versions_of(group: &str, kind: &str) -> Vec<String> {
    use smi_sdk::{access::v1alpha4 as access, specs::v1alpha4 as specs, split::v1alpha4 as split};
    match (group, kind) {
        (_, "TrafficTarget") => versions::<access::TrafficTarget>(),
        (_, "IdentityBinding") => versions::<access::IdentityBinding>(),
        (_, "HTTPRouteGroup") => versions::<specs::HttpRouteGroup>(),
        (_, "TCPRoute") => versions::<specs::TcpRoute>(),
        (_, "UDPRoute") => versions::<specs::UdpRoute>(),
        _ => versions::<split::TrafficSplit>(),
    }
}

fn stays_in_bounds(converted: &Converted<Value>) {
    stays_in_bounds_of(converted, 0);
}

/// The stash is no larger than it may be, and with the other annotations no larger than an API server takes, where they
/// were not too large without it.
fn stays_in_bounds_of(converted: &Converted<Value>, before: usize) {
    let kept = stash(&converted.object).map_or(0, str::len);
    assert!(kept <= LIMIT, "{kept}");
    let all = total(&converted.object);
    assert!(all <= TOTAL.max(before), "{all}, {before} before");
}

/// The size of the annotations as an API server counts it.
fn total(object: &Value) -> usize {
    let annotations = object["metadata"]["annotations"].as_object();
    let sizes = annotations
        .into_iter()
        .flatten()
        .map(|(name, value)| name.len() + value.as_str().unwrap().len());
    sizes.sum()
}

/// A pointer to every value in `value`, itself among them.
fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut below = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        found.extend(pointers(value).into_iter().map(|pointer| format!("/{name}{pointer}")));
    };
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, item)| below(&n.to_string(), item)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| below(name, field)),
        _ => {}
    }
    found
}

/// Any JSON, small.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z/.\\[\\]0-9]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let fields = proptest::collection::btree_map("[a-z.]{0,8}", inner.clone(), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}
