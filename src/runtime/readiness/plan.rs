//! `waveoff plan`: which strategy, by which rule, how long, and what that leaves to a person.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
use crate::domain::guard::rule::Terms;
use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;
use crate::domain::workload::Workload;
use crate::error::Exit;
use crate::runtime::headless::{Failure, failure};
use crate::runtime::measure::MOST_TEMPLATES;
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

    /// Reads a workload and the templates of its analyses.
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

/// The templates that a workload names and those that they refer to, as far as they can be read.
async fn templates(
    connection: &Connection,
    workload: &Workload,
) -> BTreeMap<TemplateName, AnalysisTemplate> {
    let analyses = workload.strategy.analyses().into_iter();
    let mut templates = Templates::of(analyses.flat_map(|analysis| analysis.templates.clone()));
    while let Some(name) = templates.next_name() {
        let found = read_analysis_template(connection, &workload.id.namespace, &name).await;
        if let Ok(template) = found {
            templates.take(name, template);
        }
    }
    templates.read
}

/// Templates that were read, and those that are still to be.
#[derive(Debug, Default)]
struct Templates {
    read: BTreeMap<TemplateName, AnalysisTemplate>,
    open: VecDeque<TemplateName>,
    asked: BTreeSet<TemplateName>,
}

impl Templates {
    fn of(named: impl Iterator<Item = TemplateName>) -> Self {
        Self { open: named.collect(), ..Self::default() }
    }

    /// The next one to ask for. Each comes once, however it is referred to, and no more than
    /// `MOST_TEMPLATES` come.
    fn next_name(&mut self) -> Option<TemplateName> {
        while self.asked.len() < MOST_TEMPLATES {
            let name = self.open.pop_front()?;
            if self.asked.insert(name.clone()) {
                return Some(name);
            }
        }
        None
    }

    /// Takes in one that was read, and the names that it refers to.
    fn take(&mut self, name: TemplateName, template: AnalysisTemplate) {
        self.open.extend(template.templates.iter().cloned());
        self.read.insert(name, template);
    }
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

/// Advises on a service, on a type and a risk, or on all of them. `terms` are those of a guard
/// where the environment sets none. A catalogue with faults is wrong use, whatever is advised.
///
/// # Errors
/// Names that nobody knows.
pub(in crate::runtime) fn advise(
    loaded: &Loaded,
    asked: &PlanAsk,
    terms: &Terms,
    look: &Look,
) -> Result<Exit, Failure> {
    let exit = advised(&loaded.catalogue, asked, terms, look)?;
    Ok(if loaded.faults.is_empty() { exit } else { Exit::Usage })
}

fn advised(
    catalogue: &Catalogue,
    asked: &PlanAsk,
    terms: &Terms,
    look: &Look,
) -> Result<Exit, Failure> {
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
        course: look.course.as_ref().map(|course| (course, terms)),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked for, in order, where `first` is named and each refers to further ones.
    fn asked(first: &str, further: impl Fn(&str) -> Vec<String>) -> Vec<String> {
        let mut templates = Templates::of(std::iter::once(TemplateName::local(first)));
        let mut asked = Vec::new();
        while let Some(name) = templates.next_name() {
            asked.push(name.name.to_string());
            let further = further(name.name.as_str());
            let template = AnalysisTemplate {
                name: name.clone(),
                args: Vec::new(),
                metrics: Vec::new(),
                templates: further.into_iter().map(TemplateName::local).collect(),
            };
            templates.take(name, template);
        }
        assert_eq!(templates.read.len(), asked.len());
        asked
    }

    #[test]
    fn templates_that_templates_refer_to_are_read_each_once() {
        let further = |name: &str| {
            let names: &[&str] = match name {
                "outer" => &["inner", "outer", "other"],
                "inner" => &["deep", "outer"],
                _ => &["other"],
            };
            names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(asked("outer", further), ["outer", "inner", "other", "deep"]);
    }

    #[test]
    fn templates_without_an_end_are_not_followed_for_ever() {
        let all = asked("a", |name| vec![format!("{name}a"), format!("{name}b")]);
        assert_eq!(all.len(), MOST_TEMPLATES);
    }

    #[test]
    fn one_that_cannot_be_read_is_not_asked_for_again() {
        let names = ["gone", "gone", "there"].map(TemplateName::local);
        let mut templates = Templates::of(names.into_iter());
        let mut next = || templates.next_name().map(|name| name.name.to_string());
        assert_eq!((next().as_deref(), next().as_deref()), (Some("gone"), Some("there")));
        assert_eq!(next(), None);
    }
}
