//! An alert in the words of each receiver: address, headers, body.
//!
//! Pure: secrets are handed in, nothing is sent. Called by `courier`.

mod alertmanager;
mod pagerduty;
mod slack;
mod webhook;

use std::fmt;

use serde_json::Value;

use super::receiver::Kind;
use crate::domain::alert::Alert;
use crate::domain::time::Timestamp;

/// One request.
pub(super) struct Letter {
    /// Where to.
    pub(super) url: String,
    /// Headers beside the usual ones.
    pub(super) headers: Vec<(&'static str, String)>,
    /// What is said.
    pub(super) body: Value,
}

/// Shows nothing: a key may be in the body, and the address may be a secret.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").finish_non_exhaustive()
    }
}

/// The alert for a receiver at `url`; `key` is what PagerDuty wants to be shown.
pub(super) fn letter(kind: Kind, url: &str, key: &str, alert: &Alert, now: Timestamp) -> Letter {
    let plain = |body| Letter { url: url.to_owned(), headers: Vec::new(), body };
    match kind {
        Kind::Slack => plain(slack::body(alert)),
        Kind::Alertmanager => {
            Letter { url: alertmanager::url(url), ..plain(alertmanager::body(alert, now)) }
        }
        Kind::PagerDuty => plain(pagerduty::body(alert, key)),
        Kind::Webhook => Letter { headers: webhook::headers(alert), ..plain(webhook::body(alert)) },
    }
}

/// The text, cut to so many characters with a mark that it was.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept = text.chars().take(most.saturating_sub(1));
    kept.chain(['…']).collect()
}

/// The facts, a line each.
fn lines(alert: &Alert) -> String {
    let lines = alert.facts.iter().map(|(name, value)| format!("{name}: {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
