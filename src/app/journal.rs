//! The journal's entries: what was asked for, what the API server said, what came of it.
//!
//! Pure data; `runtime` writes them to the file, one JSON object a line, before a request leaves
//! and after it ended. No secret is ever in a plan, so none is here.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::guard::Arming;
use crate::domain::id::{PodHash, Uid, WorkloadId};
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

/// What happened to a guard, for the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardNote {
    /// When.
    pub at: Timestamp,
    /// `armed`, `broken`, `fired`, `blind`, or how it ended.
    pub word: &'static str,
    /// The sentence beside it.
    pub detail: SafeText,
    /// Which guard.
    pub arming: Arming,
    /// Who and where.
    pub session: SessionStamp,
}

impl GuardNote {
    /// The note as one JSON object (`"schema": 1`, `"report": "guard"`).
    pub fn to_json(&self) -> Value {
        let arming = &self.arming;
        let own = json!({
            "report": "guard",
            "guard": arming.id.as_str(),
            "word": self.word,
            "detail": self.detail.as_str(),
            "target": arming.hash.as_str(),
        });
        line(self.at, &self.session, (&arming.workload, &arming.uid), own)
    }
}

/// What was found or done beside the cluster's own writes, for the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// `gate`, `after switch`, `git revert`.
    pub what: &'static str,
    /// How it ended.
    pub word: &'static str,
    /// The sentence beside it.
    pub detail: SafeText,
    /// The workload.
    pub workload: WorkloadId,
    /// Its UID.
    pub uid: Uid,
    /// The version.
    pub hash: PodHash,
    /// Who and where.
    pub session: SessionStamp,
}

impl Note {
    /// The note as one JSON object (`"schema": 1`, `"report": "note"`).
    pub fn to_json(&self) -> Value {
        let own = json!({
            "report": "note",
            "what": self.what,
            "word": self.word,
            "detail": self.detail.as_str(),
            "target": self.hash.as_str(),
        });
        line(self.at, &self.session, (&self.workload, &self.uid), own)
    }
}

/// A line of the journal: what each has, and what is its own.
fn line(at: Timestamp, session: &SessionStamp, of: (&WorkloadId, &Uid), own: Value) -> Value {
    let (id, uid) = of;
    let mut line = json!({
        "schema": 1,
        "at": to_rfc3339(at),
        "at_ms": at.timestamp_millis(),
        "session": session.id.as_str(),
        "kind": id.kind.as_str(),
        "namespace": id.namespace.as_str(),
        "name": id.name.as_str(),
        "uid": uid.as_str(),
        "user": session.user.as_str(),
        "context": session.context.as_str(),
        "server": session.server.as_str(),
    });
    if let (Some(line), Value::Object(own)) = (line.as_object_mut(), own) {
        line.extend(own);
    }
    line
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

impl SessionStamp {
    /// How a guard of this session is called where others can see it: user and session.
    pub fn guard_name(&self) -> SafeText {
        format!("{} ({})", self.user, self.id).into()
    }
}

/// Where workloads were waved off to, by their UID, as far as lines of the journal since then tell
/// a beginning and no end: the program was killed on the way, or it took too long. An end that is
/// in effect or superseded ends whatever was begun on that workload, by whichever session. Lines
/// that make no sense tell nothing.
pub fn unfinished(lines: &[Value], since: Timestamp) -> BTreeMap<Uid, PodHash> {
    let mut open: Vec<(String, u64, Uid, PodHash)> = Vec::new();
    for line in lines {
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let is_new = line.get("at_ms").and_then(Value::as_i64) >= Some(since.timestamp_millis());
        let ticket = line.get("ticket").and_then(Value::as_u64);
        let (Some("wave-off"), Some(session), Some(ticket), Some(uid)) =
            (text("verb").filter(|_| is_new), text("session"), ticket, text("uid"))
        else {
            continue;
        };
        match (text("report"), text("word"), text("target")) {
            (Some("intent"), _, Some(target)) => {
                open.push((session.to_owned(), ticket, Uid::new(uid), PodHash::new(target)));
            }
            (Some("end"), Some("in effect" | "superseded"), _) => {
                open.retain(|(_, _, other, _)| *other != uid);
            }
            (Some("end"), Some("refused"), _) => {
                open.retain(|(other, number, ..)| (other.as_str(), *number) != (session, ticket));
            }
            _ => {}
        }
    }
    open.into_iter().map(|(_, _, uid, target)| (uid, target)).collect()
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
        let own = json!({
            "ticket": self.ticket.0,
            "report": report,
            "word": word,
            "detail": detail,
            "verb": self.plan.action.verb.name(),
            "target": self.plan.action.target.as_ref().map(SafeText::as_str),
            "reason": self.reason.as_str(),
            "writes": writes,
        });
        line(self.at, &self.session, (&self.plan.id, &self.plan.uid), own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{Span, parse_rfc3339};

    fn line(ticket: u64, report: &str, word: &str, target: &str) -> Value {
        let at =
            parse_rfc3339("2026-11-28T10:00:00Z").unwrap() + Span::seconds(ticket.cast_signed());
        json!({
            "at_ms": at.timestamp_millis(), "session": "s", "ticket": ticket, "report": report,
            "word": word, "verb": "wave-off", "uid": "u", "target": target,
        })
    }

    #[test]
    fn what_was_begun_and_has_no_end_is_unfinished() {
        let since = parse_rfc3339("2026-11-28T10:00:00Z").unwrap();
        let told = |lines: &[Value]| {
            let all = unfinished(lines, since);
            all.get("u").map(ToString::to_string)
        };
        let begun = line(1, "intent", "", "aaa");
        assert_eq!(told(std::slice::from_ref(&begun)).as_deref(), Some("aaa"));
        let answered = line(1, "answer", "accepted", "aaa");
        assert_eq!(told(&[begun.clone(), answered]).as_deref(), Some("aaa"));
        for word in ["in effect", "superseded", "refused"] {
            assert_eq!(told(&[begun.clone(), line(1, "end", word, "aaa")]), None, "{word}");
        }
        // Followed for five minutes, and still not there: it is still the way.
        let late = line(1, "end", "overdue", "aaa");
        assert_eq!(told(&[begun.clone(), late]).as_deref(), Some("aaa"));
        // Another one, to another version, ended; and the newest counts.
        let other = line(2, "intent", "", "bbb");
        assert_eq!(told(&[begun.clone(), other.clone()]).as_deref(), Some("bbb"));
        let ended = [begun.clone(), other.clone(), line(2, "end", "refused", "bbb")];
        assert_eq!(told(&ended).as_deref(), Some("aaa"));
        // The second one came to its end: the first is none of today's.
        let gone_on = [begun.clone(), other, line(2, "end", "in effect", "bbb")];
        assert_eq!(told(&gone_on), None);
        assert_eq!(unfinished(&[begun], since + Span::seconds(2)), BTreeMap::new(), "old");
        let odd =
            [json!(null), json!({ "verb": "wave-off" }), line(3, "intent", "", "x")["uid"].clone()];
        assert_eq!(unfinished(&odd, since), BTreeMap::new());
    }
}
