//! The step rail of a canary: what is done, where it stands, what is to come, and how long.
//!
//! Clocks only where they are known: a gate or an analysis has none. Called by `view`.

use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::phase;
use crate::domain::release::Release;
use crate::domain::strategy::{CanaryScale, PauseLength, Step};
use crate::domain::text::several;
use crate::domain::time::{Span, clock, length};

use crate::app::read::header::hour;
use crate::app::read::phrase::Phrase;

/// Where a step is, seen from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind us.
    Done,
    /// Here.
    Now,
    /// To come.
    Next,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepCell {
    /// As short as it can be said: `25%`, `2m`, `gate`, `an`.
    pub short: String,
    /// In a word or two: `25%`, `pause 2m`, `gate`, `analysis`.
    pub label: String,
    /// Where it is.
    pub place: Place,
    /// Time left of it, where that is known.
    pub left: Option<String>,
    /// Whether only a person ends it.
    pub is_gate: bool,
}

/// All steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rail {
    /// Steps in order.
    pub cells: Vec<StepCell>,
    /// Row of the current one.
    pub now: Option<usize>,
    /// `step 3/8`, `all 8 steps done`, `aborted: back at the start`.
    pub title: String,
    /// When it is over, as far as that is known.
    pub outlook: Phrase,
}

/// The rail of a canary; nothing for other strategies and for canaries without steps.
pub fn of(model: &Model, release: &Release<'_>) -> Option<Rail> {
    let workload = release.workload;
    let canary = workload.strategy.canary()?;
    let count = canary.steps.len();
    if count == 0 {
        return None;
    }
    let aborted = workload.status.abort;
    let index = if release.is_updating() { workload.status.step_index.unwrap_or(0) } else { count };
    let now = (index < count && !aborted).then_some(index);
    let ends = phase::pause_ends(workload);
    let cells = canary.steps.iter().enumerate().map(|(at, step)| {
        let place = match now {
            _ if aborted => Place::Next,
            Some(now) if at == now => Place::Now,
            Some(now) if at > now => Place::Next,
            _ => Place::Done,
        };
        StepCell {
            short: short(step),
            label: label(step),
            place,
            left: ends.filter(|_| place == Place::Now).map(|ends| clock(ends - model.now)),
            is_gate: is_gate(step),
        }
    });
    Some(Rail {
        cells: cells.collect(),
        now,
        title: title(index, count, aborted),
        outlook: outlook(model, release, &canary.steps, now),
    })
}

fn title(index: usize, count: usize, aborted: bool) -> String {
    if aborted {
        format!("aborted; {count} steps would run again")
    } else if index < count {
        format!("step {}/{count}", index + 1)
    } else {
        format!("all {count} steps done")
    }
}

fn is_gate(step: &Step) -> bool {
    matches!(step, Step::Pause(PauseLength::UntilPromoted))
}

fn short(step: &Step) -> String {
    match step {
        Step::SetWeight(weight) => format!("{weight}%"),
        Step::Pause(PauseLength::UntilPromoted) => "gate".into(),
        Step::Pause(PauseLength::For(span)) => length(*span),
        Step::Pause(PauseLength::Unreadable(text)) => format!("{text}?"),
        Step::SetCanaryScale(CanaryScale::Replicas(n)) => format!("{n}pods"),
        Step::SetCanaryScale(CanaryScale::Weight(w)) => format!("{w}%pods"),
        Step::SetCanaryScale(CanaryScale::MatchTraffic) => "=pods".into(),
        Step::Analysis(_) => "an".into(),
        Step::Experiment(_, _) => "exp".into(),
        Step::SetHeaderRoute(_) => "header".into(),
        Step::SetMirrorRoute(_, _) => "mirror".into(),
        Step::Plugin(_) => "plugin".into(),
        Step::Unknown(name) => format!("{name}?"),
    }
}

fn label(step: &Step) -> String {
    match step {
        Step::Pause(PauseLength::UntilPromoted) => "gate".into(),
        other => other.label(),
    }
}

/// What is still to come: clocks are summed, gates and analyses are counted, since nobody knows
/// how long they take.
fn outlook(model: &Model, release: &Release<'_>, steps: &[Step], now: Option<usize>) -> Phrase {
    let Some(now) = now else {
        return Phrase::new();
    };
    let workload = release.workload;
    let mut clocks = phase::pause_ends(workload)
        .map_or(Span::zero(), |ends| (ends - model.now).max(Span::zero()));
    let (mut gates, mut open) = (0usize, 0usize);
    for (at, step) in steps.iter().enumerate().skip(now) {
        match step {
            Step::Pause(PauseLength::UntilPromoted) => gates += 1,
            Step::Pause(PauseLength::For(span)) if at > now => clocks += *span,
            Step::Analysis(_) | Step::Experiment(_, _) | Step::Plugin(_) => open += 1,
            _ => {}
        }
    }
    if workload.paused {
        return Phrase::of(Role::Warn, "held: stays here until it is resumed");
    }
    let mut phrase = Phrase::new();
    if clocks > Span::zero() && gates == 0 {
        let at = hour(model, model.now + clocks);
        let word = if open == 0 { "done ~" } else { "not before " };
        phrase = phrase.muted(word).text(at).muted(format!(" ({} of pauses left", length(clocks)));
        if open > 0 {
            phrase.push(Role::Muted, format!(", {}", several(open, "analysis", "analyses")));
        }
        phrase.push(Role::Muted, ")");
        return phrase;
    }
    if gates > 0 {
        phrase.push(Role::Warn, several(gates, "gate", "gates"));
        phrase.push(Role::Muted, " to come by hand");
        if clocks > Span::zero() {
            phrase.push(Role::Muted, format!(", {} of pauses", length(clocks)));
        }
        if open > 0 {
            phrase.push(Role::Muted, format!(", {}", several(open, "analysis", "analyses")));
        }
    } else if open > 0 {
        phrase.push(Role::Muted, format!("{} to come", several(open, "analysis", "analyses")));
    }
    phrase
}
