//! A server, what was written to it, and an informer with a subscriber that are held against that.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::StreamExt;
use k8s_openapi::{
    api::core::v1::Namespace,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::{
        CustomResourceDefinition, CustomResourceValidation, JSONSchemaProps,
    },
};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    core::{ApiResource, DynamicObject, GroupVersionKind, ObjectMeta},
    runtime::watcher::Config,
};
use serde_json::{Value, json};
use smi_fake::{Fault, Rule, Server};
use smi_sdk::{
    Clientset, CrdOptions, Stored,
    convert::converters,
    informers::{Event, Informer, Lister},
    split::v1alpha4::TrafficSplit,
};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

use crate::subscriber::Subscriber;

pub(crate) const NAMESPACE: &str = "shop";
const PLURAL: &str = "trafficsplits";
const CRD: &str = "trafficsplits.split.smi-spec.io";

/// Longer than the pauses of an informer that meets many faults one after the other, each of up to half a minute.
const LIMIT: Duration = Duration::from_secs(3_600);

/// An index: what a split's first backend weighs.
pub(crate) fn weight(split: &TrafficSplit) -> Option<u32> {
    Some(split.spec.backends.first()?.weight)
}

/// The server, the objects that it has, and who watches them.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) client: Client,
    /// What was written last: the version, and the weight of those that can be read.
    pub(crate) truth: BTreeMap<String, (String, Option<u32>)>,
    pub(crate) is_served: bool,
    pub(crate) seen: Seen,
}

/// An informer that runs, and a subscriber of it.
pub(crate) struct Seen {
    pub(crate) lister: Lister<TrafficSplit>,
    subscriber: Subscriber,
    task: JoinHandle<()>,
    told: watch::Receiver<u64>,
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    fn start(informer: Informer<TrafficSplit>) -> Self {
        let (lister, mut events) = informer.index(weight).start();
        let (tell, told) = watch::channel(0);
        let task = async move {
            while let Some(event) = events.next().await {
                // Whoever waits for the informer looks again.
                tell.send_modify(|count| *count += u64::from(!matches!(event, Event::Failed(_))));
            }
        };
        Self {
            subscriber: Subscriber::new(&lister),
            lister,
            task: tokio::spawn(task),
            told,
        }
    }

    /// Lets the subscriber look.
    pub(crate) fn catch_up(&mut self) {
        self.subscriber.catch_up();
    }
}

impl World {
    /// A world whose informer asks as `config` says.
    pub(crate) async fn new(config: Config) -> Self {
        Self::on(Server::new(crds("v1alpha4")), |informer| informer.config(config)).await
    }

