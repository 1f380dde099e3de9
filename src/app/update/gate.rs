//! Gates: begins runs, takes in what they found, and voids what is about another version.
//!
//! A report of a run that is over or void changes nothing. A pass of an earlier run ends when a
//! new one begins, or another version comes.

use std::collections::BTreeMap;

use crate::app::effect::Effect;
use crate::app::gate::{self, End, News, Order, Run, Standing};
use crate::app::journal::Note;
use crate::app::model::Model;
use crate::app::screen::Screen;
use crate::domain::action::Verb;
use crate::domain::gate::{
    Check, Finding, Outcome, Pass, Refusal, Stage, Verdict, is_on_wanted, skipped_by_profile,
};
use crate::domain::id::{PodHash, Uid, WorkloadId};
use crate::domain::plan::Plan;
use crate::domain::release::Release;
use crate::domain::strategy::Strategy;
use crate::domain::text::SafeText;
use crate::domain::timeline::{self, Tone, Topic};

use super::{dialogs, looking, toast};

/// Begins a run of checks.
///
/// # Errors
/// Why there is nothing to look at, or no way to it.
pub fn begin_preflight(
    model: &mut Model,
    id: &WorkloadId,
    stage: Stage,
) -> Result<Vec<Effect>, Refusal> {
    let gone = || Refusal::Refused("it is gone".to_owned());
    let release = model.fleet.release(id).ok_or_else(gone)?;
    let subject = stage.subject(&release, model.gate_profile(id))?;
    let switched = stage == Stage::After && is_on_wanted(&release);
    let number = model.take_number();
    let mut run = Run {
        number,
        stage,
        switched: switched.then_some(model.now),
        uid: subject.uid.clone(),
        hash: subject.hash,
        revision: None,
        route: subject.route.words().into(),
        started: model.now,
        findings: BTreeMap::new(),
        trying: BTreeMap::new(),
        end: None,
    };
    let skip = &model.gate_profile(id).skip;
    let left_out = |check: &Check| check.asks() && skip.contains(check);
    for check in stage.checks().iter().filter(|check| left_out(check)) {
        run.findings.insert(*check, skipped_by_profile(*check));
    }
    for finding in gate::facts(model, id, &run) {
        run.findings.insert(finding.check, finding);
    }
    let mut effects: Vec<Effect> = model.gates.runs.values().filter_map(cut_off).collect();
    for other in model.gates.runs.values_mut().filter(|run| run.end.is_none()) {
        other.end = Some((model.now, End::Void("another run was begun".into())));
    }
    model.gates.runs.insert(id.clone(), run);
    if stage == Stage::Before {
        model.gates.passes.remove(&subject.uid);
        effects.push(Effect::KeepGate(subject.uid, None));
    }
    let profile = model.gate_profile(id).clone();
    let order = Order { number, stage, switched, route: subject.route, profile };
    effects.push(Effect::Preflight(Box::new(order)));
    Ok(effects)
}

/// Looks on while users are switched to a version whose gate is open: the same checks know how to
/// ask it, and what they find there is what users get.
pub(super) fn look_on(model: &mut Model, plan: &Plan) -> Vec<Effect> {
    let Some(release) = model.fleet.release(&plan.id) else { return Vec::new() };
    let standing = gate::standing(model, &release, plan.action.verb);
    if !model.gates.looks_on || !matches!(standing, Standing::Open(_)) {
        return Vec::new();
    }
    // Whoever cannot look on is no reason not to switch.
    begin_preflight(model, &plan.id, Stage::After).unwrap_or_default()
}

/// What ends a run that is under way.
fn cut_off(run: &Run) -> Option<Effect> {
    run.end.is_none().then_some(Effect::EndPreflight)
}

/// The Gate screen, with what another process may have found.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else { return Vec::new() };
    let mut effects = looking::show(model, Screen::Gate);
    effects.extend(ask_kept(model, &id));
    effects
}

/// The key that switches: what promotes a blue-green is what switches it.
pub(super) fn switch(model: &mut Model) -> Vec<Effect> {
    let workload = model.meant().and_then(|id| model.fleet.workload(id));
    if workload.is_some_and(|w| !matches!(w.strategy, Strategy::BlueGreen(_))) {
        toast(model, false, "only a blue-green is switched; P promotes by a step");
        return Vec::new();
    }
    dialogs::ask(model, Verb::Promote)
}

/// The key on the Gate screen: begins a run, or says why not.
pub(super) fn start(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.meant().cloned() else { return Vec::new() };
    if model.gates.runs.get(&id).is_some_and(|run| run.end.is_none()) {
        toast(model, false, "the checks are under way");
        return Vec::new();
    }
    let Some(release) = model.fleet.release(&id) else { return Vec::new() };
    let stage = Stage::of(&release);
    match begin_preflight(model, &id, stage) {
        Ok(effects) => effects,
        Err(refusal) => {
            toast(model, false, format!("preflight {}: {}", id.name, refusal.words()));
            Vec::new()
        }
    }
}

