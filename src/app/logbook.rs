//! The journal read back: actions out of its lines, and whether the chain of lines is whole.
//!
//! Never reads the file, and never believes a line: what makes no sense is left out. Called by
//! `report` for the command and by `update` for the screen; read from the disk by `runtime`.

use serde_json::Value;

use crate::domain::id::WorkloadId;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, parse_rfc3339};

/// Most actions that the screen keeps, newest first.
pub const MOST: usize = 2000;

/// What was sent to one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Which object.
    pub object: SafeText,
    /// `status`, or empty.
    pub subresource: SafeText,
    /// What had to hold.
    pub asserts: Vec<SafeText>,
    /// What was to change.
    pub changes: Vec<SafeText>,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// `in effect`, `superseded`, `overdue`, `refused`.
    pub word: SafeText,
    /// Detail.
    pub detail: SafeText,
    /// Time from the intent.
    pub took: Span,
}

/// One action, out of its lines in the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deed {
    /// The run of the program.
    pub session: SafeText,
    /// Its number there.
    pub ticket: u64,
    /// When the request was about to leave.
    pub at: Option<Timestamp>,
    /// Verb.
    pub verb: SafeText,
    /// Version that it leads to, when it leads to one.
    pub target: Option<SafeText>,
    /// Kind of the workload.
    pub kind: SafeText,
    /// Its namespace.
    pub place: SafeText,
    /// Its name.
    pub name: SafeText,
    /// Who, as the API server knew them.
    pub user: SafeText,
    /// Context.
    pub context: SafeText,
    /// API server.
    pub server: SafeText,
    /// Why, as the person gave it.
    pub reason: SafeText,
    /// What was sent.
    pub sent: Vec<Sent>,
    /// What the API server said, and the time from the intent; nothing when the program was killed
    /// before.
    pub answer: Option<(SafeText, Span)>,
    /// How it ended; nothing when nobody was there to see it.
    pub end: Option<Ending>,
    /// Nothing was done: what a guard or a gate saw, in words.
    pub note: Option<SafeText>,
}

impl Deed {
    /// Whether it was done to this workload.
    pub fn is_of(&self, id: &WorkloadId) -> bool {
        self.name == id.name && self.place == id.namespace && self.kind == id.kind.as_str()
    }
}

/// The journal as the screen shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logbook {
    /// Actions, newest first.
    pub deeds: Vec<Deed>,
    /// How many older ones are left out.
    pub left_out: usize,
    /// Lines that were read and understood.
    pub lines: usize,
    /// What was changed, taken out or put in, with its place.
    pub broken: Vec<SafeText>,
    /// What was cut off by a crash.
    pub torn: Vec<SafeText>,
    /// The hash of the newest line.
    pub head: Option<SafeText>,
    /// Where it is.
    pub place: SafeText,
}

impl Logbook {
    /// The actions of these lines; what is known of the file is filled in by who read it.
    pub fn of(lines: &[Value]) -> Self {
        let mut deeds = deeds(lines);
        deeds.reverse();
        let left_out = deeds.len().saturating_sub(MOST);
        deeds.truncate(MOST);
        Self { deeds, left_out, lines: lines.len(), ..Self::default() }
    }
}

/// The Journal screen's own state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogbookView {
    /// Which request the answer must belong to.
    pub epoch: u64,
    /// The journal, or why it cannot be read; nothing before it is there.
    pub read: Option<Result<Box<Logbook>, SafeText>>,
    /// The selected row.
    pub selected: usize,
}

impl LogbookView {
    /// The actions on the screen: of one workload, or all.
    pub fn shown(&self, of: Option<&WorkloadId>) -> impl Iterator<Item = &Deed> {
        let book = self.read.as_ref().and_then(|read| read.as_ref().ok());
        let deeds = book.into_iter().flat_map(|book| &book.deeds);
        deeds.filter(move |deed| of.is_none_or(|id| deed.is_of(id)))
    }

    /// The action of a run by its number.
    pub fn deed(&self, session: &SafeText, ticket: u64) -> Option<&Deed> {
        self.shown(None).find(|deed| deed.session == *session && deed.ticket == ticket)
    }
}

/// The actions of these lines, oldest first.
pub fn deeds(lines: &[Value]) -> Vec<Deed> {
    let mut all: Vec<Deed> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let safe = |key: &str| SafeText::new(text(key).unwrap_or_default());
        if let (Some("guard" | "note"), Some(session)) = (text("report"), text("session")) {
            all.push(noted(line, SafeText::new(session), place));
            continue;
        }
        let ticket = line.get("ticket").and_then(Value::as_u64);
        let (Some(report), Some(session), Some(ticket)) = (text("report"), text("session"), ticket)
        else {
            continue;
        };
        let session = SafeText::new(session);
        if report == "intent" {
            all.push(begun(line, session, ticket));
            continue;
        }
        let found = all.iter_mut().rev().find(|d| d.session == session && d.ticket == ticket);
        let Some(deed) = found else { continue };
        let at = text("at").and_then(parse_rfc3339);
        let took = at.zip(deed.at).map_or(Span::zero(), |(end, begin)| end - begin);
        let (word, detail) = (safe("word"), safe("detail"));
        match report {
            "answer" if detail.is_empty() => deed.answer = Some((word, took)),
            "answer" => deed.answer = Some((format!("{word}: {detail}").into(), took)),
            "end" => deed.end = Some(Ending { word, detail, took }),
            _ => {}
        }
    }
    all
}

/// The action that a line begins.
fn begun(line: &Value, session: SafeText, ticket: u64) -> Deed {
    let text = |key: &str| line.get(key).and_then(Value::as_str);
    let safe = |key: &str| SafeText::new(text(key).unwrap_or_default());
    let writes = line.get("writes").and_then(Value::as_array).into_iter().flatten();
    Deed {
        session,
        ticket,
        at: text("at").and_then(parse_rfc3339),
        verb: safe("verb"),
        target: text("target").map(SafeText::new),
        kind: safe("kind"),
        place: safe("namespace"),
        name: safe("name"),
        user: safe("user"),
        context: safe("context"),
        server: safe("server"),
        reason: safe("reason"),
        sent: writes.map(sent).collect(),
        answer: None,
        end: None,
        note: None,
    }
}

/// What happened to a guard, or what a gate found. Nothing was sent, so it has no ticket; its
/// number is its line's, from the other end.
fn noted(line: &Value, session: SafeText, at: usize) -> Deed {
    let word = line.get("word").and_then(Value::as_str).unwrap_or_default();
    let what = line.get("what").and_then(Value::as_str).unwrap_or("guard");
    let detail = line.get("detail").and_then(Value::as_str).unwrap_or_default();
    let number = u64::MAX - u64::try_from(at).unwrap_or(u64::MAX);
    Deed {
        verb: format!("{what} {word}").into(),
        note: Some(SafeText::new(detail)),
        ..begun(line, session, number)
    }
}

fn sent(write: &Value) -> Sent {
    let text =
        |key: &str| SafeText::new(write.get(key).and_then(Value::as_str).unwrap_or_default());
    let list = |key: &str| {
        let items = write.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(SafeText::new).collect()
    };
    Sent {
        object: text("object"),
        subresource: text("subresource"),
        asserts: list("asserts"),
        changes: list("changes"),
    }
}
