//! What a request is about: verb, kind, namespace, name, as the API server reads a path.
//!
//! Never looks at objects. Called at the start of every request, and by authorization.

use super::request::Request;
use crate::sim::store::{Key, Kind};

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Objects of the API.
    Objects(Target),
    /// Anything else: discovery, health, versions.
    Path(String),
}

/// Objects that a request is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// Kubernetes' verb, such as `deletecollection`.
    pub(crate) verb: &'static str,
    pub(crate) group: String,
    pub(crate) version: String,
    /// Empty for all of them, and for kinds that have none.
    pub(crate) namespace: String,
    pub(crate) resource: String,
    /// Empty for a whole collection.
    pub(crate) name: String,
    /// Empty for the object itself.
    pub(crate) subresource: String,
    /// What stands behind the subresource: the path that is passed on by a proxy.
    pub(crate) rest: Vec<String>,
}

impl Target {
    /// The kind that is served here.
    pub(crate) fn kind(&self) -> Option<Kind> {
        Kind::at(&self.group, &self.version, &self.resource)
    }

    /// Whether anything at all is served here.
    pub(crate) fn is_served(&self) -> bool {
        self.kind().is_some()
    }

    /// The object of this kind that the request is about.
    pub(crate) fn key(&self, kind: Kind) -> Key {
        Key::new(kind, &self.namespace, &self.name)
    }

    /// As rules and messages name it: `rollouts`, `rollouts/status`.
    pub(crate) fn resource_path(&self) -> String {
        match self.subresource.as_str() {
            "" => self.resource.clone(),
            subresource => format!("{}/{subresource}", self.resource),
        }
    }
}

/// Reads a request's method and path.
pub(crate) fn of(request: &Request) -> Place {
    let parts = request.parts();
    let mut parts = parts.into_iter();
    let group = match parts.next().as_deref() {
        Some("api") => Some(String::new()),
        Some("apis") => parts.next(),
        _ => None,
    };
    let (Some(group), Some(version)) = (group, parts.next()) else {
        return Place::Path(request.path.clone());
    };
    let mut parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        return Place::Path(request.path.clone());
    }
    let mut verb = verb_of(&request.method);
    let old_watch = parts.first().is_some_and(|part| part == "watch") && parts.len() > 1;
    if old_watch {
        parts.remove(0);
        verb = "watch";
    }
    let mut namespace = String::new();
    if let [first, name, rest @ ..] = parts.as_slice()
        && first == "namespaces"
    {
        namespace.clone_from(name);
        let of_namespace = rest.first().is_none_or(|s| s == "status" || s == "finalize");
        if !of_namespace {
            parts = rest.to_vec();
        }
    }
    let mut parts = parts.into_iter();
    let mut target = Target {
        verb,
        group,
        version,
        namespace,
        resource: parts.next().unwrap_or_default(),
        name: parts.next().unwrap_or_default(),
        subresource: parts.next().unwrap_or_default(),
        rest: parts.collect(),
    };
    if target.name.is_empty() && !old_watch {
        target.verb = match target.verb {
            "get" if request.flag("watch") => "watch",
            "get" => "list",
            "delete" => "deletecollection",
            other => other,
        };
    }
    Place::Objects(target)
}

fn verb_of(method: &str) -> &'static str {
    match method {
        "POST" => "create",
        "GET" | "HEAD" => "get",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_the_server_reads_them() {
        let cases = [
            ("GET", "/api/v1/pods", "list ''/pods//"),
            ("GET", "/api/v1/pods?watch=1", "watch ''/pods//"),
            ("GET", "/api/v1/namespaces/shop", "get 'shop'/namespaces/shop/"),
            ("PUT", "/api/v1/namespaces/shop/status", "update 'shop'/namespaces/shop/status"),
            ("GET", "/api/v1/namespaces/shop/pods/a/log", "get 'shop'/pods/a/log"),
            ("DELETE", "/api/v1/namespaces/shop/pods", "deletecollection 'shop'/pods//"),
            ("GET", "/api/v1/watch/namespaces/shop/pods", "watch 'shop'/pods//"),
            ("POST", "/apis/apps/v1/namespaces/shop/deployments", "create 'shop'/deployments//"),
            ("FOO", "/api/v1/pods", " ''/pods//"),
        ];
        for (method, path, wanted) in cases {
            let Place::Objects(t) = of(&Request::new(method, path)) else { panic!("{path}") };
            let read =
                format!("{} '{}'/{}/{}/{}", t.verb, t.namespace, t.resource, t.name, t.subresource);
            assert_eq!(read, wanted, "{path}");
        }
        for path in ["/", "/version", "/api", "/api/v1", "/apis/apps/v1", "/healthz"] {
            assert!(matches!(of(&Request::new("GET", path)), Place::Path(_)), "{path}");
        }
    }
}
