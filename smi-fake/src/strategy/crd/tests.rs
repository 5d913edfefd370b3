use super::*;
use crate::{clock::Clock, limits::Limits, request::ResourcePath, verb::DeleteOptions};

const NAME: &str = "gadgets.example.com";

fn cluster() -> Cluster {
    let cluster = Cluster::new(Clock::default(), Limits::default(), None, true);
    let crd = json!({
        "metadata": {"name": NAME},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "gadgets", "kind": "Gadget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    });
    install(&cluster, &read(&crd).unwrap()).unwrap();
    cluster
}

fn stored(cluster: &Cluster) -> Arc<Value> {
    cluster.lock().store.get(&resource(), &Key::new("", NAME)).unwrap()
}

/// Writes the CRD with another short name; what follows from it is left to be done.
fn rename(cluster: &Cluster, old: &Arc<Value>, short_name: &str) -> Arc<Value> {
    let mut object = Value::clone(old);
    object["spec"]["names"]["shortNames"] = json!([short_name]);
    let key = Key::new("", NAME);
    let mut state = cluster.lock();
    state
        .store
        .commit(&resource(), &key, Some(old), Write::Put(object))
        .unwrap()
}

fn served(cluster: &Cluster) -> Option<Arc<Kind>> {
    cluster.lock().registry.by_resource("example.com", "gadgets").cloned()
}

#[test]
fn the_newest_of_two_changes_is_served_whichever_is_done_last() {
    let cluster = cluster();
    let first = stored(&cluster);
    let second = rename(&cluster, &first, "one");
    let third = rename(&cluster, &second, "two");
    after_write(&cluster, Some(&second), &third);
    after_write(&cluster, Some(&first), &second);
    assert_eq!(served(&cluster).unwrap().short_names, ["two"]);
}

#[test]
fn a_change_does_not_bring_back_what_was_deleted_meanwhile() {
    let cluster = cluster();
    let old = stored(&cluster);
    let new = rename(&cluster, &old, "one");
    let path = ResourcePath {
        group: resource().group,
        version: "v1".to_owned(),
        resource: resource().resource,
        name: NAME.to_owned(),
        ..ResourcePath::default()
    };
    verb::delete(&cluster, &cluster.resolve(&path).unwrap(), &DeleteOptions::default()).unwrap();
    assert!(served(&cluster).is_none());
    after_write(&cluster, Some(&old), &new);
    assert!(served(&cluster).is_none());
}
