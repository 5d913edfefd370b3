//! The second law for TrafficTargets: what is converted allows no request that the originals deny.

use std::cell::Cell;

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    convert::{Way, all_at, key, put_in_front},
    edit::{Edit, Field},
    generate::law::exactly,
    oracle::{Mesh, Regexes, Request},
    policy::{numbers, policies},
    release::{Release, pairs},
    trials::{REQUESTS, for_each_pair},
};

#[test]
fn converted_policies_allow_no_request_that_the_originals_deny() {
    let regexes = Regexes::default();
    let (mut allowed, mut still_allowed) = (Cell::new(0), Cell::new(0));
    for (from, to) in pairs() {
        exactly(
            for_each_pair(),
            (policies(), ways(), any::<u64>()),
            |(policy, way, seed)| {
                let originals = policy.at(&from);
                let converted = all_at(&originals, &to, way);
                let (before, after) = (Mesh::of(&originals), read(&converted, &to));
                for request in numbers(seed, REQUESTS).map(|number| policy.request(number)) {
                    let request = &request;
                    let (was, is) = (before.allows(request, &regexes), after.allows(request, &regexes));
                    allowed.set(allowed.get() + usize::from(was));
                    still_allowed.set(still_allowed.get() + usize::from(is));
                    assert!(was || !is, "{}", told(&from, &to, request, &[&originals, &converted]));
                }
            },
        );
    }
    // Requests that everything denies would show nothing.
    let (allowed, still_allowed) = (*allowed.get_mut(), *still_allowed.get_mut());
    let all = pairs().count() * for_each_pair() as usize * REQUESTS;
    println!("{allowed} of {all} requests allowed by the originals, {still_allowed} by what was converted");
    assert!(allowed * 50 > all && still_allowed * 4 > allowed);
}

/// What is edited at one version and goes back has three meanings that its author may have had in mind: the original with the
/// same edit, what a reader sees at the version of the edit, and the originals beside the one object as it was seen. What
/// none of them allows was never allowed.
#[test]
fn policies_that_are_edited_and_converted_back_allow_no_request_that_nobody_wrote() {
    let regexes = Regexes::default();
    let (mut edited_ones, mut allowed) = (Cell::new(0), Cell::new(0));
    for (from, to) in pairs() {
        let inputs = (policies(), edits(), any::<prop::sample::Index>(), ways(), any::<u64>());
        exactly(
            for_each_pair() / 2,
            inputs,
            |(policy, (kind, edit), which, way, seed)| {
                let originals = policy.at(&from);
                let converted = all_at(&originals, &to, way);
                let mut edited = converted.clone();
                let mut candidates: Vec<_> = edited
                    .iter_mut()
                    .filter(|it| it["kind"] == kind && to.reads(it))
                    .collect();
                if candidates.is_empty() {
                    return;
                }
                let at = which.index(candidates.len());
                let object = &mut *candidates[at];
                let seen = object.clone();
                if !edit.apply(object) {
                    return;
                }
                let object = object.clone();
                edited_ones.set(edited_ones.get() + 1);
                let back = all_at(&edited, &from, way);

                let mut the_same_edit = originals.clone();
                for original in the_same_edit.iter_mut().filter(|it| key(it) == key(&object)) {
                    edit_unseen(&edit, original, &seen);
                }
                let mut beside_the_others = originals.clone();
                let known: Vec<_> = originals.iter().map(key).collect();
                let companions = converted.iter().filter(|it| !known.contains(&key(it)));
                companions
                    .chain([&object])
                    .for_each(|it| put_in_front(&mut beside_the_others, it.clone()));

                let meant = [
                    Mesh::of(&the_same_edit),
                    read(&edited, &to),
                    Mesh::of(&beside_the_others),
                ];
                let after = read(&back, &from);
                for request in numbers(seed, REQUESTS)
                    .map(|number| policy.request(number))
                    .filter(|request| after.allows(request, &regexes))
                {
                    let request = &request;
                    allowed.set(allowed.get() + 1);
                    assert!(
                        meant.iter().any(|mesh| mesh.allows(request, &regexes)),
                        "{edit:?} of {object}: {}",
                        told(&from, &to, request, &[&originals, &edited, &back])
                    );
                }
            },
        );
    }
    println!(
        "{} edited, {} requests allowed",
        edited_ones.get_mut(),
        allowed.get_mut()
    );
    let all = u32::try_from(pairs().count()).unwrap() * (for_each_pair() / 2);
    assert!(*edited_ones.get_mut() * 10 > all && *allowed.get_mut() > all / 2);
}

