//! Answers requests: from HTTP to the verb and back.

use std::{io, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header, request::Parts};
use kube::core::response::reason;
use serde_json::Value;

use crate::{
    cluster::{Cluster, Subresource, Target},
    discovery,
    error::ApiError,
    faults::Fault,
    request::{Accept, Body, Form, ListOptions, Path, Query, ResourcePath, WriteOptions, protobuf, read_body},
    response::{self, ResponseBody},
    review,
    verb::{self, DeleteOptions, Deleted, PatchType, Written},
    view::View,
    watch,
};

/// The media types of objects, as kube-apiserver lists them for every kind.
const BODIES: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

type Answer = Result<Response<ResponseBody>, ApiError>;

/// Answers a request. An error is a connection that a fault breaks.
pub(crate) async fn serve<B>(cluster: Arc<Cluster>, request: Request<B>) -> io::Result<Response<ResponseBody>>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let path = Path::parse(parts.uri.path());
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let (verb, resource) = match &path {
        Path::Resource(path) => (verb_of(&parts.method, path, &query), path.resource.as_str()),
        Path::Other(_) => ("get", ""),
    };
    let mut standing = Vec::new();
    for fault in cluster.faults.meet(verb, resource) {
        let failure = match fault {
            Fault::Delay(delay) => {
                tokio::time::sleep(delay).await;
                continue;
            }
            Fault::Disconnect => {
                let why = "the connection was broken by a fault";
                return Err(io::Error::new(io::ErrorKind::ConnectionReset, why));
            }
            Fault::Gone if verb != "watch" => ApiError::expired("the resource version was expired by a fault"),
            Fault::TooManyRequests { retry_after } => {
                let why = "Too many requests, please try again later.";
                ApiError::too_many_requests(why, retry_after)
            }
            Fault::InternalError => ApiError::internal("a fault was asked for"),
            other => {
                standing.push(other);
                continue;
            }
        };
        return Ok(response::error(&failure));
    }
    let answer = match path {
        Path::Resource(path) => resource_request(&cluster, &parts, body, &path, &query, verb, &standing).await,
        Path::Other(words) => Ok(discovery::serve(&cluster, &parts.headers, &words)),
    };
    Ok(answer.unwrap_or_else(|error| response::error(&error)))
}

/// The verb, as Kubernetes' request info has it.
fn verb_of(method: &Method, path: &ResourcePath, query: &Query) -> &'static str {
    match (method.as_str(), path.name.is_empty()) {
        ("GET" | "HEAD", true) if query.flag("watch") == Some(true) => "watch",
        ("GET" | "HEAD", true) => "list",
        ("GET" | "HEAD", false) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        _ => "",
    }
}

async fn resource_request<B>(
    cluster: &Arc<Cluster>,
    parts: &Parts,
    body: B,
    path: &ResourcePath,
    query: &Query,
    verb: &str,
    faults: &[Fault],
) -> Answer
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if let Some(kind) = review::kind(path).filter(|_| verb == "create") {
        return review(kind, cluster, parts, body, path).await;
    }
    let Some(target) = cluster.resolve(path) else {
        return not_served(cluster, path);
    };
    // All namespaces at once are only read.
    if target.kind.namespaced && target.namespace.is_empty() && !matches!(verb, "list" | "watch") {
        return match target.kind.builtin {
            Some(_) => Err(not_allowed()),
            None => Ok(response::text(404, "404 page not found\n")),
        };
    }
    let accept = Accept::read(&parts.headers).filter(|accept| accept.form != Form::Discovery);
    let view = View::new(accept.ok_or_else(ApiError::not_acceptable)?.form, query);
    let is_sub = target.subresource != Subresource::None;
    let mut answer = match verb {
        "get" => {
            let object = verb::get(cluster, &target)?;
            response::json(200, &view.object(cluster, &target, &object))
        }
        "list" => {
            let options = ListOptions::read(query, cluster.streaming_lists)?;
            let list = verb::list(cluster, &target, &options)?;
            response::written(200, view.list(cluster, &target, &list))
        }
        "watch" if !is_sub => {
            let options = ListOptions::read(query, cluster.streaming_lists)?;
            let watch = watch::open(cluster, &target, &options, view, faults)?;
            response::stream(watch::bytes(watch))
        }
        "create" if target.name.is_empty() => {
            let options = write_options(parts, query, "CreateOptions", false)?;
            let body = object(parts, body, cluster, &target).await?;
            written(cluster, &target, view, &verb::create(cluster, &target, body, &options)?)
        }
        "update" | "patch" if target.name.is_empty() && target.kind.builtin.is_none() => {
            return Err(ApiError::bad_request("name must be provided"));
        }
        "update" | "patch" if target.name.is_empty() => return Err(not_allowed()),
        "update" => {
            let options = write_options(parts, query, "UpdateOptions", false)?;
            let body = object(parts, body, cluster, &target).await?;
            written(
                cluster,
                &target,
                view,
                &verb::replace(cluster, &target, body, &options)?,
            )
        }
        "patch" if target.subresource != Subresource::Finalize => {
            patch(cluster, parts, body, &target, query, view).await?
        }
        "delete" if !is_sub => {
            let options = delete_options(parts, body, cluster, query).await?;
            match verb::delete(cluster, &target, &options)? {
                Deleted::Status(status) => response::json(200, &status),
                Deleted::Object(object) => response::json(200, &view.object(cluster, &target, &object)),
            }
        }
        "deletecollection" if !is_sub && target.kind.verbs().contains(&"deletecollection") => {
            let options = delete_options(parts, body, cluster, query).await?;
            let list = ListOptions::read(query, cluster.streaming_lists)?;
            let deleted = verb::delete_collection(cluster, &target, &list, &options)?;
            response::written(200, view.list(cluster, &target, &deleted))
        }
        _ => return Err(not_allowed()),
    };
    let deprecation = target
        .kind
        .version(&target.version)
        .and_then(|version| version.deprecation.clone());
    response::warn(&mut answer, deprecation.as_slice());
    Ok(answer)
}

