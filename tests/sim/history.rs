//! Any sequence of events and faults ends in the state of a fresh list.

use kube::runtime::watcher::Config;
use proptest::{collection::vec, prelude::*};

use crate::{step::Step, world::World};

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap()
}

proptest! {
    // Half as many as others: a history takes its time. `PROPTEST_CASES` asks for more.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 2,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_history_ends_as_a_fresh_list(
        steps in vec(any::<u32>().prop_map(Step::from), 0..60),
        page in 1..5_u32,
        streams in any::<bool>(),
        looks in any::<bool>(),
    ) {
        runtime().block_on(async {
            let config = if streams { Config::default().streaming_lists() } else { Config::default().page_size(page) };
            let mut world = World::new(config).await;
            for step in steps {
                step.happen(&mut world).await;
                if looks {
                    world.seen.catch_up();
                }
            }
            // Faults of requests may go on; those that say what is not true end.
            world.settles().await;
            world.write("last", Some(9)).await;
            world.settles().await;
        });
    }
}
