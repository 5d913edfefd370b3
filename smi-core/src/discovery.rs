//! Which version of a kind an API server has.

use kube::{Client, core::ApiResource};

/// The position of the first of `versions` at which the server has the plural `plural` of `group`; none where it has it at
/// none of them.
///
/// # Errors
/// Where the server does not answer.
pub async fn served<'a>(
    client: &Client,
    group: &str,
    plural: &str,
    versions: impl Iterator<Item = &'a str> + Send,
) -> Result<Option<usize>, kube::Error> {
    for (position, version) in versions.enumerate() {
        let resources = if group.is_empty() {
            client.list_core_api_resources(version).await
        } else {
            client.list_api_group_resources(&api_version(group, version)).await
        };
        match resources {
            Ok(list) if list.resources.iter().any(|resource| resource.name == plural) => return Ok(Some(position)),
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// What kube needs to know of a kind to ask for it.
pub fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: api_version(group, version),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}
