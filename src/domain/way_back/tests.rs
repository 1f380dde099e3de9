//! The way back from every state of the table, and that a way once begun is gone to its end.

use super::*;
use crate::domain::event::Event;
use crate::domain::id::ObjectRef;
use crate::domain::observation::Record as Seen;
use crate::domain::sample::{
    CURRENT, OLD, STABLE, Sample, a_blue_green, a_canary, a_deployment, a_pod, at, now,
};
use crate::domain::workload::{GitOpsOwner, PauseReason};

/// Where it leads, by which moves, and what becomes of the steps.
fn way(sample: &Sample, target: Option<&str>) -> String {
    let target = target.map(SafeText::from);
    match sample.ask(|release| of(release, target.as_ref(), now())) {
        WayBack::Home(text) => format!("home: {text}"),
        WayBack::Lost(why) => format!("lost: {why}"),
        WayBack::Open(way) => {
            let moves: Vec<&str> = way.moves.iter().map(|verb| verb.name()).collect();
            format!("{} {} {:?}", way.target.hash, moves.join("+"), way.steps)
        }
    }
}

fn open(sample: &Sample) -> Way {
    match sample.ask(|release| of(release, None, now())) {
        WayBack::Open(way) => *way,
        other => panic!("{other:?}"),
    }
}

/// A blue-green after the switch, while an analysis still judges it.
fn switched() -> Sample {
    a_blue_green().with(|w| w.status.active_hash = Some(CURRENT.into())).scaled(CURRENT, 4)
}

fn windowed(sample: Sample, revisions: u32) -> Sample {
    sample.with(|w| w.rollback_window = Some(revisions))
}

fn replicas_of(sample: &Sample) -> i32 {
    sample.workload.replicas
}

#[test]
fn an_update_under_way_is_aborted() {
    let canary = format!("{STABLE} abort Skipped");
    for (situation, sample) in [
        ("a step", a_canary().at_step(2)),
        ("a gate", a_canary().at_step(1).paused()),
        ("undecided", a_canary().at_step(4).paused_for(PauseReason::InconclusiveAnalysisRun)),
        ("full promotion", a_canary().at_step(2).with(|w| w.status.promote_full = true)),
        ("held, with a router", a_canary().at_step(2).held()),
        ("a preview", a_blue_green().paused()),
        ("a preview, held", a_blue_green().paused().held()),
        ("switched and complete", switched()),
    ] {
        assert_eq!(way(&sample, None), canary, "{situation}");
    }
    // Without a router users go with the pods, and a hold halts those.
    let held = a_canary().without_router().at_step(2).held();
    assert_eq!(way(&held, None), format!("{STABLE} abort+resume Skipped"));
}

#[test]
fn where_an_abort_would_be_dropped_or_wait_for_the_bad_version_the_template_goes_back() {
    let sick = switched().scaled(CURRENT, 4).revision(CURRENT, |r| r.available = 3);
    assert_eq!(way(&sick, None), format!("{STABLE} undo Skipped"));
    assert_eq!(way(&sick.held(), None), format!("{STABLE} undo+resume Skipped"));
    // A rollback within the window runs: the wanted version is older than the stable one.
    let rolling_back = windowed(a_canary().at_step(2), 3)
        .revision(CURRENT, |r| r.created = Some(at(-90_000)))
        .revision(STABLE, |r| r.created = Some(at(-600)));
    assert_eq!(way(&rolling_back, None), format!("{STABLE} undo Skipped"));
}

#[test]
fn what_was_aborted_is_on_its_way_home() {
    let there = a_canary().aborted("").weight(0);
    assert!(way(&there, None).starts_with("home: aborted: users are on r41"));
    let going = a_canary().at_step(2).aborted("").weight(25);
    assert!(way(&going, None).starts_with("home: aborted: users are going back to r41"));
    let sick = switched().revision(CURRENT, |r| r.available = 3).aborted("");
    assert_eq!(way(&sick, None), format!("{STABLE} undo Skipped"), "the Service waits for it");
    assert!(way(&switched().aborted(""), None).contains("going back"));
    let stuck = a_canary().without_router().aborted("").held();
    assert_eq!(way(&stuck, None), format!("{STABLE} resume None"));
}

#[test]
fn what_is_complete_goes_back_to_the_version_before() {
    let canary = a_canary().complete();
    assert_eq!(way(&canary, None), format!("{STABLE} undo+promote-full Again(7)"));
    assert_eq!(
        way(&canary.clone().held(), None),
        format!("{STABLE} undo+resume+promote-full Again(7)")
    );
    assert_eq!(
        way(&canary.clone().canary(|c| c.steps.clear()), None),
        format!("{STABLE} undo None")
    );

    let dated = canary
        .revision(CURRENT, |r| r.created = Some(at(-600)))
        .revision(STABLE, |r| r.created = Some(at(-9_000)))
        .revision(OLD, |r| r.created = Some(at(-90_000)));
    assert_eq!(way(&windowed(dated.clone(), 1), None), format!("{STABLE} undo Skipped"));
    // One was made between: a window of one does not reach the oldest, one of two does.
    let far = |window| way(&windowed(dated.clone(), window), Some(OLD));
    assert_eq!(far(1), format!("{OLD} undo+promote-full Again(7)"));
    assert_eq!(far(2), format!("{OLD} undo Skipped"));
}

