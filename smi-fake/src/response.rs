//! Builds HTTP answers.

use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use serde_json::Value;

use crate::error::ApiError;

/// The body of an answer: whole, or the events of a watch as they happen.
pub(crate) type ResponseBody = UnsyncBoxBody<Bytes, io::Error>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(crate) fn json(code: u16, value: &Value) -> Response<ResponseBody> {
    written(code, serde_json::to_vec(value).unwrap_or_default())
}

/// JSON that is written already.
pub(crate) fn written(code: u16, mut json: Vec<u8>) -> Response<ResponseBody> {
    json.push(b'\n');
    whole(code, JSON, json.into())
}

/// The content type of aggregated discovery and the like.
pub(crate) fn json_as(media_type: &'static str, value: &Value) -> Response<ResponseBody> {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    whole(200, HeaderValue::from_static(media_type), bytes.into())
}

pub(crate) fn bytes(media_type: &'static str, bytes: Vec<u8>) -> Response<ResponseBody> {
    whole(200, HeaderValue::from_static(media_type), bytes.into())
}

pub(crate) fn text(code: u16, text: &'static str) -> Response<ResponseBody> {
    whole(
        code,
        HeaderValue::from_static("text/plain; charset=utf-8"),
        Bytes::from_static(text.as_bytes()),
    )
}

pub(crate) fn error(error: &ApiError) -> Response<ResponseBody> {
    let mut response = json(error.code(), &error.to_value());
    if let Some(seconds) = error.retry_after_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

pub(crate) fn stream(bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response<ResponseBody> {
    let body = StreamBody::new(bytes.map(|chunk| chunk.map(Frame::data))).boxed_unsync();
    with(200, JSON, body)
}

/// Adds a `Warning` header for each text.
pub(crate) fn warn(response: &mut Response<ResponseBody>, warnings: &[String]) {
    for warning in warnings {
        let quoted = format!("299 - \"{}\"", warning.replace('\\', "\\\\").replace('"', "\\\""));
        if let Ok(value) = HeaderValue::from_str(&quoted) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
}

fn whole(code: u16, media_type: HeaderValue, bytes: Bytes) -> Response<ResponseBody> {
    let body = Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
    with(code, media_type, body)
}

fn with(code: u16, media_type: HeaderValue, body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}
