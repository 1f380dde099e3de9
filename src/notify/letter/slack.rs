//! Slack: an incoming webhook, `text` for notifications and blocks for the channel.
//!
//! `&`, `<` and `>` are the only characters with a meaning that others could use: without them
//! nobody is paged by `<!channel>` and no link hides where it leads
//! (<https://docs.slack.dev/messaging/formatting-message-text>).

use serde_json::{Value, json};

use crate::domain::alert::Alert;

/// Most characters of a section.
const MOST: usize = 3000;

/// What is said.
pub(super) fn body(alert: &Alert) -> Value {
    let title = title(alert);
    let mut blocks = vec![section("*", &title, "*"), section("", &alert.summary, "")];
    if !alert.facts.is_empty() {
        blocks.push(section("", &super::lines(alert), ""));
    }
    let note = format!("incident {} at {} UTC", alert.incident, alert.at.format("%F %T"));
    let note = json!({ "type": "mrkdwn", "text": escaped(&note, MOST) });
    blocks.push(json!({ "type": "context", "elements": [note] }));
    let text = format!("{title}: {}", alert.summary);
    json!({ "text": escaped(&text, MOST), "blocks": blocks })
}

fn title(alert: &Alert) -> String {
    let severity = alert.occasion.severity().word().to_uppercase();
    let place = if alert.environment.is_empty() {
        String::new()
    } else {
        format!(" ({})", alert.environment)
    };
    format!("{severity} {}: {}{place}", alert.occasion.word(), alert.workload)
}

/// A block; one without any text is refused.
fn section(before: &str, text: &str, behind: &str) -> Value {
    let text = if text.trim().is_empty() { "-" } else { text };
    let text = escaped(text, MOST - before.len() - behind.len());
    let text = format!("{before}{text}{behind}");
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// The text with what Slack would obey escaped, cut to so many characters, never within an escape.
fn escaped(text: &str, most: usize) -> String {
    let mut out = String::new();
    let (mut length, mut whole) = (0, 0);
    for c in text.chars() {
        let (piece, size): (&str, usize) = match c {
            '&' => ("&amp;", 5),
            '<' => ("&lt;", 4),
            '>' => ("&gt;", 4),
            _ => ("", 1),
        };
        if length + size > most {
            out.truncate(whole);
            out.push('…');
            return out;
        }
        if piece.is_empty() {
            out.push(c);
        } else {
            out.push_str(piece);
        }
        length += size;
        // Up to here there is room for the mark.
        if length < most {
            whole = out.len();
        }
    }
    out
}
