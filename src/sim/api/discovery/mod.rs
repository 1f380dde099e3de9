//! What the server serves, told to clients: versions, groups, resources, health.
//!
//! Read from the one table of kinds. Called for paths that are no objects.

mod health;
mod openapi;

use serde_json::{Value, json};

use super::desk::Desk;
use super::refusals;
use super::reply::{Content, Reply};
use super::request::Request;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Facts, KINDS, Kind, Refusal};

/// Groups that are there only to be asked about oneself.
const REVIEWS: [(&str, &str, &str); 3] = [
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
];

/// Answers a path that is no object.
pub(crate) fn answer(desk: &Desk, request: &Request) -> Result<Reply, Refusal> {
    let parts = request.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    if request.method != "GET" {
        let known = matches!(parts.first(), Some(&("api" | "apis" | "version" | "openapi")));
        return if known { Err(refusals::no_such_method()) } else { Ok(Reply::nothing_here()) };
    }
    let together = Together::wanted(request);
    match (parts.as_slice(), together) {
        ([], _) => Ok(Reply::ok(json!({"paths": paths()}))),
        (["version"], _) => Ok(Reply::ok(version())),
        (["healthz" | "livez" | "readyz", ..], _) => Ok(health::answer(&parts, request)),
        (["openapi", "v3", rest @ ..], _) => Ok(openapi::answer(rest)),
        (["openapi", "v2"], _) => Err(openapi::no_second_version()),
        (["api"], Some(together)) => Ok(together.reply(&[""])),
        (["apis"], Some(together)) => Ok(together.reply(&groups())),
        (["api"], None) => Ok(Reply::ok(json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [
                {"clientCIDR": "0.0.0.0/0", "serverAddress": desk.address},
            ],
        }))),
        (["apis"], None) => Ok(Reply::ok(json!({
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": groups().into_iter().map(group).collect::<Vec<_>>(),
        }))),
        (["apis", name], _) if groups().contains(name) => {
            let mut found = group(name);
            found.set("/kind", "APIGroup");
            found.set("/apiVersion", "v1");
            Ok(Reply::ok(found))
        }
        (["api", "v1"], _) => Ok(Reply::ok(resources("", "v1"))),
        (["apis", name, version], _) if version_of(name) == Some(*version) => {
            Ok(Reply::ok(resources(name, version)))
        }
        (["api", _], _) => nowhere(""),
        (["apis", group, _], _) => nowhere(group),
        _ => Ok(Reply::nothing_here()),
    }
}

/// Nothing is served at this place of a group: natives and others say it differently.
pub(crate) fn nowhere(group: &str) -> Result<Reply, Refusal> {
    if group.is_empty() || is_native(group) {
        Err(refusals::no_such_path())
    } else {
        Ok(Reply::nothing_here())
    }
}

/// Whether a group is one of Kubernetes' own that are served here.
pub(crate) fn is_native(group: &str) -> bool {
    let of_kinds = KINDS.iter().any(|facts| facts.group == group && !facts.custom);
    of_kinds || REVIEWS.iter().any(|(known, ..)| *known == group)
}

/// Groups with a name, in a fixed order.
fn groups() -> Vec<&'static str> {
    let mut all: Vec<&str> = Vec::new();
    let named = KINDS.iter().map(|facts| facts.group).chain(REVIEWS.iter().map(|r| r.0));
    for group in named.filter(|group| !group.is_empty()) {
        if !all.contains(&group) {
            all.push(group);
        }
    }
    all
}

fn version_of(group: &str) -> Option<&'static str> {
    let found = KINDS.iter().find(|facts| facts.group == group).map(|facts| facts.version);
    found.or_else(|| REVIEWS.iter().any(|(known, ..)| *known == group).then_some("v1"))
}

fn group(name: &str) -> Value {
    let version = version_of(name).unwrap_or_default();
    let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [version.clone()], "preferredVersion": version})
}

/// A subresource: name, verbs, what it speaks when that is another kind.
type Subresource = (&'static str, &'static [&'static str], Option<[&'static str; 3]>);