fn not_served(cluster: &Cluster, path: &ResourcePath) -> Answer {
    let whole = ResourcePath {
        subresource: String::new(),
        ..path.clone()
    };
    // A group of kube-apiserver's own answers otherwise than those of CRDs.
    if cluster.lock().registry.is_builtin(&path.group) {
        let why = "the server could not find the requested resource";
        return Err(ApiError::new(404, reason::NOT_FOUND, why));
    }
    // The resource is served, but has no such subresource.
    if let Some(target) = cluster.resolve(&whole).filter(|_| !path.subresource.is_empty()) {
        return Err(ApiError::not_found(&target.resource(), &target.name));
    }
    Ok(response::text(404, "404 page not found\n"))
}

async fn review<B>(kind: &str, cluster: &Cluster, parts: &Parts, body: B, path: &ResourcePath) -> Answer
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let bytes = read_body(body, cluster.limits.body).await?;
    let review = if media_type(&parts.headers).starts_with(protobuf::MEDIA_TYPE) {
        protobuf::read(&bytes)
    } else {
        Body::parse(&bytes, false).map(|body| body.value)
    };
    let review = review.map_err(ApiError::bad_request)?;
    Ok(response::json(201, &review::answer(kind, path, review)))
}

async fn patch<B>(cluster: &Cluster, parts: &Parts, body: B, target: &Target, query: &Query, view: View) -> Answer
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let of = PatchType::read(media_type(&parts.headers), &target.kind)?;
    let options = write_options(parts, query, "PatchOptions", of == PatchType::Apply)?;
    let bytes = read_body(body, cluster.limits.body).await?;
    let body = Body::parse(&bytes, of == PatchType::Apply);
    let body = body.map_err(|why| ApiError::bad_request(format!("error decoding patch: {why}")))?;
    Ok(written(
        cluster,
        target,
        view,
        &verb::patch(cluster, target, of, body, &options)?,
    ))
}

fn not_allowed() -> ApiError {
    let why = "the server does not allow this method on the requested resource";
    ApiError::new(405, reason::METHOD_NOT_ALLOWED, why)
}

fn written(cluster: &Cluster, target: &Target, view: View, written: &Written) -> Response<ResponseBody> {
    let code = if written.created { 201 } else { 200 };
    let mut answer = response::json(code, &view.object(cluster, target, &written.object));
    response::warn(&mut answer, &written.warnings);
    answer
}

fn header<'p>(headers: &'p HeaderMap, name: &header::HeaderName) -> &'p str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn media_type(headers: &HeaderMap) -> &str {
    header(headers, &header::CONTENT_TYPE)
}

fn write_options(parts: &Parts, query: &Query, kind: &str, apply: bool) -> Result<WriteOptions, ApiError> {
    // Agents need not be ASCII.
    let agent = parts.headers.get(header::USER_AGENT).map(HeaderValue::as_bytes);
    let agent = String::from_utf8_lossy(agent.unwrap_or_default());
    WriteOptions::read(query, kind, &agent, apply)
}

/// The object in a body, as JSON or YAML, of a built-in kind as protobuf too.
async fn object<B>(parts: &Parts, body: B, cluster: &Cluster, target: &Target) -> Result<Body, ApiError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let media_type = media_type(&parts.headers).split(';').next().unwrap_or_default().trim();
    let is_protobuf = media_type == protobuf::MEDIA_TYPE && target.kind.builtin.is_some();
    if !is_protobuf && !matches!(media_type, "" | "*/*" | "application/json" | "application/yaml") {
        return Err(ApiError::unsupported_media_type(BODIES));
    }
    let bytes = read_body(body, cluster.limits.body).await?;
    if is_protobuf {
        let value = protobuf::read(&bytes).map_err(|why| {
            let kind = &target.kind.kind;
            ApiError::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): {why}"
            ))
        })?;
        return Ok(Body {
            value,
            duplicates: Vec::new(),
        });
    }
    Body::parse(&bytes, media_type == "application/yaml").map_err(|why| {
        let start: String = String::from_utf8_lossy(&bytes).chars().take(30).collect();
        let kind = &target.kind.kind;
        ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {why} ({start})"
        ))
    })
}

async fn delete_options<B>(parts: &Parts, body: B, cluster: &Cluster, query: &Query) -> Result<DeleteOptions, ApiError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let write = write_options(parts, query, "DeleteOptions", false)?;
    let bytes = read_body(body, cluster.limits.body).await?;
    let body: Option<Value> = if bytes.is_empty() {
        None
    } else if media_type(&parts.headers).starts_with(protobuf::MEDIA_TYPE) {
        Some(protobuf::read(&bytes).map_err(ApiError::bad_request)?)
    } else {
        let read = Body::parse(&bytes, media_type(&parts.headers).starts_with("application/yaml"));
        Some(read.map_err(ApiError::bad_request)?.value)
    };
    DeleteOptions::read(body.as_ref(), query, &write)
}
