//! `waveoff journal`: what was asked for, by whom, and what came of it, a line for each action.

use serde_json::{Value, json};

use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp, length, parse_rfc3339};

/// One action, out of its lines in the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Told {
    session: String,
    ticket: u64,
    at: Option<Timestamp>,
    verb: SafeText,
    target: Option<SafeText>,
    place: SafeText,
    name: SafeText,
    user: SafeText,
    context: SafeText,
    reason: SafeText,
    /// What the API server said; nothing when the program was killed before.
    answer: Option<SafeText>,
    /// How it ended, with the time from the intent; nothing when nobody was there to see it.
    end: Option<(SafeText, SafeText, Span)>,
}

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

fn outcome(told: &Told) -> String {
    match (&told.answer, &told.end) {
        (_, Some((word, detail, took))) if detail.is_empty() => format!("{word} {}", length(*took)),
        (_, Some((word, detail, took))) => format!("{word} {}: {detail}", length(*took)),
        (Some(answer), None) if answer.starts_with("refused") || answer.starts_with("changed") => {
            answer.to_string()
        }
        (Some(answer), None) => format!("{answer}, nobody saw how it ended"),
        (None, None) => "NO ANSWER KEPT: the program ended before one came".to_owned(),
    }
}

/// The actions as JSON.
pub fn journal_json(lines: &[Value], asked: &Asked) -> Value {
    let one = |told: Told| {
        let (word, detail, took) = match told.end {
            Some((word, detail, took)) => (Some(word), Some(detail), Some(took.num_milliseconds())),
            None => (None, None, None),
        };
        json!({
            "session": told.session,
            "ticket": told.ticket,
            "at": told.at.map(crate::domain::time::to_rfc3339),
            "verb": told.verb.as_str(),
            "target": told.target.as_ref().map(SafeText::as_str),
            "namespace": told.place.as_str(),
            "name": told.name.as_str(),
            "user": told.user.as_str(),
            "context": told.context.as_str(),
            "reason": told.reason.as_str(),
            "answer": told.answer.as_ref().map(SafeText::as_str),
            "end": word.as_ref().map(SafeText::as_str),
            "detail": detail.as_ref().map(SafeText::as_str),
            "took_ms": took,
        })
    };
    Value::Array(actions(lines, asked).into_iter().map(one).collect())
}

fn actions(lines: &[Value], asked: &Asked) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    for line in lines {
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let safe = |key: &str| SafeText::new(text(key).unwrap_or_default());
        let ticket = line.get("ticket").and_then(Value::as_u64);
        let (Some(report), Some(session), Some(ticket)) = (text("report"), text("session"), ticket)
        else {
            continue;
        };
        let at = text("at").and_then(parse_rfc3339);
        if report == "intent" {
            all.push(Told {
                session: session.to_owned(),
                ticket,
                at,
                verb: safe("verb"),
                target: text("target").map(SafeText::new),
                place: safe("namespace"),
                name: safe("name"),
                user: safe("user"),
                context: safe("context"),
                reason: safe("reason"),
                answer: None,
                end: None,
            });
            continue;
        }
        let found = all.iter_mut().rev().find(|t| t.session == session && t.ticket == ticket);
        let Some(told) = found else { continue };
        let words = |detail: &SafeText| match detail.as_str() {
            "" => safe("word"),
            detail => format!("{}: {detail}", safe("word")).into(),
        };
        match report {
            "answer" => told.answer = Some(words(&safe("detail"))),
            "end" => {
                let took = at.zip(told.at).map_or(Span::zero(), |(end, begin)| end - begin);
                told.end = Some((safe("word"), safe("detail"), took));
            }
            _ => {}
        }
    }
    let wanted = |told: &Told| {
        asked.name.as_ref().is_none_or(|name| told.name == name.as_str())
            && asked.since.is_none_or(|since| told.at.is_some_and(|at| at >= since))
    };
    all.retain(wanted);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

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
