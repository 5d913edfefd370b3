//! What is served at which path.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use http::{HeaderValue, StatusCode, header};
use smi_core::convert::Converters;

use crate::{
    conversion::Conversion,
    error::ServeError,
    metrics,
    refusal::Refusal,
    review::Reviewer,
    shared::{Peer, Shared},
};

const HEALTHZ: &str = "/healthz";
const READYZ: &str = "/readyz";
const METRICS: &str = "/metrics";

/// Everything, for the TLS port.
pub(crate) fn all(shared: &Arc<Shared>, conversions: Vec<(String, Converters)>) -> Result<Router, ServeError> {
    let mut taken: BTreeSet<String> = [HEALTHZ, READYZ, METRICS].map(str::to_owned).into();
    let mut router = observed(shared);
    for (path, converters) in conversions {
        if !is_path(&path) || !taken.insert(path.clone()) {
            return Err(ServeError::Path(path));
        }
        let reviewer = Arc::new(Reviewer::new(converters, shared.limits.object));
        let conversion = Arc::new(Conversion::new(Arc::clone(shared), reviewer));
        let handler = move |request: Request| {
            let conversion = Arc::clone(&conversion);
            async move { conversion.answer(request).await }
        };
        router = router.route(&path, any(handler));
    }
    Ok(router)
}

/// What tells how the server is, for either port.
pub(crate) fn observed(shared: &Arc<Shared>) -> Router {
    let (ready, counted, lost) = (Arc::clone(shared), Arc::clone(shared), Arc::clone(shared));
    let readiness = move || async move {
        match ready.unready() {
            None => (StatusCode::OK, "ready\n".to_owned()),
            Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
        }
    };
    let text = move || async move {
        let content_type = HeaderValue::from_static(metrics::CONTENT_TYPE);
        ([(header::CONTENT_TYPE, content_type)], counted.metrics_text())
    };
    let nothing_there = move |request: Request| async move { not_found(&lost, &request) };
    Router::new()
        .route(HEALTHZ, get(|| async { "alive\n" }))
        .route(READYZ, get(readiness))
        .route(METRICS, get(text))
        .fallback(nothing_there)
}

fn not_found(shared: &Shared, request: &Request) -> Response {
    let path = request.uri().path();
    let refusal = Refusal::Path(path.to_owned());
    shared.refused(&refusal, path, request.extensions().get::<Peer>().copied());
    refusal.into_response()
}

/// As an API server takes the path of a webhook; nothing that the router would read as a pattern.
fn is_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.starts_with('/') && path.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{certificates::Current, limits::Limits};

    fn paths(paths: &[&str]) -> Result<Router, ServeError> {
        let shared = Arc::new(Shared::new(Limits::default(), Current::default()));
        let conversions = paths.iter().map(|path| ((*path).to_owned(), Converters::new()));
        all(&shared, conversions.collect())
    }

    #[test]
    fn a_path_that_is_taken_or_none_is_an_error() {
        assert!(paths(&["/convert", "/convert/", "/", "/v1.2/convert"]).is_ok());
        for bad in [
            &["convert"][..],
            &[""],
            &["/{kind}"],
            &["/*rest"],
            &["/:id"],
            &["/a b"],
            &["/healthz"],
            &["/convert", "/convert"],
        ] {
            let error = paths(bad).unwrap_err();
            assert!(matches!(error, ServeError::Path(_)), "{bad:?}");
        }
    }
}
