//! A vocabulary for tests: workloads in the trade's words, and models around them.
//!
//! Every instant is counted back from [`now`]; nothing here asks a clock.

mod craft;
mod hangar;
pub(crate) mod meter;

use waveoff::app::journal::SessionStamp;
use waveoff::app::model::Model;
use waveoff::app::msg::Pulse;
use waveoff::app::screen::Screen;
use waveoff::app::session::{Environment, EnvironmentRule, Level, Mode, Scope, Session};
use waveoff::domain::id::ResourceKind;
use waveoff::domain::observation::{SourceId, SourceState};
use waveoff::domain::time::{Span, Timestamp, parse_rfc3339};

pub(crate) use craft::Craft;
pub(crate) use hangar::{
    a_blue_green, a_canary, a_canary_at_its_gate, a_deployment, a_quiet_canary, a_stuck_deployment,
    a_switched_blue_green, failing, metric, passing,
};

/// The instant at which every test stands.
pub(crate) fn now() -> Timestamp {
    parse_rfc3339("2026-04-12T12:41:07Z").unwrap()
}

/// So many seconds before it.
pub(crate) fn ago(seconds: i64) -> Timestamp {
    now() - Span::seconds(seconds)
}

/// A session on a production cluster.
pub(crate) fn session() -> Session {
    Session {
        mode: Mode::Live,
        context: "eks-eu-1".into(),
        cluster: "arn:eks-eu-1".into(),
        server: "https://10.0.0.1:6443".into(),
        user: "ana@corp".into(),
        scope: Scope::Namespaces(vec!["shop".into()]),
        read_only: false,
        insecure: false,
        environments: vec![EnvironmentRule {
            environment: Environment { name: "lab".into(), level: Level::Lab },
            contexts: Vec::new(),
            namespaces: vec!["*-lab".into()],
        }],
        utc_offset_minutes: 0,
        started: ago(1900),
        log_path: "/home/ana/.local/state/waveoff/waveoff.log".into(),
        journal_path: "/home/ana/.local/state/waveoff/journal.jsonl".into(),
    }
}

/// A program that has just started.
pub(crate) fn a_fresh_model() -> Model {
    let stamp = SessionStamp {
        id: "7f2e".into(),
        user: "ana@corp".into(),
        context: "eks-eu-1".into(),
        server: "https://10.0.0.1:6443".into(),
    };
    Model::new(session(), stamp, now())
}

/// A program whose sources are all live, with these workloads.
pub(crate) fn a_fleet(crafts: impl IntoIterator<Item = Craft>) -> Model {
    let mut model = a_fresh_model();
    for kind in ResourceKind::ALL {
        let source = SourceId { kind, namespace: None };
        model.sources.insert(source, SourceState::Live(now()));
    }
    model.pulse = Some(Pulse {
        alive: true,
        last_alive: Some(now()),
        rtt_ms: Some(412),
        skew_s: Some(0),
        sign_in: None,
        error: None,
    });
    let crafts: Vec<Craft> = crafts.into_iter().collect();
    let alone = crafts.len() == 1;
    for mut craft in crafts {
        if !alone {
            // They are only watched around a selected workload.
            craft.services.clear();
            craft.ingresses.clear();
            craft.budgets.clear();
        }
        craft.land(&mut model);
    }
    model.fleet_view.selected =
        waveoff::app::roster::of(&model).rows().first().map(|r| r.id.clone());
    model
}

/// The Rollout screen of a workload.
pub(crate) fn a_cockpit(craft: Craft) -> Model {
    let id = craft.workload.id.clone();
    let mut model = a_fleet([craft]);
    model.screens.push(Screen::Rollout(id));
    model
}

/// Every source of the model lost for so many seconds.
pub(crate) fn lost_for(mut model: Model, seconds: i64) -> Model {
    for state in model.sources.values_mut() {
        *state = SourceState::Stale {
            since: ago(seconds),
            attempt: 3,
            retry_at: Some(now() + Span::seconds(4)),
            error: "connect 10.0.0.1:6443: connection refused".into(),
        };
    }
    model
}

/// One kind may not be listed.
pub(crate) fn forbidden(mut model: Model, kind: ResourceKind) -> Model {
    let rule = format!("list {} in shop", kind.resource());
    model.sources.insert(SourceId { kind, namespace: None }, SourceState::Forbidden(rule.into()));
    model
}
