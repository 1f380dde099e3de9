//! Guards: armed when they could work, firing once and only for their version, telling before they
//! act, going on after a kill.

mod after;
mod resumed;

use proptest::prelude::*;

use super::*;
use crate::app::guard::{Lease, Post, record};
use crate::app::update::{arm, farewell, propose, resume};
use crate::domain::alert::Occasion;
use crate::domain::guard::rule::{Sample as Looked, Signal, Terms};
use crate::domain::guard::{End, Event, Guard, State};
use crate::domain::id::{PodHash, Uid};
use crate::domain::measure::Reading;
use crate::domain::sample::{CURRENT, STABLE, a_blue_green, a_deployment, a_pod};
use crate::domain::time::Timestamp;

fn uid() -> Uid {
    a_gate().workload.uid
}

/// A canary at its gate, whose one pod crashes.
fn sick() -> Sample {
    a_gate().pod(CURRENT, a_pod("x").crash_looping())
}

fn well() -> Sample {
    a_gate().pod(CURRENT, a_pod("x"))
}

/// Users are on the old version again, and its pods are well.
fn home() -> Sample {
    all_well(a_canary().aborted("").weight(0), STABLE)
}

/// A third version came.
fn third() -> Sample {
    sick().with(|w| w.status.current_hash = Some("99dd000c43".into()))
}

/// The bad version is complete, and users are on it.
fn bad() -> Sample {
    a_canary().complete().pod(CURRENT, a_pod("x").crash_looping())
}

/// The old template is wanted again; the controller would go through its steps.
fn going_back() -> Sample {
    a_gate().with(|w| {
        w.generation += 1;
        w.status.observed_generation = Some(w.generation);
        w.status.current_hash = Some(STABLE.into());
        w.status.stable_hash = Some(CURRENT.into());
    })
}

/// It is complete again, and its pods are well.
fn back() -> Sample {
    let complete = going_back().with(|w| {
        w.status.stable_hash = Some(STABLE.into());
        w.status.pauses.clear();
    });
    all_well(complete.weight(0).scaled(STABLE, 4), STABLE)
}

/// With all the pods that a version is meant to have.
fn all_well(sample: Sample, hash: &str) -> Sample {
    let wanted = sample.replica_sets.iter().find(|set| set.hash == hash).unwrap().desired;
    let name = sample.workload.id.name.clone();
    (0..wanted).fold(sample, |sample, n| sample.pod(hash, a_pod(&format!("{name}-{n}"))))
}

/// Watched for its pods alone: nothing is measured here.
fn rig(sample: &Sample) -> Rig {
    let mut rig = Rig::at(sample);
    for kind in [ResourceKind::Pods, ResourceKind::ReplicaSets] {
        let live = SourceState::Live(rig.model.now);
        rig.send(Msg::Source(SourceId { kind, namespace: None }, live));
    }
    rig
}

fn arm_by_pods(rig: &mut Rig, shadow: bool) -> Vec<Effect> {
    arm_one(rig, &a_gate(), shadow)
}

fn arm_one(rig: &mut Rig, sample: &Sample, shadow: bool) -> Vec<Effect> {
    let uid = propose(&mut rig.model, &sample.id(), Terms::default(), shadow).unwrap();
    for offer in &mut rig.model.proposals.get_mut(&uid).unwrap().offers {
        offer.on = offer.watch.rule.signal == Signal::Pods;
    }
    arm(&mut rig.model, &uid).unwrap()
}

/// Armed, and the lease is ours.
fn armed(sample: &Sample) -> Rig {
    let mut rig = rig(sample);
    arm_by_pods(&mut rig, false);
    ours(&mut rig, Span::hours(1));
    rig
}

/// Armed and fired, and the way back is on its way.
fn fired(sample: &Sample) -> Rig {
    let mut rig = armed(sample);
    assert_eq!(verbs(&seconds(&mut rig, 46)), [Verb::WaveOff]);
    rig
}

