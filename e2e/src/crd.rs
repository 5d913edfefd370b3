//! Bringing CRDs in and out of a cluster.

use std::time::Duration;

use http::Method;
use serde_json::Value;

use crate::{Cluster, Error, Response, until};

/// How long a CRD may take to be served, and to be gone.
const LIMIT: Duration = Duration::from_secs(30);

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

    /// Deletes the CRD called `name` with all of its objects, and waits until both are gone.
    ///
    /// # Errors
    /// Where no answer came, or the CRD does not go.
    pub async fn remove_crd(&self, name: &str) -> Result<Response, Error> {
        let path = format!("{CRDS}/{name}");
        let response = self.request(Method::DELETE, &path, "application/json", &[]).await?;
        let gone = async || Ok((self.read(&path).await?.status == 404).then_some(()));
        until(&format!("the CRD `{name}` is gone"), LIMIT, gone).await?;
        Ok(response)
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
