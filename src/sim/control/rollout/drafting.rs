//! Runs of analyses are drafted and created by the folder of the analysis controller.
//!
//! One place, so that the passes do not depend on its shape. Called by the passes and the
//! validation.

use serde_json::Value;

use crate::sim::control::analysis::draft::Draft;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object, Store};
use crate::sim::world::Turn;

/// The object of a run, not yet created; why it cannot be in Argo's words.
pub(super) fn run(store: &Store, draft: &Draft<'_>) -> Result<Value, String> {
    let mut metrics = Vec::new();
    let mut args: Vec<Value> = Vec::new();
    for template in draft.templates {
        let kind = if template.flag("/clusterScope") {
            Kind::ClusterAnalysisTemplate
        } else {
            Kind::AnalysisTemplate
        };
        let key = Key::new(kind, draft.namespace, template.text("/templateName"));
        let template = store.find(&key).map_err(|refusal| refusal.message)?;
        metrics.extend(template.items("/spec/metrics").iter().cloned());
        args.extend(template.items("/spec/args").iter().cloned());
    }
    for argument in &mut args {
        let given = draft.args.iter().find(|given| given.text("/name") == argument.text("/name"));
        if let Some(value) = given.and_then(|given| given.get("value")) {
            argument.set("/value", value.clone());
        }
        if argument.get("value").is_none() && argument.get("valueFrom").is_none() {
            return Err(format!("args.{} was not resolved", argument.text("/name")));
        }
    }
    let mut run = serde_json::json!({
        "metadata": {
            "name": draft.name,
            "namespace": draft.namespace,
            "labels": draft.labels,
            "annotations": draft.annotations,
            "ownerReferences": [draft.owner],
        },
        "spec": {"metrics": metrics},
    });
    if !args.is_empty() {
        run.set("/spec/args", args);
    }
    Ok(run)
}

/// Creates a run under the first free of its names.
pub(super) fn create(turn: &mut Turn<'_>, mut run: Value) -> Result<Object, String> {
    let base = run.name().to_owned();
    for number in 1.. {
        match turn.store.create(Kind::AnalysisRun, run.clone(), turn.now) {
            Err(refusal) if refusal.reason == "AlreadyExists" => {
                run.set("/metadata/name", format!("{base}.{number}"));
            }
            done => return done.map_err(|refusal| refusal.message),
        }
    }
    Err("no name is free".into())
}
