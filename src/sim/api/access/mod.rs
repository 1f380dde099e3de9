//! Who may do what: persons, their tokens, their rules.
//!
//! Rules can change at any time; the next request feels it. Called with every request, and by
//! drills.

mod review;

use serde_json::json;

use super::place::{Place, Target};
use super::refusals;
use super::request::Request;
use crate::sim::store::Refusal;

pub(crate) use review::review;

/// What somebody may do. `*` stands for everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) verbs: Vec<String>,
    pub(crate) groups: Vec<String>,
    /// With their subresource: `rollouts/status`. `*` includes subresources.
    pub(crate) resources: Vec<String>,
    /// Where; nothing for everywhere.
    pub(crate) namespaces: Option<Vec<String>>,
}

impl Rule {
    /// These verbs on these resources of a group, everywhere.
    pub(crate) fn new(verbs: &[&str], group: &str, resources: &[&str]) -> Self {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Self {
            verbs: own(verbs),
            groups: vec![group.to_owned()],
            resources: own(resources),
            namespaces: None,
        }
    }

    /// The same in these namespaces only.
    pub(crate) fn within(mut self, namespaces: &[&str]) -> Self {
        self.namespaces = Some(namespaces.iter().map(|text| (*text).to_owned()).collect());
        self
    }

    fn covers(&self, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
        let has = |list: &[String], wanted: &str| list.iter().any(|x| x == "*" || x == wanted);
        let place = |list: &Vec<String>| list.iter().any(|x| x == namespace);
        has(&self.verbs, verb)
            && has(&self.groups, group)
            && has(&self.resources, resource)
            && self.namespaces.as_ref().is_none_or(place)
    }
}

/// Somebody who speaks to the API.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) groups: Vec<String>,
    /// What this person may do.
    pub(crate) rules: Vec<Rule>,
    /// What was taken away, whatever the rules say.
    pub(crate) taken: Vec<Rule>,
}

impl Person {
    pub(crate) fn new(name: &str, token: &str, rules: Vec<Rule>) -> Self {
        Self {
            name: name.to_owned(),
            token: token.to_owned(),
            groups: vec!["system:authenticated".to_owned()],
            rules,
            taken: Vec::new(),
        }
    }

    /// Somebody who may do everything.
    pub(crate) fn with_all_rights(name: &str, token: &str) -> Self {
        Self::new(name, token, vec![Rule::new(&["*"], "*", &["*"])])
    }

    /// Somebody who may look at everything but secrets, and change nothing.
    pub(crate) fn with_eyes_only(name: &str, token: &str) -> Self {
        let look = ["get", "list", "watch"];
        let core = [
            "namespaces",
            "nodes",
            "configmaps",
            "events",
            "services",
            "pods",
            "pods/log",
            "pods/status",
        ];
        let groups = [
            "apps",
            "argoproj.io",
            "autoscaling",
            "batch",
            "coordination.k8s.io",
            "discovery.k8s.io",
            "networking.istio.io",
            "networking.k8s.io",
            "policy",
        ];
        let mut rules = vec![Rule::new(&look, "", &core)];
        rules.extend(groups.iter().map(|group| Rule::new(&look, group, &["*"])));
        Self::new(name, token, rules)
    }

    pub(crate) fn may(&self, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
        let covered =
            |rules: &[Rule]| rules.iter().any(|rule| rule.covers(verb, group, resource, namespace));
        covered(&self.rules) && !covered(&self.taken)
    }

    fn may_everything(&self) -> bool {
        self.rules.iter().any(|rule| rule.verbs == ["*"] && rule.resources == ["*"])
    }
}

/// Who sent a request; nobody in particular when it had no token. Whoever may do everything can
/// speak for others, as `kubectl --as` does.
///
/// # Errors
///
/// When it had a token that nobody has, or speaks for another without the right to.
pub(crate) fn who(persons: &[Person], request: &Request) -> Result<Option<Person>, Refusal> {
    let header = request.header("authorization");
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        // Another scheme than ours says nothing of who it is.
        _ => return Ok(None),
    };
    let found = persons.iter().find(|person| person.token == token && !token.is_empty());
    let person = found.ok_or_else(refusals::unauthorized)?;
    match request.header("impersonate-user") {
        "" => Ok(Some(person.clone())),
        other if person.may_everything() => {
            let known = persons.iter().find(|known| known.name == other).cloned();
            Ok(Some(known.unwrap_or_else(|| Person::new(other, "", Vec::new()))))
        }
        other => {
            let why = format!(
                "User {:?} cannot impersonate resource \"users\" in API group \"\" at the cluster \
                 scope",
                person.name
            );
            Err(refusals::forbidden("", "users", other, &why))
        }
    }
}

