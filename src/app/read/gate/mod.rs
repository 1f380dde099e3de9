//! The gate: its checks with what they found, and how long it is open.
//!
//! Called by `view` and by the report of `preflight`.

use crate::app::gate::{End, Run, Standing, facts, standing};
use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::action::Verb;
use crate::domain::gate::{
    Availability, Check, Evidence, Finding, Load, Outcome, Refusal, Stage, Subject, Verdict,
};
use crate::domain::release::Release;
use crate::domain::text::several;
use crate::domain::time::length;

use super::phrase::Phrase;

/// A check as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub check: Check,
    /// What the state is.
    pub role: Role,
    /// `passed`, `failed`, `unknown`, `skipped`, `running`, `waiting`.
    pub state: &'static str,
    /// What it took: `3 tries, 200, 12 ms`; empty where nothing was asked.
    pub cost: String,
    /// Why it stands so, and what that rests on.
    pub lines: Vec<String>,
}

/// All checks of a workload, in order; none where none were begun.
pub fn rows(model: &Model, release: &Release<'_>) -> Vec<Row> {
    let id = &release.workload.id;
    let Some(run) = model.gates.runs.get(id) else { return Vec::new() };
    // What the cluster says is the present while the run is under way.
    let live = if run.end.is_none() { facts(model, id, run) } else { Vec::new() };
    run.stage
        .checks()
        .iter()
        .map(|check| {
            let live = live.iter().find(|finding| finding.check == *check);
            match live.or_else(|| run.findings.get(check)) {
                Some(finding) => row(finding),
                None => open_row(run, *check),
            }
        })
        .collect()
}

fn row(finding: &Finding) -> Row {
    let role = match finding.verdict {
        Verdict::Passed => Role::Ok,
        Verdict::Failed(_) => Role::Bad,
        Verdict::Unknown(_) => Role::Warn,
        Verdict::Skipped(_) => Role::Muted,
    };
    let mut lines: Vec<String> =
        finding.verdict.why().map(ToString::to_string).into_iter().collect();
    lines.extend(rests_on(finding));
    Row {
        check: finding.check,
        role,
        state: finding.verdict.word(),
        cost: cost(&finding.evidence),
        lines,
    }
}

fn open_row(run: &Run, check: Check) -> Row {
    let evidence = run.trying.get(&check);
    let state = match (&run.end, evidence) {
        (Some(_), _) => "not run",
        (None, Some(_)) => "running",
        (None, None) => "waiting",
    };
    let role = if evidence.is_some() { Role::Moving } else { Role::Muted };
    let lines = evidence.and_then(|e| e.excerpt.as_ref()).map(ToString::to_string);
    Row {
        check,
        role,
        state,
        cost: evidence.map(cost).unwrap_or_default(),
        lines: lines.into_iter().collect(),
    }
}

/// What a check took.
fn cost(evidence: &Evidence) -> String {
    let mut parts = Vec::new();
    if evidence.tries > 0 {
        parts.push(several(evidence.tries, "try", "tries"));
    }
    parts.extend(evidence.status.map(|status| status.to_string()));
    parts.extend(evidence.latency_ms.map(|ms| format!("{ms} ms")));
    parts.join(", ")
}

/// What a verdict rests on, in words.
fn rests_on(finding: &Finding) -> Vec<String> {
    let Evidence { excerpt, pointer, load, availability, .. } = &finding.evidence;
    let mut lines = Vec::new();
    if let Some(pointer) = pointer {
        let path = if pointer.path.is_empty() { "the answer" } else { pointer.path.as_str() };
        lines.push(format!("{path}: {}, wanted {}", pointer.found, pointer.wanted));
    }
    lines.extend(load.as_ref().map(Load::words));
    lines.extend(availability.as_ref().map(Availability::words));
    // A value that was found says all that a good answer has to say.
    let told = finding.verdict == Verdict::Passed && pointer.is_some();
    // The verdict of the pods says the same where they are too few.
    let twice = finding.verdict.why() == excerpt.as_ref();
    if let Some(excerpt) = excerpt.as_ref().filter(|_| !told && !twice) {
        let what = if finding.check.asks() { "body: " } else { "" };
        lines.push(format!("{what}{excerpt}"));
    }
    lines
}

