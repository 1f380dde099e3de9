//! Reverts in Git: which image, shown before it is pushed, pushed once, journalled on both sides.

use super::*;
use crate::app::revert::{News, Stage};
use crate::app::update::{begin_revert, push_revert};
use crate::domain::gitops::{
    Change, Culprit, Inside, Proposal, Push, Pushed, Repository, Revert, Source,
};
use crate::domain::sample::a_blue_green;

fn proposal(revert: Revert) -> Proposal {
    Proposal {
        repository: Repository {
            source: Source::Checkout("/src".into()),
            branch: None,
            path: Inside::parse("apps/x").unwrap(),
            push: Push::Branch("waveoff/".to_owned()),
        },
        revert,
        remote: "git.example.com:k8s".into(),
        base_branch: "main".to_owned(),
        base: "b".repeat(40),
        culprit: Culprit::Unknown("shallow".into()),
        change: Change {
            file: "apps/x/rollout.yaml".to_owned(),
            mode: "100644".to_owned(),
            blob: "c".repeat(40),
            after: String::new(),
            at: (3, 9),
        },
        diff: Vec::new(),
        remarks: Vec::new(),
        message: "Revert".to_owned(),
        branch: "waveoff/revert".to_owned(),
        identity: "Ana <ana@example.com>".into(),
        signed: false,
    }
}

fn pushed() -> Pushed {
    Pushed {
        commit: "d".repeat(40),
        branch: "waveoff/revert".to_owned(),
        remote: "git.example.com:k8s".into(),
        before: false,
        next: "open a pull request".into(),
    }
}

fn number(effects: &[Effect]) -> u64 {
    let mut asked = effects.iter().filter_map(|effect| match effect {
        Effect::ProposeRevert(number, _) => Some(*number),
        _ => None,
    });
    asked.next().expect("it is worked out")
}

fn news(rig: &mut Rig, number: u64, news: News) -> Vec<Effect> {
    rig.send(Msg::Reverting(number, Box::new(news)))
}

fn words(effects: &[Effect]) -> Vec<(&'static str, &'static str)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::JournalNote(note) => Some((note.what, note.word)),
            _ => None,
        })
        .collect()
}

#[test]
fn what_is_pushed_was_shown_and_is_pushed_once() {
    let mut rig = Rig::at(&a_gate());
    let number = number(&rig.press(Key::Char('C')));
    let revert = rig.model.revert.clone().unwrap().wanted.revert;
    assert_ne!(revert.from, revert.to);
    assert_eq!(revert.container, "app");
    rig.wait(1000);
    assert_eq!(rig.press(Key::Enter), [], "nothing is shown yet");
    news(&mut rig, number, News::Offered(Box::new(proposal(revert.clone()))));
    assert_eq!(rig.press(Key::Enter), [], "it came a moment ago: read first");
    rig.wait(1000);
    let effects = rig.press(Key::Enter);
    assert_eq!(words(&effects), [("git revert", "begun")]);
    assert!(effects.contains(&Effect::PushRevert(number, Box::new(proposal(revert)))));
    assert_eq!(push_revert(&mut rig.model), [], "never twice");
    assert_eq!(rig.press(Key::Char('C')), [], "and no other meanwhile");
    let effects = news(&mut rig, number, News::Pushed(pushed()));
    assert_eq!(words(&effects), [("git revert", "pushed")]);
    assert!(rig.toast().contains("open a pull request"), "{}", rig.toast());
    assert_eq!(words(&news(&mut rig, number, News::Failed("late".into()))), []);
}

#[test]
fn leaving_pushes_nothing_and_a_late_offer_opens_nothing() {
    let mut rig = Rig::at(&a_gate());
    let number = number(&rig.press(Key::Char('C')));
    rig.press(Key::Esc);
    assert!(rig.toast().contains("nothing was pushed"));
    let revert = rig.model.revert.clone().unwrap().wanted.revert;
    news(&mut rig, number, News::Offered(Box::new(proposal(revert))));
    rig.wait(1000);
    assert!(rig.model.dialog.is_none());
    let effects = rig.press(Key::Enter);
    assert!(!effects.iter().any(|e| matches!(e, Effect::PushRevert(..))), "{effects:?}");
}

#[test]
fn what_cannot_be_worked_out_is_said_and_closes_by_enter() {
    let mut rig = Rig::at(&a_gate());
    let number = number(&rig.press(Key::Char('C')));
    news(&mut rig, number, News::Failed("no [gitops.NAME] names it".into()));
    let over = rig.model.revert.clone().unwrap().stage;
    assert_eq!(over, Stage::Over("no [gitops.NAME] names it".into(), false));
    assert_eq!(rig.press(Key::Enter), []);
    assert!(rig.model.dialog.is_none());
}

#[test]
fn once_the_cluster_is_back_the_version_before_is_what_stands_in_git() {
    let of = |sample: &Sample| {
        let mut rig = Rig::at(sample);
        begin_revert(&mut rig.model, &sample.id(), None).unwrap();
        let revert = rig.model.revert.clone().unwrap().wanted.revert;
        (revert.from.as_str().to_owned(), revert.to.as_str().to_owned())
    };
    // Under way: the wanted version goes, the stable one comes back.
    let (bad, good) = of(&a_blue_green().paused());
    // Aborted: the same, though users are on the good one already.
    let aborted = a_blue_green().with(|w| w.status.abort = true);
    assert_eq!(of(&aborted), (bad.clone(), good.clone()));
    assert_ne!(bad, good);
}

#[test]
fn a_read_only_session_reverts_nothing() {
    let mut rig = Rig::at(&a_gate());
    rig.model.session.read_only = true;
    assert_eq!(rig.press(Key::Char('C')), []);
    assert!(rig.toast().contains("read-only"), "{}", rig.toast());
}
