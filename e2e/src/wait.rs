//! Waiting until a condition is true. Real servers tell of most things only when asked, so this asks again and again.

use std::time::{Duration, Instant};

use crate::Error;

/// How long a test waits for what a server does by itself: two minutes. Nothing takes that long, not even on two cores
/// with other work, and the server's own retries (up to a minute for the objects of a CRD) have room in it.
pub const LIMIT: Duration = Duration::from_secs(120);

/// The pause after the first look at a condition. It doubles up to [`LONGEST`]: most things are there soon, and to ask
/// for the others too often takes the processor from the servers that are to bring them.
const FIRST: Duration = Duration::from_millis(25);
const LONGEST: Duration = Duration::from_millis(400);

/// Asks `condition` until it gives a value. `what` completes "waited 10 s in vain until ..".
///
/// ```
/// # use std::time::Duration;
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// let mut asked = 0;
/// let answer = e2e::until("the third question", Duration::from_secs(1), async || {
///     asked += 1;
///     Ok((asked == 3).then_some("yes"))
/// });
/// assert_eq!(answer.await?, "yes");
/// # Ok::<_, e2e::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::TimedOut`] when `limit` has passed, or the condition's own error at once.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut condition: impl AsyncFnMut() -> Result<Option<T>, Error>,
) -> Result<T, Error> {
    let start = Instant::now();
    let mut pause = FIRST;
    loop {
        if let Some(value) = condition().await? {
            return Ok(value);
        }
        if start.elapsed() >= limit {
            return Err(Error::TimedOut {
                what: what.to_owned(),
                limit,
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}