/// The run of this number, while it is under way.
fn under_way(model: &mut Model, number: u64) -> Option<(WorkloadId, &mut Run)> {
    let mut runs = model.gates.runs.iter_mut();
    let (id, run) = runs.find(|(_, run)| run.number == number && run.end.is_none())?;
    Some((id.clone(), run))
}

/// Takes in a report.
pub(super) fn news(model: &mut Model, number: u64, news: News) -> Vec<Effect> {
    let Some((id, run)) = under_way(model, number) else { return Vec::new() };
    match news {
        News::Route(words) => run.route = words,
        News::Trying(check, evidence) => {
            run.trying.insert(check, evidence);
        }
        News::Found(finding) => {
            run.trying.remove(&finding.check);
            run.findings.insert(finding.check, finding);
        }
        News::Over => return judge(model, &id, number),
    }
    Vec::new()
}

/// All checks are over, or will not be waited for any longer: what is missing is not known.
fn judge(model: &mut Model, id: &WorkloadId, number: u64) -> Vec<Effect> {
    let mut effects = follow(model);
    let now = model.now;
    let Some((_, run)) = under_way(model, number) else { return effects };
    let run = run.clone();
    // What the cluster says counts as it is at the end.
    let facts = gate::facts(model, id, &run);
    let revision = |release: Release<'_>| release.by_hash(&run.hash)?.replica_set.revision;
    let revision = model.fleet.release(id).and_then(revision);
    let Some((_, run)) = under_way(model, number) else { return effects };
    run.revision = revision;
    for finding in facts {
        run.findings.insert(finding.check, finding);
    }
    run.trying.clear();
    let outcome = run.outcome();
    run.end = Some((now, End::Judged(outcome)));
    let text = format!("{} {}: {}", stage_words(run.stage), run.hash, outcome.word());
    let (result, uid, run) = (run.result(), run.uid.clone(), run.clone());
    effects.push(record(model, id, &run, outcome.word(), found(&run)));
    let tone = if outcome == Outcome::Open { Tone::Good } else { Tone::Bad };
    let line = timeline::Entry { at: now, topic: Topic::People, tone, text: text.as_str().into() };
    model.tell(id, line);
    toast(model, outcome == Outcome::Open, text);
    if let Some(result) = result {
        model.gates.passes.insert(uid.clone(), Ok(result.clone()));
        effects.push(Effect::KeepGate(uid, Some(Box::new(result))));
    }
    effects
}

/// Ends a run by its time: what is not over by then is not known.
pub fn give_up_preflight(model: &mut Model, id: &WorkloadId, why: &str) -> Vec<Effect> {
    let Some(run) = model.gates.runs.get_mut(id).filter(|run| run.end.is_none()) else {
        return Vec::new();
    };
    let number = run.number;
    for check in run.stage.checks().iter().copied() {
        let evidence = run.trying.remove(&check).unwrap_or_default();
        let verdict = Verdict::Unknown(why.into());
        run.findings.entry(check).or_insert(Finding { check, verdict, evidence });
    }
    let mut effects = vec![Effect::EndPreflight];
    effects.extend(judge(model, id, number));
    effects
}

/// What a run is called where it is not looked at.
fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Before => "gate of",
        Stage::After => "after the switch to",
    }
}

/// What did not pass, for the journal.
fn found(run: &Run) -> SafeText {
    let bad =
        |finding: &&Finding| matches!(finding.verdict, Verdict::Failed(_) | Verdict::Unknown(_));
    let words = |finding: &Finding| {
        let why = finding.verdict.why().map_or("", SafeText::as_str);
        format!("{} {}: {why}", finding.check.name(), finding.verdict.word())
    };
    let all: Vec<String> = run.findings.values().filter(bad).map(words).collect();
    if all.is_empty() { format!("asked {}", run.route).into() } else { all.join("; ").into() }
}

/// The line of the journal about a run that is over.
fn record(
    model: &Model,
    id: &WorkloadId,
    run: &Run,
    word: &'static str,
    detail: SafeText,
) -> Effect {
    let what = match run.stage {
        Stage::Before => "gate",
        Stage::After => "after switch",
    };
    Effect::JournalNote(Box::new(Note {
        at: model.now,
        what,
        word,
        detail,
        workload: id.clone(),
        uid: run.uid.clone(),
        hash: run.hash.clone(),
        session: model.stamp.clone(),
    }))
}

