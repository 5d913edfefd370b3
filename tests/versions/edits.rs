//! What somebody edits at one version, seen from the others: the edit stands, and what does not depend on it comes back.

use proptest::sample::select;
use serde_json::{Value, json};
use smi_sdk::{convert::Spoke, core::quantity::Quantity};

use crate::{
    convert::{at, without_stash},
    edit::{
        Edit,
        Field::{self, Backends, Destination, Matches, Port, Ports, Rules, Service, Sources},
    },
    generate::{Generate, law::for_all},
    kinds::{Law, a_version, for_every_kind},
};

/// For each kind and version.
const CASES: u32 = 128;

/// An object of some version, as it was, as it was edited at another version, and as it came back.
struct Edited {
    original: Value,
    /// Where the edit was made.
    version: String,
    now: Value,
    back: Value,
}

/// Holds `law` for edited objects of every kind and pair of versions.
fn for_edits_of_every_kind(law: impl Fn(&Edit, &Edited)) {
    struct Edits<F>(F);

    impl<F: Fn(&Edit, &Edited)> Law for Edits<F> {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            let edit = select(edits(&K::kind(&())));
            for_all(CASES, (K::any(), a_version::<K>(), edit), |(object, version, edit)| {
                if object.clone().into_hub().is_err() {
                    return;
                }
                let original = serde_json::to_value(object).unwrap();
                let mut edited = at(&original, &version).object;
                if edit.apply(&mut edited) {
                    let back = at(&edited, &K::version(&())).object;
                    (self.0)(
                        &edit,
                        &Edited {
                            original,
                            version,
                            now: edited,
                            back,
                        },
                    );
                }
            });
        }
    }

    for_every_kind(Edits(law));
}

#[test]
fn who_edits_at_a_version_reads_there_what_he_wrote() {
    for_edits_of_every_kind(|edit, it| {
        let again = at(&it.back, &it.version).object;
        assert_eq!(
            without_stash(again),
            without_stash(it.now.clone()),
            "{edit:?}: {}",
            it.back
        );
    });
}

#[test]
fn an_edited_field_is_what_the_edited_object_says_by_itself() {
    for_edits_of_every_kind(|edit, it| {
        let Some(field) = edit.field() else { return };
        let version = it.original["apiVersion"]
            .as_str()
            .unwrap()
            .split('/')
            .next_back()
            .unwrap();
        let alone = at(&without_stash(it.now.clone()), version).object;
        let (said, is) = (field.value(&alone), field.value(&it.back));
        match (field, &said, &is) {
            (Backends, Value::Array(said), Value::Array(is)) => {
                assert_eq!(shares(said), shares(is), "{edit:?}: {}", it.now);
            }
            // What the version of the edit cannot say may come back beside it.
            (_, Value::Array(said), Value::Array(is)) => {
                let mut is_rest = is.iter();
                let all = said.iter().all(|item| is_rest.any(|other| other == item));
                assert!(all, "{edit:?} of {}: {said:?}, {is:?}", it.now);
            }
            // A port, or a list, that only the other version's author could write.
            (Port | Matches | Ports, Value::Null, _) => {}
            _ => assert_eq!(said, is, "{edit:?} of {}", it.now),
        }
    });
}

#[test]
fn an_edit_of_metadata_changes_nothing_else() {
    for_edits_of_every_kind(|edit, it| {
        if *edit == Edit::Label {
            let body = |object: &Value| {
                let mut object = object.clone();
                object.as_object_mut().unwrap().remove("metadata");
                object
            };
            assert_eq!(body(&it.back), body(&it.original), "{}", it.now);
            assert_eq!(it.back["metadata"]["labels"]["edited"], "yes");
        }
    });
}

#[test]
fn fields_that_do_not_depend_on_an_edit_come_back_as_they_were() {
    for_edits_of_every_kind(|edit, it| {
        for field in independent(edit) {
            let (was, is) = (field.value(&it.original), field.value(&it.back));
            assert_eq!(is, was, "{field:?} after {edit:?} of {}", it.now);
        }
    });
}

/// What a version cannot say is kept for as long as what stands for it is not edited: a rule that was granted to some
/// sources is not granted to one that is added where nobody sees the rule. Then the field is what the edited object says.
#[test]
fn fields_that_may_depend_on_an_edit_come_back_as_they_were_or_are_what_the_edited_object_says() {
    const FIELDS: [Field; 7] = [Destination, Port, Sources, Rules, Service, Backends, Matches];
    for_edits_of_every_kind(|edit, it| {
        let alone = at(&without_stash(it.now.clone()), version_of(&it.original)).object;
        for field in FIELDS.into_iter().filter(|field| edit.field() != Some(*field)) {
            let value = field.value(&it.back);
            // A port that came back may bring the rule that stands beside it.
            if field == Rules && !Port.value(&it.back).is_null() {
                continue;
            }
            let either = [field.value(&it.original), field.value(&alone)];
            assert!(
                either.contains(&value),
                "{field:?} after {edit:?} of {}: {value}, not {either:?}",
                it.now
            );
        }
    });
}

/// The fields that an edit of another one has nothing to do with.
fn independent(edit: &Edit) -> &'static [Field] {
    match edit.field() {
        Some(Sources) => &[Destination, Port],
        Some(Port) => &[Destination],
        _ => &[],
    }
}

fn version_of(object: &Value) -> &str {
    object["apiVersion"].as_str().unwrap().split('/').next_back().unwrap()
}

/// The edits of a kind.
fn edits(kind: &str) -> Vec<Edit> {
    let label = Edit::Label;
    match kind {
        "TrafficTarget" => vec![
            label,
            Edit::Set(Destination, json!("edited")),
            Edit::Set(Port, json!(4242)),
            Edit::Set(Port, Value::Null),
            Edit::Push(Sources, json!({"kind": "ServiceAccount", "name": "edited"})),
            Edit::Pop(Sources),
            Edit::Clear(Sources),
            Edit::Push(Rules, json!({"kind": "HTTPRouteGroup", "name": "edited"})),
            Edit::Push(Rules, json!({"kind": "TCPRoute", "name": "edited"})),
            Edit::Pop(Rules),
            Edit::Clear(Rules),
        ],
        "HTTPRouteGroup" => vec![
            label,
            Edit::Push(Matches, json!({"name": "edited", "methods": ["GET"]})),
            Edit::Pop(Matches),
            Edit::Clear(Matches),
        ],
        "TCPRoute" | "UDPRoute" => vec![label, Edit::Push(Ports, json!(4242)), Edit::Clear(Ports)],
        "TrafficSplit" => vec![
            label,
            Edit::Set(Service, json!("edited")),
            Edit::Push(Backends, json!({"service": "edited", "weight": 3})),
            Edit::Pop(Backends),
            Edit::Clear(Backends),
            Edit::Change(Backends, json!({}), json!({"weight": 5})),
            Edit::Push(Matches, json!({"kind": "HTTPRouteGroup", "name": "edited"})),
            Edit::Clear(Matches),
        ],
        _ => vec![label],
    }
}

/// Backends with their weights in lowest terms, so that one in thousandths compares with one in whole numbers.
fn shares(backends: &[Value]) -> Vec<(String, i128)> {
    let nanos = |backend: &Value| {
        let weight: Quantity = serde_json::from_value(backend["weight"].clone()).unwrap();
        weight.nanos().unwrap()
    };
    let common = backends.iter().map(nanos).fold(0, gcd).max(1);
    let share = |backend: &Value| (backend["service"].as_str().unwrap().to_owned(), nanos(backend) / common);
    backends.iter().map(share).collect()
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}
