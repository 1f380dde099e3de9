//! The journal on the screen: whether its chain is whole, a line or two for each action, and one
//! action in full.
//!
//! Called by `view::detail::logbook`.

use crate::app::logbook::{Deed, Logbook};
use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::id::WorkloadId;
use crate::domain::text::several;
use crate::domain::time::{Timestamp, length};

use super::phrase::Phrase;

/// Most places of a broken chain that are named; the command names all.
const MOST_PLACES: usize = 3;

/// An action in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeedRow {
    /// When, in the session's zone.
    pub at: String,
    /// Verb and target, workload, who.
    pub what: Phrase,
    /// What came of it, and why it was done.
    pub outcome: Phrase,
}

/// Whether the journal can be believed.
pub fn verdict(model: &Model) -> Vec<Phrase> {
    let book = match &model.logbook.read {
        None => return vec![Phrase::new().muted("the journal is being read ...")],
        Some(Err(why)) => {
            let cannot = Phrase::of(Role::Bad, "the journal cannot be read: ");
            return vec![cannot.text(why.to_string())];
        }
        Some(Ok(book)) => book,
    };
    let mut lines = vec![chain(book)];
    let places = book.broken.iter().take(MOST_PLACES);
    lines.extend(places.map(|text| Phrase::of(Role::Bad, text.to_string())));
    if book.broken.len() > MOST_PLACES {
        lines.push(Phrase::new().muted("`waveoff journal` names all places"));
    }
    lines.extend(book.torn.iter().take(1).map(|text| Phrase::of(Role::Warn, text.to_string())));
    if book.torn.len() > 1 {
        let more = format!("and {} more were cut off", book.torn.len() - 1);
        lines.push(Phrase::of(Role::Warn, more));
    }
    lines
}

fn chain(book: &Logbook) -> Phrase {
    if book.lines == 0 {
        return Phrase::new().muted(format!("the journal is empty: {}", book.place));
    }
    let lines = several(book.lines, "line", "lines");
    let head = book.head.as_ref().map_or("none", |head| head.as_str());
    let behind = format!(", newest hash {head}");
    match book.broken.len() {
        0 => Phrase::of(Role::Ok, "the chain is whole").text(format!(": {lines} verified{behind}")),
        1 => Phrase::of(Role::Bad, "THE CHAIN IS BROKEN in 1 place")
            .text(format!(", {lines}{behind}")),
        count => Phrase::of(Role::Bad, format!("THE CHAIN IS BROKEN in {count} places"))
            .text(format!(", {lines}{behind}")),
    }
}

/// The actions on the screen, newest first.
pub fn rows(model: &Model, of: Option<&WorkloadId>) -> Vec<DeedRow> {
    let row = |deed: &Deed| DeedRow {
        at: date_and_time(model, deed.at),
        what: what(deed),
        outcome: {
            let outcome = outcome(deed);
            match deed.reason.as_str() {
                "" => outcome,
                reason => outcome.muted(format!("  \"{reason}\"")),
            }
        },
    };
    model.logbook.shown(of).map(row).collect()
}

/// Why there are no rows; nothing while that is said elsewhere.
pub fn nothing(model: &Model, of: Option<&WorkloadId>) -> Option<String> {
    let book = model.logbook.read.as_ref()?.as_ref().ok()?;
    match of {
        Some(id) if !book.deeds.is_empty() => {
            Some(format!("nothing was done to {id} from here; o shows all"))
        }
        _ => Some("nothing was done from here yet".to_owned()),
    }
}

fn what(deed: &Deed) -> Phrase {
    let target = deed.target.as_ref().map_or_else(String::new, |hash| format!(" to {hash}"));
    Phrase::of(Role::Title, format!("{}{target}", deed.verb))
        .text(format!("  {}/{}", deed.place, deed.name))
        .muted(format!("  by {}", deed.user))
}

/// What came of it, with the time that it took.
fn outcome(deed: &Deed) -> Phrase {
    if let Some(note) = &deed.note {
        return Phrase::new().text(note.to_string());
    }
    if let Some(end) = &deed.end {
        let role = match end.word.as_str() {
            "in effect" => Role::Ok,
            "superseded" | "overdue" => Role::Warn,
            _ => Role::Bad,
        };
        let word = Phrase::of(role, format!("{} after {}", end.word, length(end.took)));
        return match end.detail.as_str() {
            "" => word,
            detail => word.text(format!(": {detail}")),
        };
    }
    match &deed.answer {
        None => Phrase::of(Role::Bad, "NO ANSWER KEPT").text(": the program ended before one came"),
        Some((answer, _)) if answer.starts_with("refused") || answer.starts_with("changed") => {
            Phrase::of(Role::Bad, answer.to_string())
        }
        Some((answer, took)) => Phrase::of(Role::Warn, answer.to_string())
            .text(format!(" after {}, nobody saw how it ended", length(*took))),
    }
}

/// A label and what stands behind it.
pub type Field = (&'static str, Phrase);

/// All that is known of an action, but for what was sent.
pub fn fields(model: &Model, deed: &Deed) -> Vec<Field> {
    let text = |text: &str| Phrase::new().text(text);
    let target = deed.target.as_ref().map_or_else(Phrase::new, |hash| text(hash));
    let answer = deed.answer.as_ref().map_or_else(Phrase::new, |(answer, took)| {
        text(answer).muted(format!("  after {}", length(*took)))
    });
    let reason = if deed.reason.is_empty() {
        Phrase::new().muted("none was given")
    } else {
        text(&deed.reason)
    };
    vec![
        ("when", text(&date_and_time(model, deed.at))),
        ("who", text(&deed.user)),
        ("verb", Phrase::of(Role::Title, deed.verb.to_string())),
        ("target", target),
        ("workload", text(&format!("{} {}/{}", deed.kind, deed.place, deed.name))),
        ("context", text(&deed.context)),
        ("server", text(&deed.server)),
        ("reason", reason),
        ("answer", answer),
        ("outcome", outcome(deed)),
        ("number", text(&format!("{} of session {}", deed.ticket, deed.session))),
    ]
}

/// An instant as date and time of day in the session's zone.
fn date_and_time(model: &Model, at: Option<Timestamp>) -> String {
    let Some(at) = at else { return "-".to_owned() };
    let offset = chrono::TimeDelta::minutes(i64::from(model.session.utc_offset_minutes));
    at.checked_add_signed(offset).unwrap_or(at).format("%F %T").to_string()
}
