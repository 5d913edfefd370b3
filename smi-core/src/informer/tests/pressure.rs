//! Readers beside a writer that relists without a pause.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use kube::runtime::watcher;

use super::*;

#[test]
fn readers_beside_relists_see_whole_states_only() {
    // Every list has the same names, all with the tier of its round; between lists all move to another tier one by one.
    const OBJECTS: u64 = 300;
    let mut fed = Fed::synced((0..OBJECTS).map(|name| object(&format!("{name:03}"), name + 1, "0")));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers = [0, 1].map(|_| {
            let (lister, done) = (fed.lister.clone(), &done);
            scope.spawn(move || {
                let mut reads = 0_u64;
                let mut rounds = std::collections::BTreeSet::new();
                while !done.load(Ordering::Relaxed) || reads == 0 {
                    let all = lister.list(None);
                    assert_eq!(all.len() as u64, OBJECTS);
                    let first = tier(all.iter().next().unwrap()).unwrap();
                    assert!(all.iter().all(|object| tier(object).unwrap() == first), "half a relist");
                    rounds.insert(first.clone());
                    for seen in lister.by(tier, &first).iter().take(3) {
                        assert_eq!(tier(seen).unwrap(), first, "an index that is not of its objects");
                    }
                    assert!(lister.get("shop", "007").is_some());
                    reads += 1;
                }
                (reads, rounds.len())
            })
        });
        for round in 1..=150_u64 {
            let version = round * 1_000;
            let listed =
                (0..OBJECTS).map(|name| object(&format!("{name:03}"), version + name, &round.to_string()).into());
            assert_eq!(fed.list(listed).len() as u64, OBJECTS);
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            let (reads, rounds) = reader.join().unwrap();
            assert!(reads > 0 && rounds > 0);
        }
    });
    assert_eq!(fed.lister.stats().relists, 151);
    assert_eq!(fed.send(watcher::Event::InitDone), [""; 0]);
}
