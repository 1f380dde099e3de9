//! The guard of a release: watches the version it was armed for, and asks for the way back when a
//! limit is broken for good. Once, and only for that version.
//!
//! A pure machine: samples, time and what became of the way back go in, orders come out. Never
//! knows how anything is measured, sent or told. Called by `app`.

pub mod pods;
pub mod rule;
pub mod watch;

use super::id::{PodHash, Uid, WorkloadId};
use super::text::SafeText;
use super::time::{Span, Timestamp, length};

use rule::{Judgement, Rule, Sample, Signal, Terms};
use watch::Watch;

/// Good samples of every rule after which the way back is said to have helped.
const SETTLED: u32 = 3;

/// How long it is waited for them.
const SETTLES_WITHIN: Span = Span::minutes(5);

/// What a guard was armed for.
#[derive(Debug, Clone, PartialEq)]
pub struct Arming {
    /// Names this arming: incident of its alerts.
    pub id: SafeText,
    /// The workload.
    pub workload: WorkloadId,
    /// Its UID: a namesake is another one.
    pub uid: Uid,
    /// The version. No other is ever acted on.
    pub hash: PodHash,
    /// The version it would go back to, as it was when it was armed: a version whose way back led
    /// elsewhere by then is still gone back from by the state at that time.
    pub target: Option<PodHash>,
    /// Who armed it.
    pub by: SafeText,
    /// When.
    pub at: Timestamp,
    /// Until when it stands.
    pub until: Timestamp,
    /// Only says what it would do.
    pub shadow: bool,
    /// Limits and times.
    pub terms: Terms,
}

/// How far a guard is.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It watches.
    Watching,
    /// A limit was broken for good, at that instant; the way back is to be gone.
    Fired(Signal, Timestamp),
    /// The way back was taken; whether it helped is still to be seen.
    Settling(Signal, Timestamp),
    /// It is over.
    Over(End),
}

/// How a guard ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It fired, users are on the good version, and the signals are good again.
    Restored(SafeText),
    /// It fired, and a person has to go on from here.
    Failed(SafeText),
    /// It fired, users are on the good version, and nobody saw whether that helped: a person looks.
    Unseen(SafeText),
    /// It would have fired, and was not to act, or could not.
    Advised(SafeText),
    /// Another version came, or the workload went, or somebody took it back by hand. After it fired
    /// that says nothing of users being back.
    Superseded(SafeText),
    /// Its time was up.
    Expired,
    /// Somebody disarmed it.
    Disarmed(SafeText),
}

impl End {
    /// The word for screens, journal and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Restored(_) => "restored",
            Self::Failed(_) => "failed",
            Self::Unseen(_) => "unseen",
            Self::Advised(_) => "advised",
            Self::Superseded(_) => "superseded",
            Self::Expired => "expired",
            Self::Disarmed(_) => "disarmed",
        }
    }

    /// The sentence beside it; empty where the word says all.
    pub fn detail(&self) -> &str {
        match self {
            Self::Restored(text)
            | Self::Failed(text)
            | Self::Unseen(text)
            | Self::Advised(text)
            | Self::Superseded(text)
            | Self::Disarmed(text) => text,
            Self::Expired => "",
        }
    }
}

/// What happens to a guard.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Somebody looked.
    Looked(Signal, Sample),
    /// A look did not come when it was due.
    Missed(Signal, Timestamp, SafeText),
    /// Nobody looked at anything for so long: stopped process, sleeping machine.
    Slept(Span),
    /// Time passed.
    Time,
    /// Users are on the version of the way back.
    WentBack(SafeText),
    /// The way back could not be gone.
    CouldNot(SafeText),
    /// It ends from outside.
    Ends(End),
}

/// What a guard wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Go the way back, because of this.
    Fire(SafeText),
    /// It cannot see, because of this.
    Blind(SafeText),
    /// It sees again.
    Sees,
    /// It is over.
    Ended(End),
}

/// A guard.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// What for.
    pub arming: Arming,
    /// Its rules with what was seen.
    pub watches: Vec<Watch>,
    /// How far.
    pub state: State,
    /// Whether it was said that it is blind.
    pub said_blind: bool,
}

impl Guard {
    /// A guard that has seen nothing yet, with those of its rules that can work.
    pub fn new(arming: Arming, rules: impl IntoIterator<Item = Rule>) -> Self {
        let watches = rules.into_iter().map(Watch::new).collect();
        Self { arming, watches, state: State::Watching, said_blind: false }
    }

    /// Takes in what happened, and says what it wants. Fires at most once.
    pub fn step(&mut self, event: Event, now: Timestamp) -> Vec<Order> {
        match (&self.state, event) {
            (State::Over(_), _) => Vec::new(),
            (_, Event::Ends(end)) => self.end(end),
            (State::Watching, Event::Time) if now >= self.arming.until => self.end(End::Expired),
            (State::Settling(_, since), Event::Time) if now - *since > SETTLES_WITHIN => {
                let end = self.settled_late();
                self.end(end)
            }
            (_, Event::Slept(gap)) => {
                self.watches.iter_mut().for_each(Watch::restart);
                self.blind_for(format!("nobody looked for {}", length(gap)).into())
            }
            (_, Event::Missed(signal, at, why)) => {
                let looked = |watch: &mut Watch| watch.missed(at, now, why.clone());
                self.look(signal, looked, now)
            }
            (_, Event::Looked(signal, sample)) => {
                let looked = |watch: &mut Watch| watch.take(sample.clone(), now);
                self.look(signal, looked, now)
            }
            (State::Fired(signal, _), Event::WentBack(_)) => {
                self.state = State::Settling(*signal, now);
                self.watches = self.watches.iter().map(|w| Watch::new(w.rule)).collect();
                Vec::new()
            }
            (State::Fired(..), Event::CouldNot(why)) => self.end(End::Failed(why)),
            (_, Event::Time | Event::WentBack(_) | Event::CouldNot(_)) => Vec::new(),
        }
    }

