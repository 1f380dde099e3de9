//! `waveoff journal`: what was asked for, by whom, and what came of it, a line for each action.

use serde_json::{Value, json};

use crate::app::logbook::{Deed, Ending, deeds};
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, length};

/// Whom to tell of.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Only this workload, by its name.
    pub name: Option<String>,
    /// Only what began since then.
    pub since: Option<Timestamp>,
}

/// The actions as text, oldest first.
pub fn journal_text(lines: &[Value], asked: &Asked) -> String {
    let mut text = String::new();
    for told in actions(lines, asked) {
        let at = told.at.map_or_else(|| "-".to_owned(), |at| at.format("%F %T").to_string());
        let target = told.target.as_ref().map_or_else(String::new, |hash| format!(" to {hash}"));
        let outcome = outcome(&told);
        let why =
            if told.reason.is_empty() { String::new() } else { format!("  \"{}\"", told.reason) };
        text.push_str(&format!(
            "{at}  {}  {}{target}  {}/{}  {outcome}{why}\n",
            told.user, told.verb, told.place, told.name
        ));
    }
    text
}

fn outcome(told: &Deed) -> String {
    if let Some(note) = &told.note {
        return note.to_string();
    }
    if let Some(Ending { word, detail, took }) = &told.end {
        let behind = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        return format!("{word} {}{behind}", length(*took));
    }
    match &told.answer {
        Some((answer, _)) if answer.starts_with("refused") || answer.starts_with("changed") => {
            answer.to_string()
        }
        Some((answer, _)) => format!("{answer}, nobody saw how it ended"),
        None => "NO ANSWER KEPT: the program ended before one came".to_owned(),
    }
}

/// The actions as JSON.
pub fn journal_json(lines: &[Value], asked: &Asked) -> Value {
    let one = |told: Deed| {
        let (word, detail, took) = match told.end {
            Some(Ending { word, detail, took }) => {
                (Some(word), Some(detail), Some(took.num_milliseconds()))
            }
            None => (None, None, None),
        };
        json!({
            "session": told.session.as_str(),
            "ticket": told.ticket,
            "at": told.at.map(crate::domain::time::to_rfc3339),
            "verb": told.verb.as_str(),
            "target": told.target.as_ref().map(SafeText::as_str),
            "namespace": told.place.as_str(),
            "name": told.name.as_str(),
            "user": told.user.as_str(),
            "context": told.context.as_str(),
            "reason": told.reason.as_str(),
            "answer": told.answer.as_ref().map(|(answer, _)| answer.as_str()),
            "end": word.as_ref().map(SafeText::as_str),
            "detail": detail.as_ref().map(SafeText::as_str),
            "took_ms": took,
        })
    };
    Value::Array(actions(lines, asked).into_iter().map(one).collect())
}

fn actions(lines: &[Value], asked: &Asked) -> Vec<Deed> {
    let wanted = |deed: &Deed| {
        asked.name.as_ref().is_none_or(|name| deed.name == name.as_str())
            && asked.since.is_none_or(|since| deed.at.is_some_and(|at| at >= since))
    };
    let mut all = deeds(lines);
    all.retain(wanted);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    fn line(ticket: u64, report: &str, second: u32, more: &Value) -> Value {
        let mut line = json!({
            "session": "s", "ticket": ticket, "report": report, "verb": "abort", "user": "anna",
            "at": format!("2026-11-28T10:00:{second:02}Z"), "namespace": "shop", "name": "checkout",
            "context": "kind", "reason": "errors", "word": "", "detail": "",
        });
        for (key, value) in more.as_object().unwrap() {
            line[key] = value.clone();
        }
        line
    }

    #[test]
    fn an_action_is_one_line_with_what_came_of_it() {
        let lines = [
            line(1, "intent", 0, &json!({})),
            line(1, "answer", 1, &json!({ "word": "accepted" })),
            line(2, "intent", 2, &json!({ "name": "cart", "target": "abc", "verb": "undo" })),
            line(1, "end", 4, &json!({ "word": "in effect", "detail": "weight 0" })),
            line(3, "intent", 5, &json!({})),
            line(3, "answer", 6, &json!({ "word": "refused", "detail": "a\u{1b}[2Jb" })),
            json!({ "report": "answer" }),
        ];
        assert_eq!(
            journal_text(&lines, &Asked::default()),
            "2026-11-28 10:00:00  anna  abort  shop/checkout  in effect 4s: weight 0  \"errors\"\n\
             2026-11-28 10:00:02  anna  undo to abc  shop/cart  NO ANSWER KEPT: the program ended \
             before one came  \"errors\"\n\
             2026-11-28 10:00:05  anna  abort  shop/checkout  refused: a␛[2Jb  \"errors\"\n"
        );
        let cart = Asked { name: Some("cart".into()), since: None };
        let told = journal_json(&lines, &cart);
        assert_eq!((told[0]["target"].as_str(), told[1].is_null()), (Some("abc"), true));
        let late = Asked { name: None, since: parse_rfc3339("2026-11-28T10:00:03Z") };
        assert_eq!(journal_json(&lines, &late).as_array().unwrap().len(), 1);
    }
}
