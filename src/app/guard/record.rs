//! A guard as it is kept on disk, for whoever starts after its program was killed.
//!
//! Whatever cannot be read makes no guard: a guess would be one that nobody armed. Written after
//! each look; read by `runtime` at a start.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::domain::guard::rule::{Judgement, Rule, Sample, Signal, Terms};
use crate::domain::guard::watch::Watch;
use crate::domain::guard::{Arming, Guard, State};
use crate::domain::id::{PodHash, Uid, WorkloadId, WorkloadKind};
use crate::domain::measure::Reading;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};

use super::Post;

/// The guard as one JSON object (`"schema": 1`). Times in milliseconds since 1970.
pub fn to_json(post: &Post) -> Value {
    let arming = &post.guard.arming;
    let (state, signal, since) = match &post.guard.state {
        State::Watching => ("watching", None, None),
        State::Fired(signal, at) => ("fired", Some(signal.word()), Some(ms(*at))),
        State::Settling(signal, at) => ("settling", Some(signal.word()), Some(ms(*at))),
        State::Over(end) => (end.word(), None, None),
    };
    json!({
        "schema": 1,
        "id": arming.id.as_str(),
        "kind": arming.workload.kind.as_str(),
        "namespace": arming.workload.namespace.as_str(),
        "name": arming.workload.name.as_str(),
        "uid": arming.uid.as_str(),
        "hash": arming.hash.as_str(),
        "target": arming.target.as_ref().map(SafeText::as_str),
        "by": arming.by.as_str(),
        "at": ms(arming.at),
        "until": ms(arming.until),
        "shadow": arming.shadow,
        "terms": terms_json(&arming.terms),
        "state": state,
        "signal": signal,
        "since": since,
        "holder": post.holder.as_str(),
        "told": post.told,
        "reason": post.reason.as_str(),
        "blind_times": post.blind_times,
        "said_blind": post.guard.said_blind,
        "watches": post.guard.watches.iter().map(watch_json).collect::<Vec<_>>(),
    })
}

