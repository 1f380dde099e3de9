//! AnalysisRuns as they are drafted from templates.
//!
//! Merges templates, arguments and rules into the object of a run, and gives it a name that is
//! free. Never measures anything. Called by the rollout and experiment controllers.

use serde_json::{Map, Value, json};

use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Object, Store};
use crate::sim::world::Turn;

/// Templates within templates beyond this depth name each other in a circle. The real controller
/// does not come back from one.
const DEEPEST: usize = 32;

/// What a run is drafted from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: String,
    /// `templates`: `[{templateName, clusterScope}]`.
    pub(crate) templates: &'a [Value],
    /// Arguments, already resolved to `{name, value}` or `{name, valueFrom: secretKeyRef}`.
    pub(crate) args: Vec<Value>,
    /// `dryRun` of whoever asks.
    pub(crate) dry_run: &'a [Value],
    /// `measurementRetention` of whoever asks.
    pub(crate) retention: &'a [Value],
    /// Labels of the run, as an object.
    pub(crate) labels: Value,
    /// Annotations of the run, as an object.
    pub(crate) annotations: Value,
    /// `ownerReferences[0]`.
    pub(crate) owner: Value,
}

/// Merges the templates into the object of a run (not yet created), in the words of Argo's own
/// errors when that cannot be.
pub(crate) fn run(store: &Store, draft: &Draft<'_>) -> Result<Value, String> {
    let templates = collected(store, draft)?;
    let parts = |pointer: &str| -> Vec<Value> {
        templates.iter().flat_map(|template| template.items(pointer)).cloned().collect()
    };
    let metrics = parts("/spec/metrics");
    if let Some(name) = repeated(&metrics, "/name") {
        return Err(format!("two metrics have the same name '{name}'"));
    }
    let dry_run = ruled(draft.dry_run, parts("/spec/dryRun"), "Dry-Run")?;
    let retention =
        ruled(draft.retention, parts("/spec/measurementRetention"), "Measurement Retention")?;
    let args = merged(&draft.args, flattened(parts("/spec/args"))?)?;

    let mut run = json!({
        "metadata": {
            "name": draft.name,
            "namespace": draft.namespace,
            "ownerReferences": [draft.owner],
        },
        "spec": {"metrics": metrics.into_iter().map(typed).collect::<Vec<_>>()},
        "status": {"phase": "", "runSummary": {}},
    });
    for (pointer, list) in
        [("args", args), ("dryRun", dry_run), ("measurementRetention", retention)]
    {
        if !list.is_empty() {
            run.set(&format!("/spec/{pointer}"), list);
        }
    }
    for (key, values) in [("labels", &draft.labels), ("annotations", &draft.annotations)] {
        if values.as_object().is_some_and(|values| !values.is_empty()) {
            run.set(&format!("/metadata/{key}"), values.clone());
        }
    }
    Ok(run)
}

/// Creates a run. Where its name is taken, an equal run of the same owner that has not ended is
/// taken for the one that was meant; anything else gives the next of `name.1`, `name.2` ...
pub(crate) fn create(turn: &mut Turn<'_>, mut run: Value) -> Result<Object, String> {
    let Some(owner) = run.controller().map(|owner| owner.text("/uid").to_owned()) else {
        return Err("Supplied run does not have an owner reference".into());
    };
    let base = run.name().to_owned();
    for number in 1.. {
        let key = Key::new(Kind::AnalysisRun, run.namespace(), run.name());
        let Some(there) = turn.store.get(&key) else { break };
        let same_owner = there.controller().is_some_and(|o| o.text("/uid") == owner);
        if same_owner && !super::is_over(there.text("/status/phase")) && equal(&run, there) {
            return Ok(Object::clone(there));
        }
        run.set("/metadata/name", format!("{base}.{number}"));
    }
    turn.store.create(Kind::AnalysisRun, run, turn.now).map_err(|refusal| refusal.message)
}

/// The template that a reference names, or that it is not there, as a lister says it.
pub(crate) fn template<'s>(
    store: &'s Store,
    namespace: &str,
    reference: &Value,
) -> Result<&'s Object, String> {
    let (kind, word) = if reference.flag("/clusterScope") {
        (Kind::ClusterAnalysisTemplate, "clusteranalysistemplate")
    } else {
        (Kind::AnalysisTemplate, "analysistemplate")
    };
    let name = reference.text("/templateName");
    store
        .get(&Key::new(kind, namespace, name))
        .ok_or_else(|| format!("{word}.argoproj.io {name:?} not found"))
}

