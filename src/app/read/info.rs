//! Everything else about a workload: conditions, Services, Ingresses, settings, owners.
//!
//! Called by `view`.

use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::id::ResourceKind;
use crate::domain::phase;
use crate::domain::release::Release;
use crate::domain::strategy::{BlueGreen, Canary, Strategy};
use crate::domain::text::SafeText;
use crate::domain::time::length;
use crate::domain::workload::Condition;

use super::Doubt;
use super::phrase::Phrase;

/// A line: label and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Label.
    pub label: String,
    /// Text.
    pub text: Phrase,
}

/// A chapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// Heading.
    pub title: &'static str,
    /// Lines.
    pub facts: Vec<Fact>,
}

pub(in crate::app::read) fn fact(label: impl Into<String>, text: Phrase) -> Fact {
    Fact { label: label.into(), text }
}

pub(in crate::app::read) fn plain(label: impl Into<String>, text: impl Into<String>) -> Fact {
    fact(label, Phrase::new().text(text))
}

/// All chapters.
pub fn chapters(model: &Model, release: &Release<'_>) -> Vec<Chapter> {
    let chapter = |title, facts| Chapter { title, facts };
    let mut chapters = vec![
        chapter("service", service(model, release)),
        chapter("conditions", conditions(model, release)),
        chapter("around it", around(model, release)),
        chapter("settings", settings(release)),
        chapter("object", object(model, release)),
    ];
    chapters.retain(|c| !c.facts.is_empty());
    chapters
}

/// What the catalogue has of it.
fn service(model: &Model, release: &Release<'_>) -> Vec<Fact> {
    let Some((service, environment)) = model.entry(&release.workload.id) else {
        return Vec::new();
    };
    let name = format!("{}, {}, {}", service.name.value, service.kind.value, service.risk.value);
    let mut facts = vec![plain("service", name)];
    facts.extend(service.owner.as_ref().map(|owner| plain("owner", owner.value.to_string())));
    facts.extend(service.runbook.as_ref().map(|at| plain("runbook", at.value.to_string())));
    let users = if environment.production.value { ", users are on it" } else { "" };
    facts.push(plain("environment", format!("{}{users}", environment.name.value)));
    if let Some(approvals) = &environment.approvals {
        facts.push(plain("approvals", approvals.words()));
    }
    if let Some(freeze) = environment.frozen(model.now) {
        let text = format!("nothing is released: {}", freeze.reason);
        facts.push(fact("frozen", Phrase::of(Role::Warn, text)));
    }
    facts
}

/// Conditions, as the controller wrote them.
pub fn conditions(model: &Model, release: &Release<'_>) -> Vec<Fact> {
    let conditions = &release.workload.status.conditions;
    conditions
        .iter()
        .map(|condition| {
            let status = match condition.status {
                Some(true) => "True",
                Some(false) => "False",
                None => "Unknown",
            };
            let age = super::ago(model, condition.updated);
            let text = Phrase::of(condition_role(condition), format!("{status:<7}"))
                .muted(format!(" {age:>4}  "))
                .text(condition.reason.to_string())
                .muted(if condition.message.is_empty() {
                    String::new()
                } else {
                    format!("  {}", condition.message)
                });
            fact(condition.kind.to_string(), text)
        })
        .collect()
}

/// Some conditions are bad when true, most when false.
fn condition_role(condition: &Condition) -> Role {
    let bad_when = matches!(condition.kind.as_str(), "InvalidSpec" | "ReplicaFailure");
    match (condition.kind.as_str(), condition.status) {
        ("Paused" | "Completed", _) => Role::Text,
        (_, Some(status)) if status == bad_when => Role::Bad,
        (_, Some(_)) => Role::Ok,
        (_, None) => Role::Stale,
    }
}

/// Services and the versions they point at, Ingresses, budgets, owners.
pub fn around(model: &Model, release: &Release<'_>) -> Vec<Fact> {
    let workload = release.workload;
    let mut facts: Vec<Fact> = release
        .services
        .iter()
        .map(|service| {
            let text = match &service.hash {
                Some(hash) => match release.by_hash(hash) {
                    Some(revision) => Phrase::new().muted("-> ").say(
                        super::revisions::look(revision),
                        format!("{} {hash}", revision.number_text()),
                    ),
                    None => Phrase::new().muted("-> ").say(Role::Warn, format!("{hash}, unknown")),
                },
                None => Phrase::new().muted("-> all pods it selects, no version"),
            };
            fact(format!("svc {}", service.id.name), text)
        })
        .collect();
    facts.extend(release.ingresses.iter().map(|ingress| {
        let text = match (ingress.is_canary, ingress.canary_weight) {
            (true, Some(weight)) => Phrase::new().text(format!("canary-weight {weight}")),
            (true, None) => Phrase::of(Role::Warn, "canary without a readable weight"),
            (false, _) => Phrase::new().muted(format!("-> {}", names(&ingress.backends))),
        };
        fact(format!("ing {}", ingress.id.name), text)
    }));
    facts.extend(release.budgets.iter().map(|budget| {
        fact(
            format!("pdb {}", budget.id.name),
            budget_text(budget.allowed, budget.healthy, budget.desired),
        )
    }));
    for kind in [ResourceKind::Services, ResourceKind::Ingresses, ResourceKind::DisruptionBudgets] {
        if let Doubt::Blind(why) = super::doubt(model, kind, &workload.id.namespace)
            && why != "not watched"
        {
            facts.push(fact(kind.resource(), Phrase::of(Role::Warn, why)));
        }
    }
    if let Some(owner) = &workload.gitops {
        let text = Phrase::of(Role::Warn, format!("{} ({})", owner.tool, owner.name))
            .muted(" may revert changes by hand");
        facts.push(fact("repository", text));
    }
    if let Some(reference) = &workload.workload_ref {
        let text = format!("{} {}", reference.kind, reference.name);
        let seen = if release.referenced.is_some() {
            Phrase::new().text(text)
        } else {
            Phrase::new().text(text).say(Role::Warn, " (cannot be seen)")
        };
        facts.push(fact("template in", seen));
    }
    facts
}

