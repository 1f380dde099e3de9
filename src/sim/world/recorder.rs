//! Events as client-go's recorder writes them: counted when they repeat, gathered when they are
//! alike, dropped when an object has too many, and gone after an hour.
//!
//! Never decides what is worth an event. Called by the controllers through their turn.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};

use super::turn::EventType;
use crate::sim::dice::Dice;
use crate::sim::object::{Document, DocumentMut};
use crate::sim::store::{Key, Kind, Part, Store};
use crate::sim::time::{self, Moment, Span};

/// Alike events within [`ALIKE_WITHIN`] from which on they are gathered.
const ALIKE: usize = 10;
const ALIKE_WITHIN: Span = Span::seconds(600);

/// Events of a type that an object may have at once; one more is allowed each [`REFILL`].
const BURST: f64 = 25.0;
const REFILL: Span = Span::seconds(300);

/// How long the API server keeps events.
const KEPT: Span = Span::hours(1);

/// How long the same event of the newer API counts as one series.
const SERIES: Span = Span::minutes(6);

/// What is to be told.
#[derive(Debug)]
pub(super) struct News<'a> {
    pub(super) source: &'a str,
    /// The machine that tells it; empty for those that have none.
    pub(super) host: &'a str,
    pub(super) about: &'a Value,
    /// The part of the object that it is about, as `spec.containers{shop}`; empty for all of it.
    pub(super) field: &'a str,
    pub(super) kind: EventType,
    pub(super) reason: &'a str,
    pub(super) message: String,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Moment,
}

#[derive(Debug, Default)]
struct Alike {
    messages: Vec<String>,
    last: Option<Moment>,
}

/// The recorder.
#[derive(Debug)]
pub(super) struct Recorder {
    dice: Dice,
    /// Same event: the object that counts it.
    known: HashMap<String, Key>,
    alike: HashMap<String, Alike>,
    buckets: HashMap<String, Bucket>,
    /// When each was written last, and as which event.
    written: VecDeque<(Moment, Key, String)>,
    number: u64,
    /// What is told before is gone before anybody could read it, and is not written.
    read_from: Option<Moment>,
}

impl Recorder {
    pub(super) fn new(dice: Dice) -> Self {
        Self {
            dice,
            known: HashMap::new(),
            alike: HashMap::new(),
            buckets: HashMap::new(),
            written: VecDeque::new(),
            number: 0,
            read_from: None,
        }
    }

    /// Nobody reads events before this instant.
    pub(super) fn nobody_reads_before(&mut self, at: Moment) {
        self.read_from = Some(at - KEPT);
    }

    fn is_idle(&self, now: Moment) -> bool {
        self.read_from.is_some_and(|from| now < from)
    }

    pub(super) fn record(&mut self, store: &mut Store, news: News<'_>, now: Moment) {
        if self.is_idle(now) {
            return;
        }
        self.expire(store, now);
        let about = news.about;
        let object = format!("{} {} {} {}", news.source, news.host, about.uid(), about.name());
        let alike = format!("{object} {} {}", kind_word(news.kind), news.reason);
        let (message, same) = self.gathered(&alike, news.message, now);
        let same = format!("{same} {}", news.field);
        if !self.allowed(format!("{object} {}", kind_word(news.kind)), now) {
            return;
        }
        if let Some(key) = self.known.get(&same)
            && store.get(key).is_some()
        {
            let counted = store.modify(key, Part::Main, now, |event| {
                event.set("/count", event.int("/count") + 1);
                event.set("/lastTimestamp", time::seconds(now));
                event.set("/message", message.as_str());
            });
            debug_assert!(counted.is_ok(), "{counted:?}");
            return;
        }
        let mut event = json!({
            "reason": news.reason,
            "message": message,
            "source": {"component": news.source},
            "firstTimestamp": time::seconds(now),
            "lastTimestamp": time::seconds(now),
            "count": 1,
            "type": kind_word(news.kind),
            "eventTime": Value::Null,
            "reportingComponent": news.source,
            "reportingInstance": news.host,
        });
        event.set("/metadata", self.metadata(news.about));
        event.set("/involvedObject", involved(news.about));
        if !news.host.is_empty() {
            event.set("/source/host", news.host);
        }
        if !news.field.is_empty() {
            event.set("/involvedObject/fieldPath", news.field);
        }
        self.write(store, event, same, now);
    }

