//! Budgets: a payment canary of timed pauses, what changes with one field, and the other
//! strategies.

use proptest::prelude::*;

use super::course::{BlueGreenStages, Cadence, CanaryStages, Length, Stage, Watch};
use super::*;
use crate::domain::analysis::Verdict;
use crate::domain::analysis::template::{AnalysisTemplate, RolloutAnalysis, TemplateName};
use crate::domain::sample::{a_blue_green, a_canary, a_deployment, a_metric};
use crate::domain::strategy::{Amount, PauseLength, Rolling, Step, Strategy as Settings};

const MINUTE: Span = Span::minutes(1);

fn judged(length: Span) -> Watch {
    Watch { length: Length::For(length), judges: true }
}

fn pause(minutes: i64) -> Stage {
    Stage::Pause(PauseLength::For(Span::minutes(minutes)))
}

/// Timed pauses of 2, 5, 10 and 2 minutes and three analyses of 2 minutes, through a router.
fn payment() -> CanaryStages {
    let judge = || Stage::Analysis(judged(Span::minutes(2)));
    let mut steps = Vec::new();
    for (weight, minutes) in [(5, 2), (25, 5), (50, 10)] {
        steps.extend([Stage::Weight(weight), pause(minutes), judge()]);
    }
    steps.extend([Stage::Weight(100), pause(2)]);
    let old_stays = Some(Span::seconds(30));
    CanaryStages { steps, background: None, whole: 100, old_stays }
}

fn canary(stages: CanaryStages) -> Course {
    Course { stages: Stages::Canary(stages), rollback_window: None, start: None }
}

fn sum(course: &Course) -> Budget {
    of(course, &Terms::default())
}

fn late(budget: &Budget) -> Vec<Signal> {
    budget.reach.rules.iter().filter(|rule| !rule.in_time).map(|rule| rule.signal).collect()
}

#[test]
fn the_payment_canary_takes_25_minutes_of_which_19_are_unwatched() {
    let budget = sum(&canary(payment()));
    assert_eq!(budget.length, Span::minutes(25));
    assert_eq!((budget.pauses, budget.analyses), (Span::minutes(19), Span::minutes(6)));
    assert_eq!(budget.unwatched, Some(Span::minutes(19)));
    assert_eq!((budget.gates, budget.starts), (0, 4));
    let again = Undo { replay: Replay::Steps(11), takes: Some(Span::minutes(25)), waits: false };
    assert_eq!(budget.undo, again);
    let reach = &budget.reach;
    assert_eq!(reach.part.least, Span::minutes(23));
    assert!(reach.rules.iter().all(|rule| rule.before_all) && !reach.expires_first);
    // Two minutes at 100 and the delay: errors need 5 minutes, P99 3, pods 45 seconds.
    assert_eq!(reach.old_lives.least, Span::seconds(150));
    assert_eq!(late(&budget), [Signal::Errors, Signal::Latency]);
    assert_eq!(reach.wanted_delay, Some(Span::seconds(210)));
}

#[test]
fn with_the_wanted_delay_every_rule_acts_in_time() {
    let stages = CanaryStages { old_stays: Some(Span::seconds(210)), ..payment() };
    let budget = sum(&canary(stages));
    assert!(late(&budget).is_empty());
    assert_eq!(budget.reach.wanted_delay, None);
}

#[test]
fn starts_of_pods_count_where_they_are_known() {
    let course = Course { start: Some(Span::seconds(30)), ..canary(payment()) };
    let budget = sum(&course);
    assert_eq!(budget.length, Span::minutes(27));
    // The first start is before any user is on the new version.
    assert_eq!(budget.unwatched, Some(Span::minutes(19) + Span::seconds(90)));
    let mut stages = payment();
    stages.steps.truncate(9);
    // What is left of the pods comes after the last step.
    assert_eq!(sum(&canary(stages)).starts, 4);
}

