//! Reading catalogues: a whole one, every fault with its words, and the rule document's blocks.

mod document;
mod faults;
mod hostile;

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::domain::catalogue::EvidenceSource;
use crate::domain::catalogue::environment::SecretRef;
use crate::domain::catalogue::matrix::StrategyKind;
use crate::domain::catalogue::quality::{Comparator, OnMissing, Over};
use crate::domain::catalogue::stated::{Origin, Stated};
use crate::domain::gate::Check;
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::measure::sides::Series;
use crate::domain::readiness::Place;
use crate::domain::time::{Span, parse_rfc3339};

pub(super) fn load(text: &str) -> Loaded {
    read(Path::new("w.yaml"), text)
}

pub(super) fn said(loaded: &Loaded) -> Vec<String> {
    loaded.faults.iter().map(ToString::to_string).collect()
}

/// A catalogue in which everything is written.
const WHOLE: &str = r#"
services:
  - name: payment
    type: critical_apis
    risk: high
    owner: team payments
    runbook: https://wiki.example.com/payment
    strategy: blue-green
    reason: the partner allows one version at a time
    tests:
      smoke_tests: {junit: reports/smoke.xml}
      load_tests:
        k6: reports/load.json
        max_age: 2h
      chaos_tests: {job: chaos}
    environments:
      - name: dev
        production: false
        namespace: dev
        workload: {kind: Deployment, name: payment}
      - name: production
        context: live-eu
        namespace: shop
        workload: {kind: Rollout, name: payment-canary}
        container: payment
        services: {active: pay-active, preview: pay-preview, stable: pay-stable, canary: pay-new}
        git:
          remote: git@git.example.com:shop/manifests.git
          branch: main
          path: environments/production/payment
          push: direct
          version_label: true
        metrics:
          prometheus: http://prometheus.monitoring.svc:9090
          token: env:PROM_TOKEN
          label: service
          stable: pay-stable
          canary: pay-new
          queries: {business: "sum(rate(paid[2m]))"}
        gate:
          profile: strict
          timeout: 2s
        guard:
          profile: tight
          errors: "0.5%"
          healthy: 0.7
        approvals:
          from: [ana, "group:sre"]
          count: 2
          expires: 30m
        soak: 15m
        freeze:
          - {from: 2026-12-20, until: "2027-01-02T06:00:00Z", reason: holidays}
gate_profiles:
  strict: {load_failures: 0, load_requests: 500, timeout: 1s, skip: [database]}
guard_profiles:
  tight: {errors_for: 2m, fast: true, business: sum(x), business_least: 0.98}
waivers:
  - {rule: W43, service: payment, reason: staging is smaller, until: 2026-06-01}
deployment_quality_gates:
  uptime: {metric: uptime, threshold: 99, blocking: true, comparator: ">=", unit: percent,
    window: 168h, minimum_sample: 9, on_missing: block}
"#;

fn file(line: u32, column: u32) -> Origin {
    Origin::File { source: "w.yaml".into(), at: Place { line, column } }
}

#[test]
fn a_service_is_read_with_the_line_of_every_value() {
    let loaded = load(WHOLE);
    assert_eq!(said(&loaded), Vec::<String>::new());
    let service = loaded.catalogue.service("payment").unwrap();
    assert_eq!(service.name, Stated { value: "payment".into(), origin: file(3, 11) });
    assert_eq!(service.risk, Stated { value: "high_risk".into(), origin: file(5, 11) });
    let chosen = service.strategy.as_ref().unwrap();
    assert_eq!(chosen.strategy.value, StrategyKind::BlueGreen);
    assert_eq!(chosen.reason.value, "the partner allows one version at a time");
    let tests: Vec<_> =
        service.tests.iter().map(|t| (t.test.value.as_str(), &t.source.value)).collect();
    assert_eq!(
        tests,
        [
            ("smoke_tests", &EvidenceSource::Junit("reports/smoke.xml".into())),
            ("load_tests", &EvidenceSource::K6("reports/load.json".into())),
            ("chaos_tests", &EvidenceSource::Job("chaos".into())),
        ]
    );
    assert_eq!(service.tests[0].max_age, Stated::built_in(Span::hours(24)));
    assert_eq!(service.tests[1].max_age.value, Span::hours(2));
    assert_eq!(service.owner.as_ref().unwrap().origin.to_string(), "w.yaml:6:12");
}

