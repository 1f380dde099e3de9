//! A watch under test: its reports, its heartbeat by hand, and short times.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use waveoff::cluster::{Connection, Heard, News, Now, Pace, Pulse, Report, Watch};
use waveoff::domain::id::ResourceKind;
use waveoff::domain::observation::{Observation, SourceId, SourceState};

use super::stub::{Reply, Stub};
use super::{clock, connection};

/// Short times.
pub(super) fn pace() -> Pace {
    Pace {
        page: 2,
        answer: Duration::from_millis(500),
        watch: Duration::from_secs(240),
        silence: Duration::from_millis(400),
        first: Duration::from_millis(5),
        longest: Duration::from_millis(40),
        recheck: Duration::from_millis(60),
        spread: Duration::from_millis(5),
        settle: Duration::from_millis(200),
        doubt: Duration::from_millis(30),
    }
}

/// A watch under test. Dropping it ends it.
pub(super) struct Bench {
    pub(super) stub: Stub,
    conn: Arc<Connection>,
    source: SourceId,
    pace: Pace,
    heard: Heard,
    reports: mpsc::Receiver<Report>,
    pulse: watch::Sender<Pulse>,
    pub(super) now: Now,
}

impl Bench {
    pub(super) async fn new(stub: Stub, kind: ResourceKind) -> Self {
        Self::with(stub, kind, pace()).await
    }

    pub(super) async fn with(stub: Stub, kind: ResourceKind, pace: Pace) -> Self {
        let mut bench = Self {
            conn: connection(&stub.url).await,
            stub,
            source: SourceId { kind, namespace: Some("shop".into()) },
            pace,
            heard: Heard::default(),
            reports: mpsc::channel(1).1,
            pulse: watch::Sender::new(Pulse::default()),
            now: clock(),
        };
        bench.again();
        bench
    }

    /// Ends the watch and begins another one of the same source, as a refresh does.
    pub(super) fn again(&mut self) {
        let (sink, reports) = mpsc::channel(100);
        self.reports = reports;
        let watch = Watch {
            conn: Arc::clone(&self.conn),
            source: self.source.clone(),
            selector: None,
            pulse: self.pulse.subscribe(),
            now: self.now.clone(),
            sink,
            pace: self.pace,
            heard: self.heard.clone(),
        };
        spawn(watch.run());
    }

    /// Everything said until `enough`.
    pub(super) async fn until(&mut self, enough: impl Fn(&News) -> bool) -> Vec<News> {
        let mut heard = Vec::new();
        let all = async {
            while let Some(report) = self.reports.recv().await {
                heard.push(report.news);
                if heard.last().is_some_and(&enough) {
                    return;
                }
            }
        };
        let ended = timeout(Duration::from_secs(5), all).await;
        assert!(ended.is_ok(), "not said; heard {heard:#?}, asked {:#?}", self.stub.asked());
        heard
    }

    pub(super) async fn state(&mut self, wanted: impl Fn(&SourceState) -> bool) -> Vec<News> {
        self.until(|news| matches!(news, News::State(state) if wanted(state))).await
    }

    pub(super) async fn listed(&mut self) -> Vec<String> {
        let heard = self.until(|n| names_of(n, true).is_some()).await;
        heard.last().and_then(|n| names_of(n, true)).unwrap()
    }

    pub(super) async fn seen(&mut self, uid: &str) {
        self.until(|n| names_of(n, false).is_some_and(|all| all.iter().any(|u| u == uid))).await;
    }

    pub(super) fn beat(&self, alive: bool) {
        let at = (self.now)();
        self.pulse.send_modify(|pulse| {
            pulse.beat += 1;
            pulse.alive = alive;
            if alive {
                pulse.last_alive = Some(at);
            } else {
                pulse.error = Some("no answer".into());
            }
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "the test is the runtime here")]
pub(super) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(future);
}

/// UIDs of a list, or of what was seen and gone.
pub(super) fn names_of(news: &News, listed: bool) -> Option<Vec<String>> {
    let News::Observations(all) = news else {
        return None;
    };
    match all.as_slice() {
        [Observation::Listed(_, records)] if listed => {
            Some(records.iter().map(|r| r.uid().to_string()).collect())
        }
        [Observation::Listed(..)] => None,
        [.., Observation::Complete(_, uids)] => {
            listed.then(|| uids.iter().map(ToString::to_string).collect())
        }
        changes if !listed => Some(
            changes
                .iter()
                .map(|change| match change {
                    Observation::Seen(record) => record.uid().to_string(),
                    Observation::Gone(_, uid) => format!("-{uid}"),
                    Observation::Listed(..) | Observation::Complete(..) => "listed".into(),
                })
                .collect(),
        ),
        _ => None,
    }
}

pub(super) fn object(name: &str, version: u32) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","uid":"{name}","namespace":"shop","resourceVersion":"{version}"}}}}"#
    )
}

pub(super) fn list(objects: &[String], version: u32) -> Reply {
    let items = objects.join(",");
    let body = format!(r#"{{"metadata":{{"resourceVersion":"{version}"}},"items":[{items}]}}"#);
    Reply::Json(200, body)
}

pub(super) fn event(kind: &str, object: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
}

pub(super) fn status(code: u16, reason: &str, message: &str) -> String {
    format!(
        r#"{{"kind":"Status","status":"Failure","code":{code},"reason":"{reason}","message":"{message}"}}"#
    )
}

pub(super) fn is_live(state: &SourceState) -> bool {
    matches!(state, SourceState::Live(_))
}
