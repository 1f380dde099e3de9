//! The weights of a canary, and who lets it have all users (W26, W27).
//!
//! Source: `spec.strategy.canary.steps`; R047, R050, X22. Called through the table of rules.

use crate::domain::strategy::PauseLength;
use crate::domain::time::length;
use crate::manifest::rules::case::{Case, Said};

use super::reading::steps::{Placed, Step, canary, steps, whole};

/// W26: the weights are those of the profile. The last one, all users, needs no step.
pub(super) fn weights(case: &mut Case<'_>) {
    let Some(canary) = canary(case.workload) else { return };
    let (steps, whole) = (steps(case.workload), whole(case.workload));
    let weight = |placed: &Placed<'_>| match placed.step {
        Step::Weight(weight) => Some(weight),
        _ => None,
    };
    let set: Vec<Option<i64>> = steps.iter().filter_map(weight).collect();
    // A percentage that is no whole number is on no ladder.
    let share = |weight: &Option<i64>| {
        weight.and_then(|weight| weight.checked_mul(100)).filter(|of| of % whole == 0)
    };
    let mut shares: Vec<Option<i64>> =
        set.iter().map(|weight| share(weight).map(|of| of / whole)).collect();
    shares.dedup();
    while matches!(shares.last(), Some(Some(100..))) {
        shares.pop();
    }
    let ladder = &case.profile.ladder;
    let wanted: Vec<Option<i64>> = ladder.iter().copied().filter(|w| *w < 100).map(Some).collect();
    if shares == wanted {
        return;
    }
    let word =
        |weight: Option<i64>| weight.map_or_else(|| "no number".to_owned(), |w| w.to_string());
    let words: Vec<String> = set.into_iter().map(word).collect();
    let measured = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
    let ladder: Vec<String> = wanted.iter().flatten().map(ToString::to_string).collect();
    let (ladder, fix) = (format!("{}, 100", ladder.join(", ")), "setWeight steps of these weights");
    let why = "more users than agreed meet a version of which less is known";
    case.broken(case.workload.object, &canary.key("steps"), Said::of(measured, ladder, why, fix));
}

/// W27: a pause without a time stands between the last part of the users and all of them.
pub(super) fn approval(case: &mut Case<'_>) {
    let Some(canary) = canary(case.workload) else { return };
    let (steps, whole) = (steps(case.workload), whole(case.workload));
    let is_whole = |placed: &Placed<'_>| placed.weight().is_some_and(|weight| weight >= whole);
    let end = steps.iter().position(is_whole).unwrap_or(steps.len());
    let before = steps.get(..end).unwrap_or_default();
    let last = before.iter().rposition(|placed| matches!(placed.step, Step::Weight(_)));
    let held = before.get(last.map_or(0, |last| last + 1)..).unwrap_or_default();
    let untimed = |placed: &&Placed<'_>| placed.step == Step::Pause(PauseLength::UntilPromoted);
    if held.iter().any(|placed| untimed(&placed)) {
        return;
    }
    let pause = held.iter().rev().find_map(|placed| match &placed.step {
        Step::Pause(PauseLength::For(span)) => Some(format!("a pause of {}", length(*span))),
        Step::Pause(PauseLength::Unreadable(text)) => Some(format!("a pause of {text}")),
        _ => None,
    });
    let spot = steps.get(end).map_or_else(|| canary.key("steps"), |placed| placed.spot.clone());
    let said = Said::of(
        pause.unwrap_or_else(|| "no pause".to_owned()),
        "a pause without a duration before all users get it",
        "nobody is asked: the canary promotes itself when the time is over",
        "- pause: {}",
    );
    case.broken(case.workload.object, &spot, said);
}
