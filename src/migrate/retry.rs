//! Requests that are made again when they fail in passing.

use std::time::Duration;

use kube::core::Status;

/// How often a request is made; one that the server puts off more often, because it has too much to do.
const TRIES: u32 = 5;
const TRIES_PUT_OFF: u32 = 60;

/// The pause after the first failure. Each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Makes a request until it succeeds, or fails in a way that is not `passing`, or has failed too often. Waits as long as a
/// server asks for.
pub(super) async fn of<T, F>(passing: fn(u16) -> bool, mut request: impl FnMut() -> F + Send) -> Result<T, kube::Error>
where
    F: Future<Output = Result<T, kube::Error>> + Send,
{
    let mut pause = FIRST_PAUSE;
    let (mut failed, mut put_off) = (0, 0);
    loop {
        let error = match request().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let status = status(&error);
        let is_passing = match status {
            Some(status) => status.code == TOO_MANY || passing(status.code),
            None => matches!(error, kube::Error::Service(_) | kube::Error::HyperError(_)),
        };
        if status.is_some_and(|status| status.code == TOO_MANY) {
            put_off += 1;
        } else {
            failed += 1;
        }
        if !is_passing || failed >= TRIES || put_off >= TRIES_PUT_OFF {
            return Err(error);
        }
        let details = status.and_then(|status| status.details.as_ref());
        let asked = details.map(|details| Duration::from_secs(details.retry_after_seconds.into()));
        tokio::time::sleep(pause.max(asked.unwrap_or_default()).min(LONGEST_PAUSE)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

const TOO_MANY: u16 = 429;

/// The codes of failures that may pass by themselves. 500 is also what an API server answers whose webhook fails.
pub(super) const fn of_read(code: u16) -> bool {
    matches!(code, 500 | 502..=504)
}

/// The same for writes, which others can come before.
pub(super) const fn of_write(code: u16) -> bool {
    code == 409 || of_read(code)
}

/// The same for lists of more than one object: one that has an object that cannot be read is not asked for again.
pub(super) const fn of_list(code: u16) -> bool {
    matches!(code, 502..=504)
}

/// What the server said of a failure, if it did.
pub(super) fn status(error: &kube::Error) -> Option<&Status> {
    match error {
        kube::Error::Api(status) => Some(status),
        _ => None,
    }
}