fn ms(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

fn watch_json(watch: &Watch) -> Value {
    let last = watch.last.as_ref().map(|(sample, judgement)| {
        let (word, value) = match &sample.reading {
            Reading::Value(value) => ("value", Some(*value)),
            Reading::AtLeast(bound) => ("at-least", Some(*bound)),
            _ => ("unknown", None),
        };
        let why = match judgement {
            Judgement::Unknown(why) => why.as_str(),
            _ => "",
        };
        json!({ "at": ms(sample.at), "reading": word, "value": value, "why": why })
    });
    let blind = watch.blind.as_ref();
    let blind = blind.map(|(since, why)| json!({ "since": ms(*since), "why": why.as_str() }));
    json!({
        "signal": watch.rule.signal.word(),
        "limit": watch.rule.limit,
        "lasts_ms": watch.rule.lasts.num_milliseconds(),
        "least": watch.rule.least,
        "every_ms": watch.rule.every.num_milliseconds(),
        "breaches": watch.breaches,
        "broken_ms": watch.broken.num_milliseconds(),
        "good": watch.good,
        "unknown": watch.unknown,
        "lately": watch.lately.iter().collect::<Vec<_>>(),
        "blind": blind,
        "last": last,
    })
}

fn terms_json(terms: &Terms) -> Value {
    json!({
        "errors": terms.errors,
        "errors_for_ms": terms.errors_for.num_milliseconds(),
        "latency_ms": terms.latency.num_milliseconds(),
        "latency_for_ms": terms.latency_for.num_milliseconds(),
        "healthy": terms.healthy,
        "healthy_for_ms": terms.healthy_for.num_milliseconds(),
        "business": terms.business.as_ref().map(|(query, _)| query.as_str()),
        "business_least": terms.business.as_ref().map(|(_, least)| *least),
        "business_for_ms": terms.business_for.num_milliseconds(),
        "fast": terms.fast,
        "consecutive": terms.consecutive,
        "every_ms": terms.every.num_milliseconds(),
        "pods_every_ms": terms.pods_every.num_milliseconds(),
        "least_requests": terms.least_requests,
        "grace_ms": terms.grace.num_milliseconds(),
        "expires_ms": terms.expires.num_milliseconds(),
    })
}

/// A guard out of what was kept; nothing where that makes no sense, or is over.
pub fn from_json(kept: &Value, now: Timestamp) -> Option<Post> {
    let kept = Fields(kept);
    let kind = match kept.text("kind")? {
        "Rollout" => WorkloadKind::Rollout,
        "Deployment" => WorkloadKind::Deployment,
        _ => return None,
    };
    let name = |key| kept.text(key).map(SafeText::new);
    let arming = Arming {
        id: name("id")?,
        workload: WorkloadId::new(name("namespace")?, kind, name("name")?),
        uid: Uid::new(kept.text("uid")?),
        hash: PodHash::new(kept.text("hash")?),
        target: kept.text("target").map(PodHash::new),
        by: name("by")?,
        at: kept.time("at")?,
        until: kept.time("until")?,
        shadow: kept.flag("shadow")?,
        terms: terms_of(&Fields(kept.0.get("terms")?))?,
    };
    let signal = || kept.text("signal").and_then(Signal::of_word).zip(kept.time("since"));
    let state = match kept.text("state")? {
        "watching" => State::Watching,
        "fired" => signal().map(|(signal, at)| State::Fired(signal, at))?,
        "settling" => signal().map(|(signal, at)| State::Settling(signal, at))?,
        _ => return None,
    };
    let watches = kept.0.get("watches")?.as_array()?;
    let watches: Option<Vec<Watch>> =
        watches.iter().map(|watch| watch_of(&Fields(watch), now)).collect();
    let mut guard = Guard::new(arming, []);
    guard.watches = watches.filter(|watches| !watches.is_empty())?;
    guard.state = state;
    guard.said_blind = kept.flag("said_blind")?;
    let mut post = Post::new(guard, name("holder")?, now);
    post.told = kept.flag("told")?;
    post.reason = kept.text("reason").map(SafeText::new)?;
    post.blind_times = u32::try_from(kept.number("blind_times")?).ok()?;
    Some(post)
}

fn watch_of(kept: &Fields<'_>, now: Timestamp) -> Option<Watch> {
    let rule = Rule {
        signal: Signal::of_word(kept.text("signal")?)?,
        limit: kept.float("limit")?,
        lasts: kept.span("lasts_ms")?,
        least: u32::try_from(kept.number("least")?).ok()?,
        every: kept.span("every_ms").filter(|every| *every > Span::zero())?,
    };
    let mut watch = Watch::new(rule);
    let Some(last) = kept.0.get("last").filter(|last| !last.is_null()) else { return Some(watch) };
    let last = Fields(last);
    let reading = match (last.text("reading")?, last.float("value")) {
        ("value", Some(value)) => Reading::Value(value),
        ("at-least", Some(bound)) => Reading::AtLeast(bound),
        _ => Reading::Failed(SafeText::new(last.text("why").unwrap_or_default())),
    };
    let sample = Sample { at: last.time("at")?, reading };
    // Nobody looked for too long: what was counted before says nothing about now (G6).
    if now - sample.at > watch.longest_gap() {
        return Some(watch);
    }
    watch.take(sample.clone(), now);
    watch.breaches = u32::try_from(kept.number("breaches")?).ok()?;
    watch.broken = kept.span("broken_ms")?;
    watch.good = u32::try_from(kept.number("good")?).ok()?;
    watch.unknown = u32::try_from(kept.number("unknown")?).ok()?;
    let lately = kept.0.get("lately")?.as_array()?;
    watch.lately = lately.iter().map(Value::as_bool).collect::<Option<VecDeque<bool>>>()?;
    watch.blind = match kept.0.get("blind")? {
        Value::Null => None,
        blind => {
            let blind = Fields(blind);
            Some((blind.time("since")?, SafeText::new(blind.text("why")?)))
        }
    };
    Some(watch)
}

fn terms_of(kept: &Fields<'_>) -> Option<Terms> {
    let business = kept.text("business").map(SafeText::new).zip(kept.float("business_least"));
    Some(Terms {
        errors: kept.float("errors")?,
        errors_for: kept.span("errors_for_ms")?,
        latency: kept.span("latency_ms")?,
        latency_for: kept.span("latency_for_ms")?,
        healthy: kept.float("healthy")?,
        healthy_for: kept.span("healthy_for_ms")?,
        business,
        business_for: kept.span("business_for_ms")?,
        fast: kept.flag("fast")?,
        consecutive: u32::try_from(kept.number("consecutive")?).ok()?,
        every: kept.span("every_ms")?,
        pods_every: kept.span("pods_every_ms")?,
        least_requests: kept.float("least_requests")?,
        grace: kept.span("grace_ms")?,
        expires: kept.span("expires_ms")?,
    })
}

/// A JSON object that is not believed.
struct Fields<'v>(&'v Value);

impl<'v> Fields<'v> {
    fn text(&self, key: &str) -> Option<&'v str> {
        self.0.get(key)?.as_str()
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.0.get(key)?.as_i64()
    }

    fn float(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.as_f64().filter(|value| value.is_finite())
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.0.get(key)?.as_bool()
    }

    fn span(&self, key: &str) -> Option<Span> {
        Span::try_milliseconds(self.number(key)?).filter(|span| *span >= Span::zero())
    }

    fn time(&self, key: &str) -> Option<Timestamp> {
        Timestamp::from_timestamp_millis(self.number(key)?)
    }
}
