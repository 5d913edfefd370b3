//! Plain requests, whose answers keep what `kube::Api` throws away: the status, the `Warning` headers, the words of a
//! refusal.

use http::{Method, header};
use kube::Client;
use serde_json::Value;

use crate::{Cluster, Error};

/// What the API server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    /// The texts of the `Warning` headers, in order.
    pub warnings: Vec<String>,
    /// The body as it came.
    pub body: String,
}

impl Response {
    /// Sends `request` with a client that the caller keeps, for tests with hundreds of requests:
    /// [`Cluster::request`] connects each time anew.
    ///
    /// # Errors
    /// Where no answer came: a refusal is a [`Response`].
    pub async fn to(client: &Client, request: http::Request<Vec<u8>>) -> Result<Self, Error> {
        let (head, body) = client.send(request.map(Into::into)).await?.into_parts();
        let warnings = head.headers.get_all(header::WARNING).iter();
        Ok(Self {
            status: head.status.as_u16(),
            warnings: warnings
                .map(|value| warning_text(&String::from_utf8_lossy(value.as_bytes())))
                .collect(),
            body: String::from_utf8_lossy(&body.collect_bytes().await?).into_owned(),
        })
    }

    /// Whether the status is a 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON: the object, or the `Status` of a refusal.
    ///
    /// # Errors
    /// [`Error::Json`] where it is something else, such as the text of `/readyz`.
    pub fn json(&self) -> Result<Value, Error> {
        Ok(serde_json::from_str(&self.body)?)
    }

    /// The server's words: the message of a `Status`, or the whole body.
    pub fn message(&self) -> String {
        let message = self
            .json()
            .ok()
            .and_then(|status| status["message"].as_str().map(str::to_owned));
        message.unwrap_or_else(|| self.body.clone())
    }

    /// The same response where it is a 2xx, else an error that says what was tried.
    pub(crate) fn or_refused(self, what: impl FnOnce() -> String) -> Result<Self, Error> {
        if self.is_success() {
            return Ok(self);
        }
        Err(Error::Refused {
            what: what(),
            status: self.status,
            message: self.message(),
        })
    }
}

impl Cluster {
    /// Reads `path`, such as `/readyz` or `/apis/split.smi-spec.io`.
    ///
    /// # Errors
    /// Where no answer came: a refusal is a [`Response`].
    pub async fn read(&self, path: &str) -> Result<Response, Error> {
        self.request(Method::GET, path, "application/json", &[]).await
    }

    /// Sends any request as the admin. `content_type` is that of `body`.
    ///
    /// # Errors
    /// Where no answer came: a refusal is a [`Response`].
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<Response, Error> {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, content_type)
            .body(body.to_vec())?;
        Response::to(&self.client()?, request).await
    }
}

/// The text of a header like `299 - "unknown field \"spec.x\""`; any other header as it is.
fn warning_text(header: &str) -> String {
    let quoted = header.split_once('"').and_then(|(_, rest)| rest.strip_suffix('"'));
    quoted.map_or_else(
        || header.to_owned(),
        |text| text.replace("\\\"", "\"").replace("\\\\", "\\"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_lose_their_frame_and_keep_their_quotes() {
        assert_eq!(
            warning_text(r#"299 - "unknown field \"spec.x\"""#),
            r#"unknown field "spec.x""#
        );
        assert_eq!(warning_text("of another form"), "of another form");
    }

    #[test]
    fn a_refusal_speaks_through_its_message() {
        let refusal = |body: &str| Response {
            status: 422,
            warnings: vec![],
            body: body.to_owned(),
        };
        assert_eq!(refusal(r#"{"kind": "Status", "message": "no"}"#).message(), "no");
        assert_eq!(refusal("not found").message(), "not found");
    }
}
