//! One environment of a service.
//!
//! Called by `service`.

use crate::domain::catalogue::environment::{
    Approvals, Environment, Freeze, GitPlace, Metrics, Services,
};
use crate::domain::catalogue::stated::Stated;
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::measure::sides::Series;
use crate::domain::text::SafeText;

use super::Ground;
use super::fault::FaultKind;
use super::profiles;
use super::sheet::{Field, Section};
use super::values::reference;

const KEYS: [&str; 14] = [
    "name",
    "production",
    "context",
    "namespace",
    "workload",
    "container",
    "services",
    "git",
    "metrics",
    "gate",
    "guard",
    "approvals",
    "soak",
    "freeze",
];

/// Reads one. What is wrong is complained of; none where that leaves nothing to call one.
pub(super) fn environment(section: &Section<'_>, ground: &Ground) -> Option<Environment> {
    let name = section.need("name", Field::name);
    let section = &match &name {
        Some(name) => section.called(&format!("{}.{}", section.name, name.value)),
        None => section.clone(),
    };
    section.only(&KEYS);
    let workload = workload(section);
    let git = section.section("git").and_then(|git| git_place(&git));
    let metrics = section.section("metrics").map(|metrics| series(&metrics));
    let approvals = section.section("approvals").and_then(|asked| approved(&asked));
    let services = section.section("services").map(|services| reached_by(&services));
    Some(Environment {
        name: name?,
        context: section.read("context", Field::line),
        workload: workload?,
        container: section.read("container", Field::object),
        services: services.unwrap_or_default(),
        git,
        metrics: metrics.unwrap_or_default(),
        gate: profiles::chosen(section, "gate", &ground.gate_profiles),
        guard: profiles::chosen(section, "guard", &ground.guard_profiles),
        approvals,
        soak: section.or("soak", Environment::SOAK, Field::span),
        freezes: section.sections("freeze").iter().filter_map(freeze).collect(),
        // What does not say how careful to be is production.
        production: section.or("production", true, Field::truth),
    })
}

fn workload(section: &Section<'_>) -> Option<Stated<WorkloadId>> {
    let namespace = section.need("namespace", Field::object);
    if section.field("workload").is_none() {
        section.sheet.report(section.missing("workload"));
    }
    let inner = section.section("workload")?;
    inner.only(&["kind", "name"]);
    let kinds = [WorkloadKind::Rollout, WorkloadKind::Deployment].map(|kind| (kind.as_str(), kind));
    let kind = inner.need("kind", |field| field.word(&kinds));
    let name = inner.need("name", Field::object)?;
    let (namespace, kind) = (namespace?, kind?);
    Some(name.map(|name| WorkloadId { namespace: namespace.value, kind: kind.value, name }))
}

fn reached_by(section: &Section<'_>) -> Services {
    section.only(&["active", "preview", "stable", "canary"]);
    let service = |key| section.read(key, Field::object);
    let services = Services {
        active: service("active"),
        preview: service("preview"),
        stable: service("stable"),
        canary: service("canary"),
    };
    // The controller refuses two roles on one Service.
    let pairs = [
        ("preview", &services.active, &services.preview),
        ("canary", &services.stable, &services.canary),
    ];
    for (key, one, other) in pairs {
        let same = matches!((one, other), (Some(one), Some(other)) if one.value == other.value);
        if let Some(field) = section.field(key).filter(|_| same) {
            section.sheet.report(field.bad("the old version has this Service already"));
        }
    }
    services
}

fn git_place(section: &Section<'_>) -> Option<GitPlace> {
    section.only(&["remote", "branch", "path", "push", "version_label"]);
    let plain = |field: &Field<'_>| {
        let text = field.line()?;
        // It would be an option of git.
        if text.starts_with('-') {
            return Err(field.bad("it does not begin with `-`"));
        }
        Ok(text)
    };
    let path = section.need("path", |field| {
        let path = plain(field)?;
        if path.starts_with('/') || path.split('/').any(|part| part == "..") {
            return Err(field.bad("it is a path from the root of the repository"));
        }
        Ok(path)
    });
    let push = [("direct", true), ("branch", false)];
    Some(GitPlace {
        remote: section.read("remote", plain),
        branch: section.read("branch", plain),
        path: path?,
        direct: section.or("push", false, |field| field.word(&push)),
        version_label: section.or("version_label", false, Field::truth),
    })
}

