//! Words, states and sentences of pods: kubectl's word, our state, the reason.

use super::*;
use crate::domain::sample::{PodSample, a_pod, at, now};

fn ended(exit_code: i32) -> Container {
    let end = Termination { exit_code, ..Termination::default() };
    Container { terminated: Some(end.into()), ..Container::default() }
}

fn waits(reason: &str) -> Container {
    Container { waiting: Some(reason.into()), ..Container::default() }
}

#[test]
fn words_and_states() {
    let p = || a_pod("x7f2k");
    let cases: Vec<(&str, PodSample, &str, PodState)> = vec![
        ("ready", p(), "Running", PodState::Ready),
        ("starting", p().unready_since(570), "Running", PodState::Starting),
        ("never ready", p().unready_since(500), "Running", PodState::Unready),
        ("crash loop", p().crash_looping(), "CrashLoopBackOff", PodState::Broken),
        ("out of memory", p().out_of_memory(), "OOMKilled", PodState::Broken),
        (
            "image not there",
            p().waiting("ImagePullBackOff", "not found").with(|p| p.phase = "Pending".into()),
            "ImagePullBackOff",
            PodState::Broken,
        ),
        (
            "being made",
            p().waiting("ContainerCreating", "").with(|p| p.phase = "Pending".into()),
            "ContainerCreating",
            PodState::Starting,
        ),
        ("no node", p().unscheduled("no cpu"), "Unschedulable", PodState::Unscheduled),
        ("first init", p().init([waits("PodInitializing")]), "Init:0/1", PodState::Starting),
        ("second init", p().init([ended(0), waits("")]), "Init:1/2", PodState::Starting),
        ("init failed", p().init([ended(3)]), "Init:ExitCode:3", PodState::Broken),
        (
            "init crash loop",
            p().init([waits("CrashLoopBackOff")]),
            "Init:CrashLoopBackOff",
            PodState::Broken,
        ),
        ("terminating", p().terminating(), "Terminating", PodState::Terminating),
        (
            "node lost",
            p().terminating().with(|p| p.reason = "NodeLost".into()),
            "Unknown",
            PodState::Terminating,
        ),
        (
            "evicted",
            p().with(|p| {
                p.phase = "Failed".into();
                p.reason = "Evicted".into();
                p.containers = Box::default();
            }),
            "Evicted",
            PodState::Broken,
        ),
        (
            "done",
            p().with(|p| p.phase = "Succeeded".into()).container(|c| {
                c.ready = false;
                c.running_since = None;
                c.terminated = Some(
                    Termination { reason: "Completed".into(), ..Termination::default() }.into(),
                );
            }),
            "Completed",
            PodState::Completed,
        ),
        ("phase not known", p().with(|p| p.phase = "Odd".into()), "Running", PodState::Unknown),
    ];
    for (what, pod, word, state) in cases {
        let pod = pod.alone();
        if what != "phase not known" {
            assert_eq!(pod.status_word(), word, "{what}");
        }
        assert_eq!(pod.state(now()), state, "{what}");
    }
}

#[test]
fn the_reason_in_words() {
    let p = || a_pod("x7f2k");
    let cases = [
        (p(), None),
        (p().terminating(), None),
        (
            p().crash_looping(),
            Some("app crash-loops: exit code 3 \"no database\" 60s ago, 5 restarts"),
        ),
        (p().out_of_memory(), Some("app ended: OOMKilled, out of memory 60s ago")),
        (
            p().waiting("ImagePullBackOff", "manifest unknown"),
            Some("app ImagePullBackOff: manifest unknown"),
        ),
        (p().unscheduled("0/3 nodes: no cpu"), Some("cannot be scheduled: 0/3 nodes: no cpu")),
        (p().unready_since(0), Some("runs, but its readiness check does not pass")),
        (
            p().with(|p| {
                p.phase = "Failed".into();
                p.reason = "Evicted".into();
                p.message = "disk is full".into();
            }),
            Some("Evicted: disk is full"),
        ),
    ];
    for (pod, sentence) in cases {
        assert_eq!(pod.alone().trouble(now()).as_deref(), sentence);
    }
}

#[test]
fn a_signal_is_named() {
    let killed = a_pod("x").out_of_memory().container(|c| {
        let end = Termination { signal: Some(9), exit_code: 137, ..Default::default() };
        c.terminated = Some(end.into());
    });
    let pod = killed.alone();
    assert_eq!(pod.status_word(), "Signal:9");
    assert_eq!(pod.trouble(now()).as_deref(), Some("app ended: Signal:9 (signal 9)"));
}

#[test]
fn counts_leave_init_containers_out() {
    let pod = a_pod("x").init([Container { ready: true, restarts: 7, ..ended(0) }]).alone();
    assert_eq!(pod.ready_containers(), (0, 1));
    assert_eq!(pod.restarts(), 0);
}

#[test]
fn lately_is_five_minutes() {
    let pod = a_pod("x").crash_looping().alone();
    assert!(pod.restarted_lately(at(540 + 299)));
    assert!(!pod.restarted_lately(at(540 + 300)));
}
