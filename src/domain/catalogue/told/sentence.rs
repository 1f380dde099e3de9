//! The sentences of a plan.
//!
//! Words alone: what they are about is worked out before. Called by `told`.

use crate::domain::catalogue::advice::{Choice, beside};
use crate::domain::catalogue::budget::{Budget, Reach, Replay, RuleReach, Stretch};
use crate::domain::catalogue::matrix::StrategyKind;
use crate::domain::text::{SafeText, several};
use crate::domain::time::{Span, length};

use super::{Comparison, Line, Plan, Seen};

pub(super) fn lines(plan: &Plan) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut say = |label: &'static str, text: String| {
        lines.push(Line { label, text: text.into() });
    };
    say("service", service(plan));
    say("strategy", strategy(plan));
    say("rollback", plan.advice.limit.words());
    say("tests", tests(plan));
    match &plan.budget {
        Some(budget) => {
            say("length", lasts(budget));
            say("unwatched", unwatched(budget));
            say("manual gate", gate(budget));
            say("guard", guard(budget));
            say("old version", old_version(&budget.reach));
            say("undo", undo(plan, budget));
        }
        None => say("length", "not known: no workload was looked at".to_owned()),
    }
    let nobody = || "nobody has to agree".to_owned();
    say("approval", plan.approvals.as_ref().map_or_else(nobody, ToString::to_string));
    say("cluster", cluster(plan));
    lines
}

fn service(plan: &Plan) -> String {
    let mut text = format!("{}, {}, {}", plan.service, plan.advice.kind, plan.advice.risk);
    if let Some(environment) = &plan.environment {
        text.push_str(&format!("; in {environment}"));
        if !plan.production {
            text.push_str(", which is no production");
        }
    }
    let owner = plan.owner.as_ref().map_or("nobody", |owner| owner.as_str());
    text.push_str(&format!("; {owner} answers for it"));
    text
}

fn strategy(plan: &Plan) -> String {
    let advice = &plan.advice;
    let mut text = match &plan.choice {
        Choice::Advised(_) => advice.cell(),
        Choice::None => advice.nothing().unwrap_or_default(),
        Choice::Overridden { strategy, reason, allowed } => {
            let strategy = advice.said(*strategy);
            let beside = match advice.nothing() {
                _ if *allowed => format!("one of {}", advice.cell()),
                None => format!("against {}", advice.cell()),
                Some(_) => "where type and risk have nothing in common".to_owned(),
            };
            format!("{strategy}, by the catalogue, {beside}: {reason}")
        }
    };
    if advice.stateful {
        // Sources: X51; the practice of schema changes in two releases.
        text.push_str(
            ". Two versions share its data: no Rollout. Take a maintenance window or the \
             database's own operator, and change the schema in two releases: expand, then contract",
        );
    }
    text
}

fn tests(plan: &Plan) -> String {
    let names =
        |names: &[SafeText]| names.iter().map(SafeText::as_str).collect::<Vec<_>>().join(", ");
    if plan.advice.tests.is_empty() {
        return "none are needed".to_owned();
    }
    let needed = names(&plan.advice.tests);
    if plan.without_evidence.is_empty() {
        return needed;
    }
    format!("{needed}; the catalogue does not say where {} are", names(&plan.without_evidence))
}

fn lasts(budget: &Budget) -> String {
    let Budget { pauses, analyses, starts, start, .. } = budget;
    let starts = usize::try_from(*starts).unwrap_or(usize::MAX);
    let mut parts =
        vec![format!("pauses {}", length(*pauses)), format!("analyses {}", length(*analyses))];
    let counted = several(starts, "start of pods", "starts of pods");
    let mut left_out: Vec<String> = Vec::new();
    match start {
        Some(start) => parts.push(format!("{counted}, {} each", length(*start))),
        None if starts > 0 => left_out.push(counted),
        None => {}
    }
    left_out.extend(budget.open.iter().map(ToString::to_string));
    if budget.gates > 0 {
        left_out.push(several(budget.gates, "wait for a person", "waits for a person"));
    }
    let mut text = format!("{}: {}", length(budget.length), parts.join(", "));
    if !left_out.is_empty() {
        text.push_str(&format!("; not counted: {}", left_out.join(", ")));
    }
    text
}

fn unwatched(budget: &Budget) -> String {
    match budget.unwatched {
        None => "not known: nobody knows how long the background analysis runs".to_owned(),
        Some(span) if span == Span::zero() => {
            "nothing that is counted: an analysis runs while users are on the new version"
                .to_owned()
        }
        Some(span) => format!(
            "{} of {}: users are on the new version and no analysis runs",
            length(span),
            length(budget.length)
        ),
    }
}

