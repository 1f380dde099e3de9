//! Before a release and after a rollback: readiness as it is asked and answered, and the way back
//! as a commit.

use waveoff::app::dialog::{Dialog, Trigger};
use waveoff::app::model::Model;
use waveoff::app::msg::Msg;
use waveoff::app::readiness::Examined;
use waveoff::app::revert::{News, Stage};
use waveoff::app::screen::Screen;
use waveoff::app::session::Level;
use waveoff::app::update::{begin_revert, update};
use waveoff::domain::gitops::{
    Change, Commit, Culprit, Inside, Proposal, Push, Repository, Revert, Source, diff,
};
use waveoff::domain::readiness::{Finding, Severity, Standing, Subject, Waiver};
use waveoff::domain::time::Span;

use super::{Scene, a_cockpit, id_of};
use crate::fixture::{a_canary_at_its_gate, ago, now};

pub(super) fn scenes() -> Vec<Scene> {
    let mut asked = a_cockpit(a_canary_at_its_gate());
    let id = id_of(&asked);
    asked.screens.push(Screen::Readiness(id.clone()));
    asked.readiness.asked = Some(id.clone());
    let mut found = asked.clone();
    found.readiness.asked = None;
    let examined = Examined { findings: findings(), rules: 44, missing: Vec::new() };
    found.readiness.found = Some((id.clone(), ago(3), Ok(Box::new(examined))));
    let mut unknown = found.clone();
    let missing = vec!["not allowed: list configmaps in shop; ask for this permission".into()];
    let examined = Examined { findings: vec![unread()], rules: 44, missing };
    unknown.readiness.found = Some((id, ago(3), Ok(Box::new(examined))));
    vec![
        ("ready-asked", asked),
        ("ready-found", found),
        ("ready-unknown", unknown),
        ("revert-offered", offered()),
        ("revert-failed", failed()),
    ]
}

fn finding(rule: &'static str, severity: Severity, standing: Standing) -> Finding {
    let subject =
        Subject { kind: "Rollout".into(), namespace: "shop".into(), name: "checkout".into() };
    Finding {
        rule,
        severity,
        standing,
        subject: subject.clone(),
        workload: subject,
        source: "https://10.0.0.1:6443".into(),
        path: "spec.strategy.canary.steps".into(),
        place: None,
        measured: "no untimed pause before 100".into(),
        wanted: "pause: {} before all traffic".into(),
        why: "a bad version gets everybody while nobody looks".into(),
        fix: "- pause: {} before the last setWeight".into(),
    }
}

fn unread() -> Finding {
    Finding {
        path: "spec.template.spec.volumes[0].configMap.name".into(),
        measured: "settings".into(),
        wanted: "a name that changes with the content, or immutable: true".into(),
        why: "the old version gets the new configuration as well".into(),
        fix: "settings-v2 with immutable".into(),
        ..finding(
            "W45",
            Severity::Warning,
            Standing::Unknown("ConfigMaps could not be read".into()),
        )
    }
}

fn findings() -> Vec<Finding> {
    let waiver = Waiver { reason: "until the pool is moved".into(), until: now() + Span::hours(9) };
    vec![
        finding("W27", Severity::Error, Standing::Broken),
        finding("W11", Severity::Warning, Standing::Broken),
        finding("W14", Severity::Note, Standing::Waived(waiver)),
        finding("W40", Severity::Error, Standing::Unknown("Prometheus did not answer".into())),
    ]
}

fn reverting() -> (Model, Revert, u64) {
    let mut model = a_cockpit(a_canary_at_its_gate());
    let id = id_of(&model);
    begin_revert(&mut model, &id, None).unwrap();
    let reverting = model.revert.clone().unwrap();
    model.dialog = Some(Dialog::Revert(Trigger::new(Level::Production, ago(9))));
    (model, reverting.wanted.revert, reverting.number)
}

fn offered() -> Model {
    let (mut model, revert, number) = reverting();
    let line =
        |image: &str| format!("      containers:\n      - name: app\n        image: {image}\n");
    let after = line(revert.to.as_str());
    let commit = Commit {
        id: "4f1c9ab27e".to_owned() + &"0".repeat(30),
        author: "CI pipeline".into(),
        date: "2026-11-28T14:02:11+00:00".into(),
        subject: "Deploy checkout to production: 9f3c1a2".into(),
    };
    let proposal = Proposal {
        repository: Repository {
            source: Source::Checkout("/src/k8s".into()),
            branch: None,
            path: Inside::parse("environments/production/checkout").unwrap(),
            push: Push::Branch("waveoff/".to_owned()),
        },
        remote: "git@git.example.com:shop/k8s-manifests.git".into(),
        base_branch: "main".to_owned(),
        base: "b".repeat(40),
        culprit: Culprit::Known { commit, plain: true },
        change: Change {
            file: "environments/production/checkout/rollout.yaml".to_owned(),
            mode: "100644".to_owned(),
            blob: "c".repeat(40),
            after: after.clone(),
            at: (3, 16),
        },
        diff: diff(&line(revert.from.as_str()), &after),
        remarks: Vec::new(),
        message: "Revert".to_owned(),
        branch: "waveoff/revert-checkout-to-1-4-2-bbbbbbbb".to_owned(),
        identity: "Anna <anna@example.com>".into(),
        signed: false,
        revert,
    };
    update(&mut model, now(), Msg::Reverting(number, Box::new(News::Offered(Box::new(proposal)))));
    if let Some(Dialog::Revert(trigger)) = &mut model.dialog {
        trigger.armed_at = ago(1);
    }
    model
}

fn failed() -> Model {
    let (mut model, _, number) = reverting();
    let why = "no [gitops.NAME] of the configuration names the repository of Rollout shop/checkout";
    update(&mut model, now(), Msg::Reverting(number, Box::new(News::Failed(why.into()))));
    assert!(matches!(model.revert.as_ref().unwrap().stage, Stage::Over(..)));
    model
}