    /// The same by the newer API (`events.k8s.io`), which names the action, has no limits and tells
    /// what repeats as a series.
    pub(super) fn record_action(
        &mut self,
        store: &mut Store,
        news: &News<'_>,
        action: &str,
        now: Moment,
    ) {
        if self.is_idle(now) {
            return;
        }
        self.expire(store, now);
        let same = format!("{} {} {} {}", news.source, action, news.about.uid(), news.message);
        if let Some(key) = self.known.get(&same)
            && let Some(event) = store.get(key)
            && now - last_told(event).unwrap_or(now) < SERIES
        {
            let count = event.int_maybe("/series/count").unwrap_or(1) + 1;
            let series = json!({"count": count, "lastObservedTime": time::micros(now)});
            let counted = store.modify(key, Part::Main, now, |event| event.set("/series", series));
            debug_assert!(counted.is_ok(), "{counted:?}");
            return;
        }
        let mut event = json!({
            "reason": news.reason,
            "message": news.message,
            "source": {},
            "firstTimestamp": Value::Null,
            "lastTimestamp": Value::Null,
            "type": kind_word(news.kind),
            "eventTime": time::micros(now),
            "action": action,
            "reportingComponent": news.source,
            "reportingInstance": news.host,
        });
        event.set("/metadata", self.metadata(news.about));
        event.set("/involvedObject", involved(news.about));
        self.write(store, event, same, now);
    }

    fn metadata(&mut self, about: &Value) -> Value {
        self.number += 1;
        let suffix = self.dice.nth(&["event"], self.number) & 0xffff_ffff_ffff;
        let namespace = match about.namespace() {
            "" => "default",
            namespace => namespace,
        };
        json!({"name": format!("{}.18{suffix:012x}", about.name()), "namespace": namespace})
    }

    fn write(&mut self, store: &mut Store, event: Value, same: String, now: Moment) {
        if let Ok(made) = store.create(Kind::Event, event, now) {
            let key = Key::new(Kind::Event, made.namespace(), made.name());
            self.written.push_back((now, key.clone(), same.clone()));
            self.known.insert(same, key);
        }
    }

    /// The message, and what makes two events the same: the message itself, unless many alike came.
    fn gathered(&mut self, alike: &str, message: String, now: Moment) -> (String, String) {
        let group = self.alike.entry(alike.to_owned()).or_default();
        if group.last.is_some_and(|last| now - last > ALIKE_WITHIN) {
            group.messages.clear();
        }
        group.last = Some(now);
        if !group.messages.contains(&message) {
            group.messages.push(message.clone());
        }
        if group.messages.len() < ALIKE {
            let same = format!("{alike} {message}");
            return (message, same);
        }
        // One more of a group that is already full takes the place of the oldest.
        group.messages.remove(0);
        (format!("(combined from similar events): {message}"), alike.to_owned())
    }

    fn allowed(&mut self, place: String, now: Moment) -> bool {
        let bucket = self.buckets.entry(place).or_insert(Bucket { tokens: BURST, at: now });
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a session")]
        let refilled =
            (now - bucket.at).num_milliseconds() as f64 / REFILL.num_milliseconds() as f64;
        bucket.tokens = (bucket.tokens + refilled).min(BURST);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }

    /// Takes away what is too old. An event that was counted again since lives on.
    fn expire(&mut self, store: &mut Store, now: Moment) {
        while self.written.front().is_some_and(|(at, ..)| now - *at > KEPT) {
            let Some((_, key, same)) = self.written.pop_front() else { return };
            let last = store.get(&key).and_then(|event| last_told(event));
            if let Some(last) = last
                && now - last <= KEPT
            {
                self.written.push_back((last, key, same));
                continue;
            }
            if last.is_some() {
                let gone = store.remove(&key, now);
                debug_assert!(gone.is_ok(), "{gone:?}");
            }
            if self.known.get(&same) == Some(&key) {
                self.known.remove(&same);
            }
        }
    }
}

/// When an event was told last.
fn last_told(event: &Value) -> Option<Moment> {
    let places = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime"];
    places.iter().find_map(|place| time::parse(event.text(place)))
}

