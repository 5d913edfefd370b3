//! The program `migrate`.

use std::fs;

use crate::{
    program::run,
    world::{World, names},
};

#[tokio::test(start_paused = true)]
async fn the_program_says_what_it_would_do_does_it_and_has_nothing_left_to_do() {
    let world = World::new("v1alpha1").await.with(names(4)).await;
    world.store_at("v1alpha4").await;
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let content = smi_sdk::to_yaml(&world.cluster.kubeconfig().await).unwrap();
    fs::write(&kubeconfig, content).unwrap();
    let migrate = async |arguments: &[&str]| {
        let mut stdout = Vec::new();
        let arguments = [&["--kubeconfig", kubeconfig.to_str().unwrap()], arguments].concat();
        let done = run(arguments, &mut stdout).await.unwrap();
        (done, String::from_utf8(stdout).unwrap())
    };
    let splits = "trafficsplits.split.smi-spec.io:";
    for word in ["TrafficSplit", "trafficsplits", "trafficsplits.split.smi-spec.io"] {
        let expected = format!("{splits} would be migrated from v1alpha1 to v1alpha4: 4 objects are fit for it\n");
        assert_eq!(migrate(&["--dry-run", word]).await, (true, expected));
    }
    let expected = format!("{splits} migrated to v1alpha4: 4 objects rewritten\n");
    assert_eq!(migrate(&["trafficsplit", "--concurrency", "2"]).await, (true, expected));
    let (done, text) = migrate(&[]).await;
    assert!(
        done && text.contains(&format!("{splits} nothing to do, all is stored at v1alpha4\n")),
        "{text}"
    );
    let (_, json) = migrate(&["--json"]).await;
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["crds"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn what_it_is_not_made_for_is_refused() {
    let refused = async |arguments: &[&str]| {
        run(arguments.iter().copied(), &mut Vec::new())
            .await
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(&["split"]).await,
        "`split` is no kind of SMI, and no name of a CRD"
    );
    assert_eq!(refused(&["--force"]).await, "invalid option '--force'");
}
