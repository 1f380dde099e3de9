//! What the program wants done, as data. Performed by `runtime`, which answers with messages.

use serde_json::Value;

use crate::domain::alert::Alert;
use crate::domain::analysis::template::TemplateName;
use crate::domain::gate::Pass;
use crate::domain::gitops::Proposal;
use crate::domain::id::{ObjectRef, Uid, WorkloadId};
use crate::domain::measure::address::Address;
use crate::domain::plan::{Permission, Plan};
use crate::domain::text::SafeText;
use crate::domain::time::Span;

use super::flight::Ticket;
use super::gate::Order;
use super::journal::{Entry, GuardNote, Note};
use super::metrics::asks::Ask;
use super::metrics::{Candidate, Search};
use super::msg::TemplateRef;
use super::readiness::Exam;
use super::revert;

/// Which logs are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRequest {
    /// Lines are answered under this epoch.
    pub epoch: u64,
    /// Pods.
    pub pods: Vec<ObjectRef>,
    /// Jobs, whose pods are to be found first.
    pub jobs: Vec<ObjectRef>,
    /// The container before the last restart.
    pub previous: bool,
}

/// What is wanted of a Lease (`coordination.k8s.io/v1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseOrder {
    /// Of which guard; the answer carries it.
    pub uid: Uid,
    /// The workload it is for.
    pub workload: WorkloadId,
    /// Who holds it.
    pub holder: SafeText,
    /// How long it stands without being renewed.
    pub lasts: Span,
    /// Whether it is given back.
    pub release: bool,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Watch Services, Ingresses and budgets around this workload (or of none).
    Focus(Option<WorkloadId>),
    /// Ask what we may do.
    CheckAccess(Vec<Permission>),
    /// Journal the intent, send the writes, journal the answer.
    Act {
        /// Answers carry it.
        ticket: Ticket,
        /// What was confirmed.
        plan: Box<Plan>,
        /// Why.
        reason: SafeText,
    },
    /// Read the workload to find out what became of an action.
    ReadBack(Ticket, WorkloadId),
    /// Append to the journal.
    Journal(Box<Entry>),
    /// Append to the journal what happened to a guard.
    JournalGuard(Box<GuardNote>),
    /// Append to the journal what was found or done beside the cluster's own writes.
    JournalNote(Box<Note>),
    /// Keep how a guard stands, for whoever starts after this program was killed.
    KeepGuard(Uid, Value),
    /// Nothing is to be gone on with.
    ForgetGuard(Uid),
    /// Ask for the Lease of a guard, renew it, or give it back.
    Lease(LeaseOrder),
    /// Read what the readiness of a workload depends on and judge it, under this epoch.
    Examine(u64, Box<Exam>),
    /// Work out the commit that takes an image back, under this number; nothing is pushed.
    ProposeRevert(u64, Box<revert::Wanted>),
    /// Push what was proposed under this number, as it was shown.
    PushRevert(u64, Box<Proposal>),
    /// Read the whole journal, to be answered under this epoch.
    ReadJournal(u64),
    /// Read logs.
    OpenLogs(LogRequest),
    /// Stop reading logs.
    CloseLogs,
    /// Fetch two templates: older, newer.
    Templates(u64, TemplateRef, TemplateRef),
    /// Read templates of analyses of this workload.
    ReadAnalysisTemplates(WorkloadId, Vec<TemplateName>),
    /// Find the first of these servers that answers; with none, one in the cluster.
    FindPrometheus(u64, WorkloadId, Vec<Candidate>),
    /// Ask a server once what it has for a workload.
    Explore(WorkloadId, Address, Search, Vec<String>),
    /// From now on ask these again and again, and nothing else.
    Measure(Vec<Ask>),
    /// Tell people who are not at the screen.
    Alert(Box<Alert>),
    /// Ring for whoever is near the screen, with these words.
    Ring(SafeText),
    /// Ask a new version what its gate wants to know; ends whatever is asked so far.
    Preflight(Box<Order>),
    /// Users are on the version that the run of this number looks at.
    Switched(u64),
    /// Ask no more.
    EndPreflight,
    /// Keep a pass of this object on disk, or forget the one that is kept.
    KeepGate(Uid, Option<Box<Pass>>),
    /// Read the pass that is kept of this object.
    ReadGate(Uid),
    /// Put text on the clipboard.
    Copy(String),
    /// Try every source again now.
    Refresh,
    /// Draw everything anew.
    Redraw,
    /// To the shell and back.
    Suspend,
    /// Leave.
    Quit,
}
