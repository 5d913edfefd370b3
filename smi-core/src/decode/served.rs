//! Lists and watch events as an API server writes them.
//!
//! Where every object is good, one pass over the text is enough. Where one is not, `serde` gives up on all of them, so the
//! caller reads again with [`RawValue`](serde_json::value::RawValue) for `T`, and then each object by itself.

use std::borrow::Cow;

use kube::core::Resource;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::{
    shaped,
    stripped::{Strip, Stripped},
};
use crate::lenient;

/// A page of a list.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct List<T> {
    #[serde(default)]
    pub(crate) metadata: ListHead,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) items: Vec<T>,
}

/// Which state a page is of.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListHead {
    /// The version of the state; empty where the server says none.
    #[serde(deserialize_with = "lenient::or_default")]
    pub(crate) resource_version: String,
    /// What to ask the next page with; empty on the last one.
    #[serde(rename = "continue", deserialize_with = "lenient::or_default")]
    pub(crate) next: String,
}

/// A line of a watch.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct Line<'a, T> {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
    pub(crate) object: T,
}

/// Reads a list without [`Strip::Bookkeeping`]; none where an object is bad.
pub(crate) fn list<K: Resource + DeserializeOwned>(text: &str) -> Option<List<K>> {
    let List { metadata, items } = shaped::text::<List<Good<K>>>(text).ok()?;
    let items = items.into_iter().map(|Good(object)| object).collect();
    Some(List { metadata, items })
}

/// Reads a line about an object without [`Strip::Bookkeeping`]; none where the object is bad, or is no object.
pub(crate) fn line<K: Resource + DeserializeOwned>(text: &str) -> Option<Line<'_, K>> {
    let Line { kind, object } = shaped::text::<Line<'_, Good<K>>>(text).ok()?;
    Some(Line { kind, object: object.0 })
}

/// An object without [`Strip::Bookkeeping`], out of a text that is read with [`shaped::text`].
struct Good<K>(K);

impl<'de, K: Resource + Deserialize<'de>> Deserialize<'de> for Good<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = K::deserialize(Stripped::object(deserializer))?;
        let object = Strip::Bookkeeping.finish(object).map_err(serde::de::Error::custom)?;
        Ok(Self(object))
    }
}

impl<T> List<T> {
    /// A list of what `convert` makes of every object; none where it makes nothing of one.
    pub(crate) fn convert<U>(self, convert: impl FnMut(T) -> Option<U>) -> Option<List<U>> {
        Some(List {
            metadata: self.metadata,
            items: self.items.into_iter().map(convert).collect::<Option<_>>()?,
        })
    }
}

impl<'a, T> Line<'a, T> {
    /// The same about what `convert` makes of the object.
    pub(crate) fn convert<U>(self, convert: impl FnOnce(T) -> Option<U>) -> Option<Line<'a, U>> {
        Some(Line {
            kind: self.kind,
            object: convert(self.object)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use serde::Serialize;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_list_is_read_as_its_objects_are() {
        let objects = [
            json!({"metadata": {"name": "a", "managedFields": [{}], "annotations": {super::super::LAST_APPLIED: "{}"}}}),
            json!({"metadata": {"name": "b", "labels": {"x": "y"}}, "data": {"k": "v"}}),
        ];
        let text = json!({"items": objects, "metadata": {"resourceVersion": "7", "continue": "more"}}).to_string();
        let read = list::<ConfigMap>(&text).unwrap();
        let alone = objects.map(|object| Strip::Bookkeeping.read::<ConfigMap>(&object.to_string()).unwrap());
        assert_eq!(read.items, alone);
        assert_eq!(
            (read.metadata.resource_version.as_str(), read.metadata.next.as_str()),
            ("7", "more")
        );
    }

    #[test]
    fn null_items_are_none_and_one_bad_object_spoils_the_list() {
        let read = |items: serde_json::Value| {
            let text = json!({"metadata": {"resourceVersion": "7", "continue": null}, "items": items}).to_string();
            list::<ConfigMap>(&text).map(|list| list.items.len())
        };
        assert_eq!(read(json!(null)), Some(0));
        assert_eq!(read(json!([{"metadata": {"name": "a"}}])), Some(1));
        for bad in [
            json!({"metadata": {}}),
            json!({"metadata": {"name": "b"}, "data": 5}),
            json!(null),
        ] {
            assert_eq!(read(json!([{"metadata": {"name": "a"}}, bad])), None);
        }
    }

    /// A kind of which nothing has to be there.
    #[derive(kube::CustomResource, Clone, Debug, Default, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
    #[kube(
        group = "example.org",
        version = "v1",
        kind = "Crate",
        namespaced,
        derive = "PartialEq"
    )]
    struct CrateSpec {
        #[serde(default)]
        bottles: Vec<Bottle>,
    }

    #[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
    struct Bottle {
        #[serde(default)]
        litres: u8,
    }

    #[test]
    fn a_list_is_no_struct_in_pages_and_lines_and_alone() {
        let object = |spec: Value| json!({"apiVersion": "example.org/v1", "kind": "Crate", "metadata": {"name": "a"}, "spec": spec});
        let page = |object: &Value| json!({"metadata": {"resourceVersion": "7"}, "items": [object]}).to_string();
        let event = |object: &Value| json!({"type": "ADDED", "object": object}).to_string();
        let good = object(json!({"bottles": [{}]}));
        assert_eq!(list::<Crate>(&page(&good)).unwrap().items.len(), 1);
        assert!(line::<Crate>(&event(&good)).is_some());
        let members = good.as_object().unwrap();
        let listed = json!([
            members["apiVersion"],
            members["kind"],
            members["metadata"],
            members["spec"]
        ]);
        for bad in [object(json!([])), object(json!({"bottles": [[]]})), listed] {
            assert!(list::<Crate>(&page(&bad)).is_none(), "{bad}");
            assert!(line::<Crate>(&event(&bad)).is_none(), "{bad}");
            for strip in [Strip::Bookkeeping, Strip::Nothing] {
                let error = strip.read::<Crate>(&bad.to_string()).unwrap_err();
                assert!(error.to_string().ends_with("a map is expected, not a list"), "{error}");
            }
        }
        assert!(list::<Crate>(&json!([{"resourceVersion": "7"}, [good]]).to_string()).is_none());
        assert!(line::<Crate>(&json!(["ADDED", good]).to_string()).is_none());
    }

    #[test]
    fn the_order_of_type_and_object_in_a_line_does_not_matter() {
        for text in [
            r#"{"type":"ADDED","object":{"metadata":{"name":"a"}}}"#,
            r#"{"object":{"metadata":{"name":"a"}},"type":"ADDED"}"#,
        ] {
            let line = line::<ConfigMap>(text).unwrap();
            assert_eq!(
                (&*line.kind, line.object.metadata.name.as_deref()),
                ("ADDED", Some("a"))
            );
        }
        assert!(line::<ConfigMap>(r#"{"type":"ERROR","object":{"kind":"Status","metadata":{}}}"#).is_none());
    }
}
