//! Looking for another certificate again and again.

use std::{error::Error, time::Duration};

use tokio::time::{sleep, timeout};

use super::{Clock, Current, pair::Pair, said::Said};

/// The time between two looks when nothing else is said. kubelet takes a minute to bring a changed Secret into a folder,
/// and an API server that trusts nobody fails requests: ten seconds are short beside the one and bearable beside the
/// other.
pub(super) const EVERY: Duration = Duration::from_secs(10);

/// How long a look may take: a connection that died without a word would end the renewals for good.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first wait after a look that failed; each further one is twice as long, up to the time between two looks.
const AGAIN: Duration = Duration::from_secs(1);

/// Where certificates come from.
pub(super) trait Source: Send + 'static {
    type Error: Error + Send;

    /// The certificate that is to be served now.
    fn look(&mut self) -> impl Future<Output = Result<Pair, Self::Error>> + Send;
}

/// Looks every `every`, and serves what is found; never ends. What it waits for, and what fails, it says once in the log
/// until something else is to be said.
pub(super) async fn fresh(mut source: impl Source, current: Current, every: Duration, clock: Clock) {
    let (mut failure, mut expiry) = (Said::default(), Said::default());
    let mut shown = None;
    let mut wait = AGAIN;
    loop {
        let looked = timeout(PATIENCE, source.look()).await;
        let pause = match looked {
            Ok(Ok(pair)) => {
                failure.is_over("certificates are read again");
                if shown.as_deref() != Some(pair.chain()) {
                    tracing::info!(not_after = %stamp(&pair), "another certificate is served");
                    shown = Some(pair.chain().to_vec());
                    current.set(pair.serving());
                }
                if pair.validity.contains(clock.now()) {
                    expiry.is_over("the certificate is good again");
                } else {
                    expiry.warn(&format!("the certificate is not good now: it ends at {}", stamp(&pair)));
                }
                wait = AGAIN;
                every
            }
            Ok(Err(error)) => {
                failure.warn(&error.to_string());
                backed_off(&mut wait, every)
            }
            Err(_) => {
                failure.warn(&format!("no certificate within {} seconds", PATIENCE.as_secs()));
                backed_off(&mut wait, every)
            }
        };
        sleep(pause).await;
    }
}

/// The wait that is due, at most `most`; the next one is twice as long.
fn backed_off(wait: &mut Duration, most: Duration) -> Duration {
    let due = (*wait).min(most);
    *wait = due.saturating_mul(2);
    due
}

/// The end of a certificate, as the log shows it.
fn stamp(pair: &Pair) -> String {
    jiff::Timestamp::try_from(pair.not_after).map_or_else(|_| "an unknown time".to_owned(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_time_between_two_looks() {
        let mut wait = AGAIN;
        let waits: Vec<_> = (0..6).map(|_| backed_off(&mut wait, EVERY).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
        let mut wait = AGAIN;
        assert_eq!(
            backed_off(&mut wait, Duration::from_millis(5)),
            Duration::from_millis(5)
        );
    }
}
