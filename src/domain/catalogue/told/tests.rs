//! Plans in words.

use super::super::environment::{Approvals, Environment, Metrics, Profiled, Services};
use super::super::stated::{Origin, Stated};
use super::super::{Override, TestEvidence};
use super::*;
use crate::domain::catalogue::EvidenceSource;
use crate::domain::catalogue::budget::course::{CanaryStages, Length, Stage, Stages, Watch};
use crate::domain::id::WorkloadId;
use crate::domain::strategy::PauseLength;
use crate::domain::time::Span;

fn said<T>(value: T) -> Stated<T> {
    Stated::built_in(value)
}

fn service(name: &str, kind: &str, risk: &str) -> Service {
    let environment = Environment {
        name: said("production".into()),
        context: None,
        workload: said(WorkloadId::new("shop", WorkloadKind::Rollout, name)),
        container: None,
        services: Services::default(),
        git: None,
        metrics: Metrics::default(),
        gate: Profiled::default(),
        guard: Profiled::default(),
        approvals: Some(Approvals {
            from: vec![said("ana".into()), said("group:sre".into())],
            count: said(1),
            expires: said(Approvals::EXPIRES),
        }),
        soak: said(Environment::SOAK),
        freezes: Vec::new(),
        production: said(true),
    };
    Service {
        name: said(name.into()),
        kind: said(kind.into()),
        risk: said(risk.into()),
        owner: Some(said("team pay".into())),
        runbook: None,
        tests: Vec::new(),
        strategy: None,
        environments: vec![environment],
    }
}

fn catalogue(services: Vec<Service>) -> Catalogue {
    Catalogue { services, ..Catalogue::default() }
}

fn ask(service: Service, seen: &Seen, course: Option<&Course>) -> Plan {
    let (name, terms) = (service.name.value.to_string(), Terms::default());
    let course = course.map(|course| (course, &terms));
    let question = Question { service: &name, environment: None, seen, course };
    plan(&catalogue(vec![service]), question).unwrap()
}

fn line(plan: &Plan, label: &str) -> String {
    let found = plan.lines().into_iter().find(|line| line.label == label);
    found.unwrap_or_else(|| panic!("no line {label}")).text.to_string()
}

fn runs(kind: WorkloadKind, strategy: StrategyKind) -> Seen {
    Seen::Runs(Runs { kind, name: "payment".into(), strategy: Some(strategy), driven_by: None })
}

fn payment_course() -> Course {
    let watch = || Watch { length: Length::For(Span::minutes(2)), judges: true };
    let mut steps = Vec::new();
    for (weight, minutes) in [(5, 2), (25, 5), (50, 10), (100, 2)] {
        steps.push(Stage::Weight(weight));
        steps.push(Stage::Pause(PauseLength::For(Span::minutes(minutes))));
        if weight < 100 {
            steps.push(Stage::Analysis(watch()));
        }
    }
    let old_stays = Some(Span::seconds(30));
    let stages = CanaryStages { steps, background: None, whole: 100, old_stays };
    Course { stages: Stages::Canary(stages), rollback_window: None, start: None }
}

#[test]
fn the_payment_canary_in_words() {
    let seen = runs(WorkloadKind::Rollout, StrategyKind::Canary);
    let course = payment_course();
    let plan = ask(service("payment", "critical_apis", "high_risk"), &seen, Some(&course));
    let lines: Vec<(&str, String)> =
        plan.lines().iter().map(|line| (line.label, line.text.to_string())).collect();
    let wanted = [
        ("service", "payment, critical_apis, high_risk; in production; team pay answers for it"),
        ("strategy", "canary (or blue-green)"),
        (
            "rollback",
            "< 60s by type critical_apis < 60s; gate rollback_time 5m, every service 5m lose",
        ),
        (
            "tests",
            "smoke_tests, integration_tests, load_tests, chaos_tests; the catalogue does not say \
             where smoke_tests, integration_tests, load_tests, chaos_tests are",
        ),
        ("length", "25m: pauses 19m, analyses 6m; not counted: 4 starts of pods"),
        ("unwatched", "19m of 25m: users are on the new version and no analysis runs"),
        ("manual gate", "none: all users come to the new version without anybody's word"),
        ("guard", "errors (5m), p99 (3m), pods (45s) can act before all users are on it"),
        (
            "old version",
            "lives for 2m30s with all users on the new one: errors (5m), p99 (3m) would act when \
             it is gone; write scaleDownDelaySeconds: 210 or more",
        ),
        (
            "undo",
            "all 11 steps come again, there is no rollbackWindow: 25m, over the limit of < 60s",
        ),
        ("approval", "1 of ana, group:sre; counts for 4h00m"),
        ("cluster", "Rollout payment, canary: as wanted"),
    ];
    assert_eq!(lines, wanted.map(|(label, text)| (label, text.to_owned())));
}

