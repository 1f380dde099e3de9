//! `waveoff status`: one workload, whole.

use serde_json::{Map, Value, json};

use super::measured;
use super::preflight::gate_json;
use crate::app::access::Access;
use crate::app::availability::{self, Availability};
use crate::app::model::Model;
use crate::app::read::cockpit::way_back;
use crate::domain::action::Verb;
use crate::domain::analysis::AnalysisRun;
use crate::domain::id::WorkloadId;
use crate::domain::plan::permission_for;
use crate::domain::release::{Release, Revision};
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, age, clock, to_rfc3339};
use crate::domain::traffic::{self, Router, Traffic};
use crate::domain::way_back::{Steps, Way, WayBack};
use crate::domain::{phase, why};

/// One workload as JSON; `None` when it is not there.
pub fn status_json(model: &Model, id: &WorkloadId) -> Option<Value> {
    let release = model.fleet.release(id)?;
    let workload = release.workload;
    let standing = phase::of(workload);
    let why = why::of(&release, model.now);
    let back = model.way_back(&release);
    Some(json!({
        "schema": 1,
        "kind": id.kind.as_str(),
        "namespace": id.namespace.as_str(),
        "name": id.name.as_str(),
        "uid": workload.uid.as_str(),
        "generation": workload.generation,
        "strategy": workload.strategy.word(),
        "phase": standing.phase.as_str(),
        "message": standing.message.as_str(),
        "why": why.sentence,
        "next": why.next,
        "step": step_json(&release),
        "pause_ends": phase::pause_ends(workload).map(to_rfc3339),
        "held": workload.paused,
        "aborted": workload.status.abort,
        "way_back": way_back_json(&back, model.now),
        "gate": gate_json(model, &release),
        "traffic": traffic_json(model, &release),
        "replicas": {
            "desired": workload.replicas,
            "updated": workload.status.updated,
            "ready": workload.status.ready,
            "available": workload.status.available,
        },
        "stable": release.stable().map(revision_json),
        "current": release.current().map(revision_json),
        "revisions": release.revisions.iter().map(revision_json).collect::<Vec<_>>(),
        "pods": pods_json(&release, model),
        "analysis": release.analysis.iter().map(|run| analysis_json(run)).collect::<Vec<_>>(),
        "metrics": measured::metrics_json(model, id),
        "conditions": conditions_json(&release),
        "legal": legal_json(model, &release, &back),
        "gitops": workload.gitops.as_ref().map(|o| json!({ "tool": o.tool, "name": o.name.as_str() })),
        "as_of": to_rfc3339(model.now),
    }))
}

fn step_json(release: &Release<'_>) -> Value {
    let Some(canary) = release.workload.strategy.canary() else { return Value::Null };
    let Some(index) = release.workload.status.step_index else { return Value::Null };
    let count = canary.steps.len();
    let text = canary
        .steps
        .get(index)
        .map_or_else(|| "all steps done".into(), crate::domain::strategy::Step::label);
    json!({ "index": index, "count": count, "text": text })
}

fn way_back_json(way: &WayBack, now: Timestamp) -> Value {
    let way = match way {
        WayBack::Home(text) => return json!({ "state": "home", "text": text.as_str() }),
        WayBack::Lost(why) => return json!({ "state": "lost", "text": why.as_str() }),
        WayBack::Open(way) => way,
    };
    let again = match way.steps {
        Steps::Again(count) => Some(count),
        _ => None,
    };
    json!({
        "state": "open",
        "target": way.target.hash.as_str(),
        "revision": way.target.revision,
        "moves": way.moves.iter().map(|verb| verb.name()).collect::<Vec<_>>(),
        "warmth": way.warmth().word(),
        "available": way.pods.0,
        "wanted": way.pods.1,
        "cold_at": way.cold_at.map(to_rfc3339),
        "cold_in_seconds": way.cold_at.map(|at| (at - now).num_seconds()),
        "steps_again": again,
        "stops_at_preview": way.steps == Steps::Preview,
        "takes_seconds": way.takes.map(|span| span.num_seconds()),
        "reverted_by": way.reverted_by.as_ref().map(SafeText::as_str),
        "remarks": way.remarks.iter().map(SafeText::as_str).collect::<Vec<_>>(),
    })
}

