//! One service, and what holds between all of them.
//!
//! One in which anything is wrong is left out; the others stay. Called by the reader of the
//! catalogue.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::domain::catalogue::advice::refused;
use crate::domain::catalogue::environment::Environment;
use crate::domain::catalogue::matrix::Matrix;
use crate::domain::catalogue::stated::{Origin, Stated};
use crate::domain::catalogue::{EvidenceSource, Override, Service, TestEvidence};
use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;

use super::fault::FaultKind;
use super::sheet::{Field, Section, Sheet};
use super::values::either;
use super::{Ground, environment};

const KEYS: [&str; 9] =
    ["name", "type", "risk", "owner", "runbook", "tests", "strategy", "reason", "environments"];

/// Reads one. None where anything is wrong with it.
pub(super) fn service(section: &Section<'_>, ground: &Ground) -> Option<Service> {
    let before = section.sheet.count();
    let name = section.need("name", Field::name);
    let word = name.as_ref().map_or("?", |name| name.value.as_str());
    let section = &section.called(&format!("services.{word}"));
    section.only(&KEYS);
    let matrix = &ground.catalogue.matrix;
    let kind = section.need("type", |field| service_type(field, matrix));
    let risk = section.need("risk", |field| risk_level(field, matrix));
    let strategy = chosen(section, kind.as_ref(), matrix);
    let owner = section.read("owner", Field::line);
    let runbook = section.read("runbook", Field::page);
    let tests = section.section("tests").map(|tests| evidence(&tests, matrix));
    let environments = environments(section, ground);
    let service = Service {
        name: name?,
        kind: kind?,
        risk: risk?,
        owner,
        runbook,
        tests: tests.unwrap_or_default(),
        strategy,
        environments,
    };
    (section.sheet.count() == before).then_some(service)
}

fn service_type(field: &Field<'_>, matrix: &Matrix) -> Result<SafeText, super::CatalogueFault> {
    let found = matrix.service_type(field.text()?);
    found.map(|kind| kind.name.clone()).ok_or_else(|| {
        let known: Vec<&str> = matrix.types.iter().map(|kind| kind.name.as_str()).collect();
        field.unlike(&format!("it is {}", either(&known)), &known)
    })
}

fn risk_level(field: &Field<'_>, matrix: &Matrix) -> Result<SafeText, super::CatalogueFault> {
    let found = matrix.risk(field.text()?);
    found.map(|risk| risk.name.clone()).ok_or_else(|| {
        let known: Vec<&str> = matrix.risks.iter().map(|risk| risk.name.as_str()).collect();
        field.unlike(&format!("it is {}", either(&known)), &known)
    })
}

/// `strategy` and `reason`: both or none.
fn chosen(
    section: &Section<'_>,
    kind: Option<&Stated<SafeText>>,
    matrix: &Matrix,
) -> Option<Override> {
    let kind = kind.and_then(|kind| matrix.service_type(&kind.value));
    let strategy = section.read("strategy", |field| {
        let strategy = field.strategy()?;
        match kind.and_then(|kind| refused(kind, strategy)) {
            Some(why) => Err(field.bad(why)),
            None => Ok(strategy),
        }
    });
    let reason = section.read("reason", Field::line);
    let (has_strategy, has_reason) =
        (section.field("strategy").is_some(), section.field("reason").is_some());
    if has_strategy != has_reason {
        let absent = if has_strategy { "reason" } else { "strategy" };
        section.sheet.report(section.missing(absent));
    }
    Some(Override { strategy: strategy?, reason: reason? })
}

fn evidence(section: &Section<'_>, matrix: &Matrix) -> Vec<TestEvidence> {
    let mut known: Vec<&str> = Vec::new();
    for test in matrix.risks.iter().flat_map(|risk| &risk.tests) {
        if !known.contains(&test.as_str()) {
            known.push(test);
        }
    }
    section.only(&known);
    let mut all = Vec::new();
    for field in section.fields().filter(|field| known.contains(&field.key)) {
        match field.section() {
            Ok(test) => all.extend(one_test(&field, &test)),
            Err(fault) => section.sheet.report(fault),
        }
    }
    all
}

