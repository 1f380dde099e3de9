//! One receiver's task: the oldest alert first, and again until it is taken or refused for good.
//!
//! Order is kept for each incident. What may be wrong with one alert alone (5xx) holds up its own
//! incident; what is wrong with the receiver holds up all. Run by the parent.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::domain::alert::{Alert, Concern};
use crate::domain::text::SafeText;
use crate::domain::time::Span;
use crate::notify::NotifyError;

use super::{Shared, Way};

/// The first pause; it doubles with each failure.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How long something that is not over is said again: by then it is no news.
const REPEATED_FOR: Span = Span::hours(24);

/// Failures in a row, and until when nothing is sent.
#[derive(Debug, Clone, Copy)]
struct Hold {
    failures: u32,
    until: Instant,
}

impl Hold {
    /// One failure more; `asked` is how long the receiver wants to be left alone.
    fn after(before: Option<Self>, asked: Option<Duration>) -> Self {
        let failures = before.map_or(0, |hold| hold.failures).saturating_add(1);
        let pause = asked.map_or_else(|| pause(failures), |asked| asked.max(FIRST));
        Self { failures, until: Instant::now() + pause }
    }
}

/// The pause after so many failures in a row: between half of it and all, so that many that lost
/// the same receiver do not come back at once.
fn pause(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    let whole = FIRST.saturating_mul(doubled).min(LONGEST);
    let share = u32::try_from(RandomState::new().hash_one(failures) % 1001).unwrap_or(1000);
    whole / 2 + whole / 2 * share / 1000
}

/// What one receiver is told.
#[derive(Debug)]
pub(super) struct Delivery {
    way: Way,
    /// Where its troubles are said to be.
    source: String,
    shared: Arc<Shared>,
    changed: watch::Receiver<()>,
    /// All of it is held.
    hold: Option<Hold>,
    /// Incidents that are held.
    held: BTreeMap<SafeText, Hold>,
    /// The last message left.
    last: Option<Instant>,
    /// What is not over, by what receivers know it by.
    open: BTreeMap<(SafeText, Concern), Alert>,
    /// When that is said again.
    again: Option<Instant>,
    /// What was said last of what is wrong.
    said: Option<String>,
}

impl Delivery {
    pub(super) fn new(way: Way, shared: Arc<Shared>) -> Self {
        let changed = shared.changed.subscribe();
        let source = format!("alerts to {}", way.name);
        Self {
            way,
            source,
            shared,
            changed,
            hold: None,
            held: BTreeMap::new(),
            last: None,
            open: BTreeMap::new(),
            again: None,
            said: None,
        }
    }

    /// Until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            if let Some(hold) = self.hold {
                tokio::time::sleep_until(hold.until).await;
            }
            if let Some(last) = self.last {
                tokio::time::sleep_until(last + self.way.kind.gap()).await;
            }
            self.changed.borrow_and_update();
            let now = Instant::now();
            let next = {
                let is_held = |incident: &SafeText| {
                    self.held.get(incident).is_some_and(|hold| hold.until > now)
                };
                self.shared.book().next(&self.way.name, is_held).cloned()
            };
            match next {
                Some(alert) => self.deliver(alert).await,
                None if self.again.is_some_and(|again| again <= now) => self.repeat().await,
                None => self.rest(now).await,
            }
        }
    }

    /// Until there is something to do.
    async fn rest(&mut self, now: Instant) {
        let held = self.held.values().map(|hold| hold.until).filter(|until| *until > now);
        let due = held.chain(self.again).min();
        let due = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // The sender lives in what is shared: this never fails.
            _ = self.changed.changed() => {}
            () = due => {}
        }
    }

    async fn deliver(&mut self, alert: Alert) {
        let answer = self.post(&alert).await;
        match answer {
            Ok(()) => self.held.remove(&alert.incident),
            Err(error) if error.is_final() => {
                let text = format!("{} is not delivered: {error}", alert.key());
                self.shared.trouble(&self.source, text);
                self.held.remove(&alert.incident)
            }
            Err(error) if error.is_of_one() => {
                let before = self.held.get(&alert.incident).copied();
                self.held.insert(alert.incident, Hold::after(before, error.again()));
                return;
            }
            Err(_) => return,
        };
        let now = self.shared.clock.now();
        self.shared.book().told(alert.key(), &self.way.name, now);
        self.shared.changed.send_replace(());
        self.note(alert);
    }

    /// Sends, and notes how the receiver is.
    async fn post(&mut self, alert: &Alert) -> Result<(), NotifyError> {
        let answer = self.way.post.post(alert, self.shared.clock.now()).await;
        self.last = Some(Instant::now());
        let Err(error) = &answer else {
            self.hold = None;
            self.said = None;
            return answer;
        };
        if error.is_of_one() {
            self.hold = None;
        } else {
            self.hold = Some(Hold::after(self.hold, error.again()));
        }
        let text = error.to_string();
        if !error.is_final() && self.said.as_ref() != Some(&text) {
            self.shared.trouble(&self.source, format!("{text}; tried again until it is taken"));
            self.said = Some(text);
        }
        answer
    }

    /// Remembers what has to be said again.
    fn note(&mut self, alert: Alert) {
        let Some(every) = self.way.kind.repeats() else { return };
        let concern = alert.occasion.concern();
        let key = (alert.incident.clone(), concern);
        if alert.occasion.resolves() {
            self.open.remove(&key);
        } else if concern != Concern::Watch {
            self.open.insert(key, alert);
        }
        let some = !self.open.is_empty();
        self.again = some.then(|| self.again.unwrap_or_else(|| Instant::now() + every));
    }

    /// Says again what is not over. What is not taken now is taken a minute later.
    async fn repeat(&mut self) {
        let Some(every) = self.way.kind.repeats() else { return };
        let now = self.shared.clock.now();
        self.open.retain(|_, alert| now - alert.at < REPEATED_FOR);
        self.again = (!self.open.is_empty()).then(|| Instant::now() + every);
        for alert in self.open.values().cloned().collect::<Vec<_>>() {
            let answer = self.post(&alert).await;
            if answer.is_err_and(|error| !error.is_of_one()) {
                return;
            }
        }
    }
}