/// Whether what is shown was found after the switch, or would be.
pub fn is_after(model: &Model, release: &Release<'_>) -> bool {
    match model.gates.runs.get(&release.workload.id) {
        Some(run) => run.stage == Stage::After,
        None => Stage::of(release) == Stage::After,
    }
}

/// How the gate stands, in a sentence; after the switch, how users were served.
pub fn sentence(model: &Model, release: &Release<'_>) -> Phrase {
    let run = model.gates.runs.get(&release.workload.id);
    if let Some(run) = run.filter(|run| run.stage == Stage::After) {
        return after(model, run);
    }
    let ended = run.and_then(|run| run.end.as_ref());
    match (standing(model, release, Verb::Promote), ended) {
        (Standing::Open(left), _) => {
            let text = format!("open: passed by this version, counts for {} more", length(left));
            Phrase::of(Role::Ok, text)
        }
        (_, Some((_, End::Void(why)))) => Phrase::of(Role::Bad, format!("void: {why}")),
        (_, Some((_, End::Judged(Outcome::Locked)))) => {
            Phrase::of(Role::Bad, "locked: something failed")
        }
        (_, Some((_, End::Judged(Outcome::Undetermined)))) => {
            Phrase::of(Role::Warn, "undetermined: something is not known")
        }
        // A pass of what is switched without one, such as a canary.
        (Standing::None, Some((at, End::Judged(Outcome::Open)))) => {
            Phrase::of(Role::Ok, format!("open: passed {} ago", length(model.now - *at)))
        }
        (Standing::Shut(why), _) => Phrase::of(Role::Warn, format!("not open: {why}")),
        (Standing::None, _) => match subject(model, release) {
            Ok(_) => Phrase::new().muted("nothing was asked yet"),
            Err(refusal) => Phrase::new().muted(refusal.words()),
        },
    }
}

/// How users are served by the version that they were switched to.
fn after(model: &Model, run: &Run) -> Phrase {
    match (&run.end, run.switched) {
        (None, None) => Phrase::of(Role::Moving, "looks on, users are not switched yet"),
        (None, Some(at)) => {
            let since = length(model.now - at);
            Phrase::of(Role::Moving, format!("looks on, users are on it for {since}"))
        }
        (Some((_, End::Void(why))), _) => Phrase::of(Role::Bad, format!("void: {why}")),
        (Some((at, End::Judged(outcome))), _) => {
            let ago = length(model.now - *at);
            let (role, text) = match outcome {
                Outcome::Open => (Role::Ok, "good: users were served all the time"),
                Outcome::Locked => (Role::Bad, "bad: something failed where users are"),
                Outcome::Undetermined => (Role::Warn, "undetermined: something is not known"),
            };
            Phrase::of(role, format!("{text}, {ago} ago"))
        }
    }
}

/// Which version is looked at, how, since when.
pub fn about(model: &Model, release: &Release<'_>) -> Phrase {
    match model.gates.runs.get(&release.workload.id) {
        Some(run) => {
            let took = run.end.as_ref().map_or(model.now, |(at, _)| *at) - run.started;
            let verb = if run.end.is_some() { "took" } else { "for" };
            Phrase::new()
                .text(run.hash.to_string())
                .muted(" asked ")
                .text(run.route.to_string())
                .muted(format!(", {verb} {}", length(took)))
        }
        None => match subject(model, release) {
            Ok(subject) => Phrase::new()
                .text(subject.hash.to_string())
                .muted(" would be asked ")
                .text(subject.route.words()),
            Err(refusal) => Phrase::of(Role::Warn, refusal.words()),
        },
    }
}

/// What would be looked at.
fn subject(model: &Model, release: &Release<'_>) -> Result<Subject, Refusal> {
    Stage::of(release).subject(release, model.gate_profile(&release.workload.id))
}