#[test]
fn a_blue_green_is_quick_while_the_old_set_is_there() {
    let complete = a_blue_green().complete();
    let all = replicas_of(&complete);
    let warm = |seconds| {
        complete.clone().scaled(STABLE, all).revision(STABLE, |r| {
            r.scale_down_deadline = Some(now() + Span::seconds(seconds));
        })
    };
    assert_eq!(way(&warm(20), None), format!("{STABLE} undo Skipped"));
    assert_eq!(open(&warm(20)).cold_at, Some(now() + Span::seconds(20)));
    assert_eq!(open(&warm(20)).warmth(), Warmth::Warm);
    let gone = format!("{STABLE} undo+promote-full Preview");
    assert_eq!(way(&warm(-1), None), gone, "the deadline is over");
    assert_eq!(way(&complete.clone().scaled(STABLE, 0), None), gone);
    let by_itself = complete.scaled(STABLE, 0).blue_green(|b| b.auto_promotion = true);
    assert_eq!(way(&by_itself, None), format!("{STABLE} undo None"));
    assert_eq!(open(&by_itself).warmth(), Warmth::Cold);
}

#[test]
fn a_deployment_is_let_go_first() {
    assert_eq!(way(&a_deployment(), None), format!("{STABLE} undo None"));
    let held = a_deployment().with(|w| w.paused = true);
    assert_eq!(way(&held, None), format!("{STABLE} resume+undo None"));
}

/// After each move the state is asked again with the target: what is left must be what was said,
/// and never a way back to the bad version.
#[test]
fn a_way_that_was_begun_is_gone_to_its_end() {
    let all = replicas_of(&a_canary());
    // The template of the old version is wanted again; the bad one is still the stable one.
    let back = a_canary().at_step(0).with(|w| {
        w.status.current_hash = Some(STABLE.into());
        w.status.stable_hash = Some(CURRENT.into());
    });
    assert_eq!(way(&back, None), format!("{CURRENT} abort Skipped"), "without a target: an update");
    assert_eq!(way(&back, Some(STABLE)), format!("{STABLE} promote-full Again(7)"));
    let held = back.clone().held();
    assert_eq!(way(&held, Some(STABLE)), format!("{STABLE} resume+promote-full Again(7)"));
    let unseen = back.clone().with(|w| w.generation = 8);
    assert!(way(&unseen, Some(STABLE)).starts_with("home"), "{}", way(&unseen, Some(STABLE)));
    let pushed = back.clone().with(|w| w.status.promote_full = true);
    assert!(way(&pushed, Some(STABLE)).contains("on its way"), "{}", way(&pushed, Some(STABLE)));
    let aborted = back.clone().with(|w| w.status.abort = true);
    assert!(way(&aborted, Some(STABLE)).contains("was aborted"), "{}", way(&aborted, Some(STABLE)));
    let there = back.with(|w| w.status.stable_hash = Some(STABLE.into())).scaled(STABLE, all);
    assert!(way(&there, Some(STABLE)).contains("complete"), "{}", way(&there, Some(STABLE)));
}

fn told(reason: &str, message: &str, seconds: i64) -> Seen {
    Seen::Event(Box::new(Event {
        id: ObjectRef { namespace: "shop".into(), name: format!("checkout.{seconds}").into() },
        uid: format!("uid-event-{seconds}").as_str().into(),
        about: Some("uid-checkout".into()),
        about_kind: "Rollout".into(),
        about_name: "checkout".into(),
        warning: false,
        reason: reason.into(),
        message: message.into(),
        at: Some(at(seconds)),
        count: 1,
    }))
}

#[test]
fn after_bad_releases_the_target_is_the_good_one() {
    let bad = a_canary().complete();
    assert_eq!(open(&bad).target.record, Record::Clean);
    assert!(open(&bad).remarks[0].contains("nothing is known"));
    let aborted =
        bad.beside(told("RolloutAborted", "Rollout aborted update to revision 41: x", -50));
    assert_eq!(open(&aborted).target.hash, OLD, "41 was aborted");
    let once = "Rollout completed update to revision 40 (33cc000c40): Completed all 7 canary steps";
    let known = aborted.beside(told("RolloutCompleted", once, -5_000));
    assert_eq!(
        (open(&known).target.hash.as_str(), open(&known).target.record.clone()),
        (OLD, Record::Completed)
    );
    // Revision 4 is not revision 40.
    let other = a_canary().complete().beside(told(
        "RolloutAborted",
        "Rollout aborted update to revision 4",
        -50,
    ));
    assert_eq!(open(&other).target.hash, STABLE);
    // Tried again and completed: the newest event counts.
    let again = "Rollout completed update to revision 41 (55aa001c41): Completed";
    let mended = known.beside(told("RolloutCompleted", again, -40));
    assert_eq!(open(&mended).target.hash, STABLE);
}

