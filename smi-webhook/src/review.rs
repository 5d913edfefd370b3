//! A ConversionReview answered from bytes to bytes.
//!
//! [`Converters::review`] decides what becomes of an object, each in a review of its own, and the objects are read,
//! converted and written one after another. So a review takes its own size, its answer's and one object as values, where
//! the tree of a whole list would take ten times its size.

use std::{borrow::Cow, fmt, io::Write as _, sync::Mutex};

use kube::core::{
    Status, TypeMeta,
    conversion::{ConversionRequest, ConversionResponse, ConversionReview},
    response::{StatusSummary, reason},
};
use serde::{
    Deserialize, Deserializer as _,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use smi_core::{convert::Converters, path::one_line};

use crate::{
    answer::Answer,
    object::{Object, Written, weight},
    refusal::Refusal,
};

const API_VERSION: &str = "apiextensions.k8s.io/v1";
const KIND: &str = "ConversionReview";

/// What a group and a version have at most: more is no version of anything, and would be copied for each object.
const LONGEST_API_VERSION: usize = 512;

/// Trees that are lighter may be built side by side.
const LIGHT: usize = 4 * 1024 * 1024;

/// Why a body gets no answer: it is no ConversionReview.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAReview(String);

/// Answers the ConversionReview in `body` as [`Server`](crate::Server) does, without its bounds: for servers other than
/// this crate's. A review that fails for one of its objects is an answer too.
///
/// # Errors
/// Where `body` is no ConversionReview of `apiextensions.k8s.io/v1`.
pub fn review(converters: &Converters, body: &[u8]) -> Result<Vec<u8>, NotAReview> {
    let mut answer = Answer::unbounded(body.len() + body.len() / 8);
    let reviewer = Reviewer::new(converters.clone(), usize::MAX);
    match reviewer.answer(body, &mut answer) {
        Ok(_) => Ok(answer.into_parts().0),
        Err(refusal) => Err(NotAReview(refusal.to_string())),
    }
}

/// Bytes of text that are lighter than [`LIGHT`], whatever they say: seven make a map of one entry, and 771 bytes of it.
const SHORT: usize = LIGHT / 128;

/// What became of a review.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All objects are converted.
    Converted {
        /// How many.
        objects: u64,
    },
    /// One could not be, and the review failed as a whole.
    Failed {
        /// Why, with the object's name.
        message: String,
    },
}

/// How objects are converted.
#[derive(Debug)]
pub(crate) struct Reviewer {
    converters: Converters,
    heaviest: usize,
    /// Held by whoever builds the tree of a heavy object, so that there is one at a time.
    heavy: Mutex<()>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "apiVersion", borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Option<Request<'a>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(rename = "desiredAPIVersion", borrow)]
    desired_api_version: Cow<'a, str>,
    #[serde(borrow)]
    objects: Option<&'a RawValue>,
}

impl Reviewer {
    /// Objects that take more than `heaviest` bytes as a tree fail their review.
    pub(crate) const fn new(converters: Converters, heaviest: usize) -> Self {
        Self {
            converters,
            heaviest,
            heavy: Mutex::new(()),
        }
    }

    /// Writes the answer to the review in `body`.
    pub(crate) fn answer(&self, body: &[u8], answer: &mut Answer) -> Result<Outcome, Refusal> {
        let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(malformed)?;
        if (&*envelope.api_version, &*envelope.kind) != (API_VERSION, KIND) {
            let (version, kind) = (one_line(&envelope.api_version), one_line(&envelope.kind));
            return Err(Refusal::Malformed(format!(
                "it says `{kind}` of `{version}`, not `{KIND}` of `{API_VERSION}`"
            )));
        }
        let request = envelope
            .request
            .ok_or_else(|| Refusal::Malformed("it has no `request`".to_owned()))?;
        if request.desired_api_version.len() > LONGEST_API_VERSION {
            return Err(Refusal::Malformed("`desiredAPIVersion` is no version".to_owned()));
        }
        match self.write(&request, answer)? {
            Ok(objects) => Ok(Outcome::Converted { objects }),
            Err(status) => {
                let message = status.message.clone();
                answer.clear();
                write_failure(&request.uid, *status, answer)?;
                Ok(Outcome::Failed { message })
            }
        }
    }