/// Makes the edit in an original whose editor saw what it was converted to: a list that he cleared keeps the items that he
/// did not see, as he would have seen the list become empty without them too.
fn edit_unseen(edit: &Edit, original: &mut Value, seen: &Value) {
    if let Edit::Clear(field) = edit {
        let seen = field.value(seen).as_array().cloned().unwrap_or_default();
        field.edit_list(original, |list| {
            list.retain(|item| !seen.contains(item) && is_unsaid(*field, item));
        });
    } else {
        edit.apply(original);
    }
}

/// Whether some version cannot say the item.
fn is_unsaid(field: Field, item: &Value) -> bool {
    match field {
        Field::Sources => item["kind"] == "IdentityBinding",
        Field::Rules => item["kind"] == "UDPRoute",
        Field::Matches => item["headers"].as_array().is_some_and(|headers| !headers.is_empty()),
        _ => false,
    }
}

fn read(objects: &[Value], release: &Release) -> Mesh {
    Mesh::of(objects.iter().filter(|object| release.reads(object)))
}

fn told(from: &Release, to: &Release, request: &Request, sets: &[&Vec<Value>]) -> String {
    let lines = |set: &&Vec<Value>| set.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let sets: Vec<_> = sets.iter().map(lines).collect();
    format!("{} -> {}: {request:?}\n{}", from.name, to.name, sets.join("\n=>\n"))
}

fn ways() -> impl Strategy<Value = Way> {
    select(vec![Way::OneByOne, Way::Together])
}

/// An edit, and the kind of object that it is for.
fn edits() -> impl Strategy<Value = (&'static str, Edit)> {
    use Field::{Destination, Matches, Port, Ports, Rules, Sources};
    let account = |name: &str| json!({"kind": "ServiceAccount", "name": name});
    let rule = |kind: &str, name: &str| json!({"kind": kind, "name": name});
    let target = vec![
        Edit::Label,
        Edit::Push(Sources, account("web")),
        Edit::Drop(Sources, account("api")),
        Edit::Clear(Sources),
        Edit::Set(Destination, json!("api")),
        Edit::Push(Rules, rule("HTTPRouteGroup", "h")),
        Edit::Push(Rules, rule("TCPRoute", "t")),
        Edit::Drop(Rules, rule("HTTPRouteGroup", "g")),
        Edit::Drop(Rules, rule("TCPRoute", "t")),
        Edit::Drop(Rules, rule("TCPRoute", "smi-port-80")),
        Edit::Clear(Rules),
        Edit::Set(Port, json!(8080)),
        Edit::Set(Port, Value::Null),
    ];
    let group = vec![
        Edit::Label,
        Edit::Push(Matches, json!({"name": "o", "methods": ["GET"]})),
        Edit::Drop(Matches, json!({"name": "m"})),
        Edit::Change(Matches, json!({"name": "m"}), json!({"pathRegex": "/api"})),
        Edit::Change(Matches, json!({"name": "n"}), json!({"methods": ["DELETE"]})),
        Edit::Clear(Matches),
    ];
    let route = vec![Edit::Label, Edit::Push(Ports, json!(8080)), Edit::Clear(Ports)];
    let of = |kind: &'static str, edits: Vec<Edit>| select(edits).prop_map(move |edit| (kind, edit));
    prop_oneof![4 => of("TrafficTarget", target), 2 => of("HTTPRouteGroup", group), 1 => of("TCPRoute", route)]
}
