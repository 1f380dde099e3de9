//! Gates: runs of checks, what they found, and what they open.
//!
//! A run is pinned to one object and one version; another version makes it void. Never asks
//! anybody: `runtime` does, and reports by number. Written by `update::gate` alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::action::Verb;
use crate::domain::gate::{
    Check, Evidence, Finding, Outcome, Pass, Profile, Route, Stage, Verdict, facts_of, outcome,
};
use crate::domain::id::{PodHash, Uid, WorkloadId};
use crate::domain::plan::{Note, Plan};
use crate::domain::release::Release;
use crate::domain::strategy::Strategy;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length, parse_rfc3339, to_rfc3339};

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
    /// The pass that it gave.
    pub fn pass(&self) -> Option<Pass> {
        let (at, End::Judged(Outcome::Open)) = self.end.as_ref()? else { return None };
        if self.stage == Stage::After {
            return None;
        }
        let skipped = |finding: &&Finding| matches!(finding.verdict, Verdict::Skipped(_));
        Some(Pass {
            uid: self.uid.clone(),
            hash: self.hash.clone(),
            at: *at,
            route: self.route.clone(),
            skipped: self.findings.values().filter(skipped).map(|f| f.check).collect(),
        })
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
    /// The newest pass of each object, of whichever process.
    pub passes: BTreeMap<Uid, Pass>,
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
    let run = model.gates.runs.get(&workload.id);
    if let Some(run) = run.filter(|r| r.uid == workload.uid && r.stage == Stage::Before) {
        match &run.end {
            None => return Standing::Shut("its checks are under way".into()),
            Some((_, End::Judged(outcome @ (Outcome::Locked | Outcome::Undetermined)))) => {
                if Some(&run.hash) == release.current_hash() {
                    let word = outcome.word();
                    return Standing::Shut(format!("its last checks left it {word}").into());
                }
            }
            Some(_) => {}
        }
    }
    match model.gates.passes.get(&workload.uid) {
        None => Standing::Shut("it was not passed".into()),
        Some(pass) => match pass.left(&workload.uid, release.current_hash(), model.now) {
            Ok(left) => Standing::Open(left),
            Err(why) => Standing::Shut(why),
        },
    }
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
    let skip = &model.gate_profile(id).skip;
    match model.fleet.release(id) {
        Some(release) => facts_of(run.stage, &release, &run.hash, skip),
        None => Vec::new(),
    }
}

/// A pass as it is kept, for this server.
pub fn pass_to_json(pass: &Pass, server: &str) -> Value {
    json!({
        "schema": 1,
        "server": server,
        "uid": pass.uid.as_str(),
        "hash": pass.hash.as_str(),
        "at": to_rfc3339(pass.at),
        "route": pass.route.as_str(),
        "skipped": pass.skipped.iter().map(|check| check.name()).collect::<Vec<_>>(),
    })
}

/// A pass that was kept for this object of this server.
pub fn pass_from_json(kept: &Value, server: &str, uid: &Uid) -> Option<Pass> {
    let text = |key: &str| kept.get(key).and_then(Value::as_str);
    let ours = kept.get("schema") == Some(&json!(1))
        && text("server") == Some(server)
        && text("uid") == Some(uid.as_str());
    if !ours {
        return None;
    }
    let skipped = kept.get("skipped")?.as_array()?;
    let named =
        |value: &Value| Check::ALL.into_iter().find(|check| Some(check.name()) == value.as_str());
    Some(Pass {
        uid: uid.clone(),
        hash: SafeText::new(text("hash")?),
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
            at: now(),
            route: "directly".into(),
            skipped: vec![Check::Database],
        };
        let kept = pass_to_json(&pass, "https://a:6443");
        assert_eq!(pass_from_json(&kept, "https://a:6443", &"u".into()), Some(pass));
        assert_eq!(pass_from_json(&kept, "https://b:6443", &"u".into()), None);
        assert_eq!(pass_from_json(&kept, "https://a:6443", &"v".into()), None);
        for key in ["schema", "server", "uid", "hash", "at", "route", "skipped"] {
            let mut broken = kept.clone();
            broken[key] = json!(2);
            assert_eq!(pass_from_json(&broken, "https://a:6443", &"u".into()), None, "{key}");
        }
    }
}
