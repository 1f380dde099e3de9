//! The journal's entries: what was asked for, what the API server said, what came of it.
//!
//! Pure data; `runtime` writes them to the file, one JSON object a line, before a request leaves
//! and after it ended. No secret is ever in a plan, so none is here.

use serde_json::{Value, json};

use crate::domain::plan::Plan;
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, to_rfc3339};

use super::flight::Ticket;

/// What an entry reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The request is about to leave.
    Intent,
    /// The API server's answer: a word and a sentence.
    Answer {
        /// `accepted`, `changed`, `refused`, `unknown`.
        word: &'static str,
        /// Detail.
        detail: SafeText,
    },
    /// How it ended: `in effect`, `superseded`, `overdue`, `not done`.
    End {
        /// Word of the last stage.
        word: &'static str,
        /// Detail.
        detail: SafeText,
    },
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Which action of the session.
    pub ticket: Ticket,
    /// What is reported.
    pub report: Report,
    /// What was confirmed.
    pub plan: Plan,
    /// Why, as the person gave it.
    pub reason: SafeText,
    /// Who and where: user, context, server.
    pub session: SessionStamp,
}

/// Who acted, where from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionStamp {
    /// Identifier of this run of the program.
    pub id: SafeText,
    /// User as the API server knows them.
    pub user: SafeText,
    /// Context.
    pub context: SafeText,
    /// API server.
    pub server: SafeText,
}

impl Entry {
    /// The entry as one JSON object (`"schema": 1`).
    pub fn to_json(&self) -> Value {
        let (report, word, detail) = match &self.report {
            Report::Intent => ("intent", "", ""),
            Report::Answer { word, detail } => ("answer", *word, detail.as_str()),
            Report::End { word, detail } => ("end", *word, detail.as_str()),
        };
        let writes: Vec<Value> = self
            .plan
            .writes
            .iter()
            .map(|w| {
                json!({
                    "object": w.object.to_string(),
                    "subresource": if w.status { "status" } else { "" },
                    "asserts": w.asserts.iter().map(|a| format!("{a:?}")).collect::<Vec<_>>(),
                    "changes": w.changes.iter().map(|c| format!("{c:?}")).collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({
            "schema": 1,
            "at": to_rfc3339(self.at),
            "at_ms": self.at.timestamp_millis(),
            "session": self.session.id.as_str(),
            "ticket": self.ticket.0,
            "report": report,
            "word": word,
            "detail": detail,
            "verb": self.plan.action.verb.name(),
            "target": self.plan.action.target.as_ref().map(super::super::domain::text::SafeText::as_str),
            "kind": self.plan.id.kind.as_str(),
            "namespace": self.plan.id.namespace.as_str(),
            "name": self.plan.id.name.as_str(),
            "uid": self.plan.uid.as_str(),
            "reason": self.reason.as_str(),
            "user": self.session.user.as_str(),
            "context": self.session.context.as_str(),
            "server": self.session.server.as_str(),
            "writes": writes,
        })
    }
}
