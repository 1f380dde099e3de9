//! Measurements by Jobs: one that completes is a success, one that fails a failure.
//!
//! Creates, follows and deletes the Job; whoever keeps Jobs runs it. Called when a metric is
//! measured.

use serde_json::{Value, json};

use super::results;
use crate::sim::object::{Document, DocumentMut, escaped};
use crate::sim::store::{Key, Kind, Store};
use crate::sim::time::{self, Moment, Span};
use crate::sim::world::Turn;

/// Labels and annotations of the Job, and of its pods.
const UID: &str = "analysisrun.argoproj.io/uid";
const NAME: &str = "analysisrun.argoproj.io/name";
const NAMESPACE: &str = "analysisrun.argoproj.io/namespace";
const METRIC: &str = "analysisrun.argoproj.io/metric-name";

/// As long as a label may be, because the Job's name becomes one.
const LONGEST_NAME: usize = 63;

/// Why a container that waits will never start by itself.
const HOPELESS: &[&str] = &["ErrImagePull", "ImagePullBackOff", "InvalidImageName"];

/// As soon as a Job is looked after again: on a real cluster it takes some 40 ms to write the
/// measurement that has just begun, and so much is made of them.
const SHORTEST: Span = Span::milliseconds(280);

/// Creates the Job of a new measurement.
pub(super) fn begin(turn: &mut Turn<'_>, run: &Value, metric: &Value) -> Value {
    let now = time::micros(turn.now);
    let mut measurement = json!({"phase": "Running", "startedAt": now});
    let job = drawn(run, metric);
    let name = job.name().to_owned();
    let key = Key::new(Kind::Job, run.namespace(), &name);
    if let Err(refusal) = turn.store.create(Kind::Job, job, turn.now) {
        let there = turn.store.get(&key).and_then(|job| job.controller());
        if there.is_none_or(|owner| owner.text("/uid") != run.uid()) {
            return failed(measurement, refusal.message, turn.now);
        }
    }
    measurement.set("/metadata", json!({"job-name": name, "job-namespace": run.namespace()}));
    // It is looked after at once, for Jobs that are quick.
    measurement.set("/resumeAt", now);
    measurement
}

/// Looks after the Job of a measurement: less and less often, the longer it takes.
pub(super) fn resume(turn: &Turn<'_>, run: &Value, mut measurement: Value) -> Value {
    let now = turn.now;
    let key = match key(run, &measurement) {
        Ok(key) => key,
        Err(why) => return failed(measurement, why, now),
    };
    let Some(job) = turn.store.get(&key) else {
        return failed(measurement, format!("job.batch {:?} not found", key.name), now);
    };
    let ended = job.items("/status/conditions").iter().rev().find_map(|condition| match condition
        .text("/type")
    {
        "Complete" => Some("Successful"),
        "Failed" => Some("Failed"),
        _ => None,
    });
    if let Some(phase) = ended {
        measurement.set("/phase", phase);
        measurement.set("/finishedAt", time::micros(now));
    } else if let Some(why) = hopeless(turn.store, job) {
        measurement.set("/phase", "Inconclusive");
        measurement.set("/message", why);
        measurement.set("/finishedAt", time::micros(now));
    } else {
        let begun = results::instant(&measurement, "/startedAt").unwrap_or(now);
        measurement.set("/resumeAt", time::micros(now + patience(now - begun)));
    }
    measurement
}

/// Deletes the Job of a measurement that is no longer wanted.
pub(super) fn terminate(turn: &mut Turn<'_>, run: &Value, mut measurement: Value) -> Value {
    match key(run, &measurement) {
        Ok(key) => delete(turn, &key),
        Err(why) => return failed(measurement, why, turn.now),
    }
    measurement.set("/phase", "Inconclusive");
    measurement.set("/finishedAt", time::micros(turn.now));
    measurement
}