fn traffic_json(model: &Model, release: &Release<'_>) -> Value {
    let traffic = traffic::of(release, model.now);
    let source = match &traffic.router {
        Router::Weight { .. } => "weights",
        Router::Pods(_) => "pods",
        Router::Active(_) => "active service",
        Router::NotReported => "not reported",
        Router::Nothing => "nothing",
    };
    json!({
        "wanted": traffic.wanted,
        "router": traffic.router_share(),
        "measured": measured::share_json(model, &release.workload.id),
        "router_source": source,
        "ingress": traffic.ingress,
        "max": traffic.max,
    })
}

fn revision_json(revision: &Revision<'_>) -> Value {
    let rs = revision.replica_set;
    json!({
        "hash": rs.hash.as_str(),
        "revision": rs.revision,
        "images": rs.images.iter().map(|i| i.reference.as_str()).collect::<Vec<_>>(),
        "roles": revision.roles.iter().map(|r| r.word()).collect::<Vec<_>>(),
        "desired": rs.desired,
        "available": rs.available,
        "scale_down_at": rs.scale_down_deadline.map(to_rfc3339),
    })
}

fn pods_json(release: &Release<'_>, model: &Model) -> Vec<Value> {
    release
        .pods()
        .map(|(revision, pod)| {
            json!({
                "name": pod.id.name.as_str(),
                "revision": revision.replica_set.revision,
                "hash": revision.replica_set.hash.as_str(),
                "state": pod.state(model.now).word(),
                "status": pod.status_word().as_str(),
                "reason": pod.trouble(model.now),
                "restarts": pod.restarts(),
                "node": pod.node.as_ref().map(crate::domain::text::SafeText::as_str),
            })
        })
        .collect()
}

fn analysis_json(run: &AnalysisRun) -> Value {
    let metrics = run.metrics.iter().map(|m| {
        json!({
            "name": m.name.as_str(),
            "verdict": m.verdict.as_str(),
            "success_condition": m.success_condition.as_ref().map(crate::domain::text::SafeText::as_str),
            "failure_condition": m.failure_condition.as_ref().map(crate::domain::text::SafeText::as_str),
            "failed": m.failed,
            "failure_limit": m.failure_limit,
            "errors": m.errors,
            "measured": m.measured,
            "last": m.measurements.last().map(|m| m.value.as_str()),
            "sentence": why::metric_sentence(m),
        })
    });
    json!({
        "name": run.id.name.as_str(),
        "role": run.role.word(),
        "verdict": run.verdict.as_str(),
        "message": run.message.as_str(),
        "hash": run.hash.as_ref().map(crate::domain::text::SafeText::as_str),
        "sentence": why::run_sentence(run),
        "metrics": metrics.collect::<Vec<_>>(),
    })
}

fn conditions_json(release: &Release<'_>) -> Vec<Value> {
    let conditions = &release.workload.status.conditions;
    let one = |c: &crate::domain::workload::Condition| {
        json!({
            "type": c.kind.as_str(),
            "status": c.status,
            "reason": c.reason.as_str(),
            "message": c.message.as_str(),
        })
    };
    conditions.iter().map(one).collect()
}

fn legal_json(model: &Model, release: &Release<'_>, way_back: &WayBack) -> Value {
    let mut verbs = Map::new();
    for verb in Verb::ALL {
        let availability = availability::of(model, &release.workload.id, verb);
        let first = way_back.way().and_then(Way::first).filter(|_| verb == Verb::WaveOff);
        let permission = permission_for(release, first.unwrap_or(verb));
        let access = match model.access.get(&permission) {
            Some(Access::Allowed) => "allowed",
            Some(Access::Denied) => "denied",
            Some(Access::Unknown(_)) | None => "unknown",
        };
        let row = json!({
            "allowed": availability == Availability::Ready,
            "reason": availability.reason(),
            "permission": permission.to_string(),
            "access": access,
        });
        verbs.insert(verb.name().into(), row);
    }
    Value::Object(verbs)
}

