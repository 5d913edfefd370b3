//! The controller: for each TrafficSplit a ConfigMap with nginx configuration.

use std::{collections::BTreeMap, sync::Arc};

use futures::{FutureExt, Stream, StreamExt, future::ready, stream};
use k8s_openapi::{
    api::{
        coordination::v1::Lease,
        core::v1::{ConfigMap, ObjectReference},
        events::v1::Event as KubernetesEvent,
    },
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    core::{DynamicObject, ObjectMeta, Resource},
    runtime::{
        WatchStreamExt, applier,
        controller::{self, Action},
        events::{Event, EventType, Recorder, Reporter},
        finalizer::{Error as FinalizerError, Event as Finalizer, finalizer},
        watcher,
    },
};
use smi_sdk::{
    Clientset,
    clientset::ClientError,
    core::{discovery, failure},
    informers::{Event as Informed, InformerError, Lister},
    kube,
    split::v1alpha4::TrafficSplit,
};

use super::{
    failures::{Failures, Told},
    lease::{Candidate, Timing},
    names::{Name, NameRef, names, parts},
    nginx::{self, NotRendered},
};

/// Who writes: in managed fields, Events and labels.
const NAME: &str = "smi-nginx";
/// The Lease that the leader holds.
pub(crate) const LEASE: &str = "smi-nginx";
pub(crate) const FINALIZER: &str = "smi-nginx.example.org/config";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The key of the ConfigMap under which nginx finds its configuration.
pub(crate) const CONFIG: &str = "split.conf";

/// The longest name of a ConfigMap, as of most objects: that of a DNS subdomain.
const LONGEST_NAME: usize = 253;
/// What kube's recorder adds to the name of an object: a dot and nanoseconds in hexadecimal.
const EVENT_SUFFIX: usize = 17;

/// What the controller is told.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Where the ConfigMaps and the Lease are.
    pub(crate) namespace: String,
    /// What this process is called among those that want to lead.
    pub(crate) identity: String,
    pub(crate) timing: Timing,
}

impl Options {
    pub(crate) fn new(namespace: impl Into<String>, identity: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            identity: identity.into(),
            timing: Timing::default(),
        }
    }
}

/// Runs until `stop`: waits to lead, leads, and when it is to stop finishes what it has begun and gives up the Lease.
pub(crate) async fn run(client: Client, options: Options, stop: impl Future<Output = ()> + Send + 'static) {
    let stop = stop.boxed().shared();
    let leases: Api<Lease> = Api::namespaced(client.clone(), &options.namespace);
    let candidate = Candidate::new(leases, LEASE.to_owned(), options.identity.clone(), options.timing);
    loop {
        let mut held = tokio::select! {
            () = stop.clone() => return,
            held = candidate.acquire() => held,
        };
        tracing::info!(identity = options.identity, "leading");
        tokio::select! {
            // All that writes is in `lead`, and ends here with it: in the middle of a reconcile, if that is where it is.
            // A request that was sent already is not taken back by this: the server may still carry it out, even when
            // another leads. That one puts right what it then finds in a ConfigMap, for it watches them; but a ConfigMap
            // that is written after its split has gone stays, and is for an administrator to remove.
            () = held.keep() => tracing::warn!("the lease is lost"),
            () = lead(&client, &options, stop.clone()) => {
                held.release().await;
                if stop.peek().is_some() {
                    return;
                }
            }
        }
    }
}

