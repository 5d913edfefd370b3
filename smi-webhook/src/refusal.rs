//! Why a request or a connection was refused, and how that is said: to the client, in the log and in the metrics.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use smi_core::path::one_line;

/// Why a request gets no review.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is nothing at `{}`", one_line(.0))]
    Path(String),
    #[error("reviews come by POST, not by `{}`", one_line(.0))]
    Method(String),
    #[error("a review is `application/json`, not `{}`", one_line(.0))]
    ContentType(String),
    #[error("a review is not encoded, least of all as `{}`", one_line(.0))]
    ContentEncoding(String),
    #[error("a review has at most `{0}` bytes")]
    TooLarge(usize),
    #[error("`{0}` reviews are in flight already")]
    Reviews(usize),
    #[error("no memory came free for the review")]
    Bytes,
    #[error("no worker came free for the review")]
    Worker,
    #[error("the body did not come in time")]
    Slow,
    #[error("the body broke off: {}", one_line(.0))]
    Body(String),
    #[error("not a ConversionReview: {}", one_line(.0))]
    Malformed(String),
    #[error("the conversion panicked")]
    Panicked,
}

impl Refusal {
    /// The label in the metrics.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Path(_) => "path",
            Self::Method(_) => "method",
            Self::ContentType(_) => "content_type",
            Self::ContentEncoding(_) => "content_encoding",
            Self::TooLarge(_) => "too_large",
            Self::Reviews(_) => "reviews",
            Self::Bytes => "bytes",
            Self::Worker => "worker",
            Self::Slow => "slow_body",
            Self::Body(_) => "broken_body",
            Self::Malformed(_) => "malformed",
            Self::Panicked => "panic",
        }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Path(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType(_) | Self::ContentEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Reviews(_) | Self::Bytes | Self::Worker => StatusCode::SERVICE_UNAVAILABLE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Body(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the same request may be answered later. API servers try again where they are told when.
    const fn is_temporary(&self) -> bool {
        matches!(self, Self::Reviews(_) | Self::Bytes | Self::Worker)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(format!("{self}\n")));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if self.is_temporary() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if matches!(self, Self::Method(_)) {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_bounded_line_whatever_the_client_says() {
        let odd = format!("\r\n\u{1b}[31m{}", "x".repeat(1 << 20));
        for refusal in [
            Refusal::Path(odd.clone()),
            Refusal::Method(odd.clone()),
            Refusal::ContentType(odd.clone()),
            Refusal::ContentEncoding(odd.clone()),
            Refusal::Body(odd.clone()),
            Refusal::Malformed(odd.clone()),
        ] {
            let said = refusal.to_string();
            assert!(said.len() < 500, "{}", said.len());
            assert!(!said.contains(char::is_control), "{said}");
        }
    }

    #[test]
    fn only_what_may_pass_later_tells_when_to_try_again() {
        let retry = |refusal: Refusal| refusal.into_response().headers().contains_key(header::RETRY_AFTER);
        assert!(retry(Refusal::Bytes) && retry(Refusal::Worker) && retry(Refusal::Reviews(1)));
        assert!(!retry(Refusal::Slow) && !retry(Refusal::Panicked) && !retry(Refusal::TooLarge(1)));
    }
}