fn gate(budget: &Budget) -> String {
    match (budget.gates, budget.gate_before_all) {
        (0, _) => "none: all users come to the new version without anybody's word".to_owned(),
        (count, true) => {
            format!("{}, before all users are on it", several(count, "wait", "waits"))
        }
        (count, false) => {
            let waits = several(count, "wait", "waits");
            format!("{waits}, but only when all users are on it already")
        }
    }
}

fn rules<'r>(rules: impl Iterator<Item = &'r RuleReach>) -> Vec<String> {
    rules.map(|rule| format!("{} ({})", rule.signal.word(), length(rule.window))).collect()
}

fn guard(budget: &Budget) -> String {
    let reach = &budget.reach;
    let early = rules(reach.rules.iter().filter(|rule| rule.before_all));
    let late = rules(reach.rules.iter().filter(|rule| !rule.before_all));
    let mut parts = Vec::new();
    if budget.strategy == Some(StrategyKind::BlueGreen) {
        parts.push("sees users on the new version only after the switch".to_owned());
    } else {
        if !early.is_empty() {
            parts.push(format!("{} can act before all users are on it", early.join(", ")));
        }
        if !late.is_empty() {
            parts.push(format!("{} cannot: it takes too short", late.join(", ")));
        }
    }
    if reach.expires_first {
        parts.push("it may expire before the release ends".to_owned());
    }
    parts.join("; ")
}

fn stretch(stretch: Stretch) -> String {
    let until = if stretch.until_person { ", and until a person goes on" } else { "" };
    format!("{}{until}", length(stretch.least))
}

fn old_version(reach: &Reach) -> String {
    let lives = reach.old_lives;
    if lives == Stretch::default() {
        return "goes as the new one comes: the way back starts pods anew".to_owned();
    }
    let late = rules(reach.rules.iter().filter(|rule| !rule.in_time));
    let mut text = format!("lives for {} with all users on the new one", stretch(lives));
    if late.is_empty() {
        text.push_str(": every rule of the guard acts in time");
        return text;
    }
    text.push_str(&format!(": {} would act when it is gone", late.join(", ")));
    if let Some(delay) = reach.wanted_delay {
        let seconds = delay.num_seconds();
        text.push_str(&format!("; write scaleDownDelaySeconds: {seconds} or more"));
    }
    text
}

fn undo(plan: &Plan, budget: &Budget) -> String {
    let limit = plan.advice.limit.effective;
    let takes = match budget.undo.takes {
        Some(takes) => beside(takes, limit),
        None => format!("nobody knows how long that takes; the limit is {}", limit.words()),
    };
    let mut text = match budget.undo.replay {
        Replay::Nothing => format!("a release of its own: {takes}"),
        Replay::Skipped(revisions) => {
            let back = several(usize::try_from(revisions).unwrap_or(0), "revision", "revisions");
            format!("steps are skipped for {back} back (rollbackWindow): {takes}")
        }
        Replay::Steps(steps) => {
            let steps = several(steps, "step comes", "steps come");
            format!("all {steps} again, there is no rollbackWindow: {takes}")
        }
        Replay::Preview => format!(
            "when the old pods are gone the preview comes again, there is no rollbackWindow: \
             {takes}"
        ),
    };
    if budget.undo.waits {
        text.push_str("; and it stops until a person goes on");
    }
    text
}

fn cluster(plan: &Plan) -> String {
    let runs = match &plan.seen {
        Seen::Runs(runs) => {
            let strategy = runs.strategy.map_or("of a strategy not known", StrategyKind::word);
            format!("{} {}, {strategy}", runs.kind.as_str(), runs.name)
        }
        Seen::NotAsked | Seen::Unanswered(_) | Seen::Absent => String::new(),
    };
    match &plan.comparison {
        Comparison::NotCompared(why) => format!("not compared with the cluster: {why}"),
        Comparison::Absent => "no such workload on the cluster".to_owned(),
        Comparison::Match => format!("{runs}: as wanted"),
        Comparison::NoAdvice => format!("{runs}: nothing is wanted that it could be held against"),
        Comparison::ReadOnly(driver) => {
            format!("{runs}: {driver} moves its versions, so it is only looked at")
        }
        Comparison::RolloutWithData => format!(
            "{runs}: it keeps data of its own, and a Rollout only replaces pods: take it out of \
             the Rollout"
        ),
        Comparison::Migrate(wanted) => format!(
            "{runs}: {} is wanted. Make a Rollout whose workloadRef names this Deployment, with \
             scaleDown: progressively; it takes the pods over without a gap",
            wanted.word()
        ),
        Comparison::Differs { wanted, .. } => {
            format!("{runs}: {} is wanted", plan.advice.said(*wanted))
        }
    }
}
