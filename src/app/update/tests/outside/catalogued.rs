//! What a session takes from the catalogue: who answers for a workload, what its gate asks, what
//! its guard is armed with.

use std::sync::Arc;

use super::*;
use crate::app::guard::looks::looks;
use crate::app::metrics::Search;
use crate::app::read::info::chapters;
use crate::domain::catalogue::environment::{Environment as Place, Metrics, Profiled, Services};
use crate::domain::catalogue::stated::{Origin, Stated};
use crate::domain::catalogue::{Catalogue, Service};
use crate::domain::gate::Profile;
use crate::domain::guard::rule::{Signal, Terms};
use crate::domain::measure::sides::Series;
use crate::domain::sample::{CURRENT, a_blue_green};

fn said<T>(value: T) -> Stated<T> {
    Stated::built_in(value)
}

/// The sample's workload as a service of a catalogue, in this context.
fn catalogue(context: Option<&str>) -> Catalogue {
    let set = vec![("errors", Origin::BuiltIn)];
    let terms = Terms { errors: 0.05, ..Terms::default() };
    let profile = Profile { health_path: "/alive".into(), ..Profile::default() };
    let place = Place {
        name: said("production".into()),
        context: context.map(|context| said(context.into())),
        workload: said(a_blue_green().id()),
        container: None,
        services: Services::default(),
        git: None,
        metrics: Metrics::default(),
        gate: Profiled { base: None, value: profile, set: set.clone() },
        guard: Profiled { base: None, value: terms, set },
        approvals: None,
        soak: said(Place::SOAK),
        freezes: Vec::new(),
        production: said(true),
    };
    let service = Service {
        name: said("storefront".into()),
        kind: said("critical_apis".into()),
        risk: said("high_risk".into()),
        owner: Some(said("team-store".into())),
        runbook: Some(said("https://runbooks.example.com/store".into())),
        tests: Vec::new(),
        strategy: None,
        environments: vec![place],
    };
    Catalogue { services: vec![service], ..Catalogue::default() }
}

fn rig(catalogue: Catalogue) -> Rig {
    let mut rig = Rig::at(&a_blue_green().paused());
    rig.model.catalogue = Arc::new(catalogue);
    rig
}

fn told(rig: &Rig) -> String {
    let release = rig.model.fleet.release(&a_blue_green().id()).unwrap();
    let chapters = chapters(&rig.model, &release);
    let facts = chapters.iter().filter(|c| c.title == "service").flat_map(|c| &c.facts);
    let lines: Vec<String> =
        facts.map(|fact| format!("{}: {}", fact.label, fact.text.plain())).collect();
    lines.join("\n")
}

#[test]
fn a_workload_of_the_catalogue_has_its_own_gate_guard_and_people() {
    let id = a_blue_green().id();
    for context in [None, Some("kind")] {
        let rig = rig(catalogue(context));
        assert!((rig.model.terms_of(&id).errors - 0.05).abs() < 1e-9);
        assert_eq!(rig.model.gate_profile(&id).health_path, "/alive");
        let told = told(&rig);
        for wanted in ["owner: team-store", "runbook: https://runbooks", "users are on it"] {
            assert!(told.contains(wanted), "{told}");
        }
    }
}

#[test]
fn its_server_and_its_queries_are_the_ones_of_the_catalogue() {
    let mut catalogue = catalogue(None);
    catalogue.services[0].environments[0].metrics = Metrics {
        prometheus: Some(said("https://metrics.example.com".into())),
        series: Some(Series::Label {
            label: said("track".into()),
            stable: said("old".into()),
            canary: said("new".into()),
        }),
        queries: vec![("errors".into(), said("errors{hash=\"{{hash}}\"}".into()))],
        ..Metrics::default()
    };
    let mut rig = rig(catalogue);
    rig.model.metrics.settings.on = true;
    let id = a_blue_green().id();
    let effects = rig.wait(2000);
    let sought = effects.iter().find_map(|effect| match effect {
        Effect::FindPrometheus(number, _, candidates) => Some((*number, candidates.clone())),
        _ => None,
    });
    let (number, candidates) = sought.expect("a server is looked for");
    let urls: Vec<&str> = candidates.iter().map(|c| c.address.url.as_str()).collect();
    assert_eq!(urls, ["https://metrics.example.com"], "and no other one");
    assert!(candidates[0].is_order);
    let effects = rig.send(Msg::Prometheus(id.clone(), number, Ok(candidates[0].clone())));
    let explored = effects.iter().find_map(|effect| match effect {
        Effect::Explore(_, _, Search::Schemes, queries) => Some(queries.join("\n")),
        _ => None,
    });
    let explored = explored.expect("schemes are asked");
    assert!(explored.contains("{track=~\"new|old\"}") && !explored.contains("pod"), "{explored}");
    let subject = rig.model.metrics.subject(&id).unwrap();
    let looks = looks(subject, CURRENT, &Terms::default());
    let signals: Vec<Signal> = looks.iter().map(|look| look.signal).collect();
    assert_eq!(signals, [Signal::Errors], "nothing counts durations so far");
    let asked: Vec<&str> = looks[0].questions().map(|question| &*question.expr).collect();
    assert_eq!(asked, [format!("errors{{hash=\"{CURRENT}\"}}")]);
}

#[test]
fn another_context_and_no_catalogue_leave_what_the_configuration_says() {
    let id = a_blue_green().id();
    for catalogue in [Catalogue::default(), catalogue(Some("elsewhere"))] {
        let rig = rig(catalogue);
        assert_eq!(rig.model.terms_of(&id), rig.model.terms);
        assert_eq!(rig.model.gate_profile(&id), &rig.model.gates.profile);
        assert_eq!(told(&rig), "");
    }
}

#[test]
fn what_is_said_for_a_run_goes_before_the_catalogue() {
    let mut rig = rig(catalogue(None));
    let said = rig.model.gates.profile.clone();
    rig.model.gates.said = Some(said);
    let id = a_blue_green().id();
    assert_eq!(rig.model.gate_profile(&id), &rig.model.gates.profile);
}
