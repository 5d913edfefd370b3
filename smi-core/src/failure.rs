//! What failed between a client and its server, in one line.

use std::{error::Error, io};

use kube::core::Status;

/// `error` in one line, for people: of a refusal the code and the server's message, of a server that cannot be reached
/// the cause.
///
/// kube's own text ends at "client error (Connect)", and has a whole `Status` as Rust's debug output in it.
///
/// ```
/// use kube::core::Status;
/// use smi_core::failure;
///
/// let refused = Status::failure("Unauthorized", "Unauthorized").with_code(401).boxed();
/// assert_eq!(failure::said(&kube::Error::Api(refused)), "the server answers 401: Unauthorized");
/// ```
pub fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => refused(status),
        kube::Error::Service(_) | kube::Error::HyperError(_) => format!("cannot reach the server: {}", cause(error)),
        other => other.to_string(),
    }
}

/// The innermost source of an error; of the system's errors what they are, without their number.
pub fn cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let system = innermost
        .downcast_ref::<io::Error>()
        .filter(|error| error.raw_os_error().is_some());
    system.map_or_else(
        || innermost.to_string(),
        |error| {
            let text = error.to_string();
            let words = text.split(" (os error").next().unwrap_or_default();
            words.to_lowercase()
        },
    )
}

/// The code and the message of a refusal.
pub(crate) fn refused(status: &Status) -> String {
    let Status {
        code, message, reason, ..
    } = status;
    match (&**message, &**reason) {
        ("", "") => format!("the server answers {code}"),
        ("", said) | (said, _) => format!("the server answers {code}: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_server_that_cannot_be_reached_the_cause_is_said() {
        // As hyper puts it: the system's error within those of others.
        #[derive(Debug, thiserror::Error)]
        #[error("client error (Connect)")]
        struct Outer(#[source] io::Error);

        let refused = Outer(io::Error::from_raw_os_error(111));
        let error = kube::Error::Service(Box::new(refused));
        let words = said(&error);
        assert!(words.starts_with("cannot reach the server: "), "{words}");
        assert!(!words.contains("Connect)") && !words.contains("os error"), "{words}");
    }

    #[test]
    fn of_a_refusal_the_code_and_the_message_are_said() {
        let said = |message, reason| refused(&Status::failure(message, reason).with_code(403));
        assert_eq!(
            said("no such right", "Forbidden"),
            "the server answers 403: no such right"
        );
        assert_eq!(said("", "Forbidden"), "the server answers 403: Forbidden");
        assert_eq!(said("", ""), "the server answers 403");
    }
}
