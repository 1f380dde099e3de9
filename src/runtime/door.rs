//! The one door through which anything is written to a cluster: keys, commands and the guard.
//!
//! Permission, journal, request, answer, journal. Sends each write once, never again.

use std::io;
use std::sync::Arc;

use serde_json::Value;

use crate::app::access::Access;
use crate::app::flight::Ticket;
use crate::app::journal::{Entry, Report, SessionStamp};
use crate::app::msg::Answer;
use crate::cluster::{self, ActError, Connection};
use crate::domain::plan::{Danger, Plan};
use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;

use super::clock::Clock;
use super::repository::Repositories;
use super::state::{Guards, Journal, Passes};

/// What the door needs.
#[derive(Debug, Clone)]
pub(super) struct Door {
    /// The cluster.
    pub(super) connection: Arc<Connection>,
    /// The journal.
    pub(super) journal: Journal,
    /// Guards as they stand, on disk.
    pub(super) guards: Guards,
    /// The clock.
    pub(super) clock: Clock,
    /// Passed gates.
    pub(super) passes: Passes,
    /// Repositories that GitOps tools follow.
    pub(super) repositories: Repositories,
}

/// A confirmed action.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// Its name.
    pub(super) ticket: Ticket,
    /// What was confirmed.
    pub(super) plan: Plan,
    /// Why.
    pub(super) reason: SafeText,
    /// Who.
    pub(super) stamp: SessionStamp,
}

impl Door {
    /// Carries an order out and says what the API server answered.
    pub(super) async fn execute(&self, order: Order) -> Answer {
        if let Some(refusal) = self.denied(&order.plan).await {
            return refusal;
        }
        if let Err(error) = self.journal_entry(&order, Report::Intent).await
            && order.plan.danger != Danger::Safety
        {
            let place = self.journal.place();
            let text = format!("not sent: the journal in {place} cannot be written: {error}");
            return Answer::Refused(text.into());
        }
        let answer = self.send(&order.plan).await;
        let (word, detail) = words(&answer);
        if let Err(error) = self.journal_entry(&order, Report::Answer { word, detail }).await {
            tracing::error!(%error, "journal the answer");
        }
        answer
    }

    /// A permission that is certainly missing. One that cannot be asked for is left to the API
    /// server, which asks again.
    async fn denied(&self, plan: &Plan) -> Option<Answer> {
        for permission in plan.permissions() {
            let access = cluster::access::access(&self.connection, &permission).await;
            if access_of(access) == Access::Denied {
                let text = format!("not permitted: {permission}; nothing was sent");
                return Some(Answer::Refused(text.into()));
            }
        }
        None
    }

    async fn send(&self, plan: &Plan) -> Answer {
        let all = plan.writes.len();
        for (done, write) in plan.writes.iter().enumerate() {
            match cluster::act(&self.connection, write, false).await {
                Ok(accepted) => {
                    tracing::info!(object = %write.object, rv = %accepted.resource_version, "accepted");
                }
                Err(error) => {
                    let answer = answer_of(&error);
                    tracing::warn!(object = %write.object, %error, "refused");
                    if done == 0 {
                        return answer;
                    }
                    let (_, detail) = words(&answer);
                    let text = format!("{done} of {all} requests were done, then: {detail}");
                    return Answer::Refused(text.into());
                }
            }
        }
        Answer::Accepted
    }

    async fn journal_entry(&self, order: &Order, report: Report) -> io::Result<()> {
        let entry = Entry {
            at: self.clock.now(),
            ticket: order.ticket,
            report,
            plan: order.plan.clone(),
            reason: order.reason.clone(),
            session: order.stamp.clone(),
        };
        self.append(entry.at, entry.to_json()).await
    }

    /// Appends a line to the journal without holding up the loop.
    pub(super) async fn append(&self, at: Timestamp, line: Value) -> io::Result<()> {
        self.journal.write(at, line).await
    }
}

fn words(answer: &Answer) -> (&'static str, SafeText) {
    match answer {
        Answer::Accepted => ("accepted", SafeText::default()),
        Answer::Changed(differences) => {
            let lines: Vec<&str> =
                differences.iter().map(super::super::domain::text::SafeText::as_str).collect();
            ("changed", lines.join("; ").into())
        }
        Answer::Refused(text) => ("refused", text.clone()),
        Answer::Unknown(text) => ("unknown", text.clone()),
    }
}

fn answer_of(error: &ActError) -> Answer {
    match error {
        ActError::Changed { differences, .. } => {
            Answer::Changed(differences.iter().map(difference_text).collect())
        }
        ActError::Unknown { .. } => Answer::Unknown(error.to_string().into()),
        _ => Answer::Refused(error.to_string().into()),
    }
}

/// A right as the cluster answered it, in the program's words.
pub(super) fn access_of(answer: cluster::access::Access) -> Access {
    match answer {
        cluster::access::Access::Allowed => Access::Allowed,
        cluster::access::Access::Denied(_) => Access::Denied,
        cluster::access::Access::Unknown(text) => Access::Unknown(text),
    }
}

fn difference_text(difference: &cluster::Difference) -> SafeText {
    format!("{} was {}, is {}", difference.what, difference.expected, difference.found).into()
}