/// Deletes the oldest Jobs of a run beyond this number, whichever metric they are of.
pub(super) fn sweep(turn: &mut Turn<'_>, run: &Value, kept: usize) {
    let mut jobs: Vec<(String, Key)> = turn
        .store
        .owned(run.uid(), Kind::Job)
        .into_iter()
        .map(|job| {
            let key = Key::new(Kind::Job, job.namespace(), job.name());
            (job.text("/metadata/creationTimestamp").to_owned(), key)
        })
        .collect();
    jobs.sort();
    let surplus = jobs.len().saturating_sub(kept);
    for (_, key) in jobs.iter().take(surplus) {
        delete(turn, key);
    }
}

fn delete(turn: &mut Turn<'_>, key: &Key) {
    // One that is gone already is as good.
    let gone = turn.store.delete(key, None, turn.now);
    debug_assert!(gone.is_ok() || turn.store.get(key).is_none(), "{gone:?}");
}

fn failed(mut measurement: Value, why: String, now: Moment) -> Value {
    measurement.set("/phase", "Error");
    measurement.set("/message", why);
    measurement.set("/finishedAt", time::micros(now));
    measurement
}

/// The Job of a measurement.
fn key(run: &Value, measurement: &Value) -> Result<Key, String> {
    let name = measurement.text("/metadata/job-name");
    if name.is_empty() {
        return Err("job metadata reference missing".into());
    }
    let namespace = match measurement.text("/metadata/job-namespace") {
        "" => run.namespace(),
        namespace => namespace,
    };
    Ok(Key::new(Kind::Job, namespace, name))
}

/// The Job as it is created.
fn drawn(run: &Value, metric: &Value) -> Value {
    let given = "/provider/job";
    let part = |pointer: &str| metric.pointer(&format!("{given}{pointer}")).cloned();
    let mut job = json!({
        "metadata": {
            "name": job_name(run, metric),
            "namespace": run.namespace(),
            "ownerReferences": [{
                "apiVersion": run.text("/apiVersion"),
                "kind": run.text("/kind"),
                "name": run.name(),
                "uid": run.uid(),
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        },
        "spec": part("/spec").unwrap_or_default(),
    });
    for list in ["labels", "annotations"] {
        if let Some(values) = part(&format!("/metadata/{list}")) {
            job.set(&format!("/metadata/{list}"), values);
        }
    }
    job.set_label(UID, run.uid());
    job.set(&format!("/spec/template/metadata/labels/{}", escaped(UID)), run.uid());
    job.set_annotation(NAME, run.name());
    job.set_annotation(NAMESPACE, run.namespace());
    job.set_annotation(METRIC, metric.text("/name"));
    job
}

/// The run's uid, the metric and a number that counts measurements; cut in the middle.
fn job_name(run: &Value, metric: &Value) -> String {
    let (uid, name) = (run.uid(), metric.text("/name"));
    let taken = results::of(run, name).map_or(0, |r| r.int("/count") + r.int("/error"));
    let number = taken + 1;
    let surplus = format!("{uid}.{name}.{number}").len().saturating_sub(LONGEST_NAME);
    let name = name.get(..name.len().saturating_sub(surplus)).unwrap_or_default();
    format!("{uid}.{name}.{number}")
}

/// Why a Job's pods will never run.
fn hopeless(store: &Store, job: &Value) -> Option<String> {
    store.owned(job.uid(), Kind::Pod).into_iter().find_map(|pod| {
        let containers = |list: &str| pod.items(&format!("/status/{list}")).iter();
        let all = containers("initContainerStatuses").chain(containers("containerStatuses"));
        all.into_iter().find_map(|container| {
            let waiting = container.pointer("/state/waiting")?;
            let reason = waiting.text("/reason");
            HOPELESS.contains(&reason).then(|| {
                format!(
                    "Pod {}, container {} has terminal error ({reason}): {}\n",
                    pod.name(),
                    container.text("/name"),
                    waiting.text("/message"),
                )
            })
        })
    })
}

/// How long a Job is left alone that has run for so long.
fn patience(elapsed: Span) -> Span {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a session")]
    let seconds = elapsed.num_milliseconds().max(0) as f64 / 1e3;
    #[expect(clippy::cast_possible_truncation, reason = "a square root of seconds fits")]
    let milliseconds = ((2.0 * seconds).sqrt() * 1e3) as i64;
    SHORTEST.max(Span::milliseconds(milliseconds))
}
