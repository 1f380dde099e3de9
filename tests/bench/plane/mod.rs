//! The same fleet on a real API server with etcd and nothing else, and changes by patches to it.
//!
//! `tests/plane/plane up --bare` starts it; `tests/bench/run` ends it.

mod client;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use crate::figures::Sample;
use crate::objects::{self, NAMESPACE};
use crate::source::{Numbers, Source, face};
use client::{Client, Door};

/// Connections that write at the same time.
const WRITERS: usize = 8;

/// Changes that may wait for them.
const WAITING: usize = 4096;

const ROLLOUTS: &str = "/apis/argoproj.io/v1alpha1/namespaces/bench/rollouts";
const REPLICA_SETS: &str = "/apis/apps/v1/namespaces/bench/replicasets";
const PODS: &str = "/api/v1/namespaces/bench/pods";

/// A plane.
pub(crate) struct Plane {
    door: Door,
    directory: PathBuf,
}

impl Plane {
    pub(crate) fn at(directory: &Path) -> anyhow::Result<Self> {
        Ok(Self { door: Door::of(directory)?, directory: directory.to_owned() })
    }

    /// Whose requests are not audited.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.directory.join("pki/plane-setup.kubeconfig")
    }

    /// Puts the fleet into it, unless it is there already.
    pub(crate) fn fill(&self, rollouts: usize) -> anyhow::Result<()> {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        let mut client = Client::dial(&self.door)?;
        let last = format!("{ROLLOUTS}/{}", objects::rollout_name(rollouts - 1));
        if client.ask("GET", &last, "application/json", "").is_ok() {
            return Ok(());
        }
        client.ask("POST", "/api/v1/namespaces", "application/json", &namespace.to_string())?;
        let next = Arc::new(AtomicUsize::new(0));
        let writers: Vec<JoinHandle<anyhow::Result<()>>> = (0..WRITERS)
            .map(|_| {
                let (next, door) = (Arc::clone(&next), self.door.clone());
                thread::spawn(move || {
                    let mut client = Client::dial(&door)?;
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        if number >= rollouts {
                            return Ok(());
                        }
                        insert(&mut client, number)?;
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().map_err(|_| anyhow!("a writer panicked"))??;
        }
        Ok(())
    }

    /// What a change takes to a watch that does nothing with it: nobody who listens to this server
    /// can be faster.
    pub(crate) fn floor(&self, numbers: &mut Numbers, count: usize) -> anyhow::Result<Sample> {
        let (seen, sights) = channel::<(u64, Instant)>();
        let mut watch = Client::dial(&self.door)?;
        let name = objects::pod_name(0, 0);
        let path =
            format!("{PODS}?watch=true&timeoutSeconds=120&fieldSelector=metadata.name={name}");
        watch.begin("GET", &path, "application/json", "")?;
        let listener = thread::spawn(move || -> anyhow::Result<()> {
            loop {
                let piece = watch.piece()?;
                let at = Instant::now();
                if let Some(face) = restarts(&piece)
                    && seen.send((face, at)).is_err()
                {
                    return Ok(());
                }
            }
        });
        let mut client = Client::dial(&self.door)?;
        let mut sample = Sample::default();
        for _ in 0..count {
            thread::sleep(Duration::from_millis(100));
            let face = face(numbers.mark());
            let from = change(&mut client, (0, 0, face))?;
            loop {
                let (seen, at) =
                    sights.recv_timeout(Duration::from_secs(5)).context("a raw watch")?;
                if seen == face {
                    sample.push_time(at.saturating_duration_since(from));
                    break;
                }
            }
        }
        drop(sights);
        // One more change wakes it up, and then it ends.
        change(&mut client, (0, 0, face(numbers.mark())))?;
        listener.join().map_err(|_| anyhow!("the listener panicked"))??;
        Ok(sample)
    }

    /// Changes by patch.
    pub(crate) fn source<'a>(&self, numbers: &'a mut Numbers) -> anyhow::Result<Patches<'a>> {
        let (stirs, taken) = sync_channel::<Job>(WAITING);
        let taken = Arc::new(Mutex::new(taken));
        let mut writers = Vec::new();
        for _ in 0..WRITERS {
            let (mut client, taken) = (Client::dial(&self.door)?, Arc::clone(&taken));
            writers.push(thread::spawn(move || work(&mut client, &taken)));
        }
        // One writer of its own: markers must not overtake each other.
        let (marks, taken) = sync_channel::<Job>(WAITING);
        let mut client = Client::dial(&self.door)?;
        writers.push(thread::spawn(move || work(&mut client, &Mutex::new(taken))));
        let client = Client::dial(&self.door)?;
        Ok(Patches { client, stirs, marks, writers, numbers })
    }
}

