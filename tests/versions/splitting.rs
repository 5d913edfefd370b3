//! The second law for TrafficSplits: one that is converted sends no request to a backend that it did not send there before.
//! The apex is no such backend: whoever is not split gets it.

use std::cell::Cell;

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    convert::{Way, all_at, key},
    edit::{Edit, Field},
    generate::law::exactly,
    oracle::{Http, Mesh, Regexes},
    policy::{Named, group_at, groups, http_request, numbers, object},
    release::{Release, pairs},
    trials::{REQUESTS, for_each_pair},
};

/// A TrafficSplit for the apex `web`, whatever its version.
#[derive(Clone, Debug)]
struct Split {
    /// Names and weights; v1alpha1 alone can say what is not whole.
    backends: Vec<(&'static str, &'static str)>,
    /// The names of HTTPRouteGroups, from v1alpha3 on.
    matches: Vec<Value>,
}

impl Split {
    fn at(&self, version: &str) -> Value {
        let backends = self.backends.iter().map(|(service, weight)| {
            let weight = match (version, weight.strip_suffix('m')) {
                ("v1alpha1", Some(_)) => json!(weight),
                (_, thousandths) => json!(thousandths.unwrap_or(weight).parse::<u32>().unwrap()),
            };
            json!({"service": service, "weight": weight})
        });
        let mut spec = json!({"service": "web", "backends": backends.collect::<Value>()});
        if matches!(version, "v1alpha3" | "v1alpha4") && !self.matches.is_empty() {
            spec["matches"] = self.matches.clone().into();
        }
        let api_version = format!("split.smi-spec.io/{version}");
        object(&api_version, "TrafficSplit", "a", "split", json!({"spec": spec}))
    }
}

#[test]
fn a_converted_split_sends_no_request_to_a_backend_that_it_did_not_send_there() {
    let regexes = Regexes::default();
    let mut sent = Cell::new(0);
    for (from, to) in pairs() {
        exactly(
            for_each_pair(),
            (splits(), groups(), any::<u64>()),
            |(split, groups, seed)| {
                let originals = set(&split, &groups, &from);
                let converted = all_at(&originals, &to, Way::OneByOne);
                let (before, after) = (Mesh::of(&originals), Mesh::of(&converted));
                for request in numbers(seed, REQUESTS).map(http_request) {
                    let request = request.as_ref();
                    let was = backends(&before, request, &regexes);
                    let is = backends(&after, request, &regexes);
                    sent.set(sent.get() + is.len());
                    let told = || told(&from, &to, request, &[&originals, &converted]);
                    assert!(is.iter().all(|name| was.contains(name)), "{}", told());
                }
            },
        );
    }
    let all = pairs().count() * for_each_pair() as usize * REQUESTS;
    println!("{} backends in reach of {all} requests", sent.get_mut());
    assert!(*sent.get_mut() * 4 > all);
}

/// See the law of policies that are edited.
#[test]
fn a_split_that_is_edited_and_converted_back_sends_no_request_to_a_backend_that_nobody_wrote() {
    let regexes = Regexes::default();
    let mut edited_ones = Cell::new(0);
    for (from, to) in pairs() {
        let inputs = (splits(), groups(), edits(), any::<u64>());
        exactly(for_each_pair() / 2, inputs, |(split, groups, edit, seed)| {
            let originals = set(&split, &groups, &from);
            let mut edited = all_at(&originals, &to, Way::OneByOne);
            // The split comes first.
            if !edit.apply(&mut edited[0]) {
                return;
            }
            let object = edited[0].clone();
            edited_ones.set(edited_ones.get() + 1);
            let back = all_at(&edited, &from, Way::OneByOne);

            let mut the_same_edit = originals.clone();
            for original in the_same_edit.iter_mut().filter(|it| key(it) == key(&object)) {
                edit.apply(original);
            }
            let mut beside_the_others = originals.clone();
            for original in beside_the_others.iter_mut().filter(|it| key(it) == key(&object)) {
                *original = object.clone();
            }
            let meant = [&the_same_edit, &edited, &beside_the_others].map(Mesh::of);
            let after = Mesh::of(&back);
            for request in numbers(seed, REQUESTS).map(http_request) {
                let request = request.as_ref();
                let known: Vec<_> = meant
                    .iter()
                    .flat_map(|mesh| backends(mesh, request, &regexes))
                    .collect();
                let is = backends(&after, request, &regexes);
                let told = || told(&from, &to, request, &[&originals, &edited, &back]);
                assert!(is.iter().all(|name| known.contains(name)), "{edit:?}: {}", told());
            }
        });
    }
    let all = u32::try_from(pairs().count()).unwrap() * (for_each_pair() / 2);
    println!("{} edited of {all}", edited_ones.get_mut());
    assert!(*edited_ones.get_mut() * 2 > all);
}

/// The backends but the apex that may get the request.
fn backends(mesh: &Mesh, http: Option<&Http>, regexes: &Regexes) -> Vec<String> {
    let shares = mesh.shares("a", "web", http, regexes).into_iter();
    shares.map(|(name, _)| name).filter(|name| name != "web").collect()
}

fn set(split: &Split, groups: &[Named], release: &Release) -> Vec<Value> {
    let mut objects = vec![split.at(release.split)];
    objects.extend(groups.iter().map(|group| group_at(group, release.specs)));
    objects
}

fn told(from: &Release, to: &Release, request: Option<&Http>, sets: &[&Vec<Value>]) -> String {
    let lines = |set: &&Vec<Value>| set.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let sets: Vec<_> = sets.iter().map(lines).collect();
    format!("{} -> {}: {request:?}\n{}", from.name, to.name, sets.join("\n=>\n"))
}

fn splits() -> impl Strategy<Value = Split> {
    let backend = (
        select(vec!["web-v1", "web-v2", "web-v3", "web", "web-v1.a"]),
        select(vec!["0", "1", "90", "500m", "10m", "1500m"]),
    );
    let route = select(vec![
        json!({"kind": "HTTPRouteGroup", "name": "g"}),
        json!({"kind": "HTTPRouteGroup", "name": "h", "apiGroup": "specs.smi-spec.io"}),
        json!({"kind": "HTTPRouteGroup", "name": "missing"}),
    ]);
    let matches = prop_oneof![vec(route.clone(), 0..1), vec(route, 1..3)];
    (vec(backend, 0..4), matches).prop_map(|(backends, matches)| Split { backends, matches })
}

fn edits() -> impl Strategy<Value = Edit> {
    use Field::{Backends, Matches};
    select(vec![
        Edit::Label,
        Edit::Push(Backends, json!({"service": "web-v3", "weight": 7})),
        Edit::Drop(Backends, json!({"service": "web-v1"})),
        Edit::Change(Backends, json!({"service": "web-v2"}), json!({"weight": 3})),
        Edit::Change(Backends, json!({"service": "web-v2"}), json!({"weight": 0})),
        Edit::Clear(Backends),
        Edit::Push(Matches, json!({"kind": "HTTPRouteGroup", "name": "g"})),
        Edit::Clear(Matches),
        Edit::Push(Backends, json!({"service": "web-v1", "weight": 1})),
    ])
}