fn subresources(facts: &Facts) -> Vec<Subresource> {
    let usual: &[&str] = &["get", "patch", "update"];
    let mut all: Vec<Subresource> = Vec::new();
    if facts.kind == Kind::Pod {
        all.push(("eviction", &["create"], Some(["policy", "v1", "Eviction"])));
        all.push(("log", &["get"], None));
    }
    if facts.kind == Kind::Service {
        let verbs = &["create", "delete", "get", "patch", "update"];
        all.push(("proxy", verbs, Some(["", "", "ServiceProxyOptions"])));
    }
    if facts.scale {
        all.push(("scale", usual, Some(["autoscaling", "v1", "Scale"])));
    }
    if facts.status {
        all.push(("status", usual, None));
    }
    all
}

/// What can be done with a whole object of this kind.
pub(crate) fn verbs(kind: Kind) -> Vec<&'static str> {
    let all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    all.into_iter().filter(|v| kind != Kind::Namespace || *v != "deletecollection").collect()
}

fn resources(group: &str, version: &str) -> Value {
    let mut all = Vec::new();
    for facts in KINDS.iter().filter(|facts| facts.group == group) {
        let mut resource = json!({
            "name": facts.plural,
            "singularName": facts.name.to_lowercase(),
            "namespaced": facts.namespaced,
            "kind": facts.name,
            "verbs": verbs(facts.kind),
        });
        if !facts.short.is_empty() {
            resource.set("/shortNames", json!(facts.short));
        }
        if facts.all {
            resource.set("/categories", json!(["all"]));
        }
        all.push(resource);
        for (name, verbs, other) in subresources(facts) {
            let mut resource = json!({
                "name": format!("{}/{name}", facts.plural),
                "singularName": "",
                "namespaced": facts.namespaced,
                "kind": facts.name,
                "verbs": verbs,
            });
            if let Some([group, version, kind]) = other {
                resource.set("/kind", kind);
                if !version.is_empty() {
                    resource.set("/group", group);
                    resource.set("/version", version);
                }
            }
            all.push(resource);
        }
    }
    for (_, plural, kind) in REVIEWS.iter().filter(|(known, ..)| *known == group) {
        all.push(json!({
            "name": plural,
            "singularName": kind.to_lowercase(),
            "namespaced": false,
            "kind": kind,
            "verbs": ["create"],
        }));
    }
    let group_version = match group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    };
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": all,
    })
}

