//! Manifests on their way to the server.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use kube::{
    Api, Client,
    api::PostParams,
    core::{ApiResource, DynamicObject, ObjectMeta, Status},
};
use smi_sdk::{
    convert::Loss,
    core::{discovery, informer::ObjectKey, path::one_line},
    kube,
    manifest::{Document, ManifestError, Object, Position},
};

use super::{refusal::reason, row::KINDS};

/// As whom objects are written.
const MANAGER: &str = "quickstart";

/// What became of some manifests.
#[derive(Default)]
pub(crate) struct Applied {
    /// What is known of the objects that the server took, beside the objects themselves.
    known: HashMap<Id, Known>,
    /// What no server stores: TrafficMetrics.
    pub(crate) metrics: Vec<Document>,
    /// How many objects are of other kinds and were applied.
    pub(crate) others: usize,
    /// How many are of kinds that the server does not have.
    pub(crate) skipped: usize,
    /// Those of them that are called as a kind of SMI is: a group that was mistyped, often.
    pub(crate) namesakes: Vec<String>,
    /// Those that could be opened.
    pub(crate) files: BTreeSet<Arc<str>>,
    pub(crate) unreadable: Vec<String>,
    /// What the server did not take.
    pub(crate) refused: Vec<String>,
    /// What it took before it was given another object of the same name.
    pub(crate) replaced: Vec<String>,
}

/// Kind and key of an object.
type Id = (String, ObjectKey);

/// What only the manifest of an object knows.
pub(crate) struct Known {
    /// Who wrote it as it is now; none for a companion.
    at: Option<Position>,
    /// The version at which it was written.
    pub(crate) version: String,
    /// The version at which the server has it as it was applied.
    resource_version: String,
    pub(crate) losses: Vec<Loss>,
    /// The object that needs it, for a companion.
    pub(crate) made_for: Option<String>,
}

impl Applied {
    /// What the manifest of an object knows, if it is still as it was applied.
    pub(crate) fn known(&self, kind: &str, metadata: &ObjectMeta) -> Option<&Known> {
        let known = self.known.get(&id(kind, metadata))?;
        (metadata.resource_version.as_deref() == Some(&known.resource_version)).then_some(known)
    }
}

/// Applies documents one after the other.
///
/// # Errors
/// When the server does not answer. What it refuses is part of the result.
pub(crate) async fn apply(
    client: &Client,
    documents: Vec<Result<Document, ManifestError>>,
) -> Result<Applied, kube::Error> {
    let mut applied = Applied::default();
    let mut writer = Writer::new(client.clone());
    for document in documents {
        match document {
            Ok(document) => writer.document(document, &mut applied).await?,
            Err(error) => applied.unreadable.push(error.to_string()),
        }
    }
    for companion in std::mem::take(&mut writer.companions) {
        Box::pin(writer.companion(companion, &mut applied)).await?;
    }
    Ok(applied)
}

struct Writer {
    client: Client,
    /// What the server has, by `apiVersion`: the kinds, and whether they have namespaces.
    served: HashMap<String, Vec<(ApiResource, bool)>>,
    namespaces: HashSet<String>,
    /// What the objects that the server took need beside them: applied last, as a manifest may have it.
    companions: Vec<Companion>,
    /// How many names were made up.
    generated: usize,
}

/// What a conversion made beside an object.
struct Companion {
    object: DynamicObject,
    owner: Id,
    /// The owner, as its manifest calls it.
    made_for: String,
}

impl Writer {
    fn new(client: Client) -> Self {
        Self {
            client,
            served: HashMap::new(),
            namespaces: HashSet::new(),
            companions: Vec::new(),
            generated: 0,
        }
    }

