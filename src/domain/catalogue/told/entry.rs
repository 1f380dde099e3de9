//! Every value of a service's entry, and who said it.
//!
//! The values of gate and guard profiles are not among them, only which were named: `config` knows
//! their keys. Called by `told`.

use crate::domain::catalogue::environment::{Approvals, Environment, GitPlace, Metrics, Services};
use crate::domain::catalogue::stated::{Origin, Stated};
use crate::domain::catalogue::{EvidenceSource, Service};
use crate::domain::measure::sides::Series;
use crate::domain::text::SafeText;
use crate::domain::time::length;

/// A value and who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// `production.namespace`.
    pub key: String,
    /// As it is written.
    pub value: SafeText,
    /// Who said it.
    pub origin: Origin,
}

#[derive(Default)]
struct Values {
    prefix: String,
    values: Vec<Value>,
}

impl Values {
    fn push(&mut self, key: &str, value: impl Into<SafeText>, origin: &Origin) {
        let key = format!("{}{key}", self.prefix);
        self.values.push(Value { key, value: value.into(), origin: origin.clone() });
    }

    fn text(&mut self, key: &str, stated: &Stated<SafeText>) {
        self.push(key, stated.value.clone(), &stated.origin);
    }

    fn maybe(&mut self, key: &str, stated: Option<&Stated<SafeText>>) {
        if let Some(stated) = stated {
            self.text(key, stated);
        }
    }
}

/// Every value that is written, or taken because nothing is, of a service and one environment.
pub fn entry(service: &Service, environment: Option<&Environment>) -> Vec<Value> {
    let mut values = Values::default();
    values.text("name", &service.name);
    values.text("type", &service.kind);
    values.text("risk", &service.risk);
    values.maybe("owner", service.owner.as_ref());
    values.maybe("runbook", service.runbook.as_ref());
    if let Some(chosen) = &service.strategy {
        values.push("strategy", chosen.strategy.value.word(), &chosen.strategy.origin);
        values.text("reason", &chosen.reason);
    }
    for evidence in &service.tests {
        let test = &evidence.test.value;
        let (word, place) = match &evidence.source.value {
            EvidenceSource::Junit(path) => ("junit", path),
            EvidenceSource::K6(path) => ("k6", path),
            EvidenceSource::Job(name) => ("job", name),
        };
        let key = format!("tests.{test}.{word}");
        values.push(&key, place.clone(), &evidence.source.origin);
        let age = &evidence.max_age;
        values.push(&format!("tests.{test}.max_age"), length(age.value), &age.origin);
    }
    if let Some(environment) = environment {
        of_environment(&mut values, environment);
    }
    values.values
}

fn of_environment(values: &mut Values, environment: &Environment) {
    values.text("environment", &environment.name);
    values.prefix = format!("{}.", environment.name.value);
    values.push(
        "production",
        environment.production.value.to_string(),
        &environment.production.origin,
    );
    values.maybe("context", environment.context.as_ref());
    let workload = &environment.workload;
    values.push("namespace", workload.value.namespace.clone(), &workload.origin);
    values.push("workload.kind", workload.value.kind.as_str(), &workload.origin);
    values.push("workload.name", workload.value.name.clone(), &workload.origin);
    values.maybe("container", environment.container.as_ref());
    let Services { active, preview, stable, canary } = &environment.services;
    values.maybe("services.active", active.as_ref());
    values.maybe("services.preview", preview.as_ref());
    values.maybe("services.stable", stable.as_ref());
    values.maybe("services.canary", canary.as_ref());
    if let Some(git) = &environment.git {
        of_git(values, git);
    }
    of_metrics(values, &environment.metrics);
    values.maybe("gate.profile", environment.gate.base.as_ref());
    values.maybe("guard.profile", environment.guard.base.as_ref());
    if let Some(approvals) = &environment.approvals {
        of_approvals(values, approvals);
    }
    values.push("soak", length(environment.soak.value), &environment.soak.origin);
}

fn of_git(values: &mut Values, git: &GitPlace) {
    values.maybe("git.remote", git.remote.as_ref());
    values.maybe("git.branch", git.branch.as_ref());
    values.text("git.path", &git.path);
    let push = if git.direct.value { "direct" } else { "branch" };
    values.push("git.push", push, &git.direct.origin);
    let label = &git.version_label;
    values.push("git.version_label", label.value.to_string(), &label.origin);
}

fn of_metrics(values: &mut Values, metrics: &Metrics) {
    values.maybe("metrics.prometheus", metrics.prometheus.as_ref());
    if let Some(token) = &metrics.token {
        values.push("metrics.token", token.value.words(), &token.origin);
    }
    match &metrics.series {
        Some(Series::Selector(selector)) => values.text("metrics.selector", selector),
        Some(Series::Label { label, stable, canary }) => {
            values.text("metrics.label", label);
            values.text("metrics.stable", stable);
            values.text("metrics.canary", canary);
        }
        None => {}
    }
    for (name, query) in &metrics.queries {
        values.text(&format!("metrics.queries.{name}"), query);
    }
}

fn of_approvals(values: &mut Values, approvals: &Approvals) {
    for name in &approvals.from {
        values.text("approvals.from", name);
    }
    let Approvals { count, expires, .. } = approvals;
    values.push("approvals.count", count.value.to_string(), &count.origin);
    values.push("approvals.expires", length(expires.value), &expires.origin);
}