pub(super) fn names(texts: &[SafeText]) -> String {
    let texts: Vec<&str> = texts.iter().map(SafeText::as_str).collect();
    texts.join(", ")
}

fn budget_text(allowed: i32, healthy: i32, desired: i32) -> Phrase {
    let role = if allowed > 0 { Role::Ok } else { Role::Warn };
    Phrase::of(role, format!("{allowed} pods may be disrupted"))
        .muted(format!(" ({healthy} healthy, {desired} needed)"))
}

/// Disruption budgets as remarks beside the traffic.
pub fn disruption(release: &Release<'_>) -> Vec<Phrase> {
    let of = |b: &&crate::domain::routing::DisruptionBudget| {
        let mut phrase = Phrase::new().muted("disruption budget: ");
        phrase.0.extend(budget_text(b.allowed, b.healthy, b.desired).0);
        phrase
    };
    release.budgets.iter().map(of).collect()
}

fn settings(release: &Release<'_>) -> Vec<Fact> {
    let workload = release.workload;
    let mut facts = vec![plain("strategy", workload.strategy.word())];
    match &workload.strategy {
        Strategy::Canary(canary) => facts.extend(canary_settings(canary)),
        Strategy::BlueGreen(settings) => facts.extend(blue_green_settings(settings)),
        Strategy::Rolling(rolling) => {
            facts.push(plain("surge", rolling.max_surge.to_string()));
            facts.push(plain("unavailable", rolling.max_unavailable.to_string()));
        }
        Strategy::Recreate | Strategy::Unknown => {}
    }
    let abort = if workload.progress_deadline_abort {
        ", then it aborts by itself"
    } else {
        ", then it is only called stuck"
    };
    facts
        .push(plain("progress deadline", format!("{}{abort}", length(workload.progress_deadline))));
    if workload.min_ready.num_seconds() > 0 {
        facts.push(plain("ready for", length(workload.min_ready)));
    }
    if let Some(revisions) = workload.rollback_window {
        let text = format!("{revisions} revisions: going back to one of them skips the steps");
        facts.push(plain("rollback window", text));
    }
    facts
}

fn canary_settings(canary: &Canary) -> Vec<Fact> {
    let router = if canary.has_router() {
        names(&canary.routers)
    } else {
        "none: the share of pods decides".to_owned()
    };
    let mut facts = vec![
        plain("router", router),
        plain("surge", canary.max_surge.to_string()),
        plain("unavailable", canary.max_unavailable.to_string()),
        plain("steps", canary.steps.len().to_string()),
    ];
    if canary.max_weight != 100 {
        facts.push(plain("largest weight", canary.max_weight.to_string()));
    }
    if !canary.background.templates.is_empty() {
        facts.push(plain("background analysis", names(&canary.background.names())));
    }
    facts.push(plain("pods kept after abort", length(canary.abort_scale_down_delay)));
    facts
}

fn blue_green_settings(settings: &BlueGreen) -> Vec<Fact> {
    let promotion = match (settings.auto_promotion, settings.auto_promotion_after) {
        (true, Some(after)) => format!("by itself after {}", length(after)),
        (true, None) => "by itself when it is ready".to_owned(),
        (false, _) => "by a person".to_owned(),
    };
    let mut facts = vec![
        plain("switch", promotion),
        plain("old side warm for", length(settings.scale_down_delay)),
    ];
    if let Some(pods) = settings.preview_replicas {
        facts.push(plain("preview pods", pods.to_string()));
    }
    if !settings.before.templates.is_empty() {
        facts.push(plain("analysis before", names(&settings.before.names())));
    }
    if !settings.after.templates.is_empty() {
        facts.push(plain("analysis after", names(&settings.after.names())));
    }
    facts
}

fn object(model: &Model, release: &Release<'_>) -> Vec<Fact> {
    let workload = release.workload;
    let observed = if phase::is_observed(workload) {
        Phrase::new().muted(", seen by the controller")
    } else {
        Phrase::of(Role::Warn, ", not yet seen by the controller")
    };
    let mut generation = Phrase::new().text(workload.generation.to_string());
    generation.0.extend(observed.0);
    let images: Vec<&str> = release.images().iter().map(|image| image.reference.as_str()).collect();
    let labels: Vec<String> =
        workload.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    vec![
        plain("kind", workload.id.kind.as_str()),
        plain("namespace", workload.id.namespace.to_string()),
        plain("name", workload.id.name.to_string()),
        plain("images", images.join(" ")),
        plain("pods wanted", workload.replicas.to_string()),
        plain("selector", labels.join(",")),
        fact("generation", generation),
        plain("resource version", workload.resource_version.to_string()),
        plain("uid", workload.uid.to_string()),
        plain("made", super::ago(model, workload.created)),
    ]
}