/// Whether somebody may do what a request asks for.
///
/// # Errors
///
/// In the words of the API server, when not.
pub(crate) fn authorize(
    person: Option<&Person>,
    place: &Place,
    request: &Request,
) -> Result<(), Refusal> {
    match place {
        Place::Objects(target) => {
            let resource = target.resource_path();
            let own = is_own_review(target) && person.is_some();
            let may = |person: &Person| {
                person.may(target.verb, &target.group, &resource, &target.namespace)
            };
            if own || person.is_some_and(may) {
                return Ok(());
            }
            Err(forbidden(name_of(person), target))
        }
        Place::Path(path) => {
            let open = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
            let known = ["/api", "/apis", "/openapi"];
            let within = |root: &str| path == root || path.starts_with(&format!("{root}/"));
            let verb = request.method.to_ascii_lowercase();
            let looks = verb == "get";
            let allowed = match person {
                Some(person) if person.may_everything() => true,
                Some(_) => {
                    looks
                        && (open.contains(&path.as_str()) || known.iter().any(|root| within(root)))
                }
                None => looks && open.contains(&path.as_str()),
            };
            if allowed {
                return Ok(());
            }
            let mut refusal = Refusal::new(
                403,
                "Forbidden",
                format!("forbidden: User {:?} cannot {verb} path {path:?}", name_of(person)),
            );
            refusal.details = Some(json!({}));
            Err(refusal)
        }
    }
}

/// Asking what one may do is always allowed.
fn is_own_review(target: &Target) -> bool {
    target.verb == "create"
        && matches!(
            (target.group.as_str(), target.resource.as_str()),
            ("authorization.k8s.io", "selfsubjectaccessreviews" | "selfsubjectrulesreviews")
                | ("authentication.k8s.io", "selfsubjectreviews")
        )
}

/// As the server says that somebody must not do what a request asks for.
pub(super) fn forbidden(who: &str, target: &Target) -> Refusal {
    let place = match target.namespace.as_str() {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace {namespace:?}"),
    };
    let what = format!(
        "User {who:?} cannot {} resource {:?} in API group {:?} {place}",
        target.verb,
        target.resource_path(),
        target.group,
    );
    refusals::forbidden(&target.group, &target.resource, &target.name, &what)
}

/// The name that the server gives somebody, or nobody.
pub(super) fn name_of(person: Option<&Person>) -> &str {
    person.map_or("system:anonymous", |person| &person.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::api::place;

    #[test]
    fn a_right_can_be_taken_away_and_given_back() {
        let mut pilot = Person::with_all_rights("pilot", "t");
        assert!(pilot.may("patch", "argoproj.io", "rollouts/status", "shop"));
        pilot.taken.push(Rule::new(&["patch"], "argoproj.io", &["rollouts/status"]));
        assert!(!pilot.may("patch", "argoproj.io", "rollouts/status", "shop"));
        assert!(pilot.may("patch", "argoproj.io", "rollouts", "shop"));
        pilot.taken.clear();
        assert!(pilot.may("patch", "argoproj.io", "rollouts/status", "shop"));
    }

    #[test]
    fn a_rule_can_be_of_one_namespace() {
        let rule = Rule::new(&["get"], "", &["pods"]).within(&["shop"]);
        let narrow = Person::new("narrow", "t", vec![rule]);
        assert!(narrow.may("get", "", "pods", "shop"));
        assert!(!narrow.may("get", "", "pods", "bank") && !narrow.may("get", "", "pods", ""));
        assert!(!narrow.may("get", "", "pods/log", "shop"));
    }

    #[test]
    fn only_who_may_everything_speaks_for_others() {
        let persons =
            [Person::with_all_rights("pilot", "p"), Person::with_eyes_only("viewer", "v")];
        let mut request = Request::new("GET", "/api/v1/pods");
        request.headers.push(("impersonate-user".to_owned(), "viewer".to_owned()));
        request.headers.push(("authorization".to_owned(), "Bearer p".to_owned()));
        assert_eq!(who(&persons, &request).unwrap().unwrap().name, "viewer");
        request.headers[1].1 = "Bearer v".to_owned();
        assert_eq!(
            who(&persons, &request).unwrap_err().message,
            "users \"viewer\" is forbidden: User \"viewer\" cannot impersonate resource \"users\" \
             in API group \"\" at the cluster scope"
        );
    }

    #[test]
    fn whoever_has_no_token_is_nobody_and_a_wrong_one_is_refused() {
        let persons = [Person::with_eyes_only("viewer", "t")];
        let mut request = Request::new("GET", "/api/v1/secrets");
        assert!(who(&persons, &request).unwrap().is_none());
        request.headers.push(("authorization".to_owned(), "Bearer x".to_owned()));
        assert_eq!(who(&persons, &request).unwrap_err().code, 401);
        request.headers = vec![("authorization".to_owned(), "bearer t".to_owned())];
        let viewer = who(&persons, &request).unwrap();
        let refusal = authorize(viewer.as_ref(), &place::of(&request), &request).unwrap_err();
        assert_eq!(
            refusal.message,
            "secrets is forbidden: User \"viewer\" cannot list resource \"secrets\" in API group \
             \"\" at the cluster scope"
        );
    }
}
