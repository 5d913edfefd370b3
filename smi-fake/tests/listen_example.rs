//! The example `listen`.

#[path = "../examples/listen/main.rs"]
#[expect(dead_code, reason = "its `main` is not called")]
mod listen;

use std::fs;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use listen::Arguments;
use tempfile::TempDir;

const CRD: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: gadgets, kind: Gadget}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
";

fn parse(arguments: &[&str]) -> Result<String, String> {
    let parsed = Arguments::parse(arguments).map_err(|error| error.to_string())?;
    Ok(format!("{parsed:?}"))
}

#[test]
fn an_option_is_never_taken_for_the_file_to_write() {
    assert!(parse(&["--help"]).unwrap().contains("help: true"));
    assert!(parse(&["kubeconfig", "-h"]).unwrap().contains("help: true"));
    assert_eq!(parse(&["--port", "1"]).unwrap_err(), "invalid option '--port'");
    assert_eq!(
        parse(&[]).unwrap_err(),
        "the file to write a kubeconfig to is missing; see `--help`"
    );
    assert!(parse(&["--", "--help"]).unwrap().contains("kubeconfig: \"--help\""));
}

#[cfg(unix)]
#[tokio::test]
async fn its_kubeconfig_works_and_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().unwrap();
    let (kubeconfig, crd) = (folder.path().join("kubeconfig"), folder.path().join("crd.yaml"));
    fs::write(&crd, CRD).unwrap();
    fs::write(&kubeconfig, "a readable one").unwrap();
    fs::set_permissions(&kubeconfig, fs::Permissions::from_mode(0o644)).unwrap();
    let arguments = Arguments::parse([&kubeconfig, &crd]).unwrap();
    let used = async {
        let mode = fs::metadata(&kubeconfig).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = Kubeconfig::read_from(&kubeconfig).unwrap();
        let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await;
        let crds: Api<CustomResourceDefinition> = Api::all(Client::try_from(config.unwrap()).unwrap());
        crds.get("gadgets.example.com").await.unwrap();
    };
    let mut said = Vec::new();
    listen::run(&arguments, &mut said, used).await.unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(said.starts_with("listening on https://127.0.0.1:"), "{said}");
}

#[tokio::test]
async fn what_cannot_be_read_or_written_is_named() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    for arguments in [
        [path("kubeconfig"), path("missing.yaml")],
        [path("missing/kubeconfig"), path("crd.yaml")],
    ] {
        fs::write(path("crd.yaml"), CRD).unwrap();
        let arguments = Arguments::parse(arguments).unwrap();
        let error = listen::run(&arguments, &mut Vec::new(), async {}).await.unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
    }
}
