//! Owns [`View`]: the form in which objects go out.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, Target},
    meta,
    request::{Form, Query},
    table::{IncludeObject, partial_object_metadata, table},
    verb::List,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListBody<'l> {
    api_version: String,
    kind: &'l str,
    metadata: Value,
    #[serde(serialize_with = "shared")]
    items: Vec<Arc<Value>>,
}

fn shared<S: Serializer>(items: &[Arc<Value>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(items.iter().map(|item| &**item))
}

/// The form of objects in an answer, and what a table says of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    form: Form,
    include: IncludeObject,
}

impl View {
    pub(crate) fn new(form: Form, query: &Query) -> Self {
        let include = match query.get("includeObject") {
            Some("None") => IncludeObject::None,
            Some("Object") => IncludeObject::Object,
            _ => IncludeObject::Metadata,
        };
        Self { form, include }
    }

    /// One object as it goes out, spoiled if a fault says so.
    pub(crate) fn object(self, cluster: &Cluster, target: &Target, object: &Arc<Value>) -> Arc<Value> {
        let object = cluster.faults.spoil(&target.resource(), Arc::clone(object));
        match self.form {
            Form::Table => Arc::new(self.table(cluster, target, &object)),
            Form::Partial => Arc::new(partial_object_metadata(&object)),
            Form::Whole | Form::Discovery => object,
        }
    }

    /// A bookmark: an object with nothing but its revision.
    pub(crate) fn bookmark(self, cluster: &Cluster, target: &Target, metadata: &Value) -> Value {
        let object = json!({"apiVersion": target.api_version(), "kind": target.kind.kind, "metadata": metadata});
        match self.form {
            Form::Table => self.table(cluster, target, &object),
            Form::Partial => partial_object_metadata(&object),
            Form::Whole | Form::Discovery => object,
        }
    }

    /// A list as the bytes that go out: a large one is not built as a value first.
    pub(crate) fn list(self, cluster: &Cluster, target: &Target, list: &List) -> Vec<u8> {
        let mut metadata = json!({"resourceVersion": list.revision.to_string()});
        if let Some(token) = &list.continue_token {
            metadata["continue"] = token.as_str().into();
        }
        if let Some(remaining) = list.remaining {
            metadata["remainingItemCount"] = remaining.into();
        }
        let of = target.resource();
        let items = list
            .objects
            .iter()
            .map(|object| cluster.faults.spoil(&of, Arc::clone(object)));
        let list = ListBody {
            api_version: target.api_version(),
            kind: &target.kind.list_kind,
            metadata,
            items: items.collect(),
        };
        if matches!(self.form, Form::Whole | Form::Discovery) {
            return serde_json::to_vec(&list).unwrap_or_default();
        }
        let list = serde_json::to_value(list).unwrap_or_default();
        let shown = match self.form {
            Form::Table => self.table(cluster, target, &list),
            _ => partial_object_metadata(&list),
        };
        serde_json::to_vec(&shown).unwrap_or_default()
    }

    /// Tables of a watch name their columns in the first event only.
    pub(crate) fn without_columns(self, mut object: Arc<Value>) -> Arc<Value> {
        if self.form == Form::Table && object.get("columnDefinitions").is_some() {
            let table = Arc::make_mut(&mut object);
            meta::map_mut(table).insert("columnDefinitions".to_owned(), Value::Null);
        }
        object
    }

    fn table(self, cluster: &Cluster, target: &Target, object: &Value) -> Value {
        let Some(version) = target.kind.version(&target.version) else {
            return Value::Null;
        };
        table(&version.columns, object, self.include, cluster.clock.seconds())
    }
}
