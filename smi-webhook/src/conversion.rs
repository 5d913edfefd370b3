//! The handler of conversion reviews.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, header};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::{
    activity::InFlight,
    answer::Answer,
    body::{self, Whole},
    budget::Share,
    refusal::Refusal,
    review::{Outcome, Reviewer},
    shared::{Peer, Shared},
};

/// What answers reviews at one path.
#[derive(Debug)]
pub(crate) struct Conversion {
    shared: Arc<Shared>,
    reviewer: Arc<Reviewer>,
}

impl Conversion {
    pub(crate) const fn new(shared: Arc<Shared>, reviewer: Arc<Reviewer>) -> Self {
        Self { shared, reviewer }
    }

    /// Answers `request` with a review, or says why not.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let began = Instant::now();
        let (head, mut body) = request.into_parts();
        let peer = head.extensions.get::<Peer>().copied();
        let in_flight = head.extensions.get::<Arc<InFlight>>().cloned();
        let refusal = match self.review(&head.method, &head.headers, &mut body, in_flight).await {
            Ok((response, outcome)) => {
                self.shared.metrics.duration.observe(began.elapsed().as_secs_f64());
                self.record(&outcome, peer);
                return response;
            }
            Err(refusal) => refusal,
        };
        self.shared.refused(&refusal, head.uri.path(), peer);
        if !matches!(refusal, Refusal::Slow | Refusal::Body(_)) {
            body::discard(body).await;
        }
        refusal.into_response()
    }

    async fn review(
        &self,
        method: &Method,
        headers: &HeaderMap,
        body: &mut Body,
        in_flight: Option<Arc<InFlight>>,
    ) -> Result<(Response, Outcome), Refusal> {
        check(method, headers)?;
        let limits = &self.shared.limits;
        let _one_of_many = self
            .shared
            .reviews
            .try_acquire()
            .map_err(|_| Refusal::Reviews(limits.reviews))?;
        let _counted = self.shared.in_flight();
        let whole = body::read(headers, body, &self.shared.budget, limits).await?;
        let (outcome, answer) = self.convert(whole).await?;
        let (bytes, share) = answer.into_parts();
        let held = Held {
            bytes,
            _share: share,
            _in_flight: in_flight,
        };
        let mut response = Response::new(Body::from(Bytes::from_owner(held)));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        Ok((response, outcome))
    }

    /// Converts on a thread that may block: a review of a whole list takes a core for a second, and whoever accepts
    /// connections and answers probes must not wait for it. As many at a time as there are workers.
    async fn convert(&self, whole: Whole) -> Result<(Outcome, Answer), Refusal> {
        let workers: &Arc<Semaphore> = &self.shared.workers;
        let worker = timeout(self.shared.limits.queue, Arc::clone(workers).acquire_owned())
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(Refusal::Worker)?;
        let reviewer = Arc::clone(&self.reviewer);
        let converting = tokio::task::spawn_blocking(move || {
            // It ends with the conversion, also when nobody waits for that any more.
            let _worker = worker;
            let Whole { bytes, share } = whole;
            let mut answer = Answer::new(share, bytes.capacity());
            let outcome = reviewer.answer(&bytes, &mut answer);
            outcome.map(|outcome| (outcome, answer))
        });
        converting.await.unwrap_or(Err(Refusal::Panicked))
    }

    fn record(&self, outcome: &Outcome, peer: Option<Peer>) {
        match outcome {
            Outcome::Converted { objects } => {
                self.shared.metrics.reviewed(true);
                self.shared.metrics.objects.inc_by(*objects);
            }
            Outcome::Failed { message } => {
                self.shared.metrics.reviewed(false);
                self.shared.failed(message, peer);
            }
        }
    }
}

fn check(method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    if method != Method::POST {
        return Err(Refusal::Method(method.to_string()));
    }
    let text = |name| {
        headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::ContentType(content_type));
    }
    match text(header::CONTENT_ENCODING) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => Err(Refusal::ContentEncoding(encoding)),
        _ => Ok(()),
    }
}

/// The bytes of an answer until they are sent, with what they hold on to.
struct Held {
    bytes: Vec<u8>,
    _share: Option<Share>,
    _in_flight: Option<Arc<InFlight>>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
