//! What can happen to the program.

use crate::domain::analysis::template::{AnalysisTemplate, TemplateName};
use crate::domain::gate::Pass;
use crate::domain::id::{ObjectRef, Uid, WorkloadId};
use crate::domain::measure::query;
use crate::domain::measure::scheme::Labels;
use crate::domain::observation::{Observation, SourceId, SourceState};
use crate::domain::plan::Permission;
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;
use crate::domain::workload::Workload;

use super::access::Access;
use super::drill::Progress;
use super::flight::Ticket;
use super::gate::News;
use super::guard::Lease;
use super::key::Key;
use super::log_view::LogLine;
use super::logbook::Logbook;
use super::metrics::{Candidate, Search};
use super::readiness::Examined;
use super::revert;

/// How the connection to the API server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// Whether the last probe was answered.
    pub alive: bool,
    /// Last answer.
    pub last_alive: Option<Timestamp>,
    /// Round trip of the last answer in milliseconds.
    pub rtt_ms: Option<u64>,
    /// Server's clock minus ours, in seconds.
    pub skew_s: Option<i64>,
    /// What went wrong.
    pub error: Option<SafeText>,
    /// The credentials are refused, and reading them again did not help: why.
    pub sign_in: Option<SafeText>,
}

/// What became of the writes of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The API server took all of them.
    Accepted,
    /// It refused; nothing was changed. What had changed underneath is said line by line.
    Changed(Vec<SafeText>),
    /// Refused by a rule, ours or the cluster's; nothing was changed.
    Refused(SafeText),
    /// It did not come to that: not reachable, no permission, no credentials, or the server was
    /// busy; nothing was changed.
    Unable(SafeText),
    /// No answer came: it may or may not have arrived.
    Unknown(SafeText),
}

/// Lines of a template: path and value, sorted by path.
pub type TemplateLines = Vec<(SafeText, SafeText)>;

/// Templates with what became of reading them.
pub type TemplatesRead = Vec<(TemplateName, Result<Box<AnalysisTemplate>, SafeText>)>;

/// Elements of a vector: labels and value.
pub type Elements = Vec<(Labels, f64)>;

/// What a server has.
#[derive(Debug, Clone, PartialEq)]
pub struct Explored {
    /// What was asked.
    pub what: Search,
    /// What was answered.
    pub elements: Result<Elements, SafeText>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Which.
    pub id: u64,
    /// What came, or why nothing.
    pub answer: Result<query::Answer, SafeText>,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key was pressed. `burst`: it came together with others or from a key held down; such a
    /// key may move, but never acts.
    Key {
        /// Which.
        key: Key,
        /// Whether it came in a burst.
        burst: bool,
    },
    /// Text was pasted.
    Paste(String),
    /// The terminal gave bytes that no key sends.
    Noise,
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The document on the screen cannot be scrolled further than to this line.
    ScrollEnd(usize),
    /// Time passed.
    Tick,
    /// A source saw something.
    Observed(Vec<Observation>),
    /// A source's state changed.
    Source(SourceId, SourceState),
    /// A source saw objects that cannot be read.
    Odd(SourceId, SafeText),
    /// The connection was probed.
    Pulse(Pulse),
    /// The API server answered what we may do.
    Access(Vec<(Permission, Access)>),
    /// The API server answered an action.
    Answered(Ticket, Answer),
    /// The workload as it is now, after an unknown outcome.
    ReadBack(Ticket, Result<Box<Workload>, SafeText>),
    /// Log lines for this epoch.
    LogLines(u64, Vec<LogLine>),
    /// The log streams of this epoch ended.
    LogEnded(u64, Option<SafeText>),
    /// Templates of two revisions for this epoch: older, newer.
    Templates(u64, Result<(TemplateLines, TemplateLines), SafeText>),
    /// Templates of analyses of a workload.
    AnalysisTemplates(WorkloadId, TemplatesRead),
    /// The search of this number, for a workload: its server, or why there is none.
    Prometheus(WorkloadId, u64, Result<Candidate, SafeText>),
    /// What a server has for a workload.
    Explored(WorkloadId, Explored),
    /// The answer to a question.
    Measured(Measured),
    /// How the Lease of a guard stands.
    Leased(Uid, Lease),
    /// The run of checks of this number has news.
    Gate(u64, Box<News>),
    /// What is kept on disk of the gate of this object.
    GateKept(Uid, Option<Box<Pass>>),
    /// What was found of the readiness asked for under this epoch, or why nothing could be.
    Examined(u64, Result<Box<Examined>, SafeText>),
    /// The revert of this number has news.
    Reverting(u64, Box<revert::News>),
    /// Something went wrong elsewhere: where, what.
    Trouble(SafeText, SafeText),
    /// Who the API server says we are.
    Identity(SafeText),
    /// The journal under this epoch, or why it cannot be read.
    Logbook(u64, Result<Box<Logbook>, SafeText>),
    /// How the drill goes.
    Drill(Box<Progress>),
}

/// A revision whose template is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRef {
    /// ReplicaSet.
    pub replica_set: ObjectRef,
    /// Its UID: a namesake is refused.
    pub uid: Uid,
    /// `r42 9f3c1a2`.
    pub label: SafeText,
}