    /// A world with an informer of one namespace on a server, neither of them as usual.
    pub(crate) async fn on(
        server: Server,
        set_up: impl FnOnce(Informer<TrafficSplit>) -> Informer<TrafficSplit>,
    ) -> Self {
        let server = server.with_converter(converters());
        let client = server.client();
        let namespace = Namespace {
            metadata: ObjectMeta {
                name: Some(NAMESPACE.to_owned()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        Api::all(client.clone())
            .create(&PostParams::default(), &namespace)
            .await
            .unwrap();
        let splits = Clientset::new(client.clone()).traffic_splits().namespaced(NAMESPACE);
        Self {
            seen: Seen::start(set_up(splits.informer())),
            server,
            client,
            truth: BTreeMap::new(),
            is_served: true,
        }
    }

    /// Starts another informer in the place of the one that runs.
    pub(crate) fn restart(&mut self) {
        let splits = Clientset::new(self.client.clone())
            .traffic_splits()
            .namespaced(NAMESPACE);
        self.seen = Seen::start(splits.informer());
    }

    pub(crate) fn lister(&self) -> &Lister<TrafficSplit> {
        &self.seen.lister
    }

    /// A fault of the lists or watches (`verb`) that the informer asks for.
    pub(crate) fn fault(&self, verb: &str, fault: Fault, times: u32) {
        self.server
            .faults()
            .add(Rule::new(fault).verb(verb).resource(PLURAL).times(times));
    }

    /// Writes a split of this weight, or one that cannot be read.
    pub(crate) async fn write(&mut self, name: &str, weight: Option<u32>) {
        if !self.is_served {
            return;
        }
        let spec = weight.map_or_else(|| json!(7), spec);
        let splits = splits(&self.client, NAMESPACE);
        let written = if self.truth.contains_key(name) {
            let patch = Patch::Merge(json!({"spec": spec}));
            splits.patch(name, &PatchParams::default(), &patch).await
        } else {
            splits.create(&PostParams::default(), &split(name, &spec)).await
        };
        let version = written.unwrap().resource_version().unwrap();
        self.truth.insert(name.to_owned(), (version, weight));
    }

    pub(crate) async fn delete(&mut self, name: &str) {
        if self.truth.remove(name).is_some() {
            let deleted = splits(&self.client, NAMESPACE)
                .delete(name, &DeleteParams::default())
                .await;
            deleted.unwrap();
        }
    }

    /// Takes the CRD away, with all objects.
    pub(crate) async fn remove_crd(&mut self) {
        if std::mem::take(&mut self.is_served) {
            let crds: Api<CustomResourceDefinition> = Api::all(self.client.clone());
            crds.delete(CRD, &DeleteParams::default()).await.unwrap();
            self.truth.clear();
        }
    }

    pub(crate) async fn put_crd_back(&mut self) {
        if !std::mem::replace(&mut self.is_served, true) {
            let api: Api<CustomResourceDefinition> = Api::all(self.client.clone());
            for crd in crds("v1alpha4") {
                api.create(&PostParams::default(), &crd).await.unwrap();
            }
        }
    }

    /// Stores at another version from now on.
    pub(crate) async fn store_at(&self, version: &str) {
        if self.is_served {
            let api: Api<CustomResourceDefinition> = Api::all(self.client.clone());
            let patch = Patch::Merge(json!({"spec": crds(version).remove(0).spec}));
            api.patch(CRD, &PatchParams::default(), &patch).await.unwrap();
        }
    }

    /// Waits until `condition` holds.
    pub(crate) async fn until(&self, what: &str, mut condition: impl FnMut(&Lister<TrafficSplit>) -> bool) {
        let mut told = self.seen.told.clone();
        let waiting = async {
            while !condition(&self.seen.lister) {
                // Not everything is told: `failing` and `age` change by themselves.
                let _ = tokio::time::timeout(Duration::from_secs(1), told.changed()).await;
            }
        };
        let waited = tokio::time::timeout(LIMIT, waiting).await;
        waited.unwrap_or_else(|_| panic!("waited in vain until {what}: {:?}", self.seen.lister));
    }

    /// Waits until readers know what was written last, and holds indexes and the subscriber against it. How long it took.
    pub(crate) async fn settles(&mut self) -> Duration {
        let begun = Instant::now();
        let good: BTreeMap<_, _> = self
            .truth
            .iter()
            .filter_map(|(name, (version, weight))| Some((name.as_str(), (version.as_str(), (*weight)?))))
            .collect();
        let bad: Vec<_> = self.truth.iter().filter(|(_, (_, weight))| weight.is_none()).collect();
        let is_served = self.is_served;
        self.until("the readers know what was written last", |lister| {
            let (held, invalid) = (lister.list(None), lister.invalid());
            let is_good = held.len() == good.len()
                && held.iter().all(|split| {
                    let known = good.get(split.name_any().as_str());
                    known.is_some_and(|(version, _)| split.metadata.resource_version.as_deref() == Some(version))
                });
            let is_bad = invalid.len() == bad.len()
                && invalid.iter().zip(&bad).all(|(invalid, (name, (version, _)))| {
                    invalid.object.name() == *name && invalid.resource_version == *version
                });
            lister.is_ready() && is_good && is_bad && lister.is_missing() != is_served
        })
        .await;
        let took = begun.elapsed();

        let mut of_weight = BTreeMap::<u32, BTreeSet<String>>::new();
        for (name, (_, weight)) in &good {
            of_weight.entry(*weight).or_default().insert((*name).to_owned());
        }
        for weighing in 0..=9 {
            let found = self.lister().by(weight, &weighing);
            let found: BTreeSet<_> = found.iter().map(|split| split.name_any()).collect();
            assert_eq!(
                found,
                of_weight.remove(&weighing).unwrap_or_default(),
                "weight {weighing}"
            );
        }
        assert!(of_weight.is_empty(), "weights are from 0 to 9");
        assert_eq!(self.lister().list(Some(NAMESPACE)).len(), good.len());

        let good: BTreeMap<_, _> = good
            .iter()
            .map(|(name, (_, weight))| ((*name).to_owned(), *weight))
            .collect();
        let bad: BTreeSet<_> = bad.iter().map(|(name, _)| (*name).clone()).collect();
        self.seen.catch_up();
        assert_eq!(
            (&self.seen.subscriber.good, &self.seen.subscriber.bad),
            (&good, &bad),
            "what the subscriber knows"
        );
        took
    }
}

/// The CRD of TrafficSplits without a schema: it admits anything.
pub(crate) fn crds(stored: &str) -> Vec<CustomResourceDefinition> {
    let options = CrdOptions {
        stored: Stored::Version(stored.to_owned()),
        ..CrdOptions::all_served()
    };
    let mut crds = smi_sdk::crds(&options);
    crds.retain(|crd| crd.name_any() == CRD);
    for version in crds.iter_mut().flat_map(|crd| &mut crd.spec.versions) {
        let anything = JSONSchemaProps {
            type_: Some("object".to_owned()),
            x_kubernetes_preserve_unknown_fields: Some(true),
            ..JSONSchemaProps::default()
        };
        version.schema = Some(CustomResourceValidation {
            open_api_v3_schema: Some(anything),
        });
    }
    crds
}

/// Splits as plain JSON.
pub(crate) fn splits(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &resource())
}

pub(crate) fn split(name: &str, spec: &Value) -> DynamicObject {
    DynamicObject::new(name, &resource()).data(json!({"spec": spec}))
}

pub(crate) fn spec(weight: u32) -> Value {
    json!({"service": "web", "backends": [{"service": "web-v1", "weight": weight}]})
}

fn resource() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("split.smi-spec.io", "v1alpha4", "TrafficSplit"))
}