fn series(section: &Section<'_>) -> Metrics {
    section.only(&["prometheus", "token", "selector", "label", "stable", "canary", "queries"]);
    let text = |key| section.read(key, Field::line);
    let (selector, label) = (text("selector"), text("label"));
    let (stable, canary) = (text("stable"), text("canary"));
    let series = match (selector, label, stable, canary) {
        (None, Some(_), Some(stable), Some(canary)) if stable.value == canary.value => {
            if let Some(field) = section.field("canary") {
                section.sheet.report(field.bad("the old version has this value already"));
            }
            None
        }
        (None, Some(label), Some(stable), Some(canary)) => {
            Some(Series::Label { label, stable, canary })
        }
        (selector, None, None, None) => selector.map(Series::Selector),
        (Some(_), ..) => {
            let message = "`selector` and `label` exclude each other: give one of them";
            section.sheet.report(section.sheet.fault(FaultKind::BadValue, section.at, message));
            None
        }
        _ => {
            let keys = ["label", "stable", "canary"];
            let absent = keys.into_iter().filter(|key| section.field(key).is_none());
            absent.for_each(|key| section.sheet.report(section.missing(key)));
            None
        }
    };
    let token = section.read("token", |field| Ok(field.node.text().and_then(reference)));
    Metrics {
        prometheus: section.read("prometheus", Field::server),
        // One that is no reference was complained of already, as the secret that it may be.
        token: token
            .and_then(|Stated { value, origin }| value.map(|value| Stated { value, origin })),
        series,
        queries: section.section("queries").map(|queries| asked(&queries)).unwrap_or_default(),
    }
}

fn asked(section: &Section<'_>) -> Vec<(SafeText, Stated<SafeText>)> {
    let known = ["errors", "p99", "business"];
    section.only(&known);
    let query = |key: &&str| {
        let query = section.read(key, |field| {
            let text = field.text()?.trim();
            if text.is_empty() { Err(field.bad("it is a query")) } else { Ok(SafeText::new(text)) }
        });
        query.map(|query| (SafeText::new(key), query))
    };
    known.iter().filter_map(query).collect()
}

fn approved(section: &Section<'_>) -> Option<Approvals> {
    section.only(&["from", "count", "expires"]);
    let from = section.need("from", |field| {
        field.list("a list of names", |item| {
            Ok(Stated { value: item.name()?, origin: item.origin() })
        })
    });
    let count = section.or("count", 1, |field| field.count(1, 20));
    let expires = section.or("expires", Approvals::EXPIRES, Field::span);
    let from = from?.value;
    let is_group = |name: &Stated<SafeText>| name.value.starts_with("group:");
    let people = u32::try_from(from.len()).unwrap_or(u32::MAX);
    if from.is_empty() {
        section.sheet.report(section.missing("from"));
        return None;
    }
    if people < count.value && !from.iter().any(is_group) {
        let wanted = format!("there are only {people} who could agree");
        if let Some(field) = section.field("count") {
            section.sheet.report(field.bad(&wanted));
        }
    }
    Some(Approvals { from, count, expires })
}

fn freeze(section: &Section<'_>) -> Option<Freeze> {
    section.only(&["from", "until", "reason"]);
    let from = section.need("from", Field::instant);
    let until = section.need("until", Field::instant);
    let reason = section.need("reason", Field::line);
    let (from, until) = (from?.value, until?.value);
    if until <= from {
        if let Some(field) = section.field("until") {
            section.sheet.report(field.bad("it is not after `from`"));
        }
        return None;
    }
    Some(Freeze { from, until, reason: reason?.value, origin: section.sheet.origin(section.at) })
}