    fn look(
        &mut self,
        signal: Signal,
        mut looked: impl FnMut(&mut Watch),
        now: Timestamp,
    ) -> Vec<Order> {
        self.watches.iter_mut().filter(|w| w.rule.signal == signal).for_each(&mut looked);
        let mut orders = self.sight();
        match &self.state {
            State::Watching if now < self.arming.until => {
                if let Some(over) = self.watches.iter().find(|watch| watch.is_over()) {
                    let (signal, reason) = (over.rule.signal, reason(over));
                    self.state = State::Fired(signal, now);
                    orders.push(Order::Fire(reason));
                }
            }
            State::Settling(..) if self.watches.iter().all(|w| w.good >= SETTLED) => {
                orders.extend(self.end(End::Restored("its signals are good".into())));
            }
            _ => {}
        }
        orders
    }

    /// Whether it became blind, or sees again. One rule that cannot be seen is one too many: it is
    /// the one that might be broken.
    fn sight(&mut self) -> Vec<Order> {
        let blind = self.watches.iter().find_map(|watch| {
            let (_, why) = watch.blind.as_ref()?;
            Some(format!("{}: {why}", watch.rule.signal.word()))
        });
        match blind {
            Some(why) => self.blind_for(why.into()),
            // After a sleep, seeing means a sample of every rule.
            None if self.said_blind && self.watches.iter().all(|w| w.last.is_some()) => {
                let known = |watch: &Watch| !matches!(watch.last, Some((_, Judgement::Unknown(_))));
                if !self.watches.iter().all(known) {
                    return Vec::new();
                }
                self.said_blind = false;
                vec![Order::Sees]
            }
            None => Vec::new(),
        }
    }

    fn blind_for(&mut self, why: SafeText) -> Vec<Order> {
        if std::mem::replace(&mut self.said_blind, true) {
            return Vec::new();
        }
        vec![Order::Blind(why)]
    }

    fn end(&mut self, end: End) -> Vec<Order> {
        self.state = State::Over(end.clone());
        vec![Order::Ended(end)]
    }

    /// The end of a way back after which not everything was seen to be good.
    fn settled_late(&self) -> End {
        let bad = self.watches.iter().find(|watch| watch.is_breaching());
        if let Some(watch) = bad {
            let text = format!("on the good version, and still {}", reason(watch));
            return End::Failed(text.into());
        }
        let unseen = self.watches.iter().filter(|watch| watch.good < SETTLED);
        let unseen: Vec<&str> = unseen.map(|watch| watch.rule.signal.word()).collect();
        let unseen = unseen.join(", ");
        End::Unseen(format!("users are back; whether it helped is not known: {unseen}").into())
    }

    /// Whether it watches, acts or sees to it that it helped.
    pub fn is_on(&self) -> bool {
        !matches!(self.state, State::Over(_))
    }

    /// Since when and why it cannot see, of the rule that has been blind for longest.
    pub fn blind(&self) -> Option<(Timestamp, &SafeText)> {
        let blind = self.watches.iter().filter_map(|watch| watch.blind.as_ref());
        blind.min_by_key(|(since, _)| *since).map(|(since, why)| (*since, why))
    }

    /// What speaks against a quiet end: a rule is over its limit, or it cannot see.
    pub fn unrest(&self) -> Option<SafeText> {
        if let Some(watch) = self.worst() {
            return Some(reason(watch));
        }
        let why = self.blind().map_or("not all was seen again", |(_, why)| why.as_str());
        self.said_blind.then(|| format!("blind: {why}").into())
    }

    /// The rule that is nearest to firing, while any is broken.
    pub fn worst(&self) -> Option<&Watch> {
        let left = |watch: &&Watch| watch.rule.lasts - watch.broken;
        self.watches.iter().filter(|watch| watch.is_breaching()).min_by_key(left)
    }
}

/// Why a rule fires: `errors 2.1% > 1% for 5m (11 samples)`.
pub fn reason(watch: &Watch) -> SafeText {
    use super::measure::Reading;
    let rule = &watch.rule;
    let unit = rule.signal.unit();
    let value = match watch.seen.as_ref().map(|sample| &sample.reading) {
        Some(Reading::Value(value)) => unit.words(*value),
        Some(Reading::AtLeast(bound)) => format!("at least {}", unit.words(*bound)),
        _ => "unknown".to_owned(),
    };
    let relation = if rule.signal.is_floor() { "<" } else { ">" };
    let limit = unit.words(rule.limit);
    let (word, lasted, count) = (rule.signal.word(), length(watch.broken), watch.breaches);
    format!("{word} {value} {relation} {limit} for {lasted} ({count} samples)").into()
}

#[cfg(test)]
mod tests;