#[test]
fn a_background_analysis_watches_from_its_step_on_for_as_long_as_it_runs() {
    let with = |length, judges, from| {
        let background = Some((Watch { length, judges }, from));
        sum(&canary(CanaryStages { background, ..payment() })).unwatched
    };
    assert_eq!(with(Length::Endless, true, 0), Some(Span::zero()));
    assert_eq!(with(Length::Endless, true, 4), Some(Span::minutes(2)));
    assert_eq!(with(Length::Endless, false, 0), Some(Span::minutes(19)));
    // Ten minutes: the pauses of 2 and 5, both analyses of 2 minutes run beside it.
    assert_eq!(with(Length::For(Span::minutes(10)), true, 0), Some(Span::minutes(12)));
    assert_eq!(with(Length::Unknown("who knows".into()), true, 0), None);
}

#[test]
fn a_wait_for_a_person_ends_what_runs_for_a_while_and_is_a_gate() {
    let mut stages = payment();
    stages.steps.insert(9, Stage::Pause(PauseLength::UntilPromoted));
    stages.background = Some((judged(Span::hours(9)), 0));
    let budget = sum(&canary(stages.clone()));
    assert_eq!((budget.gates, budget.gate_before_all), (1, true));
    assert_eq!(budget.length, Span::minutes(25));
    assert_eq!(budget.unwatched, Some(Span::minutes(2)));
    assert!(budget.reach.part.until_person && budget.undo.waits && budget.reach.expires_first);
    // What begins behind it has not run out yet.
    stages.background = Some((judged(Span::hours(9)), 10));
    assert_eq!(sum(&canary(stages.clone())).unwatched, Some(Span::minutes(17)));
    let gate = stages.steps.remove(9);
    stages.steps.push(gate);
    let budget = sum(&canary(stages));
    assert_eq!((budget.gates, budget.gate_before_all), (1, false));
    assert!(budget.reach.old_lives.until_person && late(&budget).is_empty());
}

#[test]
fn the_rollback_window_skips_the_steps() {
    let course =
        Course { rollback_window: Some(3), start: Some(Span::seconds(20)), ..canary(payment()) };
    let undo = sum(&course).undo;
    assert_eq!(undo.replay, Replay::Skipped(3));
    assert_eq!((undo.takes, undo.waits), (Some(Span::seconds(20)), false));
}

#[test]
fn without_a_router_the_old_pods_are_not_kept() {
    let budget = sum(&canary(CanaryStages { old_stays: None, ..payment() }));
    assert_eq!(budget.reach.old_lives, Stretch::default());
    assert_eq!(late(&budget).len(), 3);
    assert_eq!(budget.reach.wanted_delay, None);
}

#[test]
fn a_blue_green_loses_the_old_version_before_the_guard_can_act() {
    let stages = BlueGreenStages {
        before: Some(judged(Span::minutes(2))),
        wait: Some(PauseLength::UntilPromoted),
        after: Some(judged(Span::minutes(2))),
        old_stays: Span::seconds(30),
        starts: 1,
    };
    let course = Course { stages: Stages::BlueGreen(stages), rollback_window: None, start: None };
    let budget = sum(&course);
    assert_eq!((budget.length, budget.gates), (Span::minutes(4), 1));
    assert_eq!(budget.unwatched, Some(Span::zero()));
    assert_eq!(budget.reach.old_lives.least, Span::seconds(150));
    assert_eq!(late(&budget), [Signal::Errors, Signal::Latency]);
    assert!(budget.reach.rules.iter().all(|rule| !rule.before_all));
    let preview = Undo { replay: Replay::Preview, takes: Some(Span::minutes(2)), waits: true };
    assert_eq!(budget.undo, preview);
}

#[test]
fn lengths_of_metrics() {
    let cadence = |initial_delay, interval, count, successes| {
        Cadence { initial_delay, interval, count, successes }.length()
    };
    let (delay, interval) = (Some("1m"), Some("30s"));
    let unknown = |why: &str| Length::Unknown(why.into());
    let cases = [
        (cadence(None, interval, Some("5"), 0), Length::For(Span::minutes(2))),
        (cadence(delay, interval, Some("5"), 0), Length::For(Span::minutes(3))),
        (cadence(None, Some("60s"), Some("3"), 0), Length::For(Span::minutes(2))),
        (cadence(delay, None, None, 0), Length::For(MINUTE)),
        (cadence(None, None, Some("1"), 0), Length::For(Span::zero())),
        (cadence(None, interval, None, 0), Length::Endless),
        (cadence(None, interval, Some("0"), 0), Length::Endless),
        (cadence(None, interval, None, 3), Length::For(MINUTE)),
        (cadence(None, interval, Some("9"), 3), Length::For(MINUTE)),
        (cadence(None, None, Some("3"), 0), unknown("it has a count and no interval")),
        (cadence(None, Some("30"), Some("3"), 0), unknown("\"30\" is no time")),
        (cadence(None, Some("-5s"), Some("3"), 0), unknown("\"-5s\" is no time")),
        (cadence(None, interval, Some("many"), 0), unknown("\"many\" is no count")),
    ];
    for (found, wanted) in cases {
        assert_eq!(found, wanted);
    }
}

