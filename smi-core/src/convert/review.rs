//! Answers an API server's `ConversionReview`: the inside of a conversion webhook.

use kube::core::{
    Status,
    conversion::{ConversionRequest, ConversionResponse, ConversionReview},
    response::reason,
};
use serde_json::Value;

use super::{Converted, Converters, Loss, LossReason};
use crate::{decode::excerpt, path::one_line};

impl Converters {
    /// Answers an API server's `ConversionReview`.
    ///
    /// What the version asked for does not say is kept in the objects' annotations ([`Stash`](super::Stash)). One object
    /// that cannot be converted fails the whole review, with a message that names it: that is Kubernetes' rule. There are few
    /// such: an object that its own version's schema admits is converted, but for a negative or missing weight, which CRDs of
    /// others admit.
    pub fn review(&self, review: ConversionReview) -> ConversionReview {
        let mut request = match ConversionRequest::from_review(review) {
            Ok(request) => request,
            Err(error) => {
                let status = Status::failure(&error.to_string(), reason::BAD_REQUEST);
                return ConversionResponse::invalid(status).into_review();
            }
        };
        let mut objects = std::mem::take(&mut request.objects);
        let mut failure = None;
        for object in &mut objects {
            let name = name(object);
            match self.reviewed(object.take(), &request.desired_api_version) {
                Ok(converted) => *object = converted,
                Err(error) => {
                    failure = Some(format!("{name}: {error}"));
                    break;
                }
            }
        }
        let response = ConversionResponse::for_request(request);
        match failure {
            None => response.success(objects),
            Some(message) => response.failure(Status::failure(&message, reason::INVALID)),
        }
        .into_review()
    }

    fn reviewed(&self, object: Value, api_version: &str) -> Result<Value, String> {
        let converted = self.convert_served(object, api_version);
        let Converted { object, losses, .. } = converted.map_err(|error| error.to_string())?;
        let passed_on = |loss: &&Loss| matches!(loss.reason, LossReason::OtherGroup | LossReason::KindNotInVersion);
        // An API server takes no object that is not at the version that it asked for.
        if let Some(loss) = losses.iter().find(passed_on) {
            return Err(format!("`{}` was asked for: {loss}", excerpt(api_version)));
        }
        match losses.iter().find(|loss| loss.widens && self.refuses_widening) {
            Some(loss) => Err(format!("{loss}, and is refused here")),
            None => Ok(object),
        }
    }
}

/// `TrafficSplit shop/web`, for messages.
fn name(object: &Value) -> String {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let [kind, namespace, name] = ["/kind", "/metadata/namespace", "/metadata/name"].map(|it| one_line(text(it)));
    if namespace.is_empty() {
        format!("{kind} {name}")
    } else {
        format!("{kind} {namespace}/{name}")
    }
}
