//! Objects that the server gives out and that cannot be read.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    core::Resource,
    runtime::events::{Event, EventType},
};

use crate::{convert::ConvertError, informer::stored::is_older, key::ObjectKey};

/// The most bytes that an API server takes as the note of an Event.
const NOTE_BYTES: usize = 1024;

/// What becomes of the objects that cannot be read. Whichever it is, the others are served, and
/// [`Event::Invalid`](super::Event::Invalid) reports each bad version once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnInvalid {
    /// The object is left out, as if it were deleted; subscribers of the change stream see a deletion.
    Drop,
    /// The last version that could be read stays, until it is replaced, deleted or this process starts again.
    KeepLast,
    /// The object is left out, and subscribers of the change stream are told that it is invalid, so that they can refuse
    /// what depends on it.
    #[default]
    FailClosed,
}

/// An object that cannot be read.
///
/// A controller tells those who wrote it with an Event, which `kubectl describe` shows:
///
/// ```no_run
/// # use kube::runtime::events::Recorder;
/// use futures::{Stream, StreamExt};
/// use k8s_openapi::api::core::v1::ConfigMap;
/// use smi_core::informer::Event;
///
/// # async fn example(
/// #     recorder: Recorder,
/// #     mut events: impl Stream<Item = Event<ConfigMap>> + Unpin,
/// # ) -> Result<(), kube::Error> {
/// while let Some(event) = events.next().await {
///     if let Event::Invalid(invalid) = event {
///         recorder.publish(&invalid.event("Watch"), &invalid.reference::<ConfigMap>()).await?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Namespace and name; the name is empty where even that cannot be read.
    pub object: ObjectKey,
    /// `metadata.uid`, empty where there is none; for the reference of an Event.
    pub uid: String,
    /// `metadata.resourceVersion`; empty where there is none.
    pub resource_version: String,
    /// What is wrong with it.
    pub error: ConvertError,
}

impl Invalid {
    /// The `reason` of [`event`](Self::event).
    pub const REASON: &str = "Unreadable";

    /// What [`Recorder::publish`](kube::runtime::events::Recorder::publish) says about the object: a warning with the error,
    /// which names the field. `action` is what the controller was doing, in `PascalCase`.
    ///
    /// Publish it once for each version: a recorder counts repetitions for six minutes and then starts anew.
    #[must_use]
    pub fn event(&self, action: impl Into<String>) -> Event {
        Event {
            type_: EventType::Warning,
            reason: Self::REASON.to_owned(),
            note: Some(bounded(self.error.to_string())),
            action: action.into(),
            secondary: None,
        }
    }

    /// The object as one of kind `K`, for an Event about it. Fields that could not be read are none.
    #[must_use]
    pub fn reference<K: Resource<DynamicType = ()>>(&self) -> ObjectReference {
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ObjectReference {
            api_version: Some(K::api_version(&()).into_owned()),
            kind: Some(K::kind(&()).into_owned()),
            namespace: known(self.object.namespace()),
            name: known(self.object.name()),
            uid: known(&self.uid),
            resource_version: known(&self.resource_version),
            field_path: None,
        }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        !other.resource_version.is_empty() && self.resource_version == other.resource_version && self.uid == other.uid
    }

    pub(super) fn is_newer_than(&self, resource_version: &str) -> bool {
        is_older(resource_version, &self.resource_version)
    }
}

/// `note`, cut where it is longer than an API server takes.
fn bounded(mut note: String) -> String {
    const CUT: &str = " ...";
    if note.len() > NOTE_BYTES {
        let mut end = NOTE_BYTES - CUT.len();
        while !note.is_char_boundary(end) {
            end -= 1;
        }
        note.truncate(end);
        note.push_str(CUT);
    }
    note
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;
    use crate::{decode::DecodeError, path::FieldPath};

    fn invalid(message: &str) -> Invalid {
        Invalid {
            object: ObjectKey::new("shop", "web"),
            uid: "u".to_owned(),
            resource_version: String::new(),
            error: DecodeError::new(FieldPath::root().child("spec").child("weight"), message).into(),
        }
    }

    #[test]
    fn an_event_names_the_field_and_the_object() {
        let invalid = invalid("the weight `x` is no number");
        let event = invalid.event("Render");
        assert_eq!((event.type_, event.reason.as_str()), (EventType::Warning, "Unreadable"));
        assert_eq!(event.action, "Render");
        assert_eq!(
            event.note.as_deref(),
            Some("`spec.weight`: the weight `x` is no number")
        );
        let reference = invalid.reference::<ConfigMap>();
        assert_eq!(
            (reference.api_version.as_deref(), reference.kind.as_deref()),
            (Some("v1"), Some("ConfigMap"))
        );
        assert_eq!(
            (reference.namespace.as_deref(), reference.name.as_deref()),
            (Some("shop"), Some("web"))
        );
        assert_eq!(
            (reference.uid.as_deref(), reference.resource_version),
            (Some("u"), None)
        );
    }

    #[test]
    fn a_note_is_never_longer_than_a_server_takes() {
        // Two bytes each: the limit falls into the middle of one.
        let note = invalid(&"\u{e9}".repeat(2000)).event("Render").note.unwrap();
        assert!(
            note.len() <= NOTE_BYTES && note.len() > NOTE_BYTES - 8,
            "{}",
            note.len()
        );
        assert!(note.ends_with("\u{e9} ..."), "{note}");
    }
}
