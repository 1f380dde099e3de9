//! Performs effects in tasks of their own; their answers come back as messages.
//!
//! Nothing here waits in the loop, and nothing here decides.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::app::effect::{Effect, LogRequest};
use crate::app::flight::Ticket;
use crate::app::journal::{Entry, SessionStamp};
use crate::app::log_view::LogLine;
use crate::app::msg::{Msg, TemplateLines, TemplateRef};
use crate::cluster::{self, Connection};
use crate::domain::gate::Pass;
use crate::domain::id::{Uid, WorkloadId};
use crate::domain::plan::{Permission, Plan};
use crate::domain::text::SafeText;
use crate::terminal::fall;

use super::door::{Door, Order, access_of};
use super::gate::Gatekeeper;
use super::measure::{Meter, SignIn};

/// Pause before an unknown outcome is read back again.
const READ_BACK_EVERY: Duration = Duration::from_millis(700);

/// Lines of a log to begin with.
const LOG_TAIL: u32 = 300;

/// Log lines that may wait; the readers wait when it is full. Room for the tails of all pods.
const LOG_QUEUE: usize = 8192;

/// How long lines are gathered before they are put into the order of their times: long enough for
/// the tails of several pods to arrive, short enough to read along.
const LOG_GATHER: Duration = Duration::from_millis(150);

/// Most pods whose logs are read at once: each is a connection.
const LOG_PODS: usize = 20;

/// Source of the trouble when the API server does not say who we are.
pub(super) const WHO: &str = "who am I";

/// Performs effects.
#[derive(Debug)]
pub(super) struct Performer {
    door: Door,
    out: mpsc::Sender<Msg>,
    tasks: JoinSet<()>,
    /// Actions and lines of the journal: leaving waits for them.
    writes: JoinSet<()>,
    logs: Option<AbortHandle>,
    meter: Meter,
    gate: Gatekeeper,
}

impl Performer {
    /// Answers go to `out`.
    pub(super) fn new(door: Door, sign_in: SignIn, out: mpsc::Sender<Msg>) -> Self {
        let (connection, clock) = (Arc::clone(&door.connection), door.clock.clone());
        let meter = Meter::new(connection, sign_in, clock, out.clone());
        let gate = Gatekeeper::new(Arc::clone(&door.connection), out.clone());
        let (tasks, writes) = (JoinSet::new(), JoinSet::new());
        Self { door, out, tasks, writes, logs: None, meter, gate }
    }

    fn connection(&self) -> Arc<Connection> {
        Arc::clone(&self.door.connection)
    }

    /// Performs what needs neither the watches nor the screen, and gives the rest back.
    pub(super) fn perform(&mut self, effect: Effect, stamp: &SessionStamp) -> Option<Effect> {
        match effect {
            Effect::CheckAccess(permissions) => self.check_access(permissions),
            Effect::Act { ticket, plan, reason } => {
                self.act(ticket, *plan, reason, stamp.clone());
            }
            Effect::ReadBack(ticket, id) => self.read_back(ticket, id),
            Effect::Journal(entry) => self.journal(*entry),
            Effect::OpenLogs(request) => self.open_logs(request),
            Effect::CloseLogs => self.close_logs(),
            Effect::Templates(epoch, older, newer) => self.templates(epoch, older, newer),
            Effect::ReadAnalysisTemplates(id, names) => {
                self.meter.read_templates(&mut self.tasks, id, names);
            }
            Effect::FindPrometheus(number, id, candidates) => {
                self.meter.find(&mut self.tasks, number, id, candidates);
            }
            Effect::Explore(id, address, what, queries) => {
                self.meter.explore(&mut self.tasks, id, address, what, queries);
            }
            Effect::Measure(asks) => self.meter.measure(&mut self.tasks, asks),
            Effect::Preflight(order) => self.gate.begin(&mut self.tasks, *order),
            Effect::EndPreflight => self.gate.end(),
            Effect::KeepGate(uid, pass) => self.keep_gate(uid, pass),
            Effect::ReadGate(uid) => self.read_gate(uid),
            Effect::Focus(_)
            | Effect::Copy(_)
            | Effect::Refresh
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => return Some(effect),
        }
        None
    }

    /// Sends a confirmed action through the door.
    fn act(&mut self, ticket: Ticket, plan: Plan, reason: SafeText, stamp: SessionStamp) {
        let (door, out) = (self.door.clone(), self.out.clone());
        self.writes.spawn(fall::amid("act", async move {
            let answer = door.execute(Order { ticket, plan, reason, stamp }).await;
            send(&out, Msg::Answered(ticket, answer)).await;
        }));
    }

    /// Reads a workload to find out what became of an action.
    fn read_back(&mut self, ticket: Ticket, id: WorkloadId) {
        let (connection, out) = (self.connection(), self.out.clone());
        self.spawn("read back", async move {
            tokio::time::sleep(READ_BACK_EVERY).await;
            let found = cluster::read::read_workload(&connection, &id).await;
            let found = found.map(Box::new).map_err(|e| e.to_string().into());
            send(&out, Msg::ReadBack(ticket, found)).await;
        });
    }

    /// Asks what we may do.
    fn check_access(&mut self, wanted: Vec<Permission>) {
        let (connection, out) = (self.connection(), self.out.clone());
        self.spawn("access", async move {
            let mut answers = Vec::with_capacity(wanted.len());
            for permission in wanted {
                let access = access_of(cluster::access::access(&connection, &permission).await);
                answers.push((permission, access));
            }
            send(&out, Msg::Access(answers)).await;
        });
    }