/// Whether two runs would measure the same.
fn equal(one: &Value, other: &Value) -> bool {
    ["metrics", "dryRun", "measurementRetention", "args"].iter().all(|part| {
        let pointer = format!("/spec/{part}");
        one.items(&pointer) == other.items(&pointer)
    })
}

/// The templates with those that they name, each once: those of the namespace, then those of the
/// cluster.
fn collected<'s>(store: &'s Store, draft: &Draft<'_>) -> Result<Vec<&'s Object>, String> {
    let mut found = Vec::new();
    collect(store, draft.namespace, draft.templates, 0, &mut found)?;
    let (local, cluster): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|template| !template.namespace().is_empty());
    let mut unique: Vec<&Object> = Vec::new();
    for template in local.into_iter().chain(cluster) {
        if !unique.iter().any(|known| known.uid() == template.uid()) {
            unique.push(template);
        }
    }
    Ok(unique)
}

fn collect<'s>(
    store: &'s Store,
    namespace: &str,
    references: &[Value],
    depth: usize,
    found: &mut Vec<&'s Object>,
) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("analysis templates name each other in a circle".into());
    }
    for reference in references {
        let template = template(store, namespace, reference)?;
        found.push(template);
        collect(store, namespace, template.items("/spec/templates"), depth + 1, found)?;
    }
    Ok(())
}

/// The first value that a list has twice at this place.
fn repeated(list: &[Value], pointer: &str) -> Option<String> {
    let mut names = list.iter().map(|item| item.text(pointer)).enumerate();
    let before = |at: usize, name: &str| list.iter().take(at).any(|i| i.text(pointer) == name);
    names.find(|(at, name)| before(*at, name)).map(|(_, name)| name.to_owned())
}

/// Rules by metric name, those of whoever asks before those of the templates.
fn ruled(own: &[Value], templates: Vec<Value>, what: &str) -> Result<Vec<Value>, String> {
    let all = [own.to_vec(), templates].concat();
    match repeated(&all, "/metricName") {
        Some(name) => Err(format!("two {what} metric rules have the same name '{name}'")),
        None => Ok(all),
    }
}

/// The arguments of several templates: one each, and two may not want different values.
fn flattened(args: Vec<Value>) -> Result<Vec<Value>, String> {
    let mut flat: Vec<Value> = Vec::new();
    for arg in args {
        let Some(known) = flat.iter_mut().find(|known| known.text("/name") == arg.text("/name"))
        else {
            flat.push(arg);
            continue;
        };
        match (known.get("value"), arg.get("value")) {
            (Some(one), Some(other)) if one != other => {
                return Err(format!(
                    "Argument `{}` specified multiple times with different values: '{}', '{}'",
                    arg.text("/name"),
                    known.text("/value"),
                    arg.text("/value"),
                ));
            }
            (Some(_), _) => {}
            (None, _) => *known = arg,
        }
    }
    Ok(flat)
}

/// What was given fills in what the templates declare; what they do not declare is dropped.
fn merged(given: &[Value], declared: Vec<Value>) -> Result<Vec<Value>, String> {
    let mut args = declared;
    for arg in given {
        let name = arg.text("/name");
        let Some(known) = args.iter_mut().find(|known| known.text("/name") == name) else {
            continue;
        };
        for part in ["value", "valueFrom"] {
            if let Some(value) = arg.get(part) {
                known.set(&format!("/{part}"), value.clone());
                break;
            }
        }
    }
    let open = |arg: &&Value| arg.get("value").is_none() && arg.get("valueFrom").is_none();
    match args.iter().find(open) {
        Some(arg) => Err(format!("args.{} was not resolved", arg.text("/name"))),
        None => Ok(args),
    }
}

/// A metric as it comes out of the controller's Go types, which write some parts even when they
/// are empty.
fn typed(mut metric: Value) -> Value {
    for provider in ["prometheus", "web"] {
        let pointer = format!("/provider/{provider}");
        if metric.pointer(&pointer).is_some() {
            for part in ["oauth2", "sigv4"] {
                or_empty(&mut metric, &format!("{pointer}/authentication/{part}"));
            }
        }
    }
    if metric.pointer("/provider/job").is_some() {
        or_empty(&mut metric, "/provider/job/metadata");
        let template = "/provider/job/spec/template";
        or_empty(&mut metric, &format!("{template}/metadata"));
        for list in ["initContainers", "containers"] {
            let pointer = format!("{template}/spec/{list}");
            for index in 0..metric.items(&pointer).len() {
                or_empty(&mut metric, &format!("{pointer}/{index}/resources"));
            }
        }
    }
    metric
}

fn or_empty(object: &mut Value, pointer: &str) {
    if object.pointer(pointer).is_none() {
        object.set(pointer, Map::new());
    }
}

#[cfg(test)]
mod tests;