/// Its pods are not heard of any more.
fn lose_pods(rig: &mut Rig) {
    let since = rig.model.now;
    let state = SourceState::Stale { since, attempt: 1, retry_at: None, error: "gone".into() };
    rig.send(Msg::Source(SourceId { kind: ResourceKind::Pods, namespace: None }, state));
}

fn lease(rig: &mut Rig, lease: Lease) {
    rig.send(Msg::Leased(uid(), lease));
}

fn ours(rig: &mut Rig, lasts: Span) {
    let until = rig.model.now + lasts;
    lease(rig, Lease::Ours(until));
}

fn post(rig: &Rig) -> &Post {
    &rig.model.posts[&uid()]
}

/// So many seconds, a tick each.
fn seconds(rig: &mut Rig, count: usize) -> Vec<Effect> {
    (0..count).flat_map(|_| rig.wait(1000)).collect()
}

fn told(effects: &[Effect]) -> Vec<Occasion> {
    let alert = |effect: &Effect| match effect {
        Effect::Alert(alert) => Some(alert.occasion),
        _ => None,
    };
    effects.iter().filter_map(alert).collect()
}

/// Alerts and actions in their order.
fn order(effects: &[Effect]) -> Vec<String> {
    let word = |effect: &Effect| match effect {
        Effect::Alert(alert) => Some(alert.occasion.word().to_owned()),
        Effect::Act { plan, .. } => Some(format!("> {}", plan.action.verb.name())),
        _ => None,
    };
    effects.iter().filter_map(word).collect()
}

fn end(rig: &Rig) -> Option<&End> {
    match &post(rig).guard.state {
        State::Over(end) => Some(end),
        _ => None,
    }
}

#[test]
fn broken_pods_send_it_back_after_45_seconds_and_it_is_told_before() {
    let mut rig = armed(&sick());
    assert_eq!(order(&seconds(&mut rig, 44)), Vec::<String>::new());
    let fired = seconds(&mut rig, 2);
    assert_eq!(order(&fired), ["firing", "> wave-off", "acting"]);
    let plan = acts(&fired)[0].1;
    assert_eq!(plan.action.target, Some(PodHash::from(STABLE)));
    assert!(
        rig.flight().reason.contains("pods 0% < 80.0% for 45s (4 samples)"),
        "{}",
        rig.flight().reason
    );
    assert_eq!(order(&seconds(&mut rig, 20)), Vec::<String>::new(), "once");
    rig.answer(Answer::Accepted);
    rig.see(&home());
    assert_eq!(rig.flight().stage.word(), "in effect");
    let after = seconds(&mut rig, 60);
    assert_eq!(order(&after), ["restored"]);
    assert!(matches!(end(&rig), Some(End::Restored(_))), "{:?}", end(&rig));
    assert!(after.iter().any(|effect| matches!(effect, Effect::ForgetGuard(_))));
    assert!(after.iter().any(|e| matches!(e, Effect::Lease(order) if order.release)));
}

#[test]
fn healthy_pods_and_starting_pods_are_let_be() {
    let mut rig = armed(&well());
    assert_eq!(order(&seconds(&mut rig, 300)), Vec::<String>::new());
    let young = a_gate().pod(
        CURRENT,
        a_pod("x").unready_since(5).with(|pod| {
            pod.created = Some(now() - Span::seconds(5));
        }),
    );
    let mut rig = armed(&young);
    assert_eq!(order(&seconds(&mut rig, 100)), Vec::<String>::new());
    // It never became ready: after its time to start it counts.
    assert_eq!(order(&seconds(&mut rig, 100)), ["firing", "> wave-off", "acting"]);
}

