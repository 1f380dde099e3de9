//! The third number: the measured share with its doubt, beside what was wanted and what the router
//! says.
//!
//! Called by the traffic selector, and by `report`.

use crate::app::metrics::{Finding, Subject};
use crate::app::model::Model;
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::domain::measure::share::{Measured, Truth};
use crate::domain::time::{Span, length};

/// A share that is older than so many scrapes is old.
const FRESH_SCRAPES: i32 = 4;

/// `24.1%`, with a digit more where it is small.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 10.0 { format!("{percent:.1}%") } else { format!("{percent:.0}%") }
}

/// What is said behind the bar.
pub fn note(model: &Model, subject: &Subject) -> Phrase {
    let Some(measured) = &subject.measured else { return missing(subject) };
    let phrase = match (subject.truth, age(model, subject, measured)) {
        (_, Some(age)) => Phrase::of(Role::Stale, format!("{age} old")),
        (Some(Truth::TooFew), _) => Phrase::new().muted("too few requests to say"),
        (Some(Truth::Agrees), _) => Phrase::of(Role::Ok, "agrees"),
        (Some(Truth::Settling(until)), _) => {
            let left = length((until - model.now).max(Span::zero()));
            Phrase::of(Role::Moving, format!("settling, {left} more"))
        }
        (Some(Truth::Disagrees(since)), _) => {
            let lasted = length(model.now - since);
            Phrase::of(Role::Bad, format!("DISAGREES with the router for {lasted}"))
        }
        (None, _) => Phrase::new(),
    };
    let gap = if phrase.is_empty() { "" } else { "  " };
    phrase.muted(format!("{gap}{}", doubt(measured)))
}

/// `21..28%, 10.3/s over 31s`.
fn doubt(measured: &Measured) -> String {
    let rate = format!("{}/s over {}", rate(measured.per_second()), length(measured.window));
    match measured.interval() {
        Some((low, high)) => format!("{:.0}..{:.0}%, {rate}", low * 100.0, high * 100.0),
        None => rate,
    }
}

fn rate(per_second: f64) -> String {
    match per_second {
        ..0.05 => "0".to_owned(),
        ..10.0 => format!("{per_second:.1}"),
        _ => format!("{per_second:.0}"),
    }
}

/// How old a share is, when that is too old.
pub fn age(model: &Model, subject: &Subject, measured: &Measured) -> Option<String> {
    let scrape = crate::app::metrics::asks::scrape(subject);
    let fresh = (scrape * FRESH_SCRAPES).max(Span::seconds(20)).max(measured.window);
    let age = model.now - measured.at;
    (age > fresh).then(|| length(age))
}

fn missing(subject: &Subject) -> Phrase {
    match &subject.finding {
        Finding::Nowhere(..) => Phrase::new().muted("no Prometheus was found"),
        Finding::Found(_) if subject.found.is_none() => {
            Phrase::new().muted("no requests are counted for it")
        }
        Finding::Found(_) if subject.share.is_some() => Phrase::new().muted("not answered yet"),
        _ => Phrase::new().muted("looking for Prometheus"),
    }
}

/// What is said below the bars, where it is an alarm.
pub fn alarm(subject: &Subject) -> Option<Phrase> {
    let (share, carried) = subject.overload?;
    Some(Phrase::of(
        Role::Bad,
        format!(
            "the new version gets {}, but its ready pods are made for {}",
            percent(share),
            percent(carried)
        ),
    ))
}