/// One workload as text; `None` when it is not there.
pub fn status_text(model: &Model, id: &WorkloadId) -> Option<String> {
    let release = model.fleet.release(id)?;
    let workload = release.workload;
    let standing = phase::of(workload);
    let mut lines = vec![format!(
        "{} {}/{}  {}  {}",
        id.kind.as_str(),
        id.namespace,
        id.name,
        workload.strategy.word(),
        standing.phase.as_str()
    )];
    lines.push(format!("why       {}", why::of(&release, model.now).sentence));
    lines.push(format!("way back  {}", way_back::line(model, &release).plain()));
    if let (Some(canary), Some(index)) = (workload.strategy.canary(), workload.status.step_index) {
        let rail: Vec<String> = canary
            .steps
            .iter()
            .enumerate()
            .map(|(i, s)| if i == index { format!("[{}]", s.label()) } else { s.label() })
            .collect();
        let at = (index + 1).min(canary.steps.len());
        lines.push(format!("step      {at}/{}  {}", canary.steps.len(), rail.join("  ")));
    }
    if let Some(ends) = phase::pause_ends(workload) {
        lines.push(format!("pause     ends by itself in {}", clock(ends - model.now)));
    }
    let traffic = traffic_words(&traffic::of(&release, model.now));
    lines.push(format!("traffic   {traffic}{}", measured::share_words(model, id)));
    lines.extend(measured::metrics_lines(model, id));
    for revision in
        release.revisions.iter().filter(|r| r.replica_set.desired > 0 || !r.roles.is_empty())
    {
        lines.push(revision_line(revision, model));
    }
    for (revision, pod) in release.pods() {
        if let Some(trouble) = pod.trouble(model.now) {
            lines.push(format!("pod       {} {}: {trouble}", revision.number_text(), pod.id.name));
        }
    }
    for run in release.analysis.iter().take(3) {
        lines.push(format!(
            "analysis  {} {}: {}",
            run.role.word(),
            run.verdict_word(),
            why::run_sentence(run)
        ));
    }
    let legal: Vec<&str> = Verb::ALL
        .into_iter()
        .filter(|v| availability::of(model, id, *v) == Availability::Ready)
        .map(Verb::name)
        .collect();
    lines.push(format!(
        "can       {}",
        if legal.is_empty() { "nothing".into() } else { legal.join(", ") }
    ));
    lines.push(format!("as of     {}", to_rfc3339(model.now)));
    Some(lines.join("\n") + "\n")
}

fn traffic_words(traffic: &Traffic) -> String {
    let wanted = traffic.wanted.map_or("-".into(), |w| format!("{w}%"));
    let router = match &traffic.router {
        Router::Weight { weight, .. } => format!("{weight}%"),
        Router::Pods(share) => format!("{share}% by pods"),
        Router::Active(hash) => format!("active Service on {hash}"),
        Router::NotReported => "not reported".into(),
        Router::Nothing => "no pod is ready".into(),
    };
    let ingress = traffic.ingress.map_or_else(String::new, |w| format!("  ingress {w}%"));
    format!("wanted {wanted}  router {router}{ingress}")
}

fn revision_line(revision: &Revision<'_>, model: &Model) -> String {
    let rs = revision.replica_set;
    let roles: Vec<&str> = revision.roles.iter().map(|r| r.word()).collect();
    let images: Vec<&str> = rs.images.iter().map(crate::domain::workload::Image::short).collect();
    let made = rs.created.map_or_else(String::new, |c| format!("  {} old", age(model.now - c)));
    let down = rs
        .scale_down_deadline
        .map_or_else(String::new, |d| format!("  pods go in {}", clock(d - model.now)));
    format!(
        "revision  {} {} {}  {}/{} available  {}{made}{down}",
        revision.number_text(),
        rs.hash,
        roles.join("+"),
        rs.available,
        rs.desired,
        images.join(" ")
    )
}
