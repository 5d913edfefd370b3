//! What the cache tells of a server that does not answer, and of data that is old.

use std::time::Duration;

use smi_fake::{Fault, Rule};
use tokio::time::{Instant, sleep};

use crate::{
    cache::{health::Health, snapshot::Content},
    world::World,
};

const MAX_AGE: Duration = Duration::from_secs(90);
const FRESH: Option<Duration> = Some(Duration::ZERO);

fn failure(kind: &'static str, why: &str) -> (&'static str, String) {
    (kind, why.to_owned())
}

#[test]
fn a_failure_is_told_once_until_the_server_answers_again() {
    let now = Instant::now();
    let mut health = Health::new(MAX_AGE, now);
    let mut look = |failures| health.look(now, FRESH, failures);
    assert!(look(vec![]).is_empty());
    let (gone, refused) = (failure("TCPRoute", "gone"), failure("TCPRoute", "refused"));
    assert_eq!(look(vec![gone.clone()]), ["TCPRoute: gone"]);
    assert!(look(vec![gone.clone()]).is_empty());
    assert_eq!(look(vec![refused.clone()]), ["TCPRoute: refused"]);
    // Two that take turns are no news.
    assert!(look(vec![gone.clone()]).is_empty());
    assert_eq!(
        look(vec![refused, failure("UDPRoute", "refused")]),
        ["UDPRoute: refused"]
    );
    assert_eq!(look(vec![]), ["the API server answers again"]);
    assert!(look(vec![]).is_empty());
    assert_eq!(look(vec![gone]), ["TCPRoute: gone"]);
}

#[test]
fn data_is_told_of_when_it_gets_too_old_and_when_it_no_longer_is() {
    let now = Instant::now();
    let mut health = Health::new(MAX_AGE, now);
    let mut look = |age| health.look(now, Some(Duration::from_secs(age)), vec![]);
    assert!(look(90).is_empty());
    assert_eq!(look(91), ["the data is more than 90 s old"]);
    assert!(look(200).is_empty());
    assert_eq!(look(0), ["the data is less than 90 s old"]);
    assert!(look(90).is_empty());
}

#[test]
fn no_data_at_all_counts_from_the_start() {
    let start = Instant::now();
    let mut health = Health::new(MAX_AGE, start);
    assert!(health.look(start + MAX_AGE, None, vec![]).is_empty());
    let later = start + MAX_AGE + Duration::from_secs(1);
    assert_eq!(health.look(later, None, vec![]), ["there is no data after 90 s"]);
    assert!(health.look(later + MAX_AGE, None, vec![]).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cache_knows_which_kinds_fail_and_why_while_they_do() {
    let world = World::only_on_fake().await;
    let mut api = world.proxy("api");
    api.has("nothing", |content| *content == Content::default()).await;
    assert!(world.cache.failures(Instant::now()).is_empty());
    let faults = world.cluster.fake().unwrap().faults();
    let outage = faults.add(Rule::new(Fault::InternalError).resource("tcproutes"));
    faults.drop_watches();
    sleep(Duration::from_secs(30)).await;
    let failures = world.cache.failures(Instant::now());
    assert!(
        failures
            .iter()
            .all(|(_, why)| why.contains("the server answers 500: ") && !why.contains("Status {")),
        "{failures:?}"
    );
    let [("TCPRoute", why)] = &failures[..] else {
        panic!("{failures:?}");
    };
    assert!(why.contains("a fault was asked for"), "{why}");
    faults.remove(outage);
    // Nothing happens to a route meanwhile: that the server answers is enough.
    sleep(Duration::from_secs(300)).await;
    assert!(world.cache.failures(Instant::now()).is_empty());
}