#[test]
fn what_would_repair_it_is_said_as_well() {
    let mut course = payment_course();
    course.rollback_window = Some(3);
    course.start = Some(Span::seconds(30));
    if let Stages::Canary(canary) = &mut course.stages {
        canary.steps.insert(9, Stage::Pause(PauseLength::UntilPromoted));
        canary.background = Some((Watch { length: Length::Endless, judges: true }, 0));
        canary.old_stays = Some(Span::seconds(600));
    }
    let plan =
        ask(service("payment", "critical_apis", "high_risk"), &Seen::NotAsked, Some(&course));
    for (label, wanted) in [
        (
            "length",
            "27m: pauses 19m, analyses 6m, 4 starts of pods, 30s each; not counted: 1 wait for a \
             person",
        ),
        (
            "unwatched",
            "nothing that is counted: an analysis runs while users are on the new version",
        ),
        ("manual gate", "1 wait, before all users are on it"),
        (
            "guard",
            "errors (5m), p99 (3m), pods (45s) can act before all users are on it; it may expire \
             before the release ends",
        ),
        (
            "old version",
            "lives for 12m with all users on the new one: every rule of the guard acts in time",
        ),
        (
            "undo",
            "steps are skipped for 3 revisions back (rollbackWindow): 30s, within the limit of < \
             60s",
        ),
        ("cluster", "not compared with the cluster: nobody asked it"),
    ] {
        assert_eq!(line(&plan, label), wanted);
    }
}

#[test]
fn a_guard_has_the_environments_terms_where_there_are_any_and_else_the_configurations() {
    let course = payment_course();
    let usual = Terms { errors_for: Span::minutes(30), ..Terms::default() };
    let guard = |service: &Service| {
        let course = Some((&course, &usual));
        let question =
            Question { service: "payment", environment: None, seen: &Seen::NotAsked, course };
        line(&plan(&catalogue(vec![service.clone()]), question).unwrap(), "guard")
    };
    let mut payment = service("payment", "critical_apis", "high_risk");
    let configured = "p99 (3m), pods (45s) can act before all users are on it; errors (30m) \
                      cannot: it takes too short";
    assert_eq!(guard(&payment), configured);
    let own = Terms { errors_for: Span::minutes(4), ..Terms::default() };
    let set = vec![("errors_for", Origin::BuiltIn)];
    payment.environments[0].guard = Profiled { base: None, value: own, set };
    let own = "errors (4m), p99 (3m), pods (45s) can act before all users are on it";
    assert_eq!(guard(&payment), own);
    payment.environments.clear();
    assert_eq!(guard(&payment), configured);
}

#[test]
fn what_runs_beside_what_is_wanted() {
    let ask = |seen: &Seen| {
        let plan = ask(service("payment", "critical_apis", "high_risk"), seen, None);
        (line(&plan, "cluster"), plan.comparison)
    };
    let (text, comparison) = ask(&runs(WorkloadKind::Deployment, StrategyKind::Rolling));
    assert_eq!(comparison, Comparison::Migrate(StrategyKind::Canary));
    assert_eq!(
        text,
        "Deployment payment, rolling: canary is wanted. Make a Rollout whose workloadRef names \
         this Deployment, with scaleDown: progressively; it takes the pods over without a gap"
    );
    let (text, comparison) = ask(&runs(WorkloadKind::Rollout, StrategyKind::BlueGreen));
    assert_eq!(text, "Rollout payment, blue-green: canary is wanted");
    assert!(matches!(comparison, Comparison::Differs { .. }));
    let (text, _) = ask(&Seen::Unanswered("forbidden".into()));
    assert_eq!(text, "not compared with the cluster: forbidden");
    assert_eq!(ask(&Seen::Absent).1, Comparison::Absent);
    let driven = Seen::Runs(Runs {
        kind: WorkloadKind::Deployment,
        name: "payment".into(),
        strategy: Some(StrategyKind::Rolling),
        driven_by: Some("Flagger".into()),
    });
    let (text, _) = ask(&driven);
    assert_eq!(
        text,
        "Deployment payment, rolling: Flagger moves its versions, so it is only looked at"
    );
}

