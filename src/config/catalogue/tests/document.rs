//! The rule document itself, read where it lies: its blocks load as they stand, and its payment
//! Rollout takes what it takes. Skipped, and said so, where the document is not there.

use std::path::Path;

use super::{load, said};
use crate::domain::catalogue::advice::advise;
use crate::domain::catalogue::budget::course::{
    Cadence, CanaryStages, Course, Stage, Stages, Watch,
};
use crate::domain::catalogue::budget::{self, Replay};
use crate::domain::catalogue::matrix::{Matrix, RiskLevel, ServiceType};
use crate::domain::catalogue::quality::QualityGate;
use crate::domain::catalogue::stated::Origin;
use crate::domain::guard::rule::{Signal, Terms};
use crate::domain::strategy::PauseLength;
use crate::domain::text::SafeText;
use crate::domain::time::Span;
use crate::manifest::read::{Limits, objects};
use crate::manifest::tree::Spot;

const BESIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/deployment-strategies.md");

/// The document, if it is there.
fn document() -> Option<String> {
    let named = std::env::var("WAVEOFF_RULE_DOCUMENT");
    let path = named.unwrap_or_else(|_| BESIDE.to_owned());
    match std::fs::read_to_string(Path::new(&path)) {
        Ok(text) => Some(text),
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
            {
                eprintln!("skipped: the rule document cannot be read at {path}: {error}");
            }
            None
        }
    }
}

/// The blocks of YAML between the fences.
fn blocks(document: &str) -> Vec<&str> {
    let after = document.split("```yaml\n").skip(1);
    after.filter_map(|rest| rest.split("\n```").next()).collect()
}

/// The block in which this key stands at the edge.
fn block<'d>(document: &'d str, key: &str) -> &'d str {
    let edge = format!("{key}:");
    let found = blocks(document).into_iter().find(|block| block.lines().any(|line| line == edge));
    found.unwrap_or_else(|| panic!("no block {key}"))
}

fn without_origins(matrix: &Matrix) -> Matrix {
    let origin = || Origin::BuiltIn;
    Matrix {
        types: matrix.types.iter().map(|t| ServiceType { origin: origin(), ..t.clone() }).collect(),
        risks: matrix.risks.iter().map(|r| RiskLevel { origin: origin(), ..r.clone() }).collect(),
    }
}

#[test]
fn the_matrix_loads_as_it_stands_and_is_the_one_that_is_built_in() {
    let Some(document) = document() else { return };
    let text = block(&document, "deployment_strategies");
    let loaded = load(text);
    assert_eq!(said(&loaded), Vec::<String>::new());
    let matrix = &loaded.catalogue.matrix;
    assert_eq!((matrix.types.len(), matrix.risks.len()), (4, 3));
    let is_of_file = |origin: &Origin| matches!(origin, Origin::File { .. });
    assert!(matrix.types.iter().all(|kind| is_of_file(&kind.origin)));
    assert_eq!(without_origins(matrix), Matrix::built_in());
    // The origin is the very line of the document.
    let Origin::File { at, .. } = &matrix.types[0].origin else { panic!("a file") };
    let line = text.lines().nth(at.line as usize - 2).unwrap();
    assert_eq!(line.trim(), format!("{}:", matrix.types[0].name));
}

#[test]
fn the_gates_load_as_they_stand_and_are_those_that_are_built_in() {
    let Some(document) = document() else { return };
    let loaded = load(block(&document, "deployment_quality_gates"));
    assert_eq!(said(&loaded), Vec::<String>::new());
    assert_eq!(loaded.catalogue.gates.len(), 5);
    let plain = |gate: &QualityGate| QualityGate {
        description: SafeText::default(),
        origin: Origin::BuiltIn,
        ..gate.clone()
    };
    let read: Vec<QualityGate> = loaded.catalogue.gates.iter().map(plain).collect();
    assert_eq!(read, QualityGate::built_in());
    assert!(loaded.catalogue.gates.iter().all(|gate| !gate.description.is_empty()));
}