#[test]
fn an_environment_is_read_whole() {
    let loaded = load(WHOLE);
    let service = loaded.catalogue.service("payment").unwrap();
    let dev = service.environment("dev").unwrap();
    assert!(!dev.production.value && dev.approvals.is_none() && dev.git.is_none());
    assert_eq!(dev.soak, Stated::built_in(Span::minutes(10)));
    let live = service.environment("production").unwrap();
    assert_eq!(live.production, Stated::built_in(true));
    let id = WorkloadId::new("shop", WorkloadKind::Rollout, "payment-canary");
    assert_eq!(live.workload.value, id);
    assert_eq!(live.services.preview.as_ref().unwrap().value, "pay-preview");
    let git = live.git.as_ref().unwrap();
    assert!(git.direct.value && git.version_label.value);
    assert_eq!(git.path.value, "environments/production/payment");
    let metrics = &live.metrics;
    assert_eq!(metrics.token.as_ref().unwrap().value, SecretRef::Variable("PROM_TOKEN".into()));
    let Some(Series::Label { label, canary, .. }) = &metrics.series else { panic!("no label") };
    assert_eq!((label.value.as_str(), canary.value.as_str()), ("service", "pay-new"));
    assert_eq!(metrics.queries[0].0, "business");
    let approvals = live.approvals.as_ref().unwrap();
    assert_eq!(approvals.words(), "2 of ana, group:sre; counts for 30m");
    let freeze = &live.freezes[0];
    assert_eq!(Some(freeze.from), parse_rfc3339("2026-12-20T00:00:00Z"));
    assert_eq!(Some(freeze.until), parse_rfc3339("2027-01-02T06:00:00Z"));
}

#[test]
fn profiles_are_named_and_written_over() {
    let loaded = load(WHOLE);
    let service = loaded.catalogue.service("payment").unwrap();
    let live = service.environment("production").unwrap();
    let gate = &live.gate;
    assert_eq!(gate.base.as_ref().unwrap().value, "strict");
    assert_eq!(gate.value.load_requests, 500);
    assert_eq!(gate.value.timeout, Duration::from_secs(2));
    assert_eq!(gate.value.skip, [Check::Database]);
    assert_eq!(gate.value.health_tries, Profile::default().health_tries);
    let origin = |key| gate.set.iter().find(|(set, _)| *set == key).map(|(_, o)| o.to_string());
    assert_eq!(origin("timeout").as_deref(), Some("w.yaml:42:20"));
    assert_eq!(origin("load_requests").as_deref(), Some("w.yaml:55:45"));
    assert_eq!(origin("health_tries"), None);
    let guard = &live.guard.value;
    assert_eq!((guard.errors, guard.healthy, guard.fast), (0.005, 0.7, true));
    assert_eq!(guard.errors_for, Span::minutes(2));
    assert_eq!(guard.business, Some(("sum(x)".into(), 0.98)));
}

#[test]
fn gates_of_ones_own_and_waivers() {
    let loaded = load(WHOLE);
    let [gate] = loaded.catalogue.gates.as_slice() else { panic!("one gate") };
    assert_eq!(gate.wanted(), ">= 99%");
    assert_eq!(gate.judging.comparator, Comparator::AtLeast);
    assert_eq!((gate.judging.over, gate.judging.least), (Over::Last(Span::days(7)), 9));
    assert_eq!(gate.judging.on_missing, OnMissing::Block);
    let [waived] = loaded.catalogue.waivers.as_slice() else { panic!("one waiver") };
    assert_eq!(waived.rule.value, "W43");
    assert_eq!(waived.waiver.reason, "staging is smaller");
    assert_eq!(Some(waived.waiver.until), parse_rfc3339("2026-06-01T00:00:00Z"));
}

#[test]
fn nothing_is_a_catalogue_as_it_is_built_in() {
    for text in ["", "# nothing\n", "---\n", "services: []\n"] {
        let loaded = load(text);
        assert_eq!(loaded, Loaded::default(), "{text:?}");
    }
}

#[test]
fn blocks_and_services_may_stand_in_files_of_their_own() {
    let types = "deployment_strategies:\n  by_service_type:\n    jobs: {recommended: recreate, \
                 rollback_time: <= 90s}\n  by_risk_level:\n    any: {strategies: [recreate]}\n";
    let services = "services:\n  - {name: night, type: jobs, risk: any}\n";
    let (one, two) = (Path::new("a.yaml"), Path::new("b.yaml"));
    let loaded = read_all(&[(one, services), (two, types)]);
    assert_eq!(said(&loaded), Vec::<String>::new());
    assert_eq!(loaded.catalogue.services.len(), 1);
    let time = loaded.catalogue.matrix.service_type("jobs").unwrap().rollback;
    assert_eq!((time.span, time.below), (Span::seconds(90), false));
    let twice = read_all(&[(one, types), (two, types)]);
    assert_eq!(
        said(&twice),
        ["b.yaml:1:1: `deployment_strategies` stands in another file already"]
    );
}

#[test]
fn a_type_may_say_that_it_keeps_data() {
    let text = "deployment_strategies:\n  by_service_type:\n    caches: {recommended: rolling, \
                alternatives: [blue-green, rolling], rollback_time: 1m, stateful: true}\n\
                services:\n  - {name: c, type: caches, risk: low, strategy: canary, reason: x}\n";
    let loaded = load(text);
    assert!(loaded.catalogue.matrix.service_type("caches").unwrap().stateful);
    assert_eq!(
        said(&loaded),
        ["w.yaml:5:50: `strategy` cannot be \"canary\": it keeps data of its own, and a Rollout \
             only replaces pods: take blue-green, which is outside Rollouts, or maintenance-window"]
    );
}