    /// Applies a document.
    async fn document(&mut self, document: Document, applied: &mut Applied) -> Result<(), kube::Error> {
        if matches!(
            document.object,
            Object::TrafficMetrics(_) | Object::TrafficMetricsList(_)
        ) {
            applied.metrics.push(document);
            return Ok(());
        }
        let kind = document.source.value["kind"].as_str().unwrap_or_default();
        // The CRDs here are ours; those of a manifest would take versions away.
        let served = self.served(document.api_version(), kind).await?;
        let Some((resource, is_namespaced)) = served.filter(|_| kind != "CustomResourceDefinition") else {
            applied.skipped += 1;
            if KINDS.iter().any(|(one, _)| *one == kind) {
                let reason = format!("`{}` is no version of SMI's", one_line(document.api_version()));
                applied.namesakes.push(line(&document, &document.at, &reason));
            }
            return Ok(());
        };
        let object = match serde_json::from_value(document.source.value.clone()) {
            Ok(object) => object,
            Err(error) => {
                applied.refused.push(line(&document, &document.at, &error.to_string()));
                return Ok(());
            }
        };
        match self.write(object, &resource, is_namespaced).await {
            Ok(written) if document.object.is_smi() => {
                let known = Known {
                    at: Some(document.at.clone()),
                    version: resource.version,
                    resource_version: written.resource_version.clone().unwrap_or_default(),
                    losses: document.losses.clone(),
                    made_for: None,
                };
                let owner = id(&resource.kind, &written);
                // Those of the object that this one replaces go with it.
                self.companions.retain(|companion| companion.owner != owner);
                self.companions
                    .extend(document.companions.iter().map(|object| Companion {
                        object: object.clone(),
                        owner: owner.clone(),
                        made_for: format!("{} {}", document.object.kind(), name(&document)),
                    }));
                let before = applied.known.insert(owner, known);
                if let Some(at) = before.and_then(|before| before.at) {
                    applied
                        .replaced
                        .push(line(&document, &at, &format!("by {}", document.at)));
                }
            }
            Ok(_) => applied.others += 1,
            Err(kube::Error::Api(status)) => {
                let (path, reason) = reason(&status);
                let at = path.map_or_else(|| document.at.clone(), |path| document.source.position_of(&path));
                applied.refused.push(line(&document, &at, &reason));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Applies what a conversion made beside an object, unless a manifest has an object of that name.
    async fn companion(&mut self, companion: Companion, applied: &mut Applied) -> Result<(), kube::Error> {
        let Companion { object, made_for, .. } = companion;
        let types = object.types.clone().unwrap_or_default();
        let Some((resource, is_namespaced)) = self.served(&types.api_version, &types.kind).await? else {
            return Ok(());
        };
        let metadata = ObjectMeta {
            namespace: Some(namespace(&object.metadata)),
            ..object.metadata.clone()
        };
        let id = id(&resource.kind, &metadata);
        if applied.known.contains_key(&id) {
            return Ok(());
        }
        match self.write(object, &resource, is_namespaced).await {
            Ok(written) => {
                let known = Known {
                    at: None,
                    version: resource.version,
                    resource_version: written.resource_version.unwrap_or_default(),
                    losses: Vec::new(),
                    made_for: Some(made_for),
                };
                applied.known.insert(id, known);
            }
            Err(kube::Error::Api(status)) => {
                let reason = reason(&status).1;
                applied
                    .refused
                    .push(format!("{} `{}`, made for {made_for}: {reason}", id.0, id.1));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Creates an object, or puts it in the place of the one that is there. Returns its metadata.
    async fn write(
        &mut self,
        mut object: DynamicObject,
        resource: &ApiResource,
        is_namespaced: bool,
    ) -> Result<ObjectMeta, kube::Error> {
        // What `kubectl get -o yaml` prints and a server sets itself.
        object.metadata = ObjectMeta {
            uid: None,
            resource_version: None,
            creation_timestamp: None,
            deletion_timestamp: None,
            generation: None,
            self_link: None,
            managed_fields: None,
            ..object.metadata
        };
        // A server would make a name up, and with it another row on each run.
        let generated = object.metadata.generate_name.take().map(|prefix| {
            self.generated += 1;
            format!("{prefix}{:05}", self.generated)
        });
        let name = object
            .metadata
            .name
            .get_or_insert_with(|| generated.unwrap_or_default())
            .clone();
        let client = self.client.clone();
        let objects: Api<DynamicObject> = if is_namespaced {
            let namespace = namespace(&object.metadata);
            self.namespace(&namespace).await?;
            let objects = Api::namespaced_with(client, &namespace, resource);
            object.metadata.namespace = Some(namespace);
            objects
        } else {
            Api::all_with(client, resource)
        };
        let params = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PostParams::default()
        };
        let written = match objects.create(&params, &object).await {
            Err(kube::Error::Api(status)) if status.is_already_exists() => {
                let found = objects.get_metadata(&name).await?.metadata;
                object.metadata.resource_version = found.resource_version;
                // What others wait for is theirs to take off.
                let mut finalizers = found.finalizers.unwrap_or_default();
                let own = object.metadata.finalizers.unwrap_or_default();
                finalizers.extend(own);
                let mut seen = HashSet::new();
                finalizers.retain(|finalizer| seen.insert(finalizer.clone()));
                object.metadata.finalizers = Some(finalizers);
                objects.replace(&name, &params, &object).await?
            }
            created => created?,
        };
        Ok(written.metadata)
    }

    /// Makes sure that a namespace is there.
    async fn namespace(&mut self, name: &str) -> Result<(), kube::Error> {
        if self.namespaces.contains(name) {
            return Ok(());
        }
        let resource = discovery::resource("", "v1", "Namespace", "namespaces");
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource);
        match api
            .create(&PostParams::default(), &DynamicObject::new(name, &resource))
            .await
        {
            Err(kube::Error::Api(status)) if status.is_already_exists() => {}
            // Without its causes, which name fields of the namespace.
            Err(kube::Error::Api(status)) => {
                return Err(kube::Error::Api(Box::new(Status {
                    details: None,
                    ..*status
                })));
            }
            created => drop(created?),
        }
        self.namespaces.insert(name.to_owned());
        Ok(())
    }

    /// What the server calls a kind, and whether it has namespaces; none where it does not have it at this version.
    async fn served(&mut self, api_version: &str, kind: &str) -> Result<Option<(ApiResource, bool)>, kube::Error> {
        if api_version.is_empty() {
            return Ok(None);
        }
        if !self.served.contains_key(api_version) {
            let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
            let list = if group.is_empty() {
                self.client.list_core_api_resources(version).await
            } else {
                self.client.list_api_group_resources(api_version).await
            };
            let resources = match list {
                Ok(list) => list.resources,
                Err(kube::Error::Api(status)) if status.code == 404 => Vec::new(),
                Err(error) => return Err(error),
            };
            let kinds = resources.into_iter().filter(|resource| !resource.name.contains('/'));
            let kinds = kinds.map(|it| (discovery::resource(group, version, &it.kind, &it.name), it.namespaced));
            self.served.insert(api_version.to_owned(), kinds.collect());
        }
        let mut kinds = self.served.get(api_version).into_iter().flatten();
        Ok(kinds.find(|(resource, _)| resource.kind == kind).cloned())
    }
}

/// The namespace of an object that has one; `default` where it says none or an empty one, as with kubectl.
fn namespace(metadata: &ObjectMeta) -> String {
    let own = metadata.namespace.clone().filter(|namespace| !namespace.is_empty());
    own.unwrap_or_else(|| "default".to_owned())
}

fn id(kind: &str, metadata: &ObjectMeta) -> Id {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let key = ObjectKey::new(&text(&metadata.namespace), &text(&metadata.name));
    (kind.to_owned(), key)
}

/// ``policy.yaml:4: TrafficSplit `shop/web`: `` and `what`.
fn line(document: &Document, at: &Position, what: &str) -> String {
    let kind = document.source.value["kind"].as_str().unwrap_or_default();
    format!("{at}: {} `{}`: {what}", one_line(kind), one_line(&name(document)))
}

/// Namespace and name, as the manifest has them.
fn name(document: &Document) -> String {
    let metadata = &document.source.value["metadata"];
    let text = |field| metadata[field].as_str().unwrap_or_default();
    let name = metadata["name"]
        .as_str()
        .map_or_else(|| format!("{}*", text("generateName")), str::to_owned);
    ObjectKey::new(text("namespace"), &name).to_string()
}
