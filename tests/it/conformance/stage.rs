//! A stage: one namespace of a theatre, on which one story is played.
//!
//! It sees the cluster by the theatre's record only, one change after the other, so that a state
//! that lasted a moment is not missed. It never sleeps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::record::{Entry, Kind};
use super::roles::Roles;
use super::theatre::{Answer, Theatre};
use crate::plane::manifests;

/// Longest wait for anything, here. Two cores are shared by forty stories, or by more.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long nothing has to happen at the end of a story, in seconds of the theatre.
const QUIET: f64 = 3.0;

/// How long a workload has to be unchanged until a person acts, in seconds of the theatre.
const SETTLED: f64 = 1.2;

/// The objects of the namespace as they are at one moment of the record.
pub(crate) type View = BTreeMap<(Kind, String), Arc<Value>>;

/// A stage.
pub(crate) struct Stage {
    pub(crate) theatre: Arc<Theatre>,
    pub(crate) namespace: String,
    pub(super) view: View,
    /// Entries of the record that `view` has seen.
    seen: usize,
    /// What the server said to each verb.
    pub(crate) said: Vec<String>,
}

impl Stage {
    /// A new namespace.
    pub(crate) async fn build(theatre: &Arc<Theatre>, story: &str) -> Self {
        let namespace = format!("{}{story}", theatre.prefix);
        let body = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": namespace },
        });
        let made = theatre.call("POST", "/api/v1/namespaces", Some(JSON), &body).await;
        assert!(made.is_good(), "{made:?}");
        let theatre = Arc::clone(theatre);
        Self { theatre, namespace, view: View::new(), seen: 0, said: Vec::new() }
    }

    /// Creates objects, in this order.
    pub(crate) async fn create(&mut self, objects: impl IntoIterator<Item = Value>) {
        for mut object in objects {
            object["metadata"]["namespace"] = json!(self.namespace);
            if object["kind"] == "Rollout" {
                // Its controller hears of Services and the like by other watches, a little later.
                self.quiet_for(1.0).await;
            }
            let path = collection_of(&object, &self.namespace);
            let made = self.theatre.call("POST", &path, Some(JSON), &object).await;
            assert!(made.is_good(), "POST {path}: {made:?}");
            let version = made.version();
            // What refers to it comes next: by then others should have heard of it as well.
            if !object["kind"].as_str().is_some_and(|kind| kind.ends_with("Template")) {
                self.reach("what it created", |entry| entry.version >= version).await;
            }
        }
    }

    /// The path of an object.
    pub(crate) fn path(&self, kind: Kind, name: &str) -> String {
        format!("{}/{name}", kind.within(&self.namespace))
    }

    /// The object as the server has it now.
    pub(crate) async fn fetch(&self, kind: Kind, name: &str) -> Value {
        let answer = self.theatre.get(&self.path(kind, name)).await;
        assert!(answer.is_good(), "{kind:?} {name}: {answer:?}");
        answer.body
    }

    /// Writes, notes what was answered, and goes on in the record to where that write is.
    pub(crate) async fn write(
        &mut self,
        verb: &str,
        (kind, name): (Kind, &str),
        (method, path, content): (&str, &str, &str),
        body: &Value,
    ) -> Answer {
        let answer = self.theatre.call(method, path, Some(content), body).await;
        let text = |key: &str| answer.body[key].as_str().unwrap_or_default();
        self.said.push(match answer.code {
            200 | 201 => format!("{verb} {name}: {}", answer.code),
            code => format!("{verb} {name}: {code} {}: {}", text("reason"), text("message")),
        });
        if answer.is_good() {
            let version = answer.version();
            self.reach(&format!("its own {verb}"), |entry| {
                entry.kind == kind && entry.name == name && entry.version >= version
            })
            .await;
        }
        answer
    }

    /// Goes on in the record to the first state that satisfies a claim; the present one counts.
    pub(crate) async fn until(&mut self, what: &str, claim: impl Fn(&View) -> bool) {
        if claim(&self.view) {
            return;
        }
        let mut bell = self.theatre.record.bell();
        let started = std::time::Instant::now();
        loop {
            for entry in self.theatre.record.since(&self.namespace, self.seen) {
                self.turn_to(&entry);
                if claim(&self.view) {
                    return;
                }
            }
            let left = PATIENCE.saturating_sub(started.elapsed());
            let rung = tokio::time::timeout(left, bell.changed()).await;
            assert!(rung.is_ok(), "waited for {what}\n{}", self.describe());
        }
    }

    /// Goes on to an entry, or past it when it is already behind.
    async fn reach(&mut self, what: &str, wanted: impl Fn(&Entry) -> bool) {
        let record = &self.theatre.record;
        let mut bell = record.bell();
        let started = std::time::Instant::now();
        let at = loop {
            let all = record.since(&self.namespace, 0);
            if let Some(at) = all.iter().position(&wanted) {
                break at;
            }
            let left = PATIENCE.saturating_sub(started.elapsed());
            let rung = tokio::time::timeout(left, bell.changed()).await;
            assert!(rung.is_ok(), "waited for {what}\n{}", self.describe());
        };
        for entry in self.theatre.record.since(&self.namespace, self.seen) {
            if self.seen > at {
                break;
            }
            self.turn_to(&entry);
        }
    }

    fn turn_to(&mut self, entry: &Entry) {
        self.seen += 1;
        let key = (entry.kind, entry.name.clone());
        if entry.gone {
            self.view.remove(&key);
        } else {
            self.view.insert(key, Arc::clone(&entry.object));
        }
    }

    /// Waits until nothing has happened for a while, as at the end of a story.
    pub(crate) async fn quiet(&mut self) {
        self.quiet_for(QUIET).await;
    }

    /// Waits until nothing has happened for so many seconds.
    pub(crate) async fn quiet_for(&mut self, seconds: f64) {
        self.still_for(seconds, |_| true).await;
    }

    /// Waits until the workload itself has not changed for a moment: its controller has made up its
    /// mind, whatever is still measured meanwhile.
    pub(crate) async fn settled(&mut self) {
        let workload = |kind| matches!(kind, Kind::Rollout | Kind::ReplicaSet | Kind::Deployment);
        self.still_for(SETTLED, workload).await;
    }

    /// Waits until objects of these kinds have not changed for so many seconds.
    async fn still_for(&mut self, seconds: f64, counts: impl Fn(Kind) -> bool) {
        let mut bell = self.theatre.record.bell();
        let wait = self.theatre.lasting(seconds);
        let started = std::time::Instant::now();
        let mut still_since = started;
        while still_since.elapsed() < wait {
            let _ = tokio::time::timeout(wait / 10, bell.changed()).await;
            for entry in self.theatre.record.since(&self.namespace, self.seen) {
                self.turn_to(&entry);
                if counts(entry.kind) {
                    still_since = std::time::Instant::now();
                }
            }
            assert!(started.elapsed() < PATIENCE, "never still\n{}", self.describe());
        }
    }

    /// Waits until all events about the story are there. Each of the three controllers that tell
    /// some sends them in order, and late; so it is given something to tell at the very end.
    pub(crate) async fn hear_out(&mut self) {
        let deployment = manifests::deployment(LAST, 1, &json!({}));
        let rollout = manifests::rollout(LAST, 0, &json!({ "canary": {} }));
        self.create([deployment, rollout]).await;
        self.until("the last events", |view| {
            let told = |kind: &str| {
                let events = view.iter().filter(|((of, _), _)| *of == Kind::Event);
                events.into_iter().any(|(_, event)| {
                    let about = &event["involvedObject"];
                    about["kind"] == kind && about["name"].as_str().is_some_and(is_last)
                })
            };
            told("Deployment") && told("ReplicaSet") && told("Rollout")
        })
        .await;
    }

    /// The record of the story, without what only ended it.
    pub(crate) fn record(&self) -> Vec<Entry> {
        let mut record = self.theatre.record.since(&self.namespace, 0);
        record.retain(|entry| {
            let about = entry.object.pointer("/involvedObject/name").and_then(Value::as_str);
            !is_last(about.unwrap_or(&entry.name))
        });
        record
    }

    /// What the server said, without names by chance.
    pub(crate) fn told(&self) -> Vec<String> {
        let record = self.record();
        let roles = Roles::of(&record, &self.namespace, &self.theatre.house.prometheus);
        self.said.iter().map(|said| roles.told(said)).collect()
    }

    /// For whoever reads why a story went wrong.
    fn describe(&self) -> String {
        let (house, said) = (self.theatre.house.name, self.said.join("\n"));
        let mut text = format!("{house} {}\n{said}\n", self.namespace);
        for ((kind, name), object) in &self.view {
            if matches!(kind, Kind::Rollout | Kind::Deployment | Kind::AnalysisRun) {
                text.push_str(&format!("{kind:?} {name}: {}\n", object["status"]));
            }
            if *kind == Kind::Event {
                text.push_str(&format!("event {}: {}\n", object["reason"], object["message"]));
            }
        }
        text
    }
}

/// The workload that is no part of any story.
const LAST: &str = "last";

/// Whether an object belongs to it.
fn is_last(name: &str) -> bool {
    name == LAST || name.starts_with("last-")
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const MERGE: &str = "application/merge-patch+json";
pub(crate) const PATCH: &str = "application/json-patch+json";

/// Where an object is created.
fn collection_of(object: &Value, namespace: &str) -> String {
    let version = object["apiVersion"].as_str().expect("an apiVersion");
    let group = if version.contains('/') { "apis" } else { "api" };
    let plural = match object["kind"].as_str().expect("a kind") {
        "Ingress" => "ingresses".to_owned(),
        kind => format!("{}s", kind.to_lowercase()),
    };
    format!("/{group}/{version}/namespaces/{namespace}/{plural}")
}
