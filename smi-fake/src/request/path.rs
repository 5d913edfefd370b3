//! Owns [`Path`]: what the path of a request names.

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// A resource or an object of it.
    Resource(ResourcePath),
    /// Anything else: `/version`, `/apis`. Without slashes at its ends, in parts.
    Other(Vec<String>),
}

/// `/apis/GROUP/VERSION[/namespaces/NAMESPACE]/RESOURCE[/NAME[/SUBRESOURCE]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResourcePath {
    pub(crate) group: String,
    pub(crate) version: String,
    /// Empty: cluster-wide, or all namespaces.
    pub(crate) namespace: String,
    pub(crate) resource: String,
    /// Empty: the whole collection.
    pub(crate) name: String,
    pub(crate) subresource: String,
}

impl Path {
    pub(crate) fn parse(path: &str) -> Self {
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let resource = match words.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ResourcePath::parse("", version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => ResourcePath::parse(group, version, rest),
            _ => None,
        };
        resource.map_or(Self::Other(parts), Self::Resource)
    }
}

impl ResourcePath {
    fn parse(group: &str, version: &str, rest: &[&str]) -> Option<Self> {
        let (namespace, rest) = match rest {
            // The subresources of a namespace itself.
            ["namespaces", _, "status" | "finalize"] => ("", rest),
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            _ => ("", rest),
        };
        let (resource, name, subresource) = match rest {
            [resource] => (*resource, "", ""),
            [resource, name] => (*resource, *name, ""),
            [resource, name, subresource] => (*resource, *name, *subresource),
            _ => return None,
        };
        Some(Self {
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: namespace.to_owned(),
            resource: resource.to_owned(),
            name: name.to_owned(),
            subresource: subresource.to_owned(),
        })
    }
}

/// Undoes percent-encoding; a plus sign stays one.
fn decode(part: &str) -> String {
    if !part.contains('%') {
        return part.to_owned();
    }
    let form = part.replace('+', "%2B");
    form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(decoded, _)| decoded.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(path: &str) -> Option<[String; 6]> {
        match Path::parse(path) {
            Path::Resource(p) => Some([p.group, p.version, p.namespace, p.resource, p.name, p.subresource]),
            Path::Other(_) => None,
        }
    }

    #[test]
    fn paths_of_resources_are_told_apart() {
        let cases = [
            ("/api/v1/namespaces", ["", "v1", "", "namespaces", "", ""]),
            ("/api/v1/namespaces/shop", ["", "v1", "", "namespaces", "shop", ""]),
            (
                "/api/v1/namespaces/shop/status",
                ["", "v1", "", "namespaces", "shop", "status"],
            ),
            ("/api/v1/namespaces/shop/pods", ["", "v1", "shop", "pods", "", ""]),
            ("/apis/a.b/v2/things", ["a.b", "v2", "", "things", "", ""]),
            (
                "/apis/a.b/v2/namespaces/n/things/x%3Ay",
                ["a.b", "v2", "n", "things", "x:y", ""],
            ),
            (
                "/apis/a.b/v2/namespaces/n/things/x/status",
                ["a.b", "v2", "n", "things", "x", "status"],
            ),
        ];
        for (path, parts) in cases {
            assert_eq!(resource(path), Some(parts.map(str::to_owned)), "{path}");
        }
    }

    #[test]
    fn other_paths_are_no_resources() {
        for path in [
            "/",
            "/version",
            "/api",
            "/api/v1",
            "/apis/a.b",
            "/apis/a.b/v1",
            "/openapi/v3/apis/a.b/v1",
            "/api/v1/a/b/c/d",
        ] {
            assert_eq!(resource(path), None, "{path}");
        }
    }
}