/// Everything of several groups in one document.
#[derive(Debug, Clone, Copy)]
struct Together(&'static str);

impl Together {
    fn wanted(request: &Request) -> Option<Self> {
        let wants = |range: &str| {
            let has = |part: &str| range.split(';').any(|piece| piece.trim() == part);
            let fits = has("g=apidiscovery.k8s.io") && has("as=APIGroupDiscoveryList");
            match (fits, has("v=v2"), has("v=v2beta1")) {
                (true, true, _) => Some(Self("v2")),
                (true, _, true) => Some(Self("v2beta1")),
                _ => None,
            }
        };
        let header = request.header("accept");
        let mut ranges = header.split(',').map(str::trim);
        // What is named first is wanted first; plain JSON before it wins.
        let first = ranges.find(|r| wants(r).is_some() || *r == "application/json")?;
        wants(first)
    }

    fn reply(self, groups: &[&str]) -> Reply {
        let Self(version) = self;
        let items: Vec<Value> = groups.iter().map(|group| discovered(group)).collect();
        let document = json!({
            "kind": "APIGroupDiscoveryList",
            "apiVersion": format!("apidiscovery.k8s.io/{version}"),
            "metadata": {},
            "items": items,
        });
        let form =
            format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
        let content = Content::Raw(form, document.to_string().into_bytes());
        Reply { code: 200, content, headers: Vec::new() }
    }
}

fn discovered(group: &str) -> Value {
    let version = version_of(group).unwrap_or("v1");
    let list = resources(group, version);
    let all = list.pointer("/resources").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut resources: Vec<Value> = Vec::new();
    for one in all {
        let kind = json!({
            "group": if one.get("version").is_some() { one.text("/group") } else { group },
            "version": one.get("version").and_then(Value::as_str).unwrap_or(version),
            "kind": one.text("/kind"),
        });
        if let Some((_, subresource)) = one.text("/name").split_once('/') {
            let entry = json!({
                "subresource": subresource,
                "responseKind": kind,
                "verbs": one.get("verbs"),
            });
            if let Some(last) = resources.last_mut() {
                let mut all = last.items("/subresources").to_vec();
                all.push(entry);
                last.set("/subresources", all);
            }
            continue;
        }
        let mut entry = json!({
            "resource": one.text("/name"),
            "responseKind": kind,
            "scope": if one.flag("/namespaced") { "Namespaced" } else { "Cluster" },
            "singularResource": one.text("/singularName"),
            "verbs": one.get("verbs"),
        });
        for list in ["shortNames", "categories"] {
            if let Some(words) = one.get(list) {
                entry.set(&format!("/{list}"), words.clone());
            }
        }
        resources.push(entry);
    }
    let mut item = json!({
        "metadata": {},
        "versions": [{"version": version, "resources": resources, "freshness": "Current"}],
    });
    if !group.is_empty() {
        item.set("/metadata/name", group);
    }
    item
}

fn paths() -> Vec<String> {
    let mut all: Vec<String> = ["/api", "/api/v1", "/apis", "/apis/"].map(str::to_owned).into();
    for group in groups() {
        all.push(format!("/apis/{group}"));
        all.push(format!("/apis/{group}/{}", version_of(group).unwrap_or_default()));
    }
    let others = ["/healthz", "/livez", "/openapi/v3", "/openapi/v3/", "/readyz", "/version"];
    all.extend(others.map(str::to_owned));
    all
}

fn version() -> Value {
    json!({
        "major": "1",
        "minor": "34",
        "emulationMajor": "1",
        "emulationMinor": "34",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "33",
        "gitVersion": "v1.34.4+drill",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &str, accept: &str) -> Reply {
        let mut request = Request::new("GET", path);
        request.headers.push(("accept".to_owned(), accept.to_owned()));
        answer(&Desk::default(), &request).unwrap_or_else(|refusal| Reply::refusal(&refusal))
    }

    #[test]
    fn every_kind_is_discovered() {
        for facts in KINDS {
            let path = match facts.group {
                "" => "/api/v1".to_owned(),
                group => format!("/apis/{group}/{}", facts.version),
            };
            let reply = ask(&path, "application/json");
            let found = reply.json().items("/resources").iter();
            let found = found.clone().find(|r| r.text("/name") == facts.plural).unwrap();
            assert_eq!(found.text("/kind"), facts.name);
            assert_eq!(found.flag("/namespaced"), facts.namespaced);
        }
        let groups = ask("/apis", "").json().items("/groups").len();
        assert_eq!(groups, groups_of_all());
    }

    fn groups_of_all() -> usize {
        super::groups().len()
    }

    #[test]
    fn everything_at_once_when_it_is_wanted() {
        let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                      application/json";
        let Content::Raw(form, bytes) = ask("/apis", accept).content else { panic!() };
        assert!(form.contains("v=v2;"), "{form}");
        let all: Value = serde_json::from_slice(&bytes).unwrap();
        let argo = all.items("/items").iter().find(|i| i.text("/metadata/name") == "argoproj.io");
        let rollouts = argo.unwrap().items("/versions/0/resources").iter();
        let rollouts = rollouts.clone().find(|r| r.text("/resource") == "rollouts").unwrap();
        let inner: Vec<&str> =
            rollouts.items("/subresources").iter().map(|s| s.text("/subresource")).collect();
        assert_eq!(inner, ["scale", "status"]);
        assert_eq!(ask("/apis", "application/json").json().text("/kind"), "APIGroupList");
    }

    #[test]
    fn what_is_not_there() {
        assert_eq!(ask("/nothing", ""), Reply::nothing_here());
        assert_eq!(ask("/apis/nothing.io", ""), Reply::nothing_here());
        assert_eq!(ask("/apis/apps/v9", "").json().text("/reason"), "NotFound");
    }
}
