//! Alerts in virtual time, to receivers that are told what to do.

mod order;
mod restart;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::{Alerts, Plan, Way};
use crate::app::msg::Msg;
use crate::domain::alert::{Alert, Occasion, Severity};
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::domain::time::{Timestamp, parse_rfc3339};
use crate::notify::{Kind, NotifyError, Post};
use crate::runtime::clock::Clock;

fn noon() -> Timestamp {
    parse_rfc3339("2026-11-28T12:00:00Z").unwrap()
}

fn alert(incident: &str, occasion: Occasion) -> Alert {
    Alert {
        at: noon(),
        incident: incident.into(),
        occasion,
        workload: WorkloadId::new("shop", WorkloadKind::Rollout, "checkout"),
        environment: "prod".into(),
        summary: "errors".into(),
        facts: Vec::new(),
    }
}

/// What a receiver does with a message.
#[derive(Debug, Clone)]
enum Play {
    Take,
    Fail(NotifyError),
    /// Answers never.
    Hang,
}

fn down() -> Play {
    Play::Fail(NotifyError::Down { host: "h".into(), status: 500, words: "".into() })
}

fn away() -> Play {
    Play::Fail(NotifyError::Unreachable { host: "h".into(), cause: "refused".into() })
}

fn busy(seconds: u64) -> Play {
    let again = Some(Duration::from_secs(seconds));
    Play::Fail(NotifyError::Busy { host: "h".into(), status: 429, again })
}

fn refused() -> Play {
    Play::Fail(NotifyError::Refused { host: "h".into(), status: 404, words: "".into() })
}

/// A receiver: what it does next, then what it does from then on.
#[derive(Debug)]
struct Fake {
    began: Instant,
    script: Mutex<VecDeque<Play>>,
    then: Mutex<Play>,
    /// What it took, and when.
    took: Mutex<Vec<(String, Duration)>>,
    tries: Mutex<Vec<(String, Duration)>>,
}

impl Fake {
    fn new(script: impl IntoIterator<Item = Play>, then: Play) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            script: Mutex::new(script.into_iter().collect()),
            then: Mutex::new(then),
            took: Mutex::default(),
            tries: Mutex::default(),
        })
    }

    fn turn(&self, play: Play) {
        *self.then.lock().unwrap() = play;
    }

    /// Keys of what it took, in order.
    fn took(&self) -> Vec<String> {
        self.took.lock().unwrap().iter().map(|(key, _)| key.clone()).collect()
    }

    /// When it was asked.
    fn times(&self) -> Vec<Duration> {
        self.tries.lock().unwrap().iter().map(|(_, at)| *at).collect()
    }
}

impl Post for Fake {
    fn post<'p>(
        &'p self,
        alert: &'p Alert,
        _: Timestamp,
    ) -> BoxFuture<'p, Result<(), NotifyError>> {
        let at = self.began.elapsed();
        self.tries.lock().unwrap().push((alert.key(), at));
        let next = self.script.lock().unwrap().pop_front();
        let play = next.unwrap_or_else(|| self.then.lock().unwrap().clone());
        async move {
            match play {
                Play::Take => {
                    self.took.lock().unwrap().push((alert.key(), at));
                    Ok(())
                }
                Play::Fail(error) => Err(error),
                Play::Hang => std::future::pending().await,
            }
        }
        .boxed()
    }
}

/// Alerts to one receiver.
struct Stage {
    alerts: Alerts,
    inbox: mpsc::Receiver<Msg>,
}

impl Stage {
    fn new(kind: Kind, fake: &Arc<Fake>, directory: Option<&Path>) -> Self {
        Self::at(noon(), kind, fake, directory)
    }

    fn at(now: Timestamp, kind: Kind, fake: &Arc<Fake>, directory: Option<&Path>) -> Self {
        let post: Arc<dyn Post> = Arc::<Fake>::clone(fake);
        let way = Way { name: "ops".into(), kind, least: Severity::Info, post };
        let plan = Plan { ways: vec![way], directory: directory.map(Path::to_owned) };
        let (out, inbox) = mpsc::channel(64);
        Self { alerts: Alerts::start(plan, Clock::stepped(now), out), inbox }
    }

    fn tell(&self, incident: &str, occasions: &[Occasion]) {
        for occasion in occasions {
            self.alerts.tell(alert(incident, *occasion));
        }
    }

    /// What was said so far.
    fn troubles(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Ok(msg) = self.inbox.try_recv() {
            if let Msg::Trouble(source, text) = msg {
                said.push(format!("{source}: {text}"));
            }
        }
        said
    }
}

/// So much virtual time.
async fn pass(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

/// Real time, for what is done on threads.
async fn until(mut done: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if done() {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("it does not come to it");
}