    /// Asks the API server who we are.
    pub(super) fn whoami(&mut self) {
        let (connection, out) = (self.connection(), self.out.clone());
        self.spawn("who", async move {
            let msg = match cluster::access::whoami(&connection).await {
                Ok(user) => Msg::Identity(user),
                Err(error) => Msg::Trouble(WHO.into(), error.to_string().into()),
            };
            send(&out, msg).await;
        });
    }

    /// Appends to the journal.
    fn journal(&mut self, entry: Entry) {
        let (door, out) = (self.door.clone(), self.out.clone());
        self.writes.spawn(fall::amid("record", async move {
            if let Err(error) = door.append(entry).await {
                let text = format!("cannot be written: {error}");
                send(&out, Msg::Trouble("journal".into(), text.into())).await;
            }
        }));
    }

    /// Keeps a pass for other processes, or forgets it.
    fn keep_gate(&mut self, uid: Uid, pass: Option<Box<Pass>>) {
        let out = self.out.clone();
        let kept = self.door.passes.keep(uid, pass.map(|pass| *pass));
        self.writes.spawn(fall::amid("pass", async move {
            if let Err(error) = kept.await {
                let text = format!("the pass cannot be kept for other processes: {error}");
                send(&out, Msg::Trouble("gate".into(), text.into())).await;
            }
        }));
    }

    /// Reads what another process may have kept.
    fn read_gate(&mut self, uid: Uid) {
        let (passes, out) = (self.door.passes.clone(), self.out.clone());
        self.spawn("pass", async move {
            let kept = passes.read(uid.clone()).await;
            send(&out, Msg::GateKept(uid, kept.map(Box::new))).await;
        });
    }

    /// Fetches two templates.
    fn templates(&mut self, epoch: u64, older: TemplateRef, newer: TemplateRef) {
        let (connection, out) = (self.connection(), self.out.clone());
        self.spawn("templates", async move {
            let templates = async {
                let older = template(&connection, &older).await?;
                Ok((older, template(&connection, &newer).await?))
            };
            let answer = templates.await;
            send(&out, Msg::Templates(epoch, answer)).await;
        });
    }

    /// Reads logs until they are closed.
    fn open_logs(&mut self, request: LogRequest) {
        self.close_logs();
        let (connection, out) = (self.connection(), self.out.clone());
        self.logs = Some(self.spawn("logs", read_logs(connection, out, request)));
    }

    /// Tries silent servers again now.
    pub(super) fn refresh(&self) {
        self.meter.refresh();
    }

    /// Stops reading logs.
    fn close_logs(&mut self) {
        if let Some(handle) = self.logs.take() {
            handle.abort();
        }
    }

    /// Waits for the journal and for writes that are on their way, but not for ever; what was only
    /// asked is left.
    pub(super) async fn finish(mut self, limit: Duration) {
        self.tasks.abort_all();
        let all = async { while self.writes.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limit, all).await;
    }

    /// Forgets what has ended; whether something did by a panic.
    pub(super) fn tidy(&mut self) -> bool {
        let mut fell = false;
        for tasks in [&mut self.tasks, &mut self.writes] {
            while let Some(ended) = tasks.try_join_next() {
                fell |= ended.is_err_and(|e| e.is_panic());
            }
        }
        fell
    }

    fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        self.tasks.spawn(fall::amid(name, task))
    }
}

async fn send(out: &mpsc::Sender<Msg>, msg: Msg) {
    // A closed inbox means that the program is ending.
    let _ = out.send(msg).await;
}

async fn template(connection: &Connection, of: &TemplateRef) -> Result<TemplateLines, SafeText> {
    let lines = cluster::template::read_template(connection, &of.replica_set, &of.uid).await;
    let lines = lines.map_err(|e| SafeText::from(e.to_string()))?;
    Ok(lines.into_iter().map(|l| (l.path, l.value)).collect())
}

async fn read_logs(connection: Arc<Connection>, out: mpsc::Sender<Msg>, request: LogRequest) {
    let epoch = request.epoch;
    let (sink, mut lines) = mpsc::channel(LOG_QUEUE);
    let mut readers = JoinSet::new();
    let mut why = None;
    let mut pods = request.pods;
    for job in &request.jobs {
        match cluster::logs::pods_of_job(&connection, job).await {
            Ok(found) if found.is_empty() => {
                let text = format!("job {}: its pods are gone", job.name);
                why = Some(SafeText::from(text));
            }
            Ok(found) => pods.extend(found),
            Err(error) => why = Some(SafeText::from(format!("job {}: {error}", job.name))),
        }
    }
    for pod in pods.into_iter().take(LOG_PODS) {
        let (connection, sink) = (Arc::clone(&connection), sink.clone());
        let request = cluster::logs::LogRequest {
            pod,
            container: None,
            previous: request.previous,
            tail: LOG_TAIL,
            since: None,
            follow: !request.previous,
        };
        readers.spawn(fall::amid("log", async move {
            let pod = request.pod.name.clone();
            let ended = cluster::logs::logs(&connection, &request, &sink).await;
            ended.map_err(|e| SafeText::from(format!("{pod}: {e}")))
        }));
    }
    drop(sink);
    let mut batch: Vec<cluster::logs::LogLine> = Vec::new();
    while lines.recv_many(&mut batch, LOG_QUEUE).await > 0 {
        tokio::time::sleep(LOG_GATHER).await;
        while batch.len() < LOG_QUEUE
            && let Ok(line) = lines.try_recv()
        {
            batch.push(line);
        }
        batch.sort_by_key(|line| line.at);
        let lines = batch.drain(..).map(|l| LogLine { pod: l.pod, text: l.text }).collect();
        send(&out, Msg::LogLines(epoch, lines)).await;
    }
    while let Some(ended) = readers.join_next().await {
        if let Ok(Err(text)) = ended {
            why.get_or_insert(text);
        }
    }
    send(&out, Msg::LogEnded(epoch, why)).await;
}