/// One rollout with what belongs to it.
fn insert(client: &mut Client, number: usize) -> anyhow::Result<()> {
    let ready = objects::PODS_EACH as u64;
    let rollout = create(client, ROLLOUTS, objects::rollout(number, ready), None)?;
    let stable = create(client, REPLICA_SETS, objects::replica_set(number, false), Some(&rollout))?;
    let new = match number {
        0 => create(client, REPLICA_SETS, objects::replica_set(number, true), Some(&rollout))?,
        _ => stable.clone(),
    };
    for pod in 0..objects::PODS_EACH {
        let owner = if objects::is_new(number, pod) { &new } else { &stable };
        create(client, PODS, objects::pod(number, pod, 0), Some(owner))?;
    }
    Ok(())
}

/// Makes an object and writes its status; its UID.
fn create(
    client: &mut Client,
    path: &str,
    mut value: Value,
    owner: Option<&str>,
) -> anyhow::Result<String> {
    let mut status = value.as_object_mut().and_then(|v| v.remove("status")).unwrap_or_default();
    if let Some(observed) = status.get_mut("observedGeneration") {
        // That of a new object.
        *observed = if observed.is_string() { "1".into() } else { 1.into() };
    }
    let name =
        value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["uid", "managedFields", "creationTimestamp", "generation"] {
            meta.remove(field);
        }
    }
    if let (Some(owner), Some(uid)) = (owner, value.pointer_mut("/metadata/ownerReferences/0/uid"))
    {
        *uid = owner.into();
    }
    let (made, _) = client.ask("POST", path, "application/json", &value.to_string())?;
    let made: Value = serde_json::from_slice(&made)?;
    let uid = made.pointer("/metadata/uid").and_then(Value::as_str).context("no UID")?.to_owned();
    let path = format!("{path}/{name}/status");
    let status = json!({"status": status}).to_string();
    client.ask("PATCH", &path, "application/merge-patch+json", &status)?;
    Ok(uid)
}

/// The number of restarts in an event.
fn restarts(event: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(event);
    let (_, rest) = text.split_once("\"restartCount\":")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A pod and its new number of restarts.
type Job = (usize, usize, u64);

fn change(client: &mut Client, (number, pod, restarts): Job) -> anyhow::Result<Instant> {
    let path = format!("{PODS}/{}/status", objects::pod_name(number, pod));
    let patch = format!(
        r#"[{{"op":"replace","path":"/status/containerStatuses/0/restartCount","value":{restarts}}}]"#
    );
    Ok(client.ask("PATCH", &path, "application/json-patch+json", &patch)?.1)
}

fn work(client: &mut Client, jobs: &Mutex<Receiver<Job>>) -> anyhow::Result<()> {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return Ok(()) };
        change(client, job)?;
    }
}

/// Patches as changes.
pub(crate) struct Patches<'a> {
    client: Client,
    stirs: SyncSender<Job>,
    marks: SyncSender<Job>,
    writers: Vec<JoinHandle<anyhow::Result<()>>>,
    numbers: &'a mut Numbers,
}

impl Patches<'_> {
    /// Waits for what was handed over.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let Self { stirs, marks, writers, .. } = self;
        drop((stirs, marks));
        for writer in writers {
            writer.join().map_err(|_| anyhow!("a writer panicked"))??;
        }
        Ok(())
    }
}

/// What does not fit any more was too much for the server: then the figures would be its own.
fn hand_over(to: &SyncSender<Job>, job: Job) -> anyhow::Result<()> {
    to.try_send(job).context("the API server does not keep up")
}

impl Source for Patches<'_> {
    fn mark(&mut self) -> anyhow::Result<(u64, Instant)> {
        let value = self.numbers.mark();
        Ok((value, change(&mut self.client, (0, 0, face(value)))?))
    }

    fn mark_when_it_can(&mut self) -> anyhow::Result<u64> {
        let value = self.numbers.mark();
        hand_over(&self.marks, (0, 0, face(value)))?;
        Ok(value)
    }

    fn stir(&mut self) -> anyhow::Result<()> {
        hand_over(&self.stirs, self.numbers.stir())
    }
}
