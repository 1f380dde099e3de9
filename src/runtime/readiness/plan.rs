//! `waveoff plan`: which strategy, by which rule, how long, and what that leaves to a person.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cluster::measure::read_analysis_template;
use crate::cluster::read::{flagger, read_workload};
use crate::cluster::{ClusterError, Connection};
use crate::config::args::{Output, PlanAsk};
use crate::config::catalogue::Loaded;
use crate::domain::analysis::template::{AnalysisTemplate, TemplateName};
use crate::domain::catalogue::budget::course::Course;
use crate::domain::catalogue::environment::Environment;
use crate::domain::catalogue::matrix::StrategyKind;
use crate::domain::catalogue::told::{Plan, Question, Runs, Seen, cells, plan};
use crate::domain::catalogue::{Catalogue, advice};
use crate::domain::id::WorkloadId;
use crate::domain::strategy::Strategy;
use crate::domain::text::SafeText;
use crate::domain::workload::Workload;
use crate::error::Exit;
use crate::runtime::headless::{Failure, failure};
use crate::runtime::say::{complain, print, print_json};

/// What was seen of a workload on the cluster.
#[derive(Debug)]
pub(in crate::runtime) struct Look {
    seen: Seen,
    course: Option<Course>,
}

impl Look {
    /// Nobody asked the cluster.
    pub(in crate::runtime) fn away() -> Self {
        Self { seen: Seen::NotAsked, course: None }
    }

    /// It could not be asked.
    pub(in crate::runtime) fn failed(why: &str) -> Self {
        Self { seen: Seen::Unanswered(why.into()), course: None }
    }

    /// Reads a workload and the templates that it names.
    pub(in crate::runtime) async fn at(connection: &Connection, id: &WorkloadId) -> Self {
        let workload = match read_workload(connection, id).await {
            Ok(workload) => workload,
            Err(ClusterError::NotFound { .. }) => return Self { seen: Seen::Absent, course: None },
            Err(error) => return Self::failed(&error.to_string()),
        };
        let driven_by = match flagger(connection, id).await {
            Ok(driven_by) => driven_by,
            Err(error) => {
                complain(&format!("plan: not known whether Flagger moves its versions: {error}"));
                None
            }
        };
        let templates = templates(connection, &workload).await;
        let course = Course::of(&workload, |name| templates.get(name), None);
        let runs = Runs {
            kind: workload.id.kind,
            name: workload.id.name.clone(),
            strategy: StrategyKind::of(&workload.strategy),
            driven_by,
        };
        Self { seen: Seen::Runs(runs), course: Some(course) }
    }

    fn is_missing(&self) -> bool {
        matches!(self.seen, Seen::Unanswered(_))
    }
}

/// The templates that a workload names, as far as they can be read.
async fn templates(
    connection: &Connection,
    workload: &Workload,
) -> BTreeMap<TemplateName, AnalysisTemplate> {
    let mut read = BTreeMap::new();
    for name in names(&workload.strategy) {
        let found = read_analysis_template(connection, &workload.id.namespace, &name).await;
        if let Ok(template) = found {
            read.insert(name, template);
        }
    }
    read
}

fn names(strategy: &Strategy) -> Vec<TemplateName> {
    let analyses = strategy.analyses().into_iter();
    let mut names: Vec<TemplateName> =
        analyses.flat_map(|analysis| analysis.templates.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// The environment that a plan would be compared with.
pub(in crate::runtime) fn environment_of<'c>(
    catalogue: &'c Catalogue,
    asked: &PlanAsk,
) -> Option<&'c Environment> {
    let service = catalogue.service(asked.service.as_deref()?)?;
    match &asked.environment {
        Some(name) => service.environment(name),
        None => service.main_environment(),
    }
}

/// Advises on a service, on a type and a risk, or on all of them. A catalogue with faults is wrong
/// use, whatever is advised.
///
/// # Errors
/// Names that nobody knows.
pub(in crate::runtime) fn advise(
    loaded: &Loaded,
    asked: &PlanAsk,
    look: &Look,
) -> Result<Exit, Failure> {
    let exit = advised(&loaded.catalogue, asked, look)?;
    Ok(if loaded.faults.is_empty() { exit } else { Exit::Usage })
}

fn advised(catalogue: &Catalogue, asked: &PlanAsk, look: &Look) -> Result<Exit, Failure> {
    if let (Some(kind), Some(risk)) = (&asked.kind, &asked.risk) {
        return of_type(catalogue, kind, risk, asked.print.output);
    }
    let Some(service) = &asked.service else {
        matrix(catalogue, asked.print.output);
        return Ok(Exit::Ok);
    };
    let question = Question {
        service,
        environment: asked.environment.as_deref(),
        seen: &look.seen,
        course: look.course.as_ref(),
    };
    let plan = plan(catalogue, question)
        .map_err(|error| failure(Exit::Usage, format!("plan: {error}")))?;
    match asked.print.output {
        Output::Text => print(&text(&plan)),
        Output::Json => print_json(&document(&plan)),
    }
    Ok(if plan.choice.strategy().is_none() {
        Exit::Finding
    } else if look.is_missing() {
        Exit::Undetermined
    } else {
        Exit::Ok
    })
}

