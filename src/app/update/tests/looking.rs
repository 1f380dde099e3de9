//! Moving, opening and coming back; what late answers must not do.

use super::*;
use crate::app::log_view::LogLine;
use crate::app::read::is_far;
use crate::app::roster;
use crate::app::screen::{Pane, Screen};
use crate::domain::analysis::{AnalysisRole, Verdict};
use crate::domain::id::ObjectRef;
use crate::domain::observation::{Observation, Record};
use crate::domain::sample::{CURRENT, a_blue_green, a_deployment, a_metric, a_pod, an_analysis};

fn a_shop() -> Rig {
    let mut rig = Rig::at(&a_gate().pod(CURRENT, a_pod("a")).pod(CURRENT, a_pod("b")));
    rig.see(&a_blue_green().complete());
    rig.see(&a_deployment());
    // Rows are counted once a tick.
    rig.wait(0);
    rig
}

#[test]
fn the_first_that_needs_a_person_is_selected_and_stays_selected() {
    let mut rig = a_shop();
    assert_eq!(rig.model.meant(), Some(&a_gate().id()));
    // It becomes quiet and moves down; the selection goes with it.
    rig.see(&a_canary().complete());
    assert_eq!(rig.model.meant(), Some(&a_gate().id()));
    rig.see(&a_blue_green().paused());
    rig.wait(200);
    assert_eq!(roster::shown(&rig.model).rows()[0].id, a_blue_green().id());
    assert_eq!(rig.model.meant(), Some(&a_gate().id()));
}

#[test]
fn only_pods_of_other_workloads_are_far() {
    let rig = a_shop();
    assert_eq!(rig.model.meant(), Some(&a_gate().id()));
    let pods = |sample: &Sample| -> Vec<Observation> {
        let is_pod = |seen: &Observation| matches!(seen, Observation::Seen(Record::Pod(_)));
        sample.observations().into_iter().filter(is_pod).collect()
    };
    let is_far = |observations| is_far(&rig.model, &Msg::Observed(observations));
    let near = pods(&a_gate().pod(CURRENT, a_pod("c")));
    let far = pods(&a_blue_green().pod(CURRENT, a_pod("d")));
    assert_eq!((near.len(), far.len()), (1, 1));
    assert!(is_far(far.clone()));
    assert!(!is_far(near.clone()));
    assert!(!is_far(far.into_iter().chain(near).collect()), "one of them is near");
    assert!(!is_far(a_blue_green().observations()), "its row is on the screen");
    let mut orphan = a_pod("e").alone();
    orphan.owner = Some("nobody".into());
    assert!(!is_far(vec![Observation::Seen(Record::Pod(Box::new(orphan)))]), "nobody knows");
}

#[test]
fn moving_stops_at_both_ends() {
    let mut rig = a_shop();
    rig.press(Key::Char('k'));
    assert_eq!(rig.model.meant(), Some(&a_gate().id()));
    rig.press(Key::Char('G'));
    let last = roster::shown(&rig.model).rows().last().unwrap().id.clone();
    assert_eq!(rig.model.meant(), Some(&last));
    rig.press(Key::Down);
    assert_eq!(rig.model.meant(), Some(&last));
    rig.press(Key::Char('g'));
    assert_eq!(rig.model.meant(), Some(&a_gate().id()));
}

#[test]
fn the_first_row_is_selected_until_the_first_lists_have_arrived() {
    let mut rig = Rig::at(&a_deployment());
    rig.model.fleet_view.kept = false;
    rig.sources(&SourceState::Loading(now()));
    rig.see(&a_deployment());
    assert_eq!(rig.model.meant(), Some(&a_deployment().id()));
    rig.see(&a_gate());
    rig.live();
    rig.wait(1_000);
    assert_eq!(rig.model.meant(), Some(&a_gate().id()), "what came last stands first");
    rig.model.fleet_view.selected = Some(a_deployment().id());
    rig.see(&a_gate());
    rig.wait(1_000);
    assert_eq!(rig.model.meant(), Some(&a_deployment().id()), "rows move under a selection");
}

