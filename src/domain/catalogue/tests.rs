//! Look-ups of a catalogue.

use super::*;
use crate::domain::catalogue::environment::{Freeze, Metrics, Profiled, Services};
use crate::domain::id::WorkloadKind;
use crate::domain::time::{Timestamp, parse_rfc3339};

fn said<T>(value: T) -> Stated<T> {
    Stated::built_in(value)
}

fn at(text: &str) -> Timestamp {
    parse_rfc3339(text).unwrap()
}

fn environment(name: &str, production: bool) -> Environment {
    let workload = WorkloadId::new(name, WorkloadKind::Rollout, "payment");
    Environment {
        name: said(name.into()),
        context: None,
        workload: said(workload),
        container: None,
        services: Services::default(),
        git: None,
        metrics: Metrics::default(),
        gate: Profiled::default(),
        guard: Profiled::default(),
        approvals: None,
        soak: said(Environment::SOAK),
        freezes: Vec::new(),
        production: said(production),
    }
}

fn service(name: &str, environments: Vec<Environment>) -> Service {
    Service {
        name: said(name.into()),
        kind: said("critical_apis".into()),
        risk: said("high_risk".into()),
        owner: None,
        runbook: None,
        tests: Vec::new(),
        strategy: None,
        environments,
    }
}

fn catalogue() -> Catalogue {
    let environments =
        vec![environment("dev", false), environment("production", true), environment("dr", true)];
    Catalogue { services: vec![service("payment", environments)], ..Catalogue::default() }
}

#[test]
fn what_is_not_known_counts_as_production() {
    let catalogue = catalogue();
    assert!(!catalogue.is_production("payment", "dev"));
    assert!(catalogue.is_production("payment", "production"));
    assert!(catalogue.is_production("payment", "devel"));
    assert!(catalogue.is_production("other", "dev"));
}

#[test]
fn a_version_goes_on_in_the_order_that_is_written() {
    let catalogue = catalogue();
    let service = catalogue.service("payment").unwrap();
    let next = |from| service.next(from).map(|e| e.name.value.to_string());
    assert_eq!(next("dev").as_deref(), Some("production"));
    assert_eq!(next("dr"), None);
    assert_eq!(next("nowhere"), None);
    assert_eq!(service.main_environment().unwrap().name.value, "production");
}

#[test]
fn a_workload_is_found_in_its_context_alone() {
    let mut catalogue = catalogue();
    catalogue.services[0].environments[1].context = Some(said("live".into()));
    let workload = WorkloadId::new("production", WorkloadKind::Rollout, "payment");
    let found = |context, workload| catalogue.of_workload(context, workload).map(|(_, e)| e);
    assert_eq!(found("live", &workload).unwrap().name.value, "production");
    assert!(found("other", &workload).is_none());
    let dev = WorkloadId::new("dev", WorkloadKind::Rollout, "payment");
    assert_eq!(found("other", &dev).unwrap().name.value, "dev");
    let kind = WorkloadId::new("dev", WorkloadKind::Deployment, "payment");
    assert!(found("other", &kind).is_none());
}

#[test]
fn a_freeze_holds_until_its_end() {
    let mut environment = environment("production", true);
    environment.freezes.push(Freeze {
        from: at("2026-12-20T00:00:00Z"),
        until: at("2027-01-02T00:00:00Z"),
        reason: "holidays".into(),
        origin: Origin::BuiltIn,
    });
    let frozen = |now| environment.frozen(at(now)).is_some();
    assert!(!frozen("2026-12-19T23:59:59Z") && frozen("2026-12-20T00:00:00Z"));
    assert!(frozen("2027-01-01T23:59:59Z") && !frozen("2027-01-02T00:00:00Z"));
}
