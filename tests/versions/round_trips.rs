//! The first law: nothing is lost.

use kube::ResourceExt;
use proptest::collection::vec;
use serde_json::Value;
use smi_sdk::convert::Spoke;

use crate::{
    convert::at,
    generate::{Generate, law::for_all},
    kinds::{Law, a_version, for_every_kind},
};

/// For each kind and version.
const CASES: u32 = 96;

#[test]
fn an_old_object_read_as_the_newest_and_written_again_is_the_same() {
    struct ThereAndBack;

    impl Law for ThereAndBack {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            for_all(CASES, K::any(), |object| {
                // What no version could mean is refused.
                if let Ok(hub) = object.clone().into_hub() {
                    let back = K::from_hub(hub.object).unwrap();
                    assert_eq!(plain(back.object), plain(object));
                }
            });
        }
    }

    for_every_kind(ThereAndBack);
}

#[test]
fn a_newest_object_written_at_an_old_version_and_read_again_is_the_same() {
    struct DownAndUp;

    impl Law for DownAndUp {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            for_all(CASES, K::Hub::any(), |hub| {
                let down = K::from_hub(hub.clone()).unwrap();
                let up = down.object.into_hub().unwrap();
                assert_eq!(plain(up.object), plain(hub));
            });
        }
    }

    for_every_kind(DownAndUp);
}

#[test]
fn through_any_other_versions_and_back_an_object_is_the_same() {
    struct Around;

    impl Law for Around {
        fn holds<K: Generate + Spoke<Hub: Generate>>(&self) {
            let around = vec(a_version::<K>(), 1..5);
            for_all(CASES * 2, (K::any(), around), |(object, around)| {
                if object.clone().into_hub().is_err() {
                    return;
                }
                let original = serde_json::to_value(plain(object)).unwrap();
                let away = around
                    .iter()
                    .fold(original.clone(), |object, version| at(&object, version).object);
                let back = at(&away, &K::version(&())).object;
                assert_eq!(plain_value(back), original, "{away}");
            });
        }
    }

    for_every_kind(Around);
}

/// The object with no annotations where it has an empty map of them.
fn plain<K: ResourceExt>(mut object: K) -> K {
    let annotations = &mut object.meta_mut().annotations;
    *annotations = annotations.take().filter(|annotations| !annotations.is_empty());
    object
}

fn plain_value(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().unwrap();
    if metadata
        .get("annotations")
        .is_some_and(|it| it.as_object().is_some_and(serde_json::Map::is_empty))
    {
        metadata.remove("annotations");
    }
    object
}