/// Voids runs and passes whose version is no longer the one that is wanted, and tells those that
/// look on when users are on it.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    let open = model.gates.runs.iter().filter(|(_, run)| run.end.is_none());
    let changed = |(id, run): (&WorkloadId, &Run)| Some((id.clone(), changed(model, id, run)?));
    let void: Vec<(WorkloadId, SafeText)> = open.filter_map(changed).collect();
    let mut effects = void_passes(model);
    let now = model.now;
    for (id, why) in void {
        let Some(run) = model.gates.runs.get_mut(&id) else { continue };
        run.trying.clear();
        run.end = Some((now, End::Void(why.clone())));
        let (run, words) = (run.clone(), stage_words(run.stage));
        effects.push(Effect::EndPreflight);
        effects.push(record(model, &id, &run, "void", why.clone()));
        toast(model, false, format!("{words} {}: void, {why}", id.name));
    }
    let waits =
        |run: &Run| run.end.is_none() && run.stage == Stage::After && run.switched.is_none();
    let fleet = &model.fleet;
    for (id, run) in model.gates.runs.iter_mut().filter(|(_, run)| waits(run)) {
        if fleet.release(id).is_some_and(|release| is_on_wanted(&release)) {
            run.switched = Some(now);
            effects.push(Effect::Switched(run.number));
        }
    }
    effects
}

/// Another version came: what the one before was left as says nothing any more, not even when it
/// comes back.
fn void_passes(model: &mut Model) -> Vec<Effect> {
    let void = |(uid, pass): (&Uid, &Result<Pass, SafeText>)| {
        let pass = pass.as_ref().ok()?;
        let wanted = wanted(model, uid).filter(|wanted| *wanted != pass.hash)?;
        let why = match pass.outcome {
            Outcome::Open => {
                format!("it was passed by {}, and is void since {wanted} came", pass.hash)
            }
            Outcome::Locked | Outcome::Undetermined => "it was not passed".to_owned(),
        };
        Some((uid.clone(), SafeText::from(why)))
    };
    let void: Vec<(Uid, SafeText)> = model.gates.passes.iter().filter_map(void).collect();
    let mut effects = Vec::new();
    for (uid, why) in void {
        model.gates.passes.insert(uid.clone(), Err(why));
        effects.push(Effect::KeepGate(uid, None));
    }
    effects
}

/// The version that is wanted of an object, as far as it is seen.
fn wanted(model: &Model, uid: &Uid) -> Option<PodHash> {
    let workload = model.fleet.of_uid(uid)?;
    Release::sketch(&model.fleet, workload).current_hash().cloned()
}

/// How what a run is about has changed.
fn changed(model: &Model, id: &WorkloadId, run: &Run) -> Option<SafeText> {
    let Some(release) = model.fleet.release(id) else { return Some("it was deleted".into()) };
    if release.workload.uid != run.uid {
        return Some("it was deleted and made anew".into());
    }
    match release.current_hash() {
        Some(hash) if *hash == run.hash => (),
        Some(hash) => return Some(format!("{hash} is wanted now, not {}", run.hash).into()),
        None => return Some(format!("{} is no longer wanted", run.hash).into()),
    }
    if run.stage == Stage::Before {
        return None;
    }
    match (run.switched, is_on_wanted(&release)) {
        (Some(_), false) => Some("users were taken off it again".into()),
        (None, false) if release.workload.status.abort => {
            Some("it was aborted before users were on it".into())
        }
        _ => None,
    }
}

/// Takes in what was kept of an object by whichever process looked at it last.
pub(super) fn kept(model: &mut Model, uid: &Uid, pass: Option<Pass>) -> Vec<Effect> {
    let known = model.gates.passes.get(uid).and_then(|known| known.as_ref().ok());
    let is_own = |run: &Run| run.uid == *uid && run.result().is_some();
    match pass {
        // What was found last counts, wherever that was.
        Some(pass) if known.is_some_and(|known| known.at > pass.at) => {}
        Some(pass) if wanted(model, uid).as_ref() == Some(&pass.hash) => {
            model.gates.passes.insert(uid.clone(), Ok(pass));
        }
        // Where nothing can be kept, what was found here still counts.
        None if model.gates.runs.values().any(is_own) => {}
        // Forgotten, or about another version. Why it is void is still to be said.
        _ => model.gates.passes.retain(|of, known| of != uid || known.is_err()),
    }
    dialogs::refresh(model);
    Vec::new()
}

/// Asks for what was kept of the workload that is looked at.
pub(super) fn ask_kept(model: &Model, id: &WorkloadId) -> Option<Effect> {
    let release = model.fleet.release(id)?;
    let gated = gate::standing(model, &release, Verb::Promote) != Standing::None;
    gated.then(|| Effect::ReadGate(release.workload.uid.clone()))
}