#[test]
fn opening_watches_around_it_and_leaving_stops_that() {
    let mut rig = a_shop();
    let effects = rig.press(Key::Enter);
    assert!(effects.contains(&Effect::Focus(Some(a_gate().id()))), "{effects:?}");
    assert_eq!(*rig.model.screen(), Screen::Rollout(a_gate().id()));
    assert_eq!(rig.press(Key::Esc), [Effect::Focus(None)]);
    assert_eq!(*rig.model.screen(), Screen::Fleet);
}

#[test]
fn a_verb_means_the_workload_of_the_screen() {
    let mut rig = a_shop();
    rig.press(Key::Enter);
    rig.model.fleet_view.selected = Some(a_deployment().id());
    rig.press(Key::Char('P'));
    assert_eq!(rig.dialog().plan.id, a_gate().id());
}

#[test]
fn nothing_is_meant_on_help_and_errors() {
    for key in ['?', '!'] {
        let mut rig = a_shop();
        rig.press(Key::Char(key));
        for verb in ['P', 'F', 'H', 'A', 'U', 'R', 'S'] {
            assert_eq!(rig.press(Key::Char(verb)), []);
            assert!(rig.model.dialog.is_none());
        }
        rig.press(Key::Esc);
        assert_eq!(*rig.model.screen(), Screen::Fleet);
    }
}

#[test]
fn the_same_screen_is_not_stacked_twice() {
    let mut rig = a_shop();
    for _ in 0..5 {
        rig.press(Key::Char('x'));
        rig.press(Key::Char('t'));
    }
    rig.press(Key::Char('1'));
    assert_eq!(rig.model.screens, [Screen::Fleet]);
}

#[test]
fn lines_of_logs_that_are_closed_are_dropped() {
    let mut rig = a_shop();
    rig.press(Key::Enter);
    rig.press(Key::Char('l'));
    let epoch = rig.model.logs.epoch;
    assert!(matches!(rig.model.screen(), Screen::Logs(_)));
    rig.press(Key::Char('p'));
    let line = |text: &str| LogLine { pod: "checkout-a".into(), text: text.into() };
    rig.send(Msg::LogLines(epoch, vec![line("old")]));
    assert_eq!(rig.model.logs.visible().len(), 0);
    rig.send(Msg::LogLines(rig.model.logs.epoch, vec![line("new")]));
    assert_eq!(rig.model.logs.visible().len(), 1);
    let effects = rig.press(Key::Esc);
    assert!(effects.contains(&Effect::CloseLogs));
}

#[test]
fn templates_of_an_older_question_are_dropped() {
    let mut rig = a_shop();
    rig.press(Key::Char('d'));
    let first = rig.model.diff.epoch;
    rig.press(Key::Esc);
    rig.press(Key::Char('d'));
    let same = vec![("image".into(), "a".into())];
    rig.send(Msg::Templates(first, Ok((same.clone(), same.clone()))));
    assert_eq!(rig.model.diff.templates, None);
    let sides = rig.model.diff.sides.clone().unwrap();
    assert_eq!((&*sides.0.label, &*sides.1.label), ("r41 55aa001c41", "r42 77bb002c42"));
}

#[test]
fn one_revision_is_said_only_where_all_are_known() {
    let source = SourceId { kind: ResourceKind::ReplicaSets, namespace: None };
    for (state, words) in [
        (SourceState::Loading(now()), "not known: listing"),
        (SourceState::Live(now()), "there is only one revision"),
    ] {
        let mut rig = Rig::at(&a_gate().without_history());
        rig.send(Msg::Source(source.clone(), state));
        rig.press(Key::Char('d'));
        assert!(rig.toast().contains(words), "{}", rig.toast());
    }
}

#[test]
fn panes_go_round_and_rows_are_kept() {
    let mut rig = a_shop();
    rig.press(Key::Enter);
    assert_eq!(rig.model.rollout_view.pane, Pane::Pods);
    rig.press(Key::Char('j'));
    rig.press(Key::Char('j'));
    assert_eq!(rig.model.rollout_view.row(Pane::Pods), 1, "there are two pods");
    // The pane of metrics is left out where nothing is measured.
    for _ in 1..Pane::ALL.len() {
        rig.press(Key::Tab);
    }
    assert_eq!(rig.model.rollout_view.pane, Pane::Pods);
    assert_eq!(rig.model.rollout_view.row(Pane::Pods), 1);
    rig.press(Key::BackTab);
    assert_eq!(rig.model.rollout_view.pane, Pane::Revisions);
}

