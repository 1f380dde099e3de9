//! Which rights a session needs, and what does not work without each.
//!
//! Never asks; the answers come from the API server by `runtime`.

use super::{Check, State};
use crate::app::access::Access;
use crate::domain::plan::Permission;
use crate::domain::text::SafeText;

const ARGO: &str = "argoproj.io";
const LOOK: &[&str] = &["list", "watch"];

/// Something that has to be allowed.
#[derive(Debug)]
struct Need {
    verbs: &'static [&'static str],
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    /// What does not work without it.
    without: &'static str,
    /// Whether the rest is of little use then.
    grave: bool,
}

const fn look(
    group: &'static str,
    resource: &'static str,
    without: &'static str,
    grave: bool,
) -> Need {
    Need { verbs: LOOK, group, resource, subresource: "", without, grave }
}

const fn one(
    verb: &'static [&'static str],
    group: &'static str,
    (resource, subresource): (&'static str, &'static str),
    without: &'static str,
    grave: bool,
) -> Need {
    Need { verbs: verb, group, resource, subresource, without, grave }
}

const PROXY: &str = "proxy";

const NEEDS: [Need; 16] = [
    look(ARGO, "rollouts", "no rollout is shown", true),
    look("apps", "deployments", "no Deployment is shown", true),
    look("apps", "replicasets", "no revisions are shown, and no way back", true),
    look("", "pods", "no pods are shown, nor why one is not ready", true),
    look(ARGO, "analysisruns", "no analysis is shown", false),
    look(ARGO, "experiments", "no experiments are shown", false),
    look("", "events", "the timeline has no events", false),
    look("", "services", "selectors of Services are not seen", false),
    look("networking.k8s.io", "ingresses", "weights of nginx Ingresses are not seen", false),
    look("policy", "poddisruptionbudgets", "budgets that hold pods back are not seen", false),
    one(&["get"], "", ("pods", "log"), "no logs", false),
    one(&["get"], ARGO, ("analysistemplates", ""), "no charts and limits of templates", false),
    one(&["get"], "", ("services", PROXY), "Prometheus in the cluster is not asked", false),
    one(&["patch"], ARGO, ("rollouts", "status"), "no promote, abort and retry", true),
    one(&["patch"], ARGO, ("rollouts", ""), "no hold, undo and restart of rollouts", true),
    one(&["patch"], "apps", ("deployments", ""), "no hold, undo and restart of Deployments", true),
];

/// What the session is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Session {
    /// Whether Argo Rollouts is installed.
    pub argo: bool,
    /// Whether every verb is locked anyway.
    pub read_only: bool,
    /// Whether Services are asked through the API server.
    pub proxy: bool,
}

/// The rights to ask for in a namespace, or in all.
pub fn wanted(session: &Session, namespace: Option<&SafeText>) -> Vec<Permission> {
    let needs = NEEDS.iter().filter(|need| {
        (session.argo || need.group != ARGO)
            && (!session.read_only || need.verbs != ["patch"])
            && (session.proxy || need.subresource != PROXY)
    });
    let permissions = needs.flat_map(|need| {
        need.verbs.iter().map(|verb| Permission {
            verb,
            group: need.group,
            resource: need.resource,
            subresource: need.subresource,
            namespace: namespace.cloned().unwrap_or_default(),
        })
    });
    permissions.collect()
}

/// The rights of one namespace: a line when all are there, else one for each that is missing.
pub fn rights(answers: &[(Permission, Access)]) -> Vec<Check> {
    let place = answers.first().map(|(permission, _)| place(permission)).unwrap_or_default();
    let denied = answers.iter().filter(|(_, access)| *access == Access::Denied).count();
    let count = answers.len();
    if denied == count {
        let found = format!("none of {count} rights {place}");
        return vec![
            Check::new(State::Fail, "rights", found).advise(
                "is it the right context and user? The README says which rights are needed",
            ),
        ];
    }
    let mut checks: Vec<Check> = NEEDS.iter().filter_map(|need| missing(need, answers)).collect();
    checks.extend(unknown(answers, &place));
    if checks.is_empty() {
        checks.push(Check::new(State::Ok, "rights", format!("all {count} needed {place}")));
    }
    checks
}

fn missing(need: &Need, answers: &[(Permission, Access)]) -> Option<Check> {
    let mine = answers.iter().filter(|(permission, access)| {
        *access == Access::Denied
            && permission.resource == need.resource
            && permission.subresource == need.subresource
            && need.verbs.contains(&permission.verb)
    });
    let mine: Vec<&Permission> = mine.map(|(permission, _)| permission).collect();
    let place = place(mine.first()?);
    let verbs: Vec<&str> = mine.iter().map(|permission| permission.verb).collect();
    let slash = if need.subresource.is_empty() { "" } else { "/" };
    let (resource, subresource) = (need.resource, need.subresource);
    let verbs = verbs.join(" and ");
    let found = format!("missing: {verbs} {resource}{slash}{subresource} {place}");
    let state = if need.grave { State::Fail } else { State::Warn };
    let group = if need.group.is_empty() { "core" } else { need.group };
    let way = if need.verbs == ["patch"] { ", or start with --read-only" } else { "" };
    let advice = format!("{}: ask for this rule (API group {group}){way}", need.without);
    Some(Check::new(state, "rights", found).advise(advice))
}

fn unknown(answers: &[(Permission, Access)], place: &str) -> Option<Check> {
    let whys = answers.iter().filter_map(|(_, access)| match access {
        Access::Unknown(why) => Some(why),
        _ => None,
    });
    let whys: Vec<_> = whys.collect();
    let first = whys.first()?;
    let found = format!("{} {place} could not be asked for: {first}", whys.len());
    Some(
        Check::new(State::Warn, "rights", found).advise(
            "they may be there or not: the keys try, and the API server says no if need be",
        ),
    )
}

fn place(permission: &Permission) -> String {
    match permission.namespace.as_str() {
        "" => "in all namespaces".to_owned(),
        name => format!("in {name}"),
    }
}