/// What a reconcile needs.
struct Context {
    client: Client,
    namespace: String,
    smi: Clientset,
    splits: Lister<TrafficSplit>,
    identity: String,
    recorder: Recorder,
    failures: Failures,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{}", failure::said(.0))]
    Kube(#[from] kube::Error),
    #[error("{}", finalizing(.0))]
    Finalizer(#[from] Box<FinalizerError<kube::Error>>),
}

fn finalizing(error: &FinalizerError<kube::Error>) -> String {
    match error {
        FinalizerError::ApplyFailed(error) => format!("cannot render it: {}", failure::said(error)),
        FinalizerError::CleanupFailed(error) => format!("cannot clean up after it: {}", failure::said(error)),
        FinalizerError::AddFinalizer(error) => format!("cannot add the finalizer: {}", failure::said(error)),
        FinalizerError::RemoveFinalizer(error) => format!("cannot take the finalizer off: {}", failure::said(error)),
        other => other.to_string(),
    }
}

/// Reconciles until `stop`, and then until what was begun is done.
async fn lead(client: &Client, options: &Options, stop: impl Future<Output = ()> + Send + 'static) {
    let smi = Clientset::new(client.clone());
    let (splits, events) = smi.traffic_splits().informer().start();
    let (store, names) = names(splits.subscribe());
    let queue = stream::select(names, config_maps(client, &options.namespace));
    let reporter = Reporter {
        controller: NAME.to_owned(),
        instance: Some(options.identity.clone()),
    };
    let context = Arc::new(Context {
        client: client.clone(),
        namespace: options.namespace.clone(),
        smi,
        splits,
        identity: options.identity.clone(),
        recorder: Recorder::new(client.clone(), reporter),
        failures: Failures::default(),
    });
    let failing = context.clone();
    // Polled here and nowhere else, not as tasks: who drops this future sends no more writes. One that is under way may
    // still arrive.
    let reconciles = applier(
        |name: Arc<Name>, context: Arc<Context>| {
            async move {
                let done = reconcile(&name, &context).await?;
                context.failures.forget(parts(&name));
                Ok::<_, Error>(done)
            }
            .boxed()
        },
        |name, error, context| Action::requeue(context.failures.failed(parts(&name), error)),
        context,
        store,
        // A queue that ends lets what is running end.
        queue.take_until(stop).boxed(),
        controller::Config::default(),
    );
    let reconciles = reconciles.for_each(|done| {
        // It failed, and is gone before its next try. Other failures are told where the next try is put off.
        if let Err(controller::Error::ObjectNotFound(gone)) = done {
            let namespace = gone.namespace.as_deref().unwrap_or_default();
            failing.failures.forget((namespace, &gone.name));
        }
        ready(())
    });
    let mut told = Told::default();
    let informed = events.for_each(|event| {
        match event {
            Informed::Failed(error) => told.warn("TrafficSplits", &error),
            _ => told.forget(),
        }
        ready(())
    });
    tokio::select! {
        () = reconciles => {}
        () = informed => {}
    }
}

/// The splits of the ConfigMaps that somebody changed or deleted.
fn config_maps(client: &Client, namespace: &str) -> impl Stream<Item = Result<NameRef, watcher::Error>> + Send + use<> {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let config = watcher::Config::default().labels(&format!("{MANAGED_BY}={NAME}"));
    let touched = watcher::watcher(maps, config).default_backoff().touched_objects();
    let mut told = Told::default();
    touched.filter_map(move |map| {
        let split = match map {
            Ok(map) => {
                told.forget();
                // A namespace has no dots.
                let parts = map.metadata.name.as_deref().and_then(|name| name.split_once('.'));
                parts.map(|(namespace, name)| Ok(NameRef::new(name).within(namespace)))
            }
            // It goes on by itself.
            Err(error) => {
                told.warn("ConfigMaps", &InformerError::from(error));
                None
            }
        };
        ready(split)
    })
}

async fn reconcile(name: &Name, context: &Context) -> Result<Action, Error> {
    let (namespace, name) = parts(name);
    let split = context.splits.get(namespace, name);
    // Finalizers are metadata: they are written at whichever version the cluster serves.
    let version = context.smi.traffic_splits().version().await?;
    let resource = discovery::resource(
        &TrafficSplit::group(&()),
        &version,
        &TrafficSplit::kind(&()),
        &TrafficSplit::plural(&()),
    );
    let api: Api<DynamicObject> = Api::namespaced_with(context.client.clone(), namespace, &resource);
    let metadata = match &split {
        Some(split) => split.metadata.clone(),
        // It cannot be read, or is gone; a bad object may still be deleted, and waits for us then.
        None => match api.get_metadata_opt(name).await? {
            Some(found) if found.metadata.deletion_timestamp.is_some() => found.metadata,
            Some(_) => {
                context.report(namespace, name).await?;
                return Ok(Action::await_change());
            }
            None => return Ok(Action::await_change()),
        },
    };
    let object = Arc::new(DynamicObject {
        types: None,
        metadata,
        data: serde_json::Value::Null,
    });
    let done = finalizer(&api, FINALIZER, object, |event| async {
        match (event, split) {
            (Finalizer::Apply(_), Some(split)) => context.apply(&split).await?,
            (Finalizer::Apply(_), None) => {}
            (Finalizer::Cleanup(_), _) => context.clean_up(namespace, name).await?,
        }
        Ok(Action::await_change())
    });
    match done.await {
        // The split was gone before the lister knew.
        Err(FinalizerError::RemoveFinalizer(kube::Error::Api(status))) if status.is_not_found() => {
            Ok(Action::await_change())
        }
        done => done.map_err(|error| Box::new(error).into()),
    }
}

impl Context {
    /// Puts the configuration of a split where nginx finds it, and tells the split's author when that is something new.
    async fn apply(&self, split: &TrafficSplit) -> Result<(), kube::Error> {
        let namespace = split.metadata.namespace.as_deref().unwrap_or_default();
        let split_name = split.metadata.name.as_deref().unwrap_or_default();
        let name = config_map(namespace, split_name);
        let maps = self.config_maps();
        let existing = maps.get_opt(&name).await?;
        let found = existing.as_ref().and_then(|map| map.data.as_ref()?.get(CONFIG));
        let rendered = if name.len() > LONGEST_NAME {
            Err(NotRendered::TooLong(name.clone()))
        } else {
            nginx::render(split)
        };
        match rendered {
            Ok(text) if found == Some(&text) => Ok(()),
            Ok(text) => {
                let map = ConfigMap {
                    metadata: ObjectMeta {
                        name: Some(name.clone()),
                        labels: Some(BTreeMap::from([(MANAGED_BY.to_owned(), NAME.to_owned())])),
                        ..ObjectMeta::default()
                    },
                    data: Some(BTreeMap::from([(CONFIG.to_owned(), text)])),
                    ..ConfigMap::default()
                };
                let params = PatchParams::apply(NAME).force();
                maps.patch(&name, &params, &Patch::Apply(&map)).await?;
                tracing::info!(split = %name, "rendered");
                let note = format!("rendered as ConfigMap `{}/{name}`", self.namespace);
                self.tell(split, EventType::Normal, "Rendered", note).await
            }
            // What was rendered before says something else than the split does now.
            Err(why) => {
                self.clean_up(namespace, split_name).await?;
                self.tell(split, EventType::Warning, "NotRendered", why.to_string())
                    .await
            }
        }
    }

    /// Removes the configuration of a split.
    async fn clean_up(&self, namespace: &str, name: &str) -> Result<(), kube::Error> {
        let name = config_map(namespace, name);
        match self.config_maps().delete(&name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            deleted => deleted.map(drop),
        }
    }

    /// Tells the author of a split that it cannot be read. Its configuration stays as it was.
    async fn report(&self, namespace: &str, name: &str) -> Result<(), kube::Error> {
        let invalid = self.splits.invalid();
        let is_it = |key: &smi_sdk::informers::ObjectKey| (key.namespace(), key.name()) == (namespace, name);
        let Some(invalid) = invalid.iter().find(|invalid| is_it(&invalid.object)) else {
            return Ok(());
        };
        let event = invalid.event("Render");
        self.publish(event, invalid.reference::<TrafficSplit>()).await
    }

    async fn tell(
        &self,
        split: &TrafficSplit,
        type_: EventType,
        reason: &str,
        note: String,
    ) -> Result<(), kube::Error> {
        let event = Event {
            type_,
            reason: reason.to_owned(),
            note: Some(note),
            action: "Render".to_owned(),
            secondary: None,
        };
        self.publish(event, split.object_ref(&())).await
    }

    /// kube's recorder calls an Event by its object, a dot and a time, which a long name leaves no room for: then the server
    /// makes a name.
    async fn publish(&self, event: Event, about: ObjectReference) -> Result<(), kube::Error> {
        if about.name.as_deref().unwrap_or_default().len() + EVENT_SUFFIX <= LONGEST_NAME {
            return self.recorder.publish(&event, &about).await;
        }
        let events: Api<KubernetesEvent> =
            Api::namespaced(self.client.clone(), about.namespace.as_deref().unwrap_or_default());
        let type_ = match event.type_ {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        };
        let event = KubernetesEvent {
            metadata: ObjectMeta {
                generate_name: Some(format!("{NAME}-")),
                ..ObjectMeta::default()
            },
            type_: Some(type_.to_owned()),
            reason: Some(event.reason),
            note: event.note,
            action: Some(event.action),
            event_time: Some(MicroTime(Timestamp::now())),
            regarding: Some(about),
            reporting_controller: Some(NAME.to_owned()),
            reporting_instance: Some(self.identity.clone()),
            ..KubernetesEvent::default()
        };
        events.create(&PostParams::default(), &event).await.map(drop)
    }

    fn config_maps(&self) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}

/// `shop.web`: one name for each split of each namespace, for a namespace has no dots.
pub(crate) fn config_map(namespace: &str, name: &str) -> String {
    format!("{namespace}.{name}")
}
