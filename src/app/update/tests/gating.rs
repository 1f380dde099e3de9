//! Gates: what a run opens, what voids it, and what goes past one.

use super::*;
use crate::app::gate::{End, News, Standing, standing};
use crate::app::screen::Screen;
use crate::app::update::{begin_preflight, give_up_preflight};
use crate::domain::gate::{Check, Finding, Outcome, Pass, Refusal, Route, Stage, Verdict};
use crate::domain::id::{ObjectRef, Uid};
use crate::domain::observation::Record;
use crate::domain::routing::Service;
use crate::domain::sample::{CURRENT, OLD, STABLE, a_blue_green, a_pod};

/// Production, where all that a gate is read from is watched.
fn at(sample: &Sample) -> Rig {
    let mut rig = Rig::at(sample);
    for kind in [ResourceKind::ReplicaSets, ResourceKind::Pods, ResourceKind::Services] {
        hear(&mut rig, kind, SourceState::Live(now()));
    }
    rig
}

fn hear(rig: &mut Rig, kind: ResourceKind, state: SourceState) {
    rig.send(Msg::Source(SourceId { kind, namespace: None }, state));
}

/// Not heard from for forty seconds.
fn old() -> SourceState {
    let since = now() - Span::seconds(40);
    SourceState::Stale { since, attempt: 1, retry_at: None, error: "reset".into() }
}

/// The preview Service, which selects this version.
fn preview(hash: &str) -> Record {
    Record::Service(Box::new(Service {
        id: ObjectRef { namespace: "shop".into(), name: "storefront-preview".into() },
        uid: "svc".into(),
        hash: Some(hash.into()),
        selector: Vec::new(),
    }))
}

/// A blue-green that waits for the switch, with its preview Service and its pod.
fn waiting() -> Sample {
    a_blue_green().paused().pod(CURRENT, a_pod("a")).beside(preview(CURRENT))
}

fn another_version() -> Sample {
    waiting().with(|w| w.status.current_hash = Some(OLD.into()))
}

/// After a run in which all was good.
fn passed() -> Rig {
    let mut rig = at(&waiting());
    let number = begun(&mut rig);
    answered(&mut rig, number, None);
    rig
}

/// Why the gate is shut; nothing while it is open.
fn shut(rig: &Rig) -> Option<String> {
    let release = rig.model.fleet.release(&waiting().id()).unwrap();
    match standing(&rig.model, &release, Verb::Promote) {
        Standing::Shut(why) => Some(why.to_string()),
        Standing::Open(_) => None,
        Standing::None => panic!("it is gated"),
    }
}

/// Begins a run and gives its number.
fn begun(rig: &mut Rig) -> u64 {
    let effects = begin_preflight(&mut rig.model, &waiting().id(), Stage::Before).unwrap();
    effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Preflight(order) => Some(order.number),
            _ => None,
        })
        .expect("it is asked")
}

/// Answers every check that asks, all good but for one.
fn answered(rig: &mut Rig, number: u64, bad: Option<&(Check, Verdict)>) -> Vec<Effect> {
    let stage = rig.model.gates.runs[&waiting().id()].stage;
    for check in stage.checks().iter().copied().filter(|check| check.asks()) {
        let bad = bad.filter(|(bad, _)| *bad == check);
        let verdict = bad.map_or(Verdict::Passed, |(_, verdict)| verdict.clone());
        rig.send(Msg::Gate(number, Box::new(News::Found(Finding::plain(check, verdict)))));
    }
    rig.send(Msg::Gate(number, Box::new(News::Over)))
}

fn end(rig: &Rig) -> Option<&End> {
    rig.model.gates.runs[&waiting().id()].end.as_ref().map(|(_, end)| end)
}

