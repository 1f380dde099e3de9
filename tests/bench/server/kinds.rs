//! The kinds the server serves: their objects, their history, and who watches them.
//!
//! An object is kept as the text that goes out. A change is written to every watcher by the thread
//! that makes it, so that the instant before the first byte is known.

use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustls::{ServerConnection, StreamOwned};
use serde_json::Value;

use super::request::chunk;

/// Changes that a watch may still ask for.
const HISTORY: usize = 20_000;

/// Resource, kind, group and version of everything served.
pub(crate) const KINDS: [(&str, &str, &str); 18] = [
    ("namespaces", "Namespace", "v1"),
    ("nodes", "Node", "v1"),
    ("pods", "Pod", "v1"),
    ("services", "Service", "v1"),
    ("events", "Event", "v1"),
    ("configmaps", "ConfigMap", "v1"),
    ("replicasets", "ReplicaSet", "apps/v1"),
    ("deployments", "Deployment", "apps/v1"),
    ("statefulsets", "StatefulSet", "apps/v1"),
    ("daemonsets", "DaemonSet", "apps/v1"),
    ("jobs", "Job", "batch/v1"),
    ("rollouts", "Rollout", "argoproj.io/v1alpha1"),
    ("analysisruns", "AnalysisRun", "argoproj.io/v1alpha1"),
    ("analysistemplates", "AnalysisTemplate", "argoproj.io/v1alpha1"),
    ("experiments", "Experiment", "argoproj.io/v1alpha1"),
    ("ingresses", "Ingress", "networking.k8s.io/v1"),
    ("poddisruptionbudgets", "PodDisruptionBudget", "policy/v1"),
    ("customresourcedefinitions", "CustomResourceDefinition", "apiextensions.k8s.io/v1"),
];

/// A connection.
pub(crate) type Stream = StreamOwned<ServerConnection, TcpStream>;

/// An object as it goes out.
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Object {
    /// Whether a selector picks it.
    pub(crate) fn is_picked(&self, selector: Option<&str>) -> bool {
        let label = |key: &str| {
            self.labels.iter().find(|(k, _)| k == key.trim()).map(|(_, value)| value.as_str())
        };
        selector.unwrap_or_default().split(',').filter(|term| !term.is_empty()).all(|term| {
            if let Some((key, value)) = term.split_once("!=") {
                label(key) != Some(value)
            } else if let Some((key, value)) = term.split_once('=') {
                label(key) == Some(value.trim_start_matches('='))
            } else if let Some(key) = term.strip_prefix('!') {
                label(key).is_none()
            } else {
                label(term).is_some()
            }
        })
    }
}

/// Somebody who watches a kind.
pub(crate) struct Watcher {
    pub(crate) selector: Option<String>,
    pub(crate) stream: Arc<Mutex<Stream>>,
    pub(crate) alive: Arc<AtomicBool>,
}

impl Watcher {
    fn write(&self, bytes: &[u8]) {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if stream.write_all(bytes).and_then(|()| stream.flush()).is_err() {
            self.alive.store(false, Ordering::SeqCst);
        }
    }
}

/// A kind.
#[derive(Default)]
pub(crate) struct Kind {
    pub(crate) objects: Vec<Object>,
    index: HashMap<String, usize>,
    history: VecDeque<(u64, Arc<[u8]>)>,
    forgotten: u64,
    pub(crate) watchers: Vec<Watcher>,
}

impl Kind {
    /// One object.
    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        self.objects.get(*self.index.get(name)?)
    }

    /// Puts an object in place of the one before.
    fn put(&mut self, object: Object) {
        let place = self.index.get(&object.name).and_then(|at| self.objects.get_mut(*at));
        if let Some(place) = place {
            *place = object;
        } else {
            self.index.insert(object.name.clone(), self.objects.len());
            self.objects.push(object);
        }
    }

    /// What came after a version; `None` when that is no longer known.
    pub(crate) fn since(&self, version: u64) -> Option<Vec<Arc<[u8]>>> {
        (version >= self.forgotten).then(|| {
            let after = self.history.iter().filter(|(at, _)| *at > version);
            after.map(|(_, bytes)| Arc::clone(bytes)).collect()
        })
    }

    fn remember(&mut self, version: u64, bytes: Arc<[u8]>) {
        self.history.push_back((version, bytes));
        if self.history.len() > HISTORY
            && let Some((version, _)) = self.history.pop_front()
        {
            self.forgotten = version;
        }
    }

    /// Writes to everybody, or to those whose selector picks the object.
    pub(crate) fn tell(&mut self, bytes: &[u8], object: Option<&Object>) {
        self.watchers.retain(|watcher| watcher.alive.load(Ordering::SeqCst));
        for watcher in &self.watchers {
            if object.is_none_or(|object| object.is_picked(watcher.selector.as_deref())) {
                watcher.write(bytes);
            }
        }
    }
}

/// All kinds.
#[derive(Default)]
pub(crate) struct Kinds {
    kinds: HashMap<&'static str, Mutex<Kind>>,
    version: AtomicU64,
}

impl Kinds {
    pub(crate) fn new() -> Self {
        let kinds = KINDS.iter().map(|(resource, _, _)| (*resource, Mutex::default()));
        Self { kinds: kinds.collect(), version: AtomicU64::new(1000) }
    }

    /// A kind by its resource.
    pub(crate) fn of(&self, resource: &str) -> Option<MutexGuard<'_, Kind>> {
        let kind = self.kinds.get(resource)?;
        Some(kind.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The newest version of anything.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Makes an object or changes it. Returns the instant before its first byte went out.
    pub(crate) fn publish(&self, resource: &str, mut value: Value) -> Option<Instant> {
        let version = self.version.fetch_add(1, Ordering::SeqCst) + 1;
        let meta = value.get_mut("metadata")?.as_object_mut()?;
        meta.insert("resourceVersion".into(), version.to_string().into());
        let name = meta.get("name")?.as_str()?.to_owned();
        let labels = meta.get("labels").and_then(Value::as_object).into_iter().flatten();
        let labels = labels.map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()));
        let object = Object { name, labels: labels.collect(), text: value.to_string() };
        let mut kind = self.of(resource)?;
        let known = kind.index.contains_key(&object.name);
        let word = if known { "MODIFIED" } else { "ADDED" };
        let bytes: Arc<[u8]> = event(word, &object.text).into();
        let before = Instant::now();
        kind.tell(&bytes, Some(&object));
        if known {
            kind.remember(version, bytes);
        }
        kind.put(object);
        Some(before)
    }
}

/// A line of a watch, as a piece of its answer.
pub(crate) fn event(word: &str, object: &str) -> Vec<u8> {
    chunk(format!("{{\"type\":\"{word}\",\"object\":{object}}}\n").as_bytes())
}
