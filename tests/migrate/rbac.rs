//! The rights that a migration needs. The fake has none: there this shows only that what is refused ends it.

use kube::Client;
use smi_sdk::migrate::{self, Outcome};

use crate::world::{SPLITS, World, names, of_splits, only};

#[tokio::test(start_paused = true)]
async fn a_migration_needs_no_more_than_its_role_and_each_verb_of_it() {
    let world = World::new("v1alpha1").await.with(names(3)).await;
    world.store_at("v1alpha4").await;
    let Some(config) = world.cluster.config() else {
        world.finish().await;
        return;
    };
    let client_of = async |role| {
        let mut config = config.clone();
        config.auth_info.impersonate = world.cluster.user(&role).await;
        Client::try_from(config).unwrap()
    };
    let role = |lacks: usize| {
        let name = format!("migration-{}-without-{lacks}", world.cluster.namespace);
        let mut role = migrate::role(&name, [SPLITS]);
        // Of the rules, one verb after the other; the last is that which only CRDs without a webhook need.
        let verbs = role.rules.iter_mut().flatten().flat_map(|rule| &mut rule.verbs);
        if let Some(verb) = verbs.into_iter().nth(lacks) {
            "none".clone_into(verb);
        }
        role
    };
    for (lacks, words) in [
        (0, "cannot get resource \"customresourcedefinitions\""),
        (2, "cannot list resource \"trafficsplits\""),
        (4, "cannot patch resource \"trafficsplits\""),
        (1, "cannot patch resource \"customresourcedefinitions/status\""),
    ] {
        let report = only(of_splits(client_of(role(lacks)).await).run(|_| {}).await);
        assert!(!report.is_complete());
        assert!(report.to_string().contains(words), "{report}");
        assert_eq!(world.stored_versions().await, ["v1alpha1", "v1alpha4"]);
    }
    let report = only(of_splits(client_of(role(usize::MAX)).await).run(|_| {}).await);
    assert_eq!(report.outcome, Outcome::Migrated, "{report}");
}
