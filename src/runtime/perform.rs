//! Performs effects in tasks of their own; their answers come back as messages.
//!
//! Nothing here waits in the loop, and nothing here decides.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::app::effect::{Effect, LeaseOrder, LogRequest};
use crate::app::flight::Ticket;
use crate::app::guard::Lease;
use crate::app::journal::SessionStamp;
use crate::app::log_view::LogLine;
use crate::app::msg::{Msg, TemplateLines, TemplateRef};
use crate::app::readiness::Exam;
use crate::cluster::lease::Held;
use crate::cluster::{self, Connection};
use crate::domain::gate::Pass;
use crate::domain::id::{Uid, WorkloadId};
use crate::domain::plan::{Permission, Plan};
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;
use crate::terminal::fall;

use super::alerts::{Alerts, Plan as Told};
use super::door::{Door, Order, access_of};
use super::gate::Gatekeeper;
use super::measure::{Meter, SignIn};
use super::readiness;
use super::say::complain;
use super::state::record;

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
    /// How often a guard's state was kept: later ones have higher numbers.
    kept: u64,
    alerts: Alerts,
    gate: Gatekeeper,
}

impl Performer {
    /// Answers go to `out`.
    pub(super) fn new(door: Door, sign_in: SignIn, told: Told, out: mpsc::Sender<Msg>) -> Self {
        let (connection, clock) = (Arc::clone(&door.connection), door.clock.clone());
        let alerts = Alerts::start(told, clock.clone(), out.clone());
        let meter = Meter::new(connection, sign_in, clock, out.clone());
        let gate = Gatekeeper::new(Arc::clone(&door.connection), out.clone());
        let (tasks, writes) = (JoinSet::new(), JoinSet::new());
        Self { door, out, tasks, writes, logs: None, meter, kept: 0, alerts, gate }
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
            Effect::Journal(entry) => self.journal(entry.at, entry.to_json()),
            Effect::JournalGuard(note) => self.journal(note.at, note.to_json()),
            Effect::JournalNote(note) => self.journal(note.at, note.to_json()),
            Effect::KeepGuard(uid, kept) => self.keep_guard(uid, Some(kept)),
            Effect::ForgetGuard(uid) => self.keep_guard(uid, None),
            Effect::Lease(order) => self.lease(order),
            Effect::Examine(epoch, exam) => self.examine(epoch, *exam),
            Effect::ProposeRevert(number, wanted) => {
                let (repositories, out) = (self.door.repositories.clone(), self.out.clone());
                self.spawn("git", repositories.propose(number, *wanted, out));
            }
            Effect::PushRevert(number, proposal) => {
                let (repositories, out) = (self.door.repositories.clone(), self.out.clone());
                let push = repositories.push(number, *proposal, out);
                self.writes.spawn(fall::amid("git", push));
            }
            Effect::ReadJournal(epoch) => self.read_journal(epoch),
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
            Effect::Alert(alert) => self.alerts.tell(*alert),
            Effect::Preflight(order) => self.gate.begin(&mut self.tasks, *order),
            Effect::Switched(number) => self.gate.switched(number),
            Effect::EndPreflight => self.gate.end(),
            Effect::KeepGate(uid, pass) => self.keep_gate(uid, pass),
            Effect::ReadGate(uid) => self.read_gate(uid),
            Effect::Focus(_)
            | Effect::Ring(_)
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
        let order = Order { ticket, plan, reason, stamp };
        self.writes.spawn(fall::amid("act", async move { door.execute(order, &out).await }));
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

    /// Appends to the journal. What is not written is said each time and not tried again: it may be
    /// on the disk all the same, and a line that is there twice tells of two things.
    fn journal(&mut self, at: Timestamp, line: Value) {
        let (written, out) = (self.door.append(at, line), self.out.clone());
        self.writes.spawn(fall::amid("record", async move {
            if let Err(error) = written.await {
                let text = format!("cannot be written: {error}");
                send(&out, Msg::Trouble("journal".into(), text.into())).await;
            }
        }));
    }

    /// Keeps how a guard stands, or that nothing is to be gone on with.
    fn keep_guard(&mut self, uid: Uid, kept: Option<Value>) {
        self.kept += 1;
        let (guards, number, out) = (self.door.guards.clone(), self.kept, self.out.clone());
        self.writes.spawn(fall::amid("guard", async move {
            let written = tokio::task::spawn_blocking(move || match kept {
                Some(kept) => guards.keep(&uid, number, &kept),
                None => guards.forget(&uid, number),
            });
            if let Ok(Err(error)) = written.await {
                let text = format!("how it stands cannot be kept: {error}");
                send(&out, Msg::Trouble("guard".into(), text.into())).await;
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

    /// Asks for the Lease of a guard, or gives it back.
    fn lease(&mut self, order: LeaseOrder) {
        let (connection, clock, out) =
            (self.connection(), self.door.clock.clone(), self.out.clone());
        let task = async move {
            let LeaseOrder { uid, workload, holder, lasts, release } = order;
            if release {
                // Whoever waits for it takes it when it ran out, if this does not arrive.
                let _ = cluster::lease::release(&connection, &workload, &holder).await;
                return;
            }
            let now = clock.now();
            let held = cluster::lease::hold(&connection, &workload, &holder, lasts, now).await;
            let lease = match held {
                Ok(Held::Ours) => Lease::Ours(now + lasts),
                Ok(Held::Others(who)) => Lease::Others(who),
                Err(error) => Lease::Refused(error.to_string().into()),
            };
            send(&out, Msg::Leased(uid, lease)).await;
        };
        self.writes.spawn(fall::amid("lease", task));
    }

    /// Reads what the readiness of a workload depends on, and has it judged away from the loop.
    fn examine(&mut self, epoch: u64, exam: Exam) {
        let (connection, out) = (self.connection(), self.out.clone());
        let server = exam.prometheus.as_ref().and_then(|address| self.meter.server(address));
        let now = self.door.clock.now();
        self.spawn("check", async move {
            let found = readiness::examine(&connection, server, &exam, now).await;
            send(&out, Msg::Examined(epoch, found.map(Box::new))).await;
        });
    }

    /// Reads the whole journal, which may be long, away from the loop.
    fn read_journal(&mut self, epoch: u64) {
        let (journal, out) = (self.door.journal.clone(), self.out.clone());
        self.spawn("read journal", async move {
            let read = tokio::task::spawn_blocking(move || record::logbook(&journal)).await;
            let read = read.unwrap_or_else(|error| Err(error.to_string().into()));
            send(&out, Msg::Logbook(epoch, read.map(Box::new))).await;
        });
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

    /// Waits for the journal, for writes that are on their way and for alerts, each not for ever;
    /// what was only asked is left.
    pub(super) async fn finish(mut self, limit: Duration) {
        self.tasks.abort_all();
        let all = async { while self.writes.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limit, all).await;
        if let Some(text) = self.alerts.finish(limit).await {
            complain(&text);
        }
    }

    /// Forgets what has ended; whether something did by a panic.
    pub(super) fn tidy(&mut self) -> bool {
        let mut fell = self.alerts.tidy();
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