fn kept(effects: &[Effect]) -> Vec<Option<Pass>> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::KeepGate(_, pass) => Some(pass.as_deref().cloned()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_passed_gate_lets_both_keys_through_without_a_word() {
    for key in ['B', 'P'] {
        let mut rig = at(&waiting());
        let number = begun(&mut rig);
        let effects = answered(&mut rig, number, None);
        assert_eq!(end(&rig), Some(&End::Judged(Outcome::Open)));
        let pass = kept(&effects).pop().flatten().expect("it is kept");
        assert_eq!((pass.hash.as_str(), pass.uid.as_str()), (CURRENT, "uid-storefront"));
        assert_eq!(verbs(&rig.act(key)), [Verb::Promote]);
        assert_eq!(rig.flight().reason, "");
    }
}

#[test]
fn without_a_gate_production_wants_a_reason_and_the_journal_has_it() {
    for key in ['B', 'P'] {
        let mut rig = at(&waiting());
        assert_eq!(verbs(&rig.act(key)), []);
        assert!(rig.hindrance().unwrap().contains("no gate: give a reason"));
        let note = rig.dialog().plan.notes.iter().find(|note| note.label == "gate").unwrap();
        assert!(note.warning && note.text.contains("it was not passed"), "{}", note.text);
        rig.letters("hotfix");
        rig.wait(1000);
        assert_eq!(verbs(&rig.press(Key::Enter)), [Verb::Promote]);
        assert_eq!(rig.flight().reason, "without gate: hotfix");
    }
}

#[test]
fn elsewhere_it_is_only_said() {
    let mut rig = Rig::with_level(&waiting(), Level::Lab);
    rig.press(Key::Char('B'));
    assert!(rig.dialog().plan.notes.iter().any(|n| n.label == "gate" && n.warning));
    rig.wait(1000);
    assert_eq!(verbs(&rig.press(Key::Enter)), [Verb::Promote]);
    assert_eq!(rig.flight().reason, "");
}

#[test]
fn one_bad_check_keeps_it_shut() {
    let failed = Verdict::Failed("x".into());
    let unknown = Verdict::Unknown("x".into());
    for check in Stage::Before.checks().iter().copied().filter(|check| check.asks()) {
        for (verdict, outcome) in
            [(failed.clone(), Outcome::Locked), (unknown.clone(), Outcome::Undetermined)]
        {
            let mut rig = at(&waiting());
            let number = begun(&mut rig);
            let effects = answered(&mut rig, number, Some(&(check, verdict)));
            assert_eq!(end(&rig), Some(&End::Judged(outcome)));
            let result = kept(&effects).pop().flatten().expect("others are told");
            assert_eq!((result.outcome, result.revision), (outcome, Some(42)));
            assert!(shut(&rig).unwrap().contains(outcome.word()));
            assert_eq!(verbs(&rig.act('B')), []);
        }
    }
}

#[test]
fn what_the_cluster_says_counts_as_it_is_at_the_end() {
    let mut rig = at(&waiting());
    let number = begun(&mut rig);
    let dying = waiting();
    let pod = a_pod("a").terminating();
    rig.see(&Sample { pods: Vec::new(), ..dying }.pod(CURRENT, pod));
    answered(&mut rig, number, None);
    assert_eq!(end(&rig), Some(&End::Judged(Outcome::Locked)));
}

#[test]
fn a_new_image_during_the_run_voids_it_for_good() {
    let mut rig = at(&waiting());
    let number = begun(&mut rig);
    let effects = rig.see(&another_version());
    assert!(effects.contains(&Effect::EndPreflight));
    let Some(End::Void(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains(OLD) && why.contains(CURRENT), "{why}");
    // Late answers, and even the old version again, open nothing.
    rig.see(&waiting());
    assert_eq!(kept(&answered(&mut rig, number, None)), []);
    assert!(matches!(end(&rig), Some(End::Void(_))));
    assert_eq!(verbs(&rig.act('B')), []);
}

#[test]
fn a_pass_ends_with_its_version_and_with_its_time() {
    let mut rig = passed();
    rig.wait(15 * 60 * 1000);
    assert_eq!(verbs(&rig.act('B')), []);
    assert!(rig.hindrance().unwrap().contains("gate"));

    let mut rig = passed();
    rig.see(&another_version());
    rig.press(Key::Char('B'));
    assert!(rig.dialog().gate.as_ref().unwrap().contains(OLD));

    // While the dialog is open.
    let mut rig = passed();
    rig.press(Key::Char('B'));
    assert_eq!(rig.dialog().gate, None);
    rig.wait(15 * 60 * 1000);
    assert_eq!(verbs(&rig.press(Key::Enter)), []);
    assert!(rig.dialog().gate.is_some());

    // A worse look later takes it away.
    let mut rig = passed();
    let number = begun(&mut rig);
    answered(&mut rig, number, Some(&(Check::Smoke, Verdict::Failed("x".into()))));
    assert_eq!(verbs(&rig.act('B')), []);
}

#[test]
fn what_is_old_in_the_cluster_opens_nothing() {
    let rests: [(ResourceKind, &[Check]); 4] = [
        (ResourceKind::Rollouts, &[Check::Pods, Check::Preview]),
        (ResourceKind::ReplicaSets, &[Check::Pods]),
        (ResourceKind::Pods, &[Check::Pods]),
        (ResourceKind::Services, &[Check::Preview]),
    ];
    for (kind, checks) in rests {
        for state in [old(), SourceState::Loading(now()), SourceState::Forbidden("list".into())] {
            let mut rig = at(&waiting());
            let number = begun(&mut rig);
            hear(&mut rig, kind, state.clone());
            answered(&mut rig, number, None);
            assert_eq!(end(&rig), Some(&End::Judged(Outcome::Undetermined)), "{state:?}");
            let findings = &rig.model.gates.runs[&waiting().id()].findings;
            let unknown = findings.values().filter(|f| matches!(f.verdict, Verdict::Unknown(_)));
            let unknown: Vec<Check> = unknown.map(|finding| finding.check).collect();
            assert_eq!(unknown, checks, "{kind:?} {state:?}");
        }
    }
    let mut rig = passed();
    hear(&mut rig, ResourceKind::Pods, old());
    let why = "it was passed, but now pods: what is seen of pods is 40s old";
    assert_eq!(shut(&rig).as_deref(), Some(why));
    hear(&mut rig, ResourceKind::Pods, SourceState::Live(now()));
    assert_eq!(shut(&rig), None);
}

#[test]
fn a_pass_counts_while_the_cluster_says_of_the_version_what_it_said_then() {
    let crashed = Sample { pods: Vec::new(), ..waiting() };
    let crashed = crashed.pod(CURRENT, a_pod("a").crash_looping());
    let more = waiting().scaled(CURRENT, 3);
    let moved = Sample { others: vec![preview(STABLE)], ..waiting() };
    let cases = [(crashed, "pods: 0 of 1"), (more, "pods: 1 of 3"), (moved, "preview: ")];
    for (changed, why) in cases {
        let mut rig = passed();
        assert_eq!(shut(&rig), None);
        rig.see(&changed);
        assert!(shut(&rig).unwrap().contains(&format!("but now {why}")), "{:?}", shut(&rig));
        // The same version, as it was looked at.
        rig.see(&waiting());
        assert_eq!(shut(&rig), None);
    }
    // What the gate was told not to look at is not looked at now.
    let mut rig = passed();
    rig.model.gates.profile.skip = vec![Check::Preview];
    rig.see(&Sample { others: vec![preview(STABLE)], ..waiting() });
    assert_eq!(shut(&rig), None);
}

#[test]
fn a_pass_is_void_for_good_once_another_version_came() {
    let mut rig = passed();
    let uid = waiting().workload.uid;
    let effects = rig.see(&another_version());
    assert!(effects.contains(&Effect::KeepGate(uid.clone(), None)), "no process has it any more");
    assert!(shut(&rig).unwrap().contains(OLD));
    assert_eq!(kept(&rig.see(&another_version())), [], "it is said once");
    rig.see(&waiting());
    let void = format!("it was passed by {CURRENT}, and is void since {OLD} came");
    assert_eq!(shut(&rig), Some(void.clone()));
    rig.send(Msg::GateKept(uid.clone(), None));
    assert_eq!(shut(&rig), Some(void), "the reason stays");
    // A process that saw nothing of it knows by the number of the revision.
    let before = Pass { revision: Some(41), ..a_pass(&uid) };
    rig.send(Msg::GateKept(uid, Some(Box::new(before))));
    assert!(shut(&rig).unwrap().contains("taken up again"));
    let number = begun(&mut rig);
    answered(&mut rig, number, None);
    assert_eq!(shut(&rig), None);
}

#[test]
fn of_two_processes_what_was_found_last_counts() {
    let uid = waiting().workload.uid;
    let hear = |rig: &mut Rig, outcome, seconds| {
        let at = now() + Span::seconds(seconds);
        let pass = Pass { outcome, at, ..a_pass(&uid) };
        rig.send(Msg::GateKept(uid.clone(), Some(Box::new(pass))));
    };
    let mut rig = passed();
    hear(&mut rig, Outcome::Locked, -5);
    assert_eq!(shut(&rig), None);
    hear(&mut rig, Outcome::Locked, 5);
    assert_eq!(shut(&rig).as_deref(), Some("its last checks left it locked"));
    hear(&mut rig, Outcome::Open, 3);
    assert!(shut(&rig).is_some());
    hear(&mut rig, Outcome::Open, 10);
    assert_eq!(shut(&rig), None);
    // Where nothing can be kept, what was found here still counts.
    rig.send(Msg::GateKept(uid.clone(), None));
    assert_eq!(shut(&rig), None);

    let mut rig = at(&waiting());
    let number = begun(&mut rig);
    answered(&mut rig, number, Some(&(Check::Smoke, Verdict::Failed("x".into()))));
    assert!(shut(&rig).is_some());
    hear(&mut rig, Outcome::Open, 5);
    assert_eq!(shut(&rig), None, "another process found it mended");
}

/// What another process found five minutes ago.
fn a_pass(uid: &Uid) -> Pass {
    Pass {
        uid: uid.clone(),
        hash: CURRENT.into(),
        revision: Some(42),
        outcome: Outcome::Open,
        at: now() - Span::minutes(5),
        route: "directly".into(),
        skipped: Vec::new(),
    }
}

#[test]
fn what_another_process_passed_counts_and_what_it_took_back_does_not() {
    let mut rig = at(&waiting());
    let effects = rig.press(Key::Char('B'));
    let uid = waiting().workload.uid;
    assert!(effects.contains(&Effect::ReadGate(uid.clone())));
    let pass = a_pass(&uid);
    rig.send(Msg::GateKept(uid.clone(), Some(Box::new(pass.clone()))));
    assert_eq!(rig.dialog().gate, None);
    assert!(!rig.dialog().reason_required);
    rig.send(Msg::GateKept(uid.clone(), None));
    assert!(rig.dialog().gate.is_some() && rig.dialog().reason_required);
    let stranger = Pass { hash: STABLE.into(), ..pass };
    rig.send(Msg::GateKept(uid, Some(Box::new(stranger))));
    assert!(rig.dialog().gate.is_some());
}

#[test]
fn time_that_is_up_leaves_what_is_missing_unknown() {
    let mut rig = at(&waiting());
    begun(&mut rig);
    let effects = give_up_preflight(&mut rig.model, &waiting().id(), "not over within 1s");
    assert!(effects.contains(&Effect::EndPreflight));
    assert_eq!(end(&rig), Some(&End::Judged(Outcome::Undetermined)));
}

#[test]
fn the_gate_has_a_screen_whose_enter_begins_it_once() {
    let mut rig = at(&waiting());
    rig.press(Key::Char('v'));
    assert_eq!(*rig.model.screen(), Screen::Gate(waiting().id()));
    let effects = rig.press(Key::Enter);
    let order = effects.iter().find_map(|effect| match effect {
        Effect::Preflight(order) => Some(order),
        _ => None,
    });
    assert!(matches!(&order.unwrap().route, Route::Service { name, .. }
        if name == "storefront-preview"));
    assert_eq!(kept(&effects), [None], "an older pass is forgotten");
    assert_eq!(rig.press(Key::Enter), []);
    assert!(rig.toast().contains("under way"));
}

#[test]
fn a_canary_is_neither_gated_nor_switched() {
    let mut rig = at(&a_gate());
    assert_eq!(rig.press(Key::Char('B')), []);
    assert!(rig.toast().contains("only a blue-green"), "{}", rig.toast());
    rig.press(Key::Char('P'));
    assert_eq!(rig.dialog().gate, None);
    let refusal = begin_preflight(&mut rig.model, &a_gate().id(), Stage::Before).unwrap_err();
    assert!(matches!(refusal, Refusal::Unsaid(_)));
}

/// The active Service, which selects this version.
fn active(hash: &str) -> Record {
    Record::Service(Box::new(Service {
        id: ObjectRef { namespace: "shop".into(), name: "storefront".into() },
        uid: "active".into(),
        hash: Some(hash.into()),
        selector: Vec::new(),
    }))
}

/// Users are on the new version.
fn switched() -> Sample {
    let there = ["a", "b", "c", "d"].into_iter();
    let sample = a_blue_green().complete().beside(active(CURRENT));
    there.fold(sample, |sample, name| sample.pod(CURRENT, a_pod(name)))
}

fn note(effects: &[Effect]) -> Option<(&'static str, &'static str, String)> {
    effects.iter().find_map(|effect| match effect {
        Effect::JournalNote(note) => Some((note.what, note.word, note.detail.to_string())),
        _ => None,
    })
}

#[test]
fn a_switch_past_an_open_gate_is_looked_on_until_users_are_there_and_after() {
    let mut rig = at(&waiting());
    rig.model.gates.looks_on = true;
    let number = begun(&mut rig);
    let effects = answered(&mut rig, number, None);
    assert_eq!(note(&effects).map(|(what, word, _)| (what, word)), Some(("gate", "open")));
    let effects = rig.act('B');
    assert_eq!(verbs(&effects), [Verb::Promote]);
    let place = |wanted: fn(&Effect) -> bool| effects.iter().position(wanted);
    let asked = place(|e| matches!(e, Effect::Preflight(o) if o.stage == Stage::After));
    assert!(asked < place(|e| matches!(e, Effect::Act { .. })), "it looks before anything moves");
    let run = rig.model.gates.runs[&waiting().id()].clone();
    assert_eq!((run.stage, run.switched), (Stage::After, None));
    let effects = rig.see(&switched());
    assert!(effects.contains(&Effect::Switched(run.number)), "{effects:?}");
    assert!(!rig.see(&switched()).contains(&Effect::Switched(run.number)), "it is told once");
    let effects = answered(&mut rig, run.number, None);
    assert_eq!(end(&rig), Some(&End::Judged(Outcome::Open)));
    assert_eq!(note(&effects).unwrap().0, "after switch");
    assert_eq!(kept(&effects), [], "it opens nothing");
}

#[test]
fn what_users_lacked_during_a_switch_is_told_and_kept() {
    let mut rig = at(&switched());
    begin_preflight(&mut rig.model, &waiting().id(), Stage::After).unwrap();
    let run = rig.model.gates.runs[&waiting().id()].clone();
    assert_eq!(run.switched, Some(rig.model.now), "users are there already");
    let bad = (Check::Availability, Verdict::Failed("3 of 60 requests failed".into()));
    let effects = answered(&mut rig, run.number, Some(&bad));
    assert_eq!(end(&rig), Some(&End::Judged(Outcome::Locked)));
    let (_, word, detail) = note(&effects).unwrap();
    assert_eq!((word, detail.as_str()), ("locked", "availability failed: 3 of 60 requests failed"));
    assert!(rig.toast().contains("after the switch"), "{}", rig.toast());
}

#[test]
fn who_looks_on_ends_when_the_switch_is_not_made_or_taken_back() {
    let mut rig = at(&waiting());
    begin_preflight(&mut rig.model, &waiting().id(), Stage::After).unwrap();
    let effects = rig.see(&waiting().with(|w| w.status.abort = true));
    assert!(effects.contains(&Effect::EndPreflight));
    let Some(End::Void(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains("aborted before users were on it"), "{why}");

    let mut rig = at(&switched());
    begin_preflight(&mut rig.model, &waiting().id(), Stage::After).unwrap();
    let effects = rig.see(&waiting());
    let Some(End::Void(why)) = end(&rig) else { panic!("{:?}", end(&rig)) };
    assert!(why.contains("taken off it"), "{why}");
    assert_eq!(note(&effects).unwrap().1, "void");
}

#[test]
fn the_screen_looks_at_what_users_have_once_they_are_switched() {
    let mut rig = at(&switched());
    rig.press(Key::Char('v'));
    let effects = rig.press(Key::Enter);
    let after =
        |e: &Effect| matches!(e, Effect::Preflight(o) if o.stage == Stage::After && o.switched);
    assert!(effects.iter().any(after), "{effects:?}");
    assert_eq!(kept(&effects), [], "what was passed before stays as it is");
}
