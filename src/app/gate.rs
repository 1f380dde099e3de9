//! Gates: runs of checks, what they found, and what they open.
//!
//! A run is pinned to one object and one version; another version makes it void, and what it gave.
//! Never asks anybody: `runtime` does, and reports by number. Written by `update::gate` alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::action::Verb;
use crate::domain::gate::{
    Check, Evidence, Finding, Outcome, Pass, Profile, Route, Stage, Verdict, facts_of, outcome,
};
use crate::domain::id::{PodHash, ResourceKind, Uid, WorkloadId, WorkloadKind};
use crate::domain::plan::{Note, Plan};
use crate::domain::release::Release;
use crate::domain::strategy::Strategy;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length, parse_rfc3339, to_rfc3339};

use super::availability::{self, Freshness};
use super::model::Model;
use super::session::Level;

/// What `runtime` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its reports carry this number.
    pub number: u64,
    /// Before the switch or after it.
    pub stage: Stage,
    /// Users are on the version already.
    pub switched: bool,
    /// How to ask.
    pub route: Route,
    /// What.
    pub profile: Profile,
}

/// What `runtime` reports of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The way that is gone, in words.
    Route(SafeText),
    /// A check is under way; what was seen so far.
    Trying(Check, Evidence),
    /// A check is over.
    Found(Finding),
    /// All are over.
    Over,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All checks are over.
    Judged(Outcome),
    /// What was looked at is no longer what is wanted; how it changed.
    Void(SafeText),
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub number: u64,
    /// Before the switch or after it.
    pub stage: Stage,
    /// Since when users are on the version; nothing while they are not.
    pub switched: Option<Timestamp>,
    /// Of which object.
    pub uid: Uid,
    /// Of which version.
    pub hash: PodHash,
    /// The number of that version's revision, once all checks are over.
    pub revision: Option<u64>,
    /// The way, in words.
    pub route: SafeText,
    /// When it began.
    pub started: Timestamp,
    /// Checks that are over.
    pub findings: BTreeMap<Check, Finding>,
    /// Checks that are under way.
    pub trying: BTreeMap<Check, Evidence>,
    /// When it ended, and how.
    pub end: Option<(Timestamp, End)>,
}

impl Run {
    /// What it left its gate as.
    pub fn result(&self) -> Option<Pass> {
        let (at, End::Judged(outcome)) = self.end.as_ref()? else { return None };
        if self.stage == Stage::After {
            return None;
        }
        let skipped = |finding: &&Finding| matches!(finding.verdict, Verdict::Skipped(_));
        Some(Pass {
            uid: self.uid.clone(),
            hash: self.hash.clone(),
            revision: self.revision,
            outcome: *outcome,
            at: *at,
            route: self.route.clone(),
            skipped: self.findings.values().filter(skipped).map(|f| f.check).collect(),
        })
    }

    /// The pass that it gave.
    pub fn pass(&self) -> Option<Pass> {
        self.result().filter(|pass| pass.outcome == Outcome::Open)
    }

    /// What all findings mean so far.
    pub fn outcome(&self) -> Outcome {
        let findings: Vec<Finding> = self.findings.values().cloned().collect();
        outcome(self.stage, &findings)
    }
}

/// Everything about gates.
#[derive(Debug, Clone, Default)]
pub struct Gates {
    /// What is asked.
    pub profile: Profile,
    /// What was said for this very run, whatever the catalogue has.
    pub said: Option<Profile>,
    /// Whether a switch past an open gate is looked on.
    pub looks_on: bool,
    /// The newest run of each workload.
    pub runs: BTreeMap<WorkloadId, Run>,
    /// What the gate of each object was left as last, by whichever process; or why that is void.
    pub passes: BTreeMap<Uid, Result<Pass, SafeText>>,
}

/// How a gate stands before a verb that would put users on another version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The verb goes past no gate.
    None,
    /// It is open for so long.
    Open(Span),
    /// It is not; why.
    Shut(SafeText),
}

/// How the gate before `verb` stands.
pub fn standing(model: &Model, release: &Release<'_>, verb: Verb) -> Standing {
    let workload = release.workload;
    let switches = matches!(verb, Verb::Promote | Verb::PromoteFull)
        && matches!(workload.strategy, Strategy::BlueGreen(_))
        && workload.status.active_hash != workload.status.current_hash;
    if !switches {
        return Standing::None;
    }
    let is_gate = |run: &&Run| run.uid == workload.uid && run.stage == Stage::Before;
    let run = model.gates.runs.get(&workload.id).filter(is_gate);
    if run.is_some_and(|run| run.end.is_none()) {
        return Standing::Shut("its checks are under way".into());
    }
    match left_open(model, release) {
        Ok(left) => Standing::Open(left),
        Err(why) => Standing::Shut(why),
    }
}

/// How long a pass still opens the way. What the cluster said of the version then, it has to say
/// now.
fn left_open(model: &Model, release: &Release<'_>) -> Result<Span, SafeText> {
    let uid = &release.workload.uid;
    let pass = match model.gates.passes.get(uid) {
        Some(Ok(pass)) => pass,
        Some(Err(void)) => return Err(void.clone()),
        None => return Err("it was not passed".into()),
    };
    let revision = release.current().and_then(|current| current.replica_set.revision);
    let left = pass.left(uid, release.current_hash(), revision, model.now)?;
    for Finding { check, verdict, .. } in seen(model, release, Stage::Before, &pass.hash) {
        if let Verdict::Failed(why) | Verdict::Unknown(why) = verdict {
            return Err(format!("it was passed, but now {}: {why}", check.name()).into());
        }
    }
    Ok(left)
}