#[test]
fn what_was_waved_off_is_no_way_back() {
    // 41 is wanted again, with a new number; 42 was made after it.
    let back = a_canary()
        .complete()
        .revision(CURRENT, |r| {
            r.created = Some(at(-90_000));
            r.revision = Some(43);
        })
        .revision(STABLE, |r| r.created = Some(at(-600)))
        .revision(OLD, |r| r.created = Some(at(-100_000)));
    let once = "Rollout completed update to revision 41 (55aa001c41): Completed";
    let back = back.beside(told("RolloutCompleted", once, -500));
    assert_eq!(open(&back).target.hash, OLD, "users were brought back from 41");
    let two = back.with(|_| {}).revision(OLD, |r| r.created = Some(at(-500)));
    assert_eq!(
        way(&two, None),
        "lost: no other revision is known to be good: users were brought back from it before"
    );
}

#[test]
fn what_was_waved_off_before_is_passed_over_after_the_next_bad_release() {
    // 33cc is the good one: it was wanted again, as 41, after 55aa had been promoted as 40.
    let once = "Rollout completed update to revision 40 (55aa001c41): Completed";
    let next = a_canary()
        .complete()
        .revision(CURRENT, |r| r.created = Some(at(-100)))
        .revision(STABLE, |r| {
            r.created = Some(at(-900));
            r.revision = Some(40);
        })
        .revision(OLD, |r| {
            r.created = Some(at(-90_000));
            r.revision = Some(41);
        })
        .beside(told("RolloutCompleted", once, -800));
    assert_eq!(open(&next).target.hash, OLD);
}

#[test]
fn where_nothing_good_is_known_there_is_no_way_back() {
    let first = a_canary().without_history().with(|w| w.status.stable_hash = None);
    assert!(way(&first, None).starts_with("lost: there is no other"), "{}", way(&first, None));
    let both = a_canary()
        .complete()
        .beside(told("RolloutAborted", "Rollout aborted update to revision 41", -50))
        .beside(told("RolloutAborted", "Rollout aborted update to revision 40", -60));
    assert!(way(&both, None).starts_with("lost: no other revision is known to be good"));
    // Somebody who knows better may say so.
    assert_eq!(way(&both, Some(OLD)), format!("{OLD} undo+promote-full Again(7)"));
    let gone = way(&a_canary().complete(), Some("none"));
    assert_eq!(gone, "lost: revision none is gone");
    let deleted = a_canary().with(|w| w.deleting = true);
    assert_eq!(way(&deleted, None), "lost: it is being deleted");
}

#[test]
fn a_gitops_owner_reverts_templates_and_not_aborts() {
    let owned = |sample: Sample| {
        sample.with(|w| {
            w.gitops = Some(GitOpsOwner { tool: "Argo CD", name: "shop".into() });
        })
    };
    assert_eq!(open(&owned(a_canary().at_step(2))).reverted_by, None);
    let undone = open(&owned(a_canary().complete())).reverted_by;
    assert_eq!(undone.as_deref(), Some("Argo CD (shop)"));
}

#[test]
fn how_long_it_takes_is_known_from_pods_that_started() {
    let all = replicas_of(&a_canary());
    let warm = a_canary().at_step(2).scaled(STABLE, all);
    assert_eq!(open(&warm).takes, Some(Span::seconds(2)), "nothing has to start");
    let cold = a_canary().complete().scaled(STABLE, 0);
    assert_eq!(open(&cold).takes, None, "no pod has shown it");
    let pod = |name: &str, took: i64| {
        a_pod(name).with(|p| {
            p.created = Some(at(-1_000));
            p.ready_since = Some(at(-1_000 + took));
        })
    };
    let cold =
        cold.pod(CURRENT, pod("a", 10)).pod(CURRENT, pod("b", 14)).pod(CURRENT, pod("c", 90));
    // Two requests, and one start of all pods at once, beside those that serve.
    assert_eq!(open(&cold).takes, Some(Span::seconds(4 + 14)));
    let slow = cold.with(|w| w.min_ready = Span::seconds(30));
    assert_eq!(open(&slow).takes, Some(Span::seconds(4 + 14 + 30)));
    // A Deployment of four replaces two at once: a quarter more, a quarter fewer.
    let rolling = a_deployment().pod(CURRENT, pod("a", 10));
    assert_eq!(open(&rolling).takes, Some(Span::seconds(2 + 2 * 10)));
}
