//! The header: who, where, how fresh, with what rights. The one line that is always there.
//!
//! Never guesses: what no rule calls a lab is production, what was not heard of is not live.
//! Called by `view::header`.

use crate::app::availability::oldest_trouble;
use crate::app::model::Model;
use crate::app::session::{Environment, Level, Scope};
use crate::domain::observation::{SourceId, SourceState};
use crate::domain::time::{Timestamp, length};

/// How the connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Nothing has answered yet; for how long.
    Connecting(String),
    /// Alive; the round trip.
    Live(String),
    /// Something is old; the age of the oldest.
    Stale(String),
}

/// The header's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `PROD`, `LAB` or the configured name.
    pub badge: String,
    /// Whether mistakes hurt users here.
    pub is_production: bool,
    /// Whether the server's certificate is not checked.
    pub insecure: bool,
    /// Context.
    pub context: String,
    /// Cluster, where it has another name than the context.
    pub cluster: Option<String>,
    /// Namespaces that are watched.
    pub scope: String,
    /// User.
    pub user: String,
    /// Whether every verb is switched off.
    pub read_only: bool,
    /// Mode.
    pub mode: &'static str,
    /// Connection.
    pub link: Link,
    /// Troubles that nobody has read.
    pub errors: usize,
    /// Time of day.
    pub clock: String,
}

/// The header of this moment.
pub fn of(model: &Model) -> Header {
    let session = &model.session;
    let environment = environment(model);
    let cluster = (session.cluster != session.context && !session.cluster.is_empty())
        .then(|| session.cluster.to_string());
    Header {
        badge: badge(&environment),
        is_production: environment.level == Level::Production,
        insecure: session.insecure,
        context: session.context.to_string(),
        cluster,
        scope: scope(&session.scope),
        user: session.user.to_string(),
        read_only: session.read_only,
        mode: session.mode.word(),
        link: link(model),
        errors: model.troubles.unread(),
        clock: clock(model),
    }
}

/// Several namespaces are counted, one is named.
fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Namespaces(names) if names.len() > 2 => format!("{} namespaces", names.len()),
        other => other.words(),
    }
}

/// The short name of an environment, as a badge.
pub fn badge(environment: &Environment) -> String {
    let name = environment.name.to_uppercase();
    match name.as_str() {
        "PRODUCTION" => "PROD".to_owned(),
        _ => name,
    }
}

/// The environment of what a key would act on; without that, the most dangerous one in scope.
pub fn environment(model: &Model) -> Environment {
    let session = &model.session;
    if let Some(id) = model.meant() {
        return session.environment(&id.namespace);
    }
    let worst = match &session.scope {
        Scope::Namespaces(names) => names
            .iter()
            .map(|name| session.environment(name))
            .max_by_key(|environment| environment.level),
        Scope::All => None,
    };
    worst.unwrap_or_else(|| session.environment(""))
}

fn link(model: &Model) -> Link {
    if let Some(since) = lost_since(model) {
        return Link::Stale(length(model.now - since));
    }
    let answered = model.pulse.as_ref().is_some_and(|p| p.alive)
        || model.sources.values().any(|s| !matches!(s, SourceState::Loading(_)));
    if !answered {
        return Link::Connecting(length(model.now - model.session.started));
    }
    let rtt = model.pulse.as_ref().and_then(|p| p.rtt_ms);
    Link::Live(rtt.map_or_else(String::new, round_trip))
}

fn round_trip(ms: u64) -> String {
    match ms {
        0..100 => format!("{ms}ms"),
        _ => format!("{}.{}s", ms / 1000, ms % 1000 / 100),
    }
}

/// Since when something that is shown may no longer be true.
fn lost_since(model: &Model) -> Option<Timestamp> {
    let source = oldest_trouble(model).map(|(_, since)| since);
    let pulse = model.pulse.as_ref().filter(|p| !p.alive);
    let pulse = pulse.map(|p| p.last_alive.unwrap_or(model.session.started));
    source.into_iter().chain(pulse).min()
}

/// What was lost, since when, and when it is tried again; nothing while all is live.
pub fn banner(model: &Model) -> Option<String> {
    let since = lost_since(model)?;
    let age = length(model.now - since);
    let as_of = time_of_day(model, since);
    let Some((source, state)) = oldest(model) else {
        let error = model.pulse.as_ref().and_then(|p| p.error.as_ref());
        let error = error.map_or("the API server does not answer", |e| e.as_str());
        return Some(format!("api silent for {age}: {error}; shown as of {as_of}"));
    };
    let retry = match state {
        // Nothing failed yet: it is only being listed for long.
        SourceState::Stale { attempt: 0, .. } => String::new(),
        SourceState::Stale { attempt, retry_at: Some(at), .. } => {
            format!(", try {attempt} in {}", length(*at - model.now))
        }
        SourceState::Stale { attempt, .. } => format!(", try {attempt}"),
        _ => String::new(),
    };
    let error = match state {
        SourceState::Stale { error, .. } => error.as_str(),
        _ => "",
    };
    let what = source.kind.resource();
    Some(format!("{what} lost {age} ago{retry}: {error}; shown as of {as_of}"))
}

fn oldest(model: &Model) -> Option<(&SourceId, &SourceState)> {
    let (id, _) = oldest_trouble(model)?;
    model.sources.get_key_value(&id)
}

/// The clock of the session's zone, with its name.
pub fn clock(model: &Model) -> String {
    let minutes = model.session.utc_offset_minutes;
    let zone = if minutes == 0 {
        "UTC".to_owned()
    } else {
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.abs();
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    };
    format!("{} {zone}", time_of_day(model, model.now))
}

/// An instant as the time of day in the session's zone.
pub fn time_of_day(model: &Model, at: Timestamp) -> String {
    let offset = chrono::TimeDelta::minutes(i64::from(model.session.utc_offset_minutes));
    at.checked_add_signed(offset).unwrap_or(at).format("%H:%M:%S").to_string()
}

/// An instant as hours and minutes in the session's zone.
pub fn hour(model: &Model, at: Timestamp) -> String {
    let mut text = time_of_day(model, at);
    text.truncate(5);
    text
}