#[test]
fn a_clock_that_steps_back_does_not_take_time_back() {
    let mut rig = a_shop();
    let before = rig.model.now;
    update(&mut rig.model, before - Span::seconds(30), Msg::Tick);
    assert_eq!(rig.model.now, before);
}

#[test]
fn a_clock_set_back_by_an_hour_is_believed() {
    let mut rig = a_shop();
    let before = rig.model.now;
    update(&mut rig.model, before - Span::hours(1), Msg::Tick);
    assert_eq!(rig.model.now, before - Span::hours(1));
}

#[test]
fn scrolling_past_the_end_is_taken_back_at_once() {
    let mut rig = a_shop();
    rig.press(Key::Char('?'));
    rig.press(Key::Char('G'));
    rig.send(Msg::ScrollEnd(42));
    assert_eq!(rig.model.scroll, 42);
    rig.press(Key::Char('k'));
    assert_eq!(rig.model.scroll, 41);
    rig.send(Msg::ScrollEnd(42));
    assert_eq!(rig.model.scroll, 41);
}

#[test]
fn a_toast_goes_after_a_while() {
    let mut rig = a_shop();
    rig.press(Key::Char('R'));
    assert_ne!(rig.toast(), "");
    rig.wait(5_000);
    assert_eq!(rig.toast(), "");
}

#[test]
fn a_copy_says_where_when_and_why() {
    let mut rig = a_shop();
    let effects = rig.press(Key::Char('y'));
    let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
    assert!(text.starts_with("rollout shop/checkout on kind: Paused at 2026-05-04 10:10:00 UTC\n"));
    assert!(text.contains("waits for a person at step 2/7"), "{text}");
}

#[test]
fn a_list_of_workloads_is_on_the_screen_at_once() {
    let mut rig = Rig::at(&a_deployment());
    let rollout = a_canary().paused();
    let mut records = Vec::new();
    for observation in rollout.observations() {
        if let Observation::Seen(record @ Record::Workload(_)) = observation {
            records.push(record);
        }
    }
    let source = SourceId { kind: ResourceKind::Rollouts, namespace: None };
    rig.send(Msg::Observed(vec![Observation::Listed(source, records)]));
    let roster = roster::shown(&rig.model);
    let rows = roster.rows();
    assert!(rows.iter().any(|row| row.id == rollout.id()), "without a tick: {rows:?}");
}

#[test]
fn a_run_that_measured_by_jobs_has_their_logs() {
    let job = |name: &str| ObjectRef { namespace: "shop".into(), name: name.into() };
    let mut metric = a_metric(Verdict::Failed, &["", ""]);
    metric.measurements[0].job = Some(job("check-1"));
    metric.measurements[1].job = Some(job("check-2"));
    let run = an_analysis(AnalysisRole::Step, Verdict::Failed, metric);
    let mut rig = Rig::at(&a_gate().pod(CURRENT, a_pod("a")).analysis(run));
    rig.press(Key::Char('2'));
    rig.press(Key::Tab);
    assert_eq!(rig.model.rollout_view.pane, Pane::Analysis);
    let jobs = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::OpenLogs(request) => Some((request.pods.len(), request.jobs.clone())),
            _ => None,
        })
    };
    let both = vec![job("check-1"), job("check-2")];
    assert_eq!(jobs(&rig.press(Key::Char('l'))), Some((0, both.clone())));
    rig.press(Key::Esc);
    rig.press(Key::Enter);
    assert_eq!(jobs(&rig.press(Key::Char('l'))), Some((0, both)), "and on its own screen");
    rig.press(Key::Esc);
    rig.press(Key::Esc);
    rig.press(Key::BackTab);
    let (pods, jobs) = jobs(&rig.press(Key::Char('l'))).unwrap();
    assert!(pods > 0 && jobs.is_empty(), "elsewhere the pods are meant");
}