/// Whether a plan goes past a gate that is shut where it has to be open; why it is.
pub fn shut(model: &Model, plan: &Plan) -> Option<SafeText> {
    let release = model.fleet.release(&plan.id)?;
    let careful = model.session.environment(&plan.id.namespace).level == Level::Production;
    match standing(model, &release, plan.action.verb) {
        Standing::Shut(why) if careful => Some(why),
        _ => None,
    }
}

/// Says in a plan how its gate stands.
pub fn noted(model: &Model, mut plan: Plan) -> Plan {
    let Some(release) = model.fleet.release(&plan.id) else { return plan };
    let note = match standing(model, &release, plan.action.verb) {
        Standing::None => return plan,
        Standing::Open(left) => {
            let text = format!("passed by this version, counts for {} more", length(left));
            Note { label: "gate", text: text.into(), warning: false }
        }
        Standing::Shut(why) => {
            Note { label: "gate", text: format!("not open: {why}").into(), warning: true }
        }
    };
    plan.notes.push(note);
    plan
}

/// What the cluster says of the version of a run, now.
pub fn facts(model: &Model, id: &WorkloadId, run: &Run) -> Vec<Finding> {
    match model.fleet.release(id) {
        Some(release) => seen(model, &release, run.stage, &run.hash),
        None => Vec::new(),
    }
}

/// The same of any version. What is not the present is not known.
fn seen(model: &Model, release: &Release<'_>, stage: Stage, hash: &PodHash) -> Vec<Finding> {
    let id = &release.workload.id;
    let mut findings = facts_of(stage, release, hash, &model.gate_profile(id).skip);
    for finding in &mut findings {
        let skipped = matches!(finding.verdict, Verdict::Skipped(_));
        if let Some(why) = past(model, id, finding.check).filter(|_| !skipped) {
            *finding = Finding::plain(finding.check, Verdict::Unknown(why));
        }
    }
    findings
}

/// Why what a check is read from is not the present.
fn past(model: &Model, id: &WorkloadId, check: Check) -> Option<SafeText> {
    let own = match id.kind {
        WorkloadKind::Rollout => ResourceKind::Rollouts,
        WorkloadKind::Deployment => ResourceKind::Deployments,
    };
    std::iter::once(&own).chain(check.read_from()).find_map(|kind| {
        let name = kind.resource();
        match availability::of_kind(model, *kind, &id.namespace) {
            Freshness::Live => None,
            Freshness::Old(age) => {
                Some(format!("what is seen of {name} is {} old", length(age)).into())
            }
            Freshness::Unknown(why) => Some(format!("{name}: {why}").into()),
        }
    })
}

/// The form in which it is kept what a gate was left as; another one is not read.
const FORM: u64 = 2;

/// A pass as it is kept, for this server.
pub fn pass_to_json(pass: &Pass, server: &str) -> Value {
    json!({
        "schema": FORM,
        "server": server,
        "uid": pass.uid.as_str(),
        "hash": pass.hash.as_str(),
        "revision": pass.revision,
        "outcome": pass.outcome.word(),
        "at": to_rfc3339(pass.at),
        "route": pass.route.as_str(),
        "skipped": pass.skipped.iter().map(|check| check.name()).collect::<Vec<_>>(),
    })
}

/// A pass that was kept for this object of this server.
pub fn pass_from_json(kept: &Value, server: &str, uid: &Uid) -> Option<Pass> {
    let text = |key: &str| kept.get(key).and_then(Value::as_str);
    let ours = kept.get("schema") == Some(&json!(FORM))
        && text("server") == Some(server)
        && text("uid") == Some(uid.as_str());
    if !ours {
        return None;
    }
    let outcomes = [Outcome::Open, Outcome::Locked, Outcome::Undetermined];
    let skipped = kept.get("skipped")?.as_array()?;
    let named =
        |value: &Value| Check::ALL.into_iter().find(|check| Some(check.name()) == value.as_str());
    Some(Pass {
        uid: uid.clone(),
        hash: SafeText::new(text("hash")?),
        revision: kept.get("revision").and_then(Value::as_u64),
        outcome: outcomes.into_iter().find(|outcome| text("outcome") == Some(outcome.word()))?,
        at: parse_rfc3339(text("at")?)?,
        route: SafeText::new(text("route")?),
        skipped: skipped.iter().filter_map(named).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{CURRENT, now};

    #[test]
    fn a_pass_is_read_back_only_for_its_own_object_and_server() {
        let pass = Pass {
            uid: "u".into(),
            hash: CURRENT.into(),
            revision: Some(42),
            outcome: Outcome::Open,
            at: now(),
            route: "directly".into(),
            skipped: vec![Check::Database],
        };
        let kept = pass_to_json(&pass, "https://a:6443");
        assert_eq!(pass_from_json(&kept, "https://a:6443", &"u".into()), Some(pass.clone()));
        assert_eq!(pass_from_json(&kept, "https://b:6443", &"u".into()), None);
        assert_eq!(pass_from_json(&kept, "https://a:6443", &"v".into()), None);
        for key in ["schema", "server", "uid", "hash", "outcome", "at", "route", "skipped"] {
            let mut broken = kept.clone();
            broken[key] = json!(1);
            assert_eq!(pass_from_json(&broken, "https://a:6443", &"u".into()), None, "{key}");
        }
        for outcome in [Outcome::Locked, Outcome::Undetermined] {
            let shut = Pass { outcome, revision: None, ..pass.clone() };
            let kept = pass_to_json(&shut, "s");
            assert_eq!(pass_from_json(&kept, "s", &"u".into()), Some(shut));
        }
    }
}