#[test]
fn an_analysis_is_as_long_as_its_longest_metric() {
    let long = (Length::For(MINUTE), false);
    let short = (Length::For(Span::seconds(5)), true);
    let both = Watch::of([long.clone(), short]).unwrap();
    assert_eq!(both, Watch { length: Length::For(MINUTE), judges: true });
    assert!(!Watch::of([long.clone()]).unwrap().judges);
    let endless = Watch::of([long, (Length::Endless, true)]).unwrap();
    assert_eq!(endless.length, Length::Endless);
    assert_eq!(Watch::of([]), None);
}

fn template(name: &str, count: Option<&str>, further: &[&str]) -> AnalysisTemplate {
    let mut metric = a_metric(Verdict::Pending, &[]);
    metric.initial_delay = None;
    metric.interval = Some("{{args.every}}".into());
    metric.count = count.map(Into::into);
    metric.success_limit = 0;
    AnalysisTemplate {
        name: TemplateName::local(name),
        args: vec![crate::domain::analysis::template::Arg {
            name: "every".into(),
            value: Some(crate::domain::analysis::template::ArgValue::Text("30s".into())),
        }],
        metrics: vec![metric],
        templates: further.iter().map(|name| TemplateName::local(*name)).collect(),
    }
}

fn live(steps: Vec<Step>, background: &str, templates: &[AnalysisTemplate]) -> Budget {
    live_from(0, steps, background, templates)
}

fn live_from(
    from: usize,
    steps: Vec<Step>,
    background: &str,
    templates: &[AnalysisTemplate],
) -> Budget {
    let analysis = |name: &str| RolloutAnalysis {
        templates: vec![TemplateName::local(name)],
        args: Vec::new(),
    };
    let sample = a_canary().canary(|canary| {
        canary.steps = steps;
        canary.background =
            if background.is_empty() { RolloutAnalysis::default() } else { analysis(background) };
        canary.background_from = from;
    });
    let find = |name: &TemplateName| templates.iter().find(|t| t.name == *name);
    sample.ask(|release| sum(&Course::of(release.workload, find, None)))
}

fn analysis_step(name: &str) -> Step {
    Step::Analysis(RolloutAnalysis { templates: vec![TemplateName::local(name)], args: Vec::new() })
}

#[test]
fn a_live_canary_is_read_with_its_templates() {
    let wait = |minutes| Step::Pause(PauseLength::For(Span::minutes(minutes)));
    let steps = || vec![Step::SetWeight(10), wait(3), analysis_step("outer")];
    // `outer` refers to itself and to `inner`, which has the longest metric.
    let templates =
        [template("outer", Some("3"), &["inner", "outer"]), template("inner", Some("5"), &[])];
    let budget = live(steps(), "", &templates);
    assert_eq!((budget.length, budget.analyses), (Span::minutes(5), Span::minutes(2)));
    assert_eq!(budget.unwatched, Some(Span::minutes(3)));
    let endless = [template("outer", Some("3"), &[]), template("watch", None, &[])];
    assert_eq!(live(steps(), "watch", &endless).unwatched, Some(Span::zero()));
    let budget = live(steps(), "", &[]);
    assert_eq!(budget.open, ["an analysis: template outer is not known here"]);
    assert_eq!((budget.length, budget.analyses), (Span::minutes(3), Span::zero()));
}

#[test]
fn a_live_background_analysis_watches_from_its_starting_step_on() {
    let wait = Step::Pause(PauseLength::For(Span::minutes(3)));
    let steps = [10, 50, 100].map(|weight| [Step::SetWeight(weight), wait.clone()]).concat();
    let endless = [template("watch", None, &[])];
    let unwatched = |from| live_from(from, steps.clone(), "watch", &endless).unwatched;
    assert_eq!(unwatched(0), Some(Span::zero()));
    // It begins when all users come: the pauses at 10 and 50 are over by then.
    assert_eq!(unwatched(4), Some(Span::minutes(6)));
    // With the end of the steps nothing is left to be watched.
    assert_eq!(unwatched(6), Some(Span::minutes(9)));
}