/// Labels in a column, sentences beside them.
fn text(plan: &Plan) -> String {
    let lines = plan.lines();
    let column = lines.iter().map(|line| line.label.len()).max().unwrap_or(0) + 2;
    let mut last = "";
    let mut text = String::new();
    for line in &lines {
        let label = if line.label == last { "" } else { line.label };
        last = line.label;
        text.push_str(&format!("{label:column$}{}\n", line.text));
    }
    text
}

fn document(plan: &Plan) -> Value {
    let words = |all: &[StrategyKind]| all.iter().map(|s| s.word()).collect::<Vec<_>>();
    let texts = |all: &[SafeText]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "schema": 1,
        "service": plan.service.as_str(),
        "environment": plan.environment.as_ref().map(SafeText::as_str),
        "production": plan.production,
        "owner": plan.owner.as_ref().map(SafeText::as_str),
        "runbook": plan.runbook.as_ref().map(SafeText::as_str),
        "strategy": plan.choice.strategy().map(StrategyKind::word),
        "type": plan.advice.kind.as_str(),
        "risk": plan.advice.risk.as_str(),
        "by_type": words(&plan.advice.by_type),
        "by_risk": words(&plan.advice.by_risk),
        "candidates": words(&plan.advice.candidates),
        "nothing": plan.advice.nothing(),
        "rollback_seconds": plan.advice.limit.effective.span.num_seconds(),
        "rollback": plan.advice.limit.words(),
        "tests": texts(&plan.advice.tests),
        "without_evidence": texts(&plan.without_evidence),
        "approvals": plan.approvals.as_ref().map(SafeText::as_str),
        "lines": plan.lines().iter().map(|line| json!({
            "label": line.label,
            "text": line.text.as_str(),
        })).collect::<Vec<_>>(),
        "values": plan.values.iter().map(|value| json!({
            "key": value.key,
            "value": value.value.as_str(),
            "origin": value.origin.to_string(),
        })).collect::<Vec<_>>(),
    })
}

fn of_type(catalogue: &Catalogue, kind: &str, risk: &str, output: Output) -> Result<Exit, Failure> {
    let found = advice::advise(kind, risk, &catalogue.matrix, &catalogue.gates);
    let found = found.ok_or_else(|| {
        let types: Vec<&str> = catalogue.matrix.types.iter().map(|t| t.name.as_str()).collect();
        let risks: Vec<&str> = catalogue.matrix.risks.iter().map(|r| r.name.as_str()).collect();
        let text = format!(
            "plan: no type {kind:?} with risk {risk:?}; types are {}, risks are {}",
            types.join(", "),
            risks.join(", ")
        );
        failure(Exit::Usage, text)
    })?;
    match output {
        Output::Text => {
            let said = found.nothing().unwrap_or_else(|| found.cell());
            let tests: Vec<&str> = found.tests.iter().map(SafeText::as_str).collect();
            let (limit, tests) = (found.limit.words(), tests.join(", "));
            print(&format!("strategy  {said}\nrollback  {limit}\ntests     {tests}\n"));
        }
        Output::Json => print_json(&cell(&found)),
    }
    Ok(if found.best().is_some() { Exit::Ok } else { Exit::Finding })
}

/// The whole matrix.
fn matrix(catalogue: &Catalogue, output: Output) {
    let cells = cells(catalogue);
    match output {
        Output::Json => print_json(&json!({
            "schema": 1,
            "cells": cells.iter().map(|one| cell(&one.advice)).collect::<Vec<_>>(),
            "services": catalogue.services.iter().map(|s| s.name.value.as_str()).collect::<Vec<_>>(),
        })),
        Output::Text => {
            let mut text = String::new();
            for one in &cells {
                let said = one.advice.nothing().unwrap_or_else(|| one.advice.cell());
                text.push_str(&format!("{:<24}{:<14}{said}\n", one.kind, one.risk));
            }
            let services: Vec<&str> =
                catalogue.services.iter().map(|s| s.name.value.as_str()).collect();
            if !services.is_empty() {
                text.push_str(&format!("services: {}\n", services.join(", ")));
            }
            print(&text);
        }
    }
}

fn cell(advice: &advice::Advice) -> Value {
    let words = |all: &[StrategyKind]| all.iter().map(|s| s.word()).collect::<Vec<_>>();
    json!({
        "type": advice.kind.as_str(),
        "risk": advice.risk.as_str(),
        "candidates": words(&advice.candidates),
        "by_type": words(&advice.by_type),
        "by_risk": words(&advice.by_risk),
        "nothing": advice.nothing(),
        "rollback_seconds": advice.limit.effective.span.num_seconds(),
        "tests": advice.tests.iter().map(SafeText::as_str).collect::<Vec<_>>(),
    })
}
