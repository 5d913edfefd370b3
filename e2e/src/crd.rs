//! Bringing CRDs in and out of a cluster.

use std::time::{Duration, Instant, SystemTime};

use http::Method;
use serde_json::{Value, json};

use crate::{Cluster, Error, LIMIT, Response, until};

/// Between two times that a CRD is asked to go.
const PAUSE: Duration = Duration::from_secs(5);

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

impl Cluster {
    /// Creates `crd` and, where the server admits it, waits until it is established and each of its served versions is
    /// discoverable and can be listed. CRDs are the whole cluster's: tests that bring different ones of one name start
    /// a cluster of their own.
    ///
    /// # Errors
    /// Where no answer came, or an admitted CRD does not get established: a refusal is a [`Response`].
    pub async fn install_crd(&self, crd: &Value) -> Result<Response, Error> {
        let response = self.create(crd).await?;
        if response.is_success() {
            self.until_served(&response.json()?).await?;
        }
        Ok(response)
    }

    /// Deletes the CRD called `name` with all of its objects, and waits until both are gone. One that is not there is
    /// gone already.
    ///
    /// # Errors
    /// Where no answer came, [`Error::Refused`] where the server will not delete it, [`Error::Lingers`] where it does
    /// not go.
    pub async fn remove_crd(&self, name: &str) -> Result<(), Error> {
        let path = format!("{CRDS}/{name}");
        let (mut asked, mut state) = (None::<Instant>, String::new());
        let gone = until("the CRD is gone", LIMIT, async || {
            if asked.is_none_or(|at| at.elapsed() >= PAUSE) {
                self.delete_crd(&path).await?;
                if asked.is_some() {
                    self.touch(&path).await?;
                }
                asked = Some(Instant::now());
            }
            let crd = self.read(&path).await?;
            if crd.status != 404 {
                state = removal(&crd);
            }
            Ok((crd.status == 404).then_some(()))
        });
        match gone.await {
            Err(Error::TimedOut { limit, .. }) => Err(Error::Lingers {
                name: name.to_owned(),
                limit,
                state,
            }),
            outcome => outcome,
        }
    }

    /// An error where the server refuses for good: whatever passes by itself is to be asked again.
    async fn delete_crd(&self, path: &str) -> Result<(), Error> {
        let response = self.request(Method::DELETE, path, "application/json", &[]).await?;
        if !(matches!(response.status, 404 | 409 | 429) || response.status >= 500) {
            response.or_refused(|| format!("delete `{path}`"))?;
        }
        Ok(())
    }

    /// Changes the CRD at `path`, so that the server looks at it again.
    ///
    /// It may lose sight of a deleted CRD whose versions were changed just before: its first clean-up fails with
    /// "storage is (re)initializing", the next begins before it has read back its own note of that, meets a conflict,
    /// and leaves it to a change that never comes (`crd_finalizer.go`; it looks at all CRDs again every five minutes
    /// only). One in sixty was seen to stay so. The first repeated DELETE is such a change, those after it are none.
    async fn touch(&self, path: &str) -> Result<(), Error> {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
        let change = json!({"metadata": {"annotations": {"e2e/touched": now.to_string()}}}).to_string();
        let merge = "application/merge-patch+json";
        self.request(Method::PATCH, path, merge, change.as_bytes()).await?;
        Ok(())
    }

    async fn until_served(&self, crd: &Value) -> Result<(), Error> {
        let name = crd["metadata"]["name"]
            .as_str()
            .ok_or(Error::Unaddressed("metadata.name"))?;
        let group = crd["spec"]["group"].as_str().ok_or(Error::Unaddressed("spec.group"))?;
        let plural = crd["spec"]["names"]["plural"]
            .as_str()
            .ok_or(Error::Unaddressed("spec.names.plural"))?;

        until(&format!("the CRD `{name}` is established"), LIMIT, async || {
            let crd = self.read(&format!("{CRDS}/{name}")).await?.json()?;
            let conditions = crd["status"]["conditions"].as_array();
            let established = conditions.is_some_and(|conditions| {
                conditions
                    .iter()
                    .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
            });
            Ok(established.then_some(()))
        })
        .await?;

        // Discovery and the handler of the objects follow the CRD each in its own time.
        let versions = crd["spec"]["versions"].as_array().into_iter().flatten();
        for version in versions
            .filter(|version| version["served"] == true)
            .filter_map(|version| version["name"].as_str())
        {
            let path = format!("/apis/{group}/{version}");
            until(
                &format!("`{plural}` of `{group}/{version}` are served"),
                LIMIT,
                async || {
                    let discovery = self.read(&path).await?;
                    let discovered = discovery.is_success()
                        && discovery.json()?["resources"]
                            .as_array()
                            .is_some_and(|all| all.iter().any(|one| one["name"] == plural));
                    let served = discovered && self.read(&format!("{path}/{plural}?limit=1")).await?.is_success();
                    Ok(served.then_some(()))
                },
            )
            .await?;
        }
        Ok(())
    }
}

/// How far the removal of a CRD has come.
fn removal(response: &Response) -> String {
    let Some(crd) = response.json().ok().filter(|_| response.is_success()) else {
        return format!("the server answered {}: {}", response.status, response.message());
    };
    let (metadata, conditions) = (&crd["metadata"], &crd["status"]["conditions"]);
    format!(
        "deletionTimestamp {}, finalizers {}, conditions {conditions}",
        metadata["deletionTimestamp"], metadata["finalizers"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crd_that_stays_shows_what_holds_it() {
        let answer = |status, body: &Value| Response {
            status,
            warnings: vec![],
            body: body.to_string(),
        };
        let crd = json!({
            "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["customresourcecleanup"]},
            "status": {"conditions": [{"type": "Terminating", "reason": "InstanceDeletionFailed"}]},
        });
        let seen = removal(&answer(200, &crd));
        for part in ["2026-01-01", "[\"customresourcecleanup\"]", "InstanceDeletionFailed"] {
            assert!(seen.contains(part), "{seen}");
        }
        assert_eq!(
            removal(&answer(500, &json!({"message": "no leader"}))),
            "the server answered 500: no leader"
        );
    }
}