#[test]
fn an_analysis_step_without_an_end_is_said() {
    let budget = live(vec![analysis_step("a")], "", &[template("a", None, &[])]);
    assert_eq!(budget.open, ["an analysis without an end: a metric has no count"]);
    let odd = live(vec![analysis_step("a")], "", &[template("a", Some("{{args.n}}"), &[])]);
    assert_eq!(odd.open.len(), 1);
    assert!(odd.open[0].ends_with("argument n has no value"), "{}", odd.open[0]);
}

#[test]
fn a_live_blue_green_waits_or_switches_by_itself() {
    let waits = |auto: bool, after: Option<Span>| {
        let sample = a_blue_green().blue_green(|switch| {
            switch.auto_promotion = auto;
            switch.auto_promotion_after = after;
            switch.before = RolloutAnalysis::default();
            switch.after = RolloutAnalysis::default();
        });
        let course = sample.ask(|release| Course::of(release.workload, |_| None, None));
        let budget = sum(&course);
        (budget.gates, budget.length)
    };
    assert_eq!(waits(false, None), (1, Span::zero()));
    assert_eq!(waits(true, None), (0, Span::zero()));
    // A person promotes, whatever the seconds are (W21).
    assert_eq!(waits(false, Some(MINUTE)), (1, Span::zero()));
    assert_eq!(waits(true, Some(MINUTE)), (0, MINUTE));
}

#[test]
fn a_live_deployment_comes_in_waves() {
    let sample = a_deployment().with(|workload| {
        workload.replicas = 15;
        workload.strategy = Settings::Rolling(Rolling {
            max_surge: Amount::Percent(25),
            max_unavailable: Amount::Percent(10),
        });
    });
    let start = Some(Span::seconds(20));
    let course = sample.ask(|release| Course::of(release.workload, |_| None, start));
    // Four more and one less at once: three waves for fifteen.
    assert_eq!(course.stages, Stages::Rolling(3));
    let budget = sum(&course);
    assert_eq!((budget.length, budget.unwatched), (MINUTE, Some(MINUTE)));
    assert_eq!(budget.undo.takes, Some(MINUTE));
    assert_eq!(budget.reach.old_lives, Stretch::default());
    assert_eq!(sum(&Course { start: None, ..course }).undo.takes, None);
}

fn stage() -> impl Strategy<Value = Stage> {
    prop_oneof![
        (0i32..=100).prop_map(Stage::Weight),
        (0i64..30).prop_map(pause),
        Just(Stage::Pause(PauseLength::UntilPromoted)),
        (0i64..30).prop_map(|minutes| Stage::Analysis(judged(Span::minutes(minutes)))),
        Just(Stage::Scale),
        Just(Stage::Other("x".into(), None)),
    ]
}

proptest! {
    #[test]
    fn parts_never_exceed_the_whole(
        steps in proptest::collection::vec(stage(), 0..20),
        watch in proptest::option::of((0i64..60, 0usize..20)),
        start in proptest::option::of(0i64..60),
    ) {
        let background = watch.map(|(minutes, from)| (judged(Span::minutes(minutes)), from));
        let stages = CanaryStages { steps, background, whole: 100, old_stays: None };
        let course = Course { start: start.map(Span::seconds), ..canary(stages) };
        let budget = sum(&course);
        prop_assert!(budget.pauses + budget.analyses <= budget.length);
        let unwatched = budget.unwatched.unwrap();
        prop_assert!(Span::zero() <= unwatched && unwatched <= budget.length - budget.analyses);
        // Somebody who watches more leaves less unwatched.
        let Stages::Canary(mut stages) = course.stages.clone() else { unreachable!() };
        stages.background = Some((Watch { length: Length::Endless, judges: true }, 0));
        let watched = Course { stages: Stages::Canary(stages), ..course };
        prop_assert_eq!(sum(&watched).unwatched, Some(Span::zero()));
    }
}