#[test]
fn both_blocks_stand_in_one_catalogue_beside_services() {
    let Some(document) = document() else { return };
    let (one, two) =
        (block(&document, "deployment_strategies"), block(&document, "deployment_quality_gates"));
    let services = "services:\n  - {name: payment, type: critical_apis, risk: high_risk}\n";
    let loaded = load(&format!("{one}\n{two}\n{services}"));
    assert_eq!(said(&loaded), Vec::<String>::new());
    let catalogue = &loaded.catalogue;
    assert_eq!(catalogue.services.len(), 1);
    let advice = advise("critical_apis", "high_risk", &catalogue.matrix, &catalogue.gates).unwrap();
    assert_eq!(advice.cell(), "canary (or blue-green)");
    assert_eq!(advice.limit.effective.words(), "< 60s");
}

/// A canary as a manifest has it, as far as its length goes.
fn course(document: &str) -> Option<Course> {
    let limits = Limits::default();
    let all: Vec<_> = blocks(document)
        .into_iter()
        .flat_map(|block| objects(&"document".into(), block, &limits).objects)
        .collect();
    let named = |kind: &str, name: &str| {
        all.iter().find(|object| object.kind == kind && object.name == name)
    };
    let watch = |analysis: &Spot<'_>| {
        let mut metrics = Vec::new();
        for reference in analysis.key("templates").elements() {
            let name = reference.key("templateName").text().unwrap();
            let template = named("AnalysisTemplate", name).unwrap();
            for metric in template.root().keys(&["spec", "metrics"]).elements() {
                let text = |key: &str| metric.key(key).node().map(ToString::to_string);
                let (interval, count) = (text("interval"), text("count"));
                let cadence = Cadence {
                    interval: interval.as_deref(),
                    count: count.as_deref(),
                    ..Cadence::default()
                };
                metrics.push((cadence.length(), true));
            }
        }
        Watch::of(metrics).unwrap()
    };
    let rollout = named("Rollout", "payment-service-canary")?.root().key("spec");
    let canary = rollout.keys(&["strategy", "canary"]);
    let step = |step: &Spot<'_>| {
        let (weight, analysis) = (step.key("setWeight"), step.key("analysis"));
        if let Some(weight) = weight.int() {
            return Stage::Weight(i32::try_from(weight).unwrap());
        }
        if !analysis.is_absent() {
            return Stage::Analysis(watch(&analysis));
        }
        let duration = step.key("pause").key("duration");
        let waits = PauseLength::UntilPromoted;
        Stage::Pause(duration.text().map_or(waits, PauseLength::parse))
    };
    let stages = CanaryStages {
        steps: canary.key("steps").elements().iter().map(step).collect(),
        background: (!canary.key("analysis").is_absent())
            .then(|| (watch(&canary.key("analysis")), 0)),
        whole: 100,
        old_stays: Some(Span::seconds(30)),
    };
    let window = rollout.keys(&["rollbackWindow", "revisions"]).int();
    let rollback_window = window.and_then(|revisions| u32::try_from(revisions).ok());
    Some(Course { stages: Stages::Canary(stages), rollback_window, start: None })
}

#[test]
fn the_payment_rollout_takes_25_minutes_19_of_them_unwatched_and_so_does_its_undo() {
    let Some(document) = document() else { return };
    let course = course(&document).expect("the payment Rollout");
    let budget = budget::of(&course, &Terms::default());
    assert_eq!(budget.length, Span::minutes(25));
    assert_eq!(budget.unwatched, Some(Span::minutes(19)));
    assert_eq!((budget.gates, budget.open.len()), (0, 0));
    assert_eq!(budget.undo.replay, Replay::Steps(11));
    assert_eq!(budget.undo.takes, Some(Span::minutes(25)));
    let late = budget.reach.rules.iter().filter(|rule| !rule.in_time).map(|rule| rule.signal);
    assert_eq!(late.collect::<Vec<_>>(), [Signal::Errors, Signal::Latency]);
}
