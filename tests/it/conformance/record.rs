//! The record of a theatre: every change of every object that a story is about, in order.
//!
//! One watch for each kind, over all namespaces, from before the first story until the end. It
//! forgets nothing and judges nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};

use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::sync::watch;

use super::theatre::{Theatre, version_of};

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Rollout,
    ReplicaSet,
    Deployment,
    Service,
    Ingress,
    VirtualService,
    DestinationRule,
    AnalysisRun,
    Experiment,
    Event,
    Pod,
}

/// Kind, its group in paths, its name in paths. These are watched.
const KINDS: [(Kind, &str, &str); 11] = [
    (Kind::Rollout, "apis/argoproj.io/v1alpha1", "rollouts"),
    (Kind::ReplicaSet, "apis/apps/v1", "replicasets"),
    (Kind::Deployment, "apis/apps/v1", "deployments"),
    (Kind::Service, "api/v1", "services"),
    (Kind::Ingress, "apis/networking.k8s.io/v1", "ingresses"),
    (Kind::VirtualService, "apis/networking.istio.io/v1alpha3", "virtualservices"),
    (Kind::DestinationRule, "apis/networking.istio.io/v1alpha3", "destinationrules"),
    (Kind::AnalysisRun, "apis/argoproj.io/v1alpha1", "analysisruns"),
    (Kind::Experiment, "apis/argoproj.io/v1alpha1", "experiments"),
    (Kind::Event, "api/v1", "events"),
    (Kind::Pod, "api/v1", "pods"),
];

impl Kind {
    fn row(self) -> (Kind, &'static str, &'static str) {
        KINDS.into_iter().find(|row| row.0 == self).expect("every kind has a row")
    }

    /// The path of all its objects.
    fn everywhere(self) -> String {
        let (_, group, plural) = self.row();
        format!("/{group}/{plural}")
    }

    /// The path of its objects in a namespace.
    pub(crate) fn within(self, namespace: &str) -> String {
        let (_, group, plural) = self.row();
        format!("/{group}/namespaces/{namespace}/{plural}")
    }
}

/// One change.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// When it was heard of, by the theatre's clock.
    pub(crate) at: DateTime<Utc>,
    /// Its place in the order of all changes of the cluster.
    pub(crate) version: u64,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// Whether this is how it looked when it was deleted.
    pub(crate) gone: bool,
    pub(crate) object: Arc<Value>,
}

/// The record.
pub(crate) struct Record {
    prefix: String,
    shelves: Mutex<BTreeMap<String, Vec<Entry>>>,
    /// Rings with every entry.
    bell: watch::Sender<u64>,
}

impl Record {
    /// An empty one, for namespaces whose name begins so.
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix, shelves: Mutex::default(), bell: watch::Sender::new(0) }
    }

    /// Begins to keep the theatre's record. Everything after this is in it.
    pub(super) async fn keep(theatre: &Arc<Theatre>) {
        for (kind, ..) in KINDS {
            let list = theatre.get(&format!("{}?limit=1", kind.everywhere())).await;
            assert!(list.is_good(), "{kind:?}: {list:?}");
            tokio::spawn(follow(Arc::downgrade(theatre), kind, list.version()));
        }
    }

    /// What was heard of a namespace after the first `known` entries.
    pub(crate) fn since(&self, namespace: &str, known: usize) -> Vec<Entry> {
        let shelves = self.shelves.lock().expect("no writer panics");
        let shelf = shelves.get(namespace).map_or(&[][..], Vec::as_slice);
        shelf.get(known..).unwrap_or_default().to_vec()
    }

    pub(crate) fn bell(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    fn note(&self, entry: Entry) {
        let namespace = entry.object.pointer("/metadata/namespace").and_then(Value::as_str);
        let Some(namespace) = namespace.filter(|n| n.starts_with(&self.prefix)) else { return };
        let mut shelves = self.shelves.lock().expect("no writer panics");
        shelves.entry(namespace.to_owned()).or_default().push(entry);
        drop(shelves);
        self.bell.send_modify(|n| *n += 1);
    }
}

/// Follows one kind until the theatre is closed.
async fn follow(theatre: Weak<Theatre>, kind: Kind, mut from: u64) {
    loop {
        let Some(open) = theatre.upgrade() else { return };
        let path = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1500&resourceVersion={from}",
            kind.everywhere()
        );
        let response = open.send("GET", &path, None, Vec::new()).await;
        assert!(response.status().is_success(), "watch {kind:?}: {}", response.status());
        drop(open);
        let mut body = response.into_body();
        let mut rest: Vec<u8> = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            let Some(open) = theatre.upgrade() else { return };
            let Ok(data) = frame.into_data() else { continue };
            rest.extend_from_slice(&data);
            while let Some(end) = rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                let event: Value = serde_json::from_slice(&line).expect("an event is JSON");
                from = hear(&open, kind, event).max(from);
            }
        }
    }
}

/// Takes one event of a watch in, and returns its place.
fn hear(theatre: &Theatre, kind: Kind, mut event: Value) -> u64 {
    let said = event["type"].as_str().unwrap_or_default().to_owned();
    let mut object = event["object"].take();
    let version = version_of(&object);
    assert!(said != "ERROR", "watch {kind:?}: {object}");
    if said != "BOOKMARK" {
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let name = name.to_owned();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
        let (at, gone) = (theatre.now(), said == "DELETED");
        let object = Arc::new(object);
        theatre.record.note(Entry { at, version, kind, name, gone, object });
    }
    version
}