    /// Writes a review in which every object is converted; or says why one is not.
    fn write(&self, request: &Request<'_>, answer: &mut Answer) -> Result<Result<u64, Box<Status>>, Refusal> {
        let types = format!(r#"{{"apiVersion":"{API_VERSION}","kind":"{KIND}","response":{{"uid":"#);
        answer.write_all(types.as_bytes()).map_err(full)?;
        serde_json::to_writer(&mut *answer, &request.uid).map_err(|_| Refusal::Bytes)?;
        answer
            .write_all(br#","result":{"status":"Success"},"convertedObjects":["#)
            .map_err(full)?;
        let mut each = Each {
            reviewer: self,
            desired_api_version: &request.desired_api_version,
            answer,
            written: 0,
            stopped: None,
        };
        if let Some(objects) = request.objects {
            let read = serde_json::Deserializer::from_str(objects.get()).deserialize_seq(&mut each);
            match (each.stopped.take(), read) {
                (Some(Stopped::Failed(status)), _) => return Ok(Err(status)),
                (Some(Stopped::Refused(refusal)), _) => return Err(refusal),
                (None, Err(error)) => return Err(malformed(error)),
                (None, Ok(())) => {}
            }
        }
        let written = each.written;
        answer.write_all(b"]}}").map_err(full)?;
        Ok(Ok(written))
    }

    /// Writes one object, the text of which is `text`.
    fn write_object(&self, text: &str, desired_api_version: &str, answer: &mut Answer) -> Result<(), Stopped> {
        // Not even nothing but maps in so short a text would be heavy.
        let weight = if text.len() < SHORT { 0 } else { weight(text) };
        let heavy = (weight > LIGHT).then(|| self.heavy.lock());
        if weight > self.heaviest {
            return Err(failed(&format!("its `{}` bytes are too large as values", text.len())));
        }
        let Object { value, managed } =
            serde_json::from_str(text).map_err(|error| failed(&one_line(&error.to_string())))?;
        let value = self.convert(value, desired_api_version)?;
        let written = Written { value: &value, managed };
        serde_json::to_writer(&mut *answer, &written).map_err(|_| Stopped::Refused(Refusal::Bytes))?;
        drop(value);
        drop(heavy);
        Ok(())
    }

    fn convert(&self, object: serde_json::Value, desired_api_version: &str) -> Result<serde_json::Value, Stopped> {
        let review = ConversionReview {
            types: TypeMeta {
                api_version: API_VERSION.to_owned(),
                kind: KIND.to_owned(),
            },
            request: Some(ConversionRequest {
                types: None,
                uid: String::new(),
                desired_api_version: desired_api_version.to_owned(),
                objects: vec![object],
            }),
            response: None,
        };
        let response = self.converters.review(review).response;
        let mut response = response.ok_or_else(|| failed("the conversion gave no answer"))?;
        if response.result.status != Some(StatusSummary::Success) {
            return Err(Stopped::Failed(Box::new(response.result)));
        }
        response
            .converted_objects
            .pop()
            .ok_or_else(|| failed("the conversion gave no object"))
    }
}

/// Why the objects after one are not looked at.
#[derive(Debug)]
enum Stopped {
    Failed(Box<Status>),
    Refused(Refusal),
}

fn failed(message: &str) -> Stopped {
    Stopped::Failed(Box::new(Status::failure(message, reason::INVALID)))
}

/// Converts each object of a list as it is read.
struct Each<'a> {
    reviewer: &'a Reviewer,
    desired_api_version: &'a str,
    answer: &'a mut Answer,
    written: u64,
    stopped: Option<Stopped>,
}

impl Each<'_> {
    fn write(&mut self, text: &str) -> Result<(), Stopped> {
        if self.written > 0 {
            self.answer
                .write_all(b",")
                .map_err(|error| Stopped::Refused(full(error)))?;
        }
        self.reviewer
            .write_object(text, self.desired_api_version, self.answer)?;
        self.written += 1;
        Ok(())
    }
}

impl<'de> Visitor<'de> for &mut Each<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<(), A::Error> {
        while let Some(object) = objects.next_element::<&RawValue>()? {
            if let Err(mut stopped) = self.write(object.get()) {
                if let Stopped::Failed(status) = &mut stopped {
                    status.message = format!("`objects[{}]`: {}", self.written, status.message);
                }
                self.stopped = Some(stopped);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

fn write_failure(uid: &str, status: Status, answer: &mut Answer) -> Result<(), Refusal> {
    let review = ConversionResponse {
        types: None,
        uid: uid.to_owned(),
        result: status,
        converted_objects: Vec::new(),
    };
    serde_json::to_writer(answer, &review.into_review()).map_err(|_| Refusal::Bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn malformed(error: serde_json::Error) -> Refusal {
    Refusal::Malformed(error.to_string())
}

fn full(_: std::io::Error) -> Refusal {
    Refusal::Bytes
}