fn kind_word(kind: EventType) -> &'static str {
    match kind {
        EventType::Normal => "Normal",
        EventType::Warning => "Warning",
    }
}

fn involved(object: &Value) -> Value {
    let mut about = json!({
        "kind": object.text("/kind"),
        "name": object.name(),
        "uid": object.uid(),
        "apiVersion": object.text("/apiVersion"),
        "resourceVersion": object.text("/metadata/resourceVersion"),
    });
    if !object.namespace().is_empty() {
        about.set("/namespace", object.namespace());
    }
    about
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting() -> (Store, Recorder, Value, Moment) {
        let (dice, now) = (Dice::new(1), time::parse("2026-11-24T10:00:00Z").unwrap());
        let about = json!({"kind": "Rollout", "metadata": {"name": "a", "namespace": "shop"}});
        (Store::new(dice), Recorder::new(dice), about, now)
    }

    fn tell(recorder: &mut Recorder, store: &mut Store, about: &Value, text: &str, at: Moment) {
        let kind = EventType::Normal;
        let message = text.to_owned();
        recorder.record(store, news(about, kind, message), at);
    }

    fn news(about: &Value, kind: EventType, message: String) -> News<'_> {
        News { source: "x", host: "", about, field: "", kind, reason: "R", message }
    }

    fn told(store: &Store) -> Vec<(String, i64)> {
        let events = store.list(Kind::Event, None);
        let mut told: Vec<_> =
            events.map(|e| (e.text("/message").to_owned(), e.int("/count"))).collect();
        told.sort();
        told
    }

    #[test]
    fn a_repeated_event_is_counted() {
        let (mut store, mut recorder, about, now) = setting();
        for second in 0..3 {
            tell(&mut recorder, &mut store, &about, "same", now + Span::seconds(second));
        }
        tell(&mut recorder, &mut store, &about, "other", now);
        assert_eq!(told(&store), [("other".into(), 1), ("same".into(), 3)]);
    }

    #[test]
    fn many_alike_are_gathered_and_too_many_are_dropped() {
        let (mut store, mut recorder, about, now) = setting();
        for number in 0..40 {
            tell(&mut recorder, &mut store, &about, &format!("number {number}"), now);
        }
        let told = told(&store);
        assert_eq!(told.len(), 10);
        let gathered = told.iter().find(|(text, _)| text.starts_with("(combined")).unwrap();
        assert_eq!(gathered.1, 16, "25 are let through, the tenth begins to gather");
    }

    #[test]
    fn warnings_do_not_count_against_normal_events() {
        let (mut store, mut recorder, about, now) = setting();
        for _ in 0..40 {
            tell(&mut recorder, &mut store, &about, "same", now);
        }
        let trouble = news(&about, EventType::Warning, "trouble".to_owned());
        recorder.record(&mut store, trouble, now);
        assert_eq!(told(&store), [("same".into(), 25), ("trouble".into(), 1)]);
    }

    #[test]
    fn an_old_event_is_gone() {
        let (mut store, mut recorder, about, now) = setting();
        tell(&mut recorder, &mut store, &about, "old", now);
        tell(&mut recorder, &mut store, &about, "new", now + Span::minutes(61));
        assert_eq!(told(&store), [("new".into(), 1)]);
    }

    #[test]
    fn what_is_gone_before_anybody_reads_is_not_written() {
        let (mut store, mut recorder, about, now) = setting();
        recorder.nobody_reads_before(now + Span::minutes(90));
        tell(&mut recorder, &mut store, &about, "unread", now + Span::minutes(29));
        tell(&mut recorder, &mut store, &about, "read", now + Span::minutes(31));
        assert_eq!(told(&store), [("read".into(), 1)]);
    }

    #[test]
    fn by_the_newer_api_what_repeats_is_a_series() {
        let (mut store, mut recorder, about, now) = setting();
        for minute in [0, 1, 30] {
            let told = news(&about, EventType::Warning, "0/3".into());
            recorder.record_action(&mut store, &told, "Scheduling", now + Span::minutes(minute));
        }
        let mut series: Vec<i64> =
            store.list(Kind::Event, None).map(|e| e.int("/series/count")).collect();
        series.sort_unstable();
        assert_eq!(series, [0, 2]);
    }
}