#[test]
fn a_database_is_told_to_stay_out_of_rollouts() {
    let seen = runs(WorkloadKind::Rollout, StrategyKind::BlueGreen);
    let plan = ask(service("orders", "stateful_databases", "high_risk"), &seen, None);
    let strategy = line(&plan, "strategy");
    assert_eq!(
        strategy,
        "blue-green (outside Rollouts). Two versions share its data: no Rollout. Take a \
         maintenance window or the database's own operator, and change the schema in two \
         releases: expand, then contract"
    );
    assert_eq!(plan.comparison, Comparison::RolloutWithData);
    let deployment = runs(WorkloadKind::Deployment, StrategyKind::Recreate);
    let plan = ask(service("orders", "stateful_databases", "high_risk"), &deployment, None);
    assert!(matches!(plan.comparison, Comparison::NotCompared(_)));
    assert_eq!(line(&plan, "length"), "not known: no workload was looked at");
}

#[test]
fn an_empty_cell_and_a_way_out_of_it() {
    let seen = runs(WorkloadKind::Deployment, StrategyKind::Rolling);
    let mut service = service("api", "critical_apis", "low_risk");
    let plan = ask(service.clone(), &seen, None);
    assert!(line(&plan, "strategy").starts_with("none: type critical_apis allows canary, "));
    assert_eq!(plan.comparison, Comparison::NoAdvice);
    service.strategy =
        Some(Override { strategy: said(StrategyKind::Rolling), reason: said("two pods".into()) });
    let plan = ask(service, &seen, None);
    assert_eq!(
        line(&plan, "strategy"),
        "rolling, by the catalogue, where type and risk have nothing in common: two pods"
    );
    assert_eq!(plan.comparison, Comparison::Match);
}

#[test]
fn the_origin_of_every_value_is_kept() {
    let mut service = service("payment", "critical_apis", "high_risk");
    let place = crate::domain::readiness::Place { line: 7, column: 3 };
    let origin = Origin::File { source: "w.yaml".into(), at: place };
    service.tests.push(TestEvidence {
        test: said("smoke_tests".into()),
        source: Stated { value: EvidenceSource::Junit("smoke.xml".into()), origin },
        max_age: said(TestEvidence::MAX_AGE),
    });
    let plan = ask(service, &Seen::NotAsked, None);
    let value = |key: &str| {
        let value = plan.values.iter().find(|value| value.key == key).unwrap();
        format!("{} ({})", value.value, value.origin)
    };
    assert_eq!(value("tests.smoke_tests.junit"), "smoke.xml (w.yaml:7:3)");
    assert_eq!(value("production.soak"), "10m (default)");
    assert_eq!(value("production.workload.name"), "payment (default)");
    assert_eq!(plan.without_evidence, ["integration_tests", "load_tests", "chaos_tests"]);
}

#[test]
fn names_that_there_are_not() {
    let mut catalogue = catalogue(vec![service("payment", "critical_apis", "high_risk")]);
    catalogue.disabled = vec!["broken".into()];
    let ask = |service, environment| {
        let question = Question { service, environment, seen: &Seen::NotAsked, course: None };
        plan(&catalogue, question).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(ask("pay", None), "no service \"pay\" in the catalogue: there are payment");
    assert_eq!(
        ask("broken", None),
        "service \"broken\" cannot be used: its entry in the catalogue has faults"
    );
    assert_eq!(
        ask("payment", Some("live")),
        "service \"payment\" has no environment \"live\": there are production"
    );
}

#[test]
fn the_whole_matrix_is_twelve_cells() {
    let cells = cells(&Catalogue::default());
    assert_eq!(cells.len(), 12);
    assert_eq!(cells.iter().filter(|cell| cell.advice.candidates.is_empty()).count(), 3);
    assert_eq!(cells[0].advice.cell(), "rolling");
}
