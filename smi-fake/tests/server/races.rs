//! Requests that come between the steps of another one.

use std::{
    sync::{Arc, Mutex, OnceLock, mpsc},
    thread,
    time::Duration,
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use smi_fake::Server;

use crate::harness::{convert, crd, create, names, resource, status, widget, widgets};

type Act = Box<dyn FnOnce(Server) + Send>;

/// A server that does something else while a request waits for its converter.
struct Between {
    server: Server,
    next: Arc<Mutex<Option<Act>>>,
}

impl Between {
    fn new() -> Self {
        let next = Arc::new(Mutex::new(None::<Act>));
        let itself = Arc::new(OnceLock::<Server>::new());
        let (due, of) = (Arc::clone(&next), Arc::clone(&itself));
        let server = Server::new([crd()]).with_converter(move |object: Value, api_version: &str| {
            let act = due.lock().unwrap().take();
            if let (Some(act), Some(server)) = (act, of.get()) {
                elsewhere(server.clone(), act);
            }
            convert(object, api_version)
        });
        let _ = itself.set(server.clone());
        Self { server, next }
    }

    /// The next request that needs a conversion waits until `act` is done.
    fn meanwhile<F: Future<Output = ()>>(&self, act: impl FnOnce(Client) -> F + Send + 'static) {
        let act: Act = Box::new(move |server| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async { act(server.client()).await });
        });
        *self.next.lock().unwrap() = Some(act);
    }

    fn widgets(&self, version: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.server.client(), "default", &resource(version))
    }
}

/// Does `act` on a thread of its own, which a server that answers nobody meanwhile keeps from ending.
fn elsewhere(server: Server, act: Act) {
    let (done, wait) = mpsc::channel();
    thread::spawn(move || {
        act(server);
        let _ = done.send(());
    });
    wait.recv_timeout(Duration::from_secs(20)).unwrap();
}

/// Applies the widget `a` at the version that is not stored.
async fn apply(between: &Between, size: i64) -> Result<DynamicObject, kube::Error> {
    let applied = json!({
        "apiVersion": "example.com/v2", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"extent": {"size": size}},
    });
    let params = PatchParams::apply("applier").force();
    between.widgets("v2").patch("a", &params, &Patch::Apply(applied)).await
}

#[tokio::test(start_paused = true)]
async fn what_is_created_while_it_is_applied_is_changed() {
    let between = Between::new();
    between.meanwhile(|client| async move { drop(create(&client, "a").await) });
    let applied = apply(&between, 2).await.unwrap();
    let managers: Vec<_> = applied
        .managed_fields()
        .iter()
        .map(|of| of.operation.as_deref())
        .collect();
    assert_eq!(managers, [Some("Apply"), Some("Update")]);
    assert_eq!(applied.data["spec"]["extent"]["size"], 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_while_it_is_applied_is_created() {
    let between = Between::new();
    let old = create(&between.server.client(), "a").await;
    between.meanwhile(|client| async move {
        drop(widgets(&client).delete("a", &DeleteParams::default()).await.unwrap());
    });
    let applied = apply(&between, 2).await.unwrap();
    assert_ne!(applied.uid(), old.uid());
    assert_eq!(applied.metadata.generation, Some(1));
    assert_eq!(applied.data["spec"]["extent"]["size"], 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_created_once_the_crd_is_going() {
    let between = Between::new();
    let mut kept = widget("kept", 1);
    kept.metadata.finalizers = Some(vec!["example.com/keep".to_owned()]);
    let v1 = between.widgets("v1");
    v1.create(&PostParams::default(), &kept).await.unwrap();
    between.meanwhile(|client| async move {
        let crds: Api<CustomResourceDefinition> = Api::all(client);
        drop(
            crds.delete("widgets.example.com", &DeleteParams::default())
                .await
                .unwrap(),
        );
    });
    let late = DynamicObject::new("late", &resource("v2")).data(json!({"spec": {"extent": {"size": 1}}}));
    let refused = status(between.widgets("v2").create(&PostParams::default(), &late).await);
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (
            403,
            "widgets.example.com \"late\" is forbidden: create not allowed while custom resource definition is terminating"
        )
    );
    assert_eq!(names(&v1.list(&ListParams::default()).await.unwrap().items), ["kept"]);
}

#[tokio::test(start_paused = true)]
async fn the_server_answers_while_a_selector_waits_for_a_conversion() {
    let between = Between::new();
    create(&between.server.client(), "a").await;
    between.meanwhile(|client| async move { drop(create(&client, "b").await) });
    let selected = ListParams::default().fields("metadata.name!=x");
    let list = between.widgets("v2").list(&selected).await.unwrap();
    assert_eq!(names(&list.items), ["a"], "as it was when it was asked for");
}
