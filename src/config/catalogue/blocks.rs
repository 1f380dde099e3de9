//! `deployment_strategies` and `deployment_quality_gates`: the matrix and the gates, as the rule
//! document writes them (R005-R012, R119-R123).
//!
//! What a file says replaces what is built in, list by list. Called by the reader of the catalogue.

use crate::domain::catalogue::matrix::{Matrix, RiskLevel, STATEFUL, ServiceType, StrategyKind};
use crate::domain::catalogue::quality::{
    Comparator, GateUnit, Judging, OnMissing, Over, QualityGate,
};
use crate::domain::text::SafeText;

use super::sheet::{Field, Section};

const STRATEGIES: &str = "a list of strategies";

/// Reads `deployment_strategies` over a matrix. A list in which something is wrong stays as it was.
pub(super) fn strategies(section: &Section<'_>, matrix: &mut Matrix) {
    section.only(&["by_service_type", "by_risk_level"]);
    let before = section.sheet.count();
    if let Some(types) = section.section("by_service_type") {
        let read = rows(&types, service_type);
        if section.sheet.count() == before {
            matrix.types = read;
        }
    }
    let before = section.sheet.count();
    if let Some(risks) = section.section("by_risk_level") {
        let read = rows(&risks, risk_level);
        if section.sheet.count() == before {
            matrix.risks = read;
        }
    }
}

/// The rows of a map of maps.
fn rows<T>(section: &Section<'_>, read: impl Fn(SafeText, &Section<'_>) -> Option<T>) -> Vec<T> {
    let mut rows = Vec::new();
    for field in section.fields() {
        match field.section() {
            Ok(row) => rows.extend(read(SafeText::name(field.key), &row)),
            Err(fault) => section.sheet.report(fault),
        }
    }
    rows
}

fn service_type(name: SafeText, row: &Section<'_>) -> Option<ServiceType> {
    row.only(&["recommended", "alternatives", "rollback_time", "stateful"]);
    let recommended = row.need("recommended", Field::strategy);
    let alternatives =
        row.or("alternatives", Vec::new(), |field| field.list(STRATEGIES, Field::strategy));
    let rollback = row.need("rollback_time", Field::rollback);
    let stateful = row.or("stateful", name == STATEFUL, Field::truth);
    Some(ServiceType {
        name,
        recommended: recommended?.value,
        alternatives: alternatives.value,
        rollback: rollback?.value,
        stateful: stateful.value,
        origin: row.sheet.origin(row.at),
    })
}

fn risk_level(name: SafeText, row: &Section<'_>) -> Option<RiskLevel> {
    row.only(&["strategies", "testing_requirements"]);
    let strategies: Option<Vec<StrategyKind>> = row
        .need("strategies", |field| field.list(STRATEGIES, Field::strategy))
        .map(|list| list.value);
    let tests = row.or("testing_requirements", Vec::new(), |field| {
        field.list("a list of strings", Field::name)
    });
    let origin = row.sheet.origin(row.at);
    Some(RiskLevel { name, strategies: strategies?, tests: tests.value, origin })
}

/// Reads `deployment_quality_gates`. None where something is wrong with one of them.
pub(super) fn gates(section: &Section<'_>) -> Option<Vec<QualityGate>> {
    let before = section.sheet.count();
    let gates = rows(section, gate);
    (section.sheet.count() == before).then_some(gates)
}

fn gate(name: SafeText, row: &Section<'_>) -> Option<QualityGate> {
    row.only(&[
        "description",
        "metric",
        "threshold",
        "blocking",
        "comparator",
        "unit",
        "window",
        "minimum_sample",
        "on_missing",
    ]);
    let metric = row.need("metric", Field::name);
    let threshold = row.need("threshold", Field::number);
    let blocking = row.need("blocking", Field::truth);
    let description = row.or("description", SafeText::default(), Field::line);
    let metric = metric?.value;
    let judging = judging(row, Judging::of(&metric));
    Some(QualityGate {
        name,
        description: description.value,
        metric,
        threshold: threshold?.value,
        blocking: blocking?.value,
        judging: judging?,
        origin: row.sheet.origin(row.at),
    })
}

/// What a file says of how a number is judged, over what its metric's name says.
fn judging(row: &Section<'_>, known: Option<Judging>) -> Option<Judging> {
    let sides = [(">=", Comparator::AtLeast), ("<=", Comparator::AtMost)];
    let comparator = match known {
        Some(known) => row.or("comparator", known.comparator, |field| field.word(&sides)).value,
        // Of a number that is not known nobody can tell which side is good.
        None => row.need("comparator", |field| field.word(&sides))?.value,
    };
    let usual = known.unwrap_or(Judging {
        comparator,
        unit: GateUnit::Plain,
        over: Over::Last(Judging::USUAL),
        least: Judging::LEAST,
        on_missing: OnMissing::Tell,
    });
    let units = GateUnit::ALL.map(|unit| (unit.word(), unit));
    let missing = [OnMissing::Block, OnMissing::Tell].map(|way| (way.word(), way));
    let over = row.or("window", usual.over, |field| field.span().map(Over::Last));
    Some(Judging {
        comparator,
        unit: row.or("unit", usual.unit, |field| field.word(&units)).value,
        over: over.value,
        least: row.or("minimum_sample", usual.least, |field| field.count(1, 10_000)).value,
        on_missing: row.or("on_missing", usual.on_missing, |field| field.word(&missing)).value,
    })
}