#[test]
fn of_two_guards_one_acts() {
    let mut rig = rig(&sick());
    arm_by_pods(&mut rig, false);
    lease(&mut rig, Lease::Others("ben (s2)".into()));
    assert_eq!(order(&seconds(&mut rig, 60)), Vec::<String>::new());
    rig.see(&a_canary().aborted("").weight(0));
    assert_eq!(order(&seconds(&mut rig, 2)), Vec::<String>::new());
    let Some(End::Advised(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains("ben (s2) did"), "{why}");
}

#[test]
fn who_only_watches_takes_over_when_the_other_one_is_gone_and_pages_when_nobody_acts() {
    let mut rig = rig(&sick());
    arm_by_pods(&mut rig, false);
    lease(&mut rig, Lease::Others("ben (s2)".into()));
    assert_eq!(order(&seconds(&mut rig, 60)), Vec::<String>::new());
    ours(&mut rig, Span::seconds(30));
    assert_eq!(order(&seconds(&mut rig, 1)), ["firing", "> wave-off", "acting"]);

    let mut rig = self::rig(&sick());
    arm_by_pods(&mut rig, false);
    lease(&mut rig, Lease::Others("ben (s2)".into()));
    assert_eq!(order(&seconds(&mut rig, 130)), ["failed"]);
}

#[test]
fn without_a_lease_it_does_not_act_and_pages() {
    let mut rig = rig(&sick());
    arm_by_pods(&mut rig, false);
    lease(&mut rig, Lease::Refused("not permitted: create leases in shop".into()));
    let all = order(&seconds(&mut rig, 130));
    assert_eq!(all, ["firing", "failed"]);
    let Some(End::Failed(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains("not permitted: create leases"), "{why}");
    // A lease that is late is waited for.
    let mut rig = self::rig(&sick());
    arm_by_pods(&mut rig, false);
    assert_eq!(order(&seconds(&mut rig, 50)), ["firing"]);
    ours(&mut rig, Span::seconds(30));
    assert_eq!(order(&seconds(&mut rig, 1)), ["> wave-off", "acting"]);
}

/// Three guarded workloads, the second of them as given, watched for their pods.
fn three(second: &Sample) -> Rig {
    let mut rig = rig(&sick());
    let third = all_well(a_deployment(), CURRENT);
    for sample in [&sick(), second, &third] {
        rig.see(sample);
        arm_one(&mut rig, sample, false);
        let until = rig.model.now + Span::hours(1);
        rig.send(Msg::Leased(sample.workload.uid.clone(), Lease::Ours(until)));
    }
    rig
}

#[test]
fn what_breaks_most_of_what_is_guarded_is_no_release_and_a_person_decides() {
    let mut alone = three(&all_well(a_blue_green().paused(), CURRENT));
    assert_eq!(order(&seconds(&mut alone, 50)), ["firing", "> wave-off", "acting"]);
    let mut rig = three(&a_blue_green().paused().pod(CURRENT, a_pod("y").crash_looping()));
    assert_eq!(order(&seconds(&mut rig, 50)), ["firing", "firing"]);
    assert!(post(&rig).obstacle.as_ref().is_some_and(|why| why.contains("2 of 3 guarded")));
    assert_eq!(order(&seconds(&mut rig, 60)), ["failed", "failed"]);
    let Some(End::Failed(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains("a shared cause is likely"), "{why}");
}

#[test]
fn a_lease_that_ran_out_is_no_right_to_act() {
    let mut rig = rig(&sick());
    let effects = arm_by_pods(&mut rig, false);
    assert!(effects.iter().any(|e| matches!(e, Effect::Lease(order) if !order.release)));
    ours(&mut rig, Span::seconds(30));
    let effects = seconds(&mut rig, 40);
    let asked = effects.iter().filter(|e| matches!(e, Effect::Lease(_))).count();
    assert_eq!(asked, 4, "renewed every ten seconds");
    assert_eq!(order(&seconds(&mut rig, 10)), ["firing"]);
}

#[test]
fn a_shadow_says_what_it_would_do() {
    let mut rig = rig(&sick());
    let effects = arm_by_pods(&mut rig, true);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Lease(_))));
    assert_eq!(order(&seconds(&mut rig, 60)), Vec::<String>::new());
    let Some(End::Advised(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains("would have gone back because of pods 0%"), "{why}");
}

#[test]
fn another_version_an_abort_by_hand_and_a_deletion_end_it() {
    let cases: [(Sample, &str); 2] = [
        (
            sick().with(|w| w.status.current_hash = Some("99dd000c43".into())),
            "99dd000c43 is wanted",
        ),
        (a_canary().aborted("").weight(0), "aborted by hand"),
    ];
    for (sample, wanted) in cases {
        let mut rig = armed(&sick());
        seconds(&mut rig, 30);
        rig.see(&sample);
        assert_eq!(order(&seconds(&mut rig, 120)), Vec::<String>::new(), "{wanted}");
        let Some(End::Superseded(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
        assert!(why.contains(wanted), "{why}");
    }
}

#[test]
fn what_it_cannot_see_makes_it_blind_and_never_fires() {
    let mut rig = armed(&sick());
    seconds(&mut rig, 20);
    let since = rig.model.now;
    let state = SourceState::Stale { since, attempt: 1, retry_at: None, error: "gone".into() };
    rig.send(Msg::Source(SourceId { kind: ResourceKind::Pods, namespace: None }, state));
    let effects = seconds(&mut rig, 600);
    assert_eq!(order(&effects), ["blind"]);
    assert!(end(&rig).is_none());
    let live = SourceState::Live(rig.model.now);
    rig.send(Msg::Source(SourceId { kind: ResourceKind::Pods, namespace: None }, live));
    assert_eq!(told(&seconds(&mut rig, 16)), [Occasion::Seeing]);
    // A second time is an incident of its own.
    let keys = |effects: &[Effect]| -> Vec<String> {
        let alert = |effect: &Effect| match effect {
            Effect::Alert(alert) => Some(alert.key()),
            _ => None,
        };
        effects.iter().filter_map(alert).collect()
    };
    let first = keys(&effects);
    let state = SourceState::Stale { since, attempt: 1, retry_at: None, error: "gone".into() };
    rig.send(Msg::Source(SourceId { kind: ResourceKind::Pods, namespace: None }, state));
    let second = keys(&seconds(&mut rig, 100));
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first, second);
}

#[test]
fn a_process_that_was_stopped_begins_anew() {
    let mut rig = armed(&sick());
    seconds(&mut rig, 40);
    let woken = rig.wait(600_000);
    assert_eq!(order(&woken), ["blind", "seeing"], "pods are looked at at once");
    assert_eq!(order(&seconds(&mut rig, 44)), Vec::<String>::new());
    assert_eq!(order(&seconds(&mut rig, 3)), ["firing", "> wave-off", "acting"]);
}

#[test]
fn a_refused_way_back_is_planned_anew_and_then_given_up_loudly() {
    let mut rig = armed(&sick());
    let fired = seconds(&mut rig, 46);
    assert_eq!(verbs(&fired), [Verb::WaveOff]);
    rig.answer(Answer::Changed(vec!["step index".into()]));
    assert_eq!(order(&seconds(&mut rig, 2)), ["> wave-off", "acting"]);
    rig.answer(Answer::Refused("forbidden".into()));
    rig.stale();
    let after = order(&seconds(&mut rig, 120));
    assert_eq!(after, ["failed"]);
}

#[test]
fn arming_is_refused_where_it_could_not_work() {
    let id = a_gate().id();
    let refused = |sample: &Sample, change: &dyn Fn(&mut Rig)| {
        let mut rig = rig(sample);
        change(&mut rig);
        propose(&mut rig.model, &id, Terms::default(), false).unwrap_err().to_string()
    };
    let nothing = |_: &mut Rig| {};
    let over = a_canary().aborted("").weight(0);
    assert!(refused(&over, &nothing).contains("nothing to go back from"));
    assert!(refused(&sick().without_history(), &nothing).contains("no way back"));
    assert!(refused(&sick(), &|rig| rig.model.session.read_only = true).contains("read-only"));
    let gone = |rig: &mut Rig| rig.model.fleet = crate::domain::fleet::Fleet::default();
    assert!(refused(&sick(), &gone).contains("gone"));

    // Nothing is measured here: the rules that Prometheus is asked for could not work.
    let mut rig = rig(&sick());
    let uid = propose(&mut rig.model, &id, Terms::default(), false).unwrap();
    let why = arm(&mut rig.model, &uid).unwrap_err();
    assert_eq!(why.as_str(), "errors: nothing is measured in this session");
    assert!(rig.model.posts.is_empty() && !rig.model.proposals.is_empty());
    // Pods that nobody lists cannot be watched.
    let mut rig = Rig::at(&sick());
    let uid = propose(&mut rig.model, &id, Terms::default(), false).unwrap();
    for offer in &mut rig.model.proposals.get_mut(&uid).unwrap().offers {
        offer.on = offer.watch.rule.signal == Signal::Pods;
    }
    let why = arm(&mut rig.model, &uid).unwrap_err();
    assert!(why.contains("pods: failed: not watched"), "{why}");
}

#[test]
fn t_arms_by_enter_and_disarms_by_enter() {
    let mut rig = rig(&sick());
    rig.press(Key::Char('T'));
    // Rules one by one: errors and the 99th percentile cannot be had here.
    rig.wait(400);
    rig.press(Key::Enter);
    assert!(rig.toast().contains("not armed: errors: nothing is measured"), "{}", rig.toast());
    rig.press(Key::Char(' '));
    rig.press(Key::Down);
    rig.press(Key::Char(' '));
    rig.press(Key::Enter);
    assert!(rig.model.dialog.is_none());
    assert_eq!(post(&rig).guard.watches.len(), 1);
    rig.press(Key::Char('q'));
    assert!(matches!(rig.model.dialog, Some(Dialog::Quit)), "who leaves leaves the post");
    rig.press(Key::Esc);
    rig.press(Key::Char('T'));
    assert!(matches!(rig.model.dialog, Some(Dialog::Disarm(_))));
    assert_eq!(rig.burst(Key::Enter), []);
    assert!(rig.model.dialog.is_none() && post(&rig).guard.is_on(), "noise disarms nothing");
    rig.press(Key::Char('T'));
    rig.press(Key::Enter);
    assert!(matches!(end(&rig), Some(End::Disarmed(_))));
    let burst = rig.burst(Key::Char('T'));
    assert!(burst.is_empty() && rig.model.dialog.is_none());
}

#[test]
fn whatever_ends_the_program_is_said() {
    let mut rig = armed(&sick());
    let effects = farewell(&mut rig.model, "SIGHUP");
    assert_eq!(told(&effects), [Occasion::Ended]);
    assert!(effects.iter().any(|e| matches!(e, Effect::JournalGuard(_))));
    assert!(effects.iter().any(|e| matches!(e, Effect::KeepGuard(..))), "it may be gone on with");
}

/// A program that starts so much later, and what was on disk last; with an intent in the journal
/// that has no end, or without.
fn started(rig: &Rig, later: Span, sample: &Sample, pursued: bool) -> (Rig, Post) {
    let kept = record::to_json(post(rig));
    let mut fresh = self::rig(sample);
    fresh.model.now = rig.model.now + later;
    if pursued {
        fresh.model.pursued.insert(uid(), STABLE.into());
    }
    let post = record::from_json(&kept, fresh.model.now).unwrap();
    (fresh, post)
}

/// What was on disk last, taken up by a program that starts now.
fn restarted(rig: &Rig, sample: &Sample, pursued: bool) -> (Rig, Vec<Effect>) {
    let (mut fresh, post) = started(rig, Span::zero(), sample, pursued);
    let effects = resume(&mut fresh.model, post).unwrap();
    ours(&mut fresh, Span::hours(1));
    (fresh, effects)
}

#[test]
fn killed_at_any_second_it_acts_at_most_once() {
    for second in 0..60 {
        let mut rig = armed(&sick());
        let before = verbs(&seconds(&mut rig, second)).len();
        // Killed here. With the intent in the journal when there was one.
        let (mut fresh, _) = restarted(&rig, &sick(), before > 0);
        let after = verbs(&seconds(&mut fresh, 60));
        assert_eq!(after, [Verb::WaveOff], "killed after {second} s: it is gone on with");
        // The request had arrived: nothing is sent again, and that it helped is seen.
        if before > 0 {
            let (mut fresh, _) = restarted(&rig, &home(), true);
            let effects = seconds(&mut fresh, 90);
            assert_eq!(order(&effects), ["restored"], "killed after {second} s");
        }
    }
}

#[test]
fn a_guard_that_nobody_took_up_for_long_counts_anew() {
    let mut rig = armed(&sick());
    seconds(&mut rig, 40);
    let kept = record::to_json(post(&rig));
    let mut fresh = self::rig(&sick());
    fresh.model.now = rig.model.now + Span::minutes(5);
    let post = record::from_json(&kept, fresh.model.now).unwrap();
    resume(&mut fresh.model, post).unwrap();
    ours(&mut fresh, Span::hours(1));
    assert_eq!(order(&seconds(&mut fresh, 44)), Vec::<String>::new());
    assert_eq!(order(&seconds(&mut fresh, 3)), ["firing", "> wave-off", "acting"]);
    // Of a version that is not wanted any more nothing is gone on with.
    let mut other = self::rig(&sick().with(|w| w.status.current_hash = Some("99dd000c43".into())));
    let post = record::from_json(&kept, other.model.now).unwrap();
    let ended = resume(&mut other.model, post).unwrap_err();
    assert!(ended.why.contains("another version"), "{ended:?}");
}

#[test]
fn what_was_kept_and_makes_no_sense_is_no_guard() {
    let mut rig = armed(&sick());
    seconds(&mut rig, 20);
    let kept = record::to_json(post(&rig));
    assert!(record::from_json(&kept, rig.model.now).is_some());
    let keys: Vec<String> = kept.as_object().unwrap().keys().cloned().collect();
    for key in keys {
        let mut broken = kept.clone();
        broken[&key] = serde_json::json!([1, { "x": -1e300 }]);
        // Nothing falls; what is needed is asked for.
        let read = record::from_json(&broken, rig.model.now);
        let needless = ["schema", "target", "signal", "since"].contains(&key.as_str());
        assert_eq!(read.is_some(), needless, "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// G6: a restart within two intervals decides as if there had been none.
    #[test]
    fn a_restart_changes_no_decision(
        looks in prop::collection::vec(0usize..8, 1..60),
        restart in 0usize..60,
    ) {
        let begin = post(&armed(&sick())).guard.arming.clone();
        let rules = Terms::default().rules();
        let run = |restart: Option<usize>| {
            let mut guard = Guard::new(begin.clone(), rules.clone());
            let mut orders = Vec::new();
            for (n, look) in looks.iter().enumerate() {
                let at: Timestamp = begin.at + Span::seconds(30) * i32::try_from(n).unwrap();
                if restart == Some(n) && guard.is_on() {
                    let mut post = Post::new(guard.clone(), "ana".into(), at);
                    post.guard = guard.clone();
                    let kept = record::to_json(&post);
                    guard = record::from_json(&kept, at).unwrap().guard;
                }
                let reading = match look {
                    0 => Reading::Value(0.0),
                    1 => Reading::NoSeries,
                    _ => Reading::Value(0.02),
                };
                let event = Event::Looked(Signal::Errors, Looked { at, reading });
                orders.extend(guard.step(event, at));
            }
            orders.retain(|order| matches!(order, crate::domain::guard::Order::Fire(_)));
            (orders, guard.state)
        };
        prop_assert_eq!(run(None), run(Some(restart)));
    }
}