fn one_test(field: &Field<'_>, section: &Section<'_>) -> Option<TestEvidence> {
    section.only(&["junit", "k6", "job", "max_age"]);
    let junit = section.read("junit", |field| field.line().map(EvidenceSource::Junit));
    let k6 = section.read("k6", |field| field.line().map(EvidenceSource::K6));
    let job = section.read("job", |field| field.object().map(EvidenceSource::Job));
    let max_age = section.or("max_age", TestEvidence::MAX_AGE, Field::span);
    let mut sources = [junit, k6, job].into_iter().flatten();
    let (source, second) = (sources.next(), sources.next());
    let named = ["junit", "k6", "job"].into_iter().any(|key| section.field(key).is_some());
    if !named || second.is_some() {
        let message = format!("{} has one of `junit`, `k6` and `job`", section.name);
        section.sheet.report(section.sheet.fault(FaultKind::BadValue, section.at, message));
    }
    let test = Stated { value: SafeText::new(field.key), origin: field.origin() };
    Some(TestEvidence { test, source: source?, max_age })
}

fn environments(section: &Section<'_>, ground: &Ground) -> Vec<Environment> {
    let mut all: Vec<Environment> = Vec::new();
    let mut known = HashMap::new();
    for part in section.sections("environments") {
        let at = part.at;
        let part = part.called(&section.name);
        let Some(environment) = environment::environment(&part, ground) else { continue };
        match known.entry(environment.name.value.clone()) {
            Entry::Vacant(free) => {
                free.insert(at.line);
            }
            Entry::Occupied(taken) => {
                let (name, line) = (&environment.name.value, taken.get());
                let message =
                    format!("environment {name:?} is in {} twice: see line {line}", section.name);
                section.sheet.report(section.sheet.fault(FaultKind::Twice, at, message));
            }
        }
        all.push(environment);
    }
    all
}

/// Where a service stands: its file and its section's beginning.
#[derive(Debug)]
pub(super) struct Standing<'s> {
    pub(super) sheet: &'s Sheet,
    pub(super) service: Service,
}

/// Who has a workload already.
#[derive(Debug, Default)]
struct Claims {
    first: Option<usize>,
    of_any_context: Option<usize>,
    by_context: HashMap<SafeText, usize>,
}

impl Claims {
    /// Takes it for `index`; gives whoever has it already. A context that is not named is any.
    fn take(&mut self, context: Option<&SafeText>, index: usize) -> Option<usize> {
        let taken = match context {
            None => self.first,
            Some(name) => self.of_any_context.or_else(|| self.by_context.get(name).copied()),
        };
        self.first.get_or_insert(index);
        match context {
            None => {
                self.of_any_context.get_or_insert(index);
            }
            Some(name) => {
                self.by_context.entry(name.clone()).or_insert(index);
            }
        }
        taken
    }
}

/// Complains of services of one name, and of workloads that two environments claim. Says which
/// services that disables: all that are in it, as nobody can tell which is meant.
pub(super) fn conflicts(all: &[Standing<'_>]) -> Vec<bool> {
    let mut bad = vec![false; all.len()];
    let mut mark = |index: usize| {
        if let Some(bad) = bad.get_mut(index) {
            *bad = true;
        }
    };
    let mut names: HashMap<&SafeText, usize> = HashMap::new();
    let mut claims: HashMap<&WorkloadId, Claims> = HashMap::new();
    for (index, Standing { sheet, service }) in all.iter().enumerate() {
        sheet.turn_to(Some(service.name.value.clone()));
        let name = &service.name;
        if let Some(first) = names.get(&name.value).copied() {
            let there = all.get(first).map(|s| s.service.name.origin.to_string());
            let (word, there) = (&name.value, there.unwrap_or_default());
            let message = format!("service {word:?} is here twice: see {there}");
            complain(sheet, FaultKind::Twice, &name.origin, message);
            mark(first);
            mark(index);
        } else {
            names.insert(&name.value, index);
        }
        for environment in &service.environments {
            let workload = &environment.workload;
            let context = environment.context.as_ref().map(|context| &context.value);
            let taken = claims.entry(&workload.value).or_default().take(context, index);
            let Some(first) = taken else { continue };
            let owner = all.get(first).map(|s| s.service.name.value.to_string());
            let message = format!(
                "{} is claimed by service {:?} already: a workload has one service and one \
                 environment",
                workload.value,
                owner.unwrap_or_default()
            );
            complain(sheet, FaultKind::Claimed, &workload.origin, message);
            mark(first);
            mark(index);
        }
        sheet.turn_to(None);
    }
    bad
}

fn complain(sheet: &Sheet, kind: FaultKind, origin: &Origin, message: String) {
    if let Origin::File { at, .. } = origin {
        sheet.report(sheet.fault(kind, *at, message));
    }
}
