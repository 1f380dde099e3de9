//! The third number: the share of the requests that the new version really got, and whether it can
//! be what the router says.
//!
//! A share of few requests is uncertain, and for a while after a change old and new weights are
//! mixed in it: neither is a disagreement. Called by `app`.

use super::statistics::Counted;
use crate::domain::time::{Span, Timestamp};

/// Shares that are this near are the same: connections that are kept alive and the rounding of
/// counters make no alarm.
const NEAR: f64 = 0.02;

/// Fewer requests than this say nothing about a share.
const LEAST: f64 = 20.0;

/// Time that routers take to load a new weight.
const ROUTER_LOADS: Span = Span::seconds(10);

/// What was measured within one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Requests of the new version.
    pub canary: f64,
    /// Requests of both.
    pub all: f64,
    /// The window.
    pub window: Span,
    /// The time between two scrapes: what lies within the window is less by this.
    pub scrape: Span,
    /// The end of the window.
    pub at: Timestamp,
}

impl Measured {
    /// The share, 0 to 1; nothing without requests.
    pub fn share(&self) -> Option<f64> {
        (self.all > 0.0).then(|| (self.canary / self.all).clamp(0.0, 1.0))
    }

    /// Requests that were really seen: Prometheus extrapolates to the ends of the window.
    fn seen(&self) -> Counted {
        let window = self.window.num_milliseconds().max(1);
        let inside = (window - self.scrape.num_milliseconds()).max(0);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of minutes")]
        let part = inside as f64 / window as f64;
        Counted { failed: self.canary * part, all: self.all * part }
    }

    /// Between which shares the true one lies with 95 % confidence.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.seen().interval()
    }

    /// Requests a second.
    pub fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of minutes")]
        let seconds = self.window.num_milliseconds().max(1) as f64 / 1000.0;
        self.all / seconds
    }

    /// Whether so few requests say nothing.
    pub fn is_few(&self) -> bool {
        self.seen().all < LEAST
    }

    /// Whether a share cannot be the true one: beyond any usual chance, and by more than is normal.
    fn excludes(&self, share: f64) -> bool {
        let Some((low, high)) = self.seen().interval_at(Z_999) else { return false };
        share < low - NEAR || share > high + NEAR
    }
}

/// Two-sided 99.9 %: it is looked at again and again, and an alarm that cries wolf is switched off.
const Z_999: f64 = 3.290_526_731_491_926;

/// How the measured share stands to the router's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Truth {
    /// Too few requests to say.
    TooFew,
    /// It may be what the router says.
    Agrees,
    /// It is not, but a change may still be on its way, until then.
    Settling(Timestamp),
    /// It is not, for too long to be a change on its way: since then.
    Disagrees(Timestamp),
}

/// What is remembered between two measurements.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Watch {
    /// The router's share in percent when it was last seen, and since when it is that.
    router: Option<(i32, Timestamp)>,
    /// Since when the measured share cannot be the router's.
    apart: Option<Timestamp>,
}

impl Watch {
    /// Since when the router says what it says now.
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.router.map(|(_, since)| since)
    }

    /// Notes what the router says now, percent of `max`. What was never seen before is known to be
    /// so since `hint` at least, where there is one.
    pub fn router(&mut self, share: Option<i32>, hint: Option<Timestamp>, now: Timestamp) {
        match (share, self.router) {
            (Some(share), Some((known, _))) if known == share => {}
            (Some(share), None) => self.router = Some((share, hint.unwrap_or(now).min(now))),
            (Some(share), Some(_)) => {
                self.router = Some((share, now));
                self.apart = None;
            }
            (None, _) => *self = Self::default(),
        }
    }

    /// Judges a measurement; nothing while the router says nothing.
    pub fn judge(&mut self, measured: &Measured, max: i32) -> Option<Truth> {
        let (share, since) = self.router?;
        if measured.is_few() {
            self.apart = None;
            return Some(Truth::TooFew);
        }
        if !measured.excludes(f64::from(share) / f64::from(max.max(1))) {
            self.apart = None;
            return Some(Truth::Agrees);
        }
        let settled = since + settling(measured.window, measured.scrape);
        let apart = *self.apart.get_or_insert(measured.at);
        // One window alone may be mixed: it has to last.
        let lasts = apart + measured.scrape * 2;
        let until = settled.max(lasts);
        Some(if measured.at < until { Truth::Settling(until) } else { Truth::Disagrees(apart) })
    }
}

/// How long after a change of weight a measured share may still be another: the router loads it,
/// then the window has to pass, then the next scrape has to come.
pub fn settling(window: Span, scrape: Span) -> Span {
    ROUTER_LOADS + window + scrape
}

/// The window that is short enough to see nothing of the time before the last change, and else as
/// long as two minutes: the longer, the surer. At least two scrapes lie in it.
pub fn window(since_change: Span, scrape: Span) -> Span {
    let shortest = scrape * 2 + Span::seconds((scrape / 10).num_seconds().max(1));
    let longest = (scrape * 8).max(Span::minutes(2));
    // Steps instead of every second: each window is a query of its own.
    let mut window = shortest;
    while window * 2 <= longest && window * 2 + scrape <= since_change {
        window = window * 2;
    }
    window
}

/// The ready pods of the new version, as far as they were seen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Carriers {
    ready: usize,
    /// When they last became fewer.
    fell: Option<Timestamp>,
}

impl Carriers {
    /// Notes how many are ready now.
    pub fn note(&mut self, ready: usize, now: Timestamp) {
        if ready < self.ready {
            self.fell = Some(now);
        }
        self.ready = ready;
    }

    /// How much more the new version gets than its ready pods can carry, when each is made for its
    /// part of the whole: measured share, and the largest that is carried. Nothing while it is
    /// carried, or that cannot be said: without a router requests follow the pods, and what was
    /// counted while more of them were ready is no sign of too many now.
    pub fn overload(
        &self,
        measured: &Measured,
        replicas: i32,
        is_routed: bool,
    ) -> Option<(f64, f64)> {
        let mixed = |fell| measured.at < fell + settling(measured.window, measured.scrape);
        if measured.is_few() || replicas <= 0 || (!is_routed && self.fell.is_some_and(mixed)) {
            return None;
        }
        let (low, _) = measured.seen().interval_at(Z_999)?;
        #[expect(clippy::cast_precision_loss, reason = "a count of pods")]
        let carried = (self.ready as f64 / f64::from(replicas)).min(1.0);
        (low > carried + NEAR).then_some((measured.share()?, carried))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::at;

    fn measured(canary: f64, all: f64, seconds: i64) -> Measured {
        Measured {
            canary,
            all,
            window: Span::seconds(60),
            scrape: Span::seconds(15),
            at: at(seconds),
        }
    }

    #[test]
    fn a_router_that_lies_is_caught_and_noise_is_not() {
        let mut watch = Watch::default();
        assert_eq!(watch.judge(&measured(5.0, 100.0, 0), 100), None, "it says nothing yet");
        watch.router(Some(25), None, at(0));
        let cases = [
            (10, 3.0, 12.0, Truth::TooFew),
            (20, 150.0, 600.0, Truth::Agrees),
            (40, 120.0, 600.0, Truth::Agrees),
            (60, 25.0, 600.0, Truth::Settling(at(90))),
            (80, 25.0, 600.0, Truth::Settling(at(90))),
            (100, 25.0, 600.0, Truth::Disagrees(at(60))),
            (115, 150.0, 600.0, Truth::Agrees),
            (130, 25.0, 600.0, Truth::Settling(at(160))),
        ];
        for (seconds, canary, all, wanted) in cases {
            let judged = watch.judge(&measured(canary, all, seconds), 100);
            assert_eq!(judged, Some(wanted), "after {seconds} s");
        }
    }

    #[test]
    fn a_change_of_weight_begins_anew() {
        let mut watch = Watch::default();
        watch.router(Some(5), None, at(0));
        watch.judge(&measured(300.0, 600.0, 200), 100);
        watch.router(Some(50), Some(at(0)), at(300));
        let judged = watch.judge(&measured(30.0, 600.0, 310), 100);
        assert_eq!(judged, Some(Truth::Settling(at(385))));
        assert_eq!(watch.changed_at(), Some(at(300)));
        watch.router(None, None, at(400));
        assert_eq!(watch.judge(&measured(30.0, 600.0, 410), 100), None);
    }

    #[test]
    fn what_holds_since_long_ago_need_not_settle() {
        let mut watch = Watch::default();
        watch.router(Some(25), Some(at(-600)), at(0));
        assert_eq!(watch.changed_at(), Some(at(-600)));
        let judged = watch.judge(&measured(25.0, 600.0, 10), 100);
        assert_eq!(judged, Some(Truth::Settling(at(40))), "one window alone may be mixed");
        let judged = watch.judge(&measured(25.0, 600.0, 41), 100);
        assert_eq!(judged, Some(Truth::Disagrees(at(10))));
    }

    #[test]
    fn shares_know_their_doubt_and_their_rate() {
        let share = measured(150.0, 600.0, 0);
        assert_eq!(share.share(), Some(0.25));
        assert!((share.per_second() - 10.0).abs() < 1e-9);
        let (low, high) = share.interval().unwrap();
        // Of the 450 requests that lie between the scrapes.
        assert!((0.211..0.213).contains(&low) && (0.291..0.293).contains(&high), "{low} {high}");
        assert_eq!(measured(0.0, 0.0, 0).share(), None);
    }

    #[test]
    fn windows_grow_with_the_time_since_the_last_change() {
        let scrape = Span::seconds(15);
        for (since, wanted) in [(0, 31), (60, 31), (80, 62), (600, 62), (3600, 62)] {
            let window = window(Span::seconds(since), scrape).num_seconds();
            assert_eq!(window, wanted, "{since} s after a change");
        }
        let quick = |since| window(Span::seconds(since), Span::seconds(1)).num_seconds();
        assert_eq!((quick(0), quick(8), quick(600)), (3, 6, 96));
    }

    #[test]
    fn more_than_the_ready_pods_carry() {
        let half = measured(300.0, 600.0, 0);
        let ready = |ready| Carriers { ready, fell: None };
        assert_eq!(ready(5).overload(&half, 10, true), None);
        assert_eq!(ready(1).overload(&half, 10, true), Some((0.5, 0.1)));
        assert_eq!(ready(1).overload(&half, 10, false), Some((0.5, 0.1)));
        assert_eq!(ready(0).overload(&measured(5.0, 10.0, 0), 10, true), None, "too few to say");
        assert_eq!(ready(1).overload(&half, 0, true), None);
    }

    #[test]
    fn pods_that_went_took_their_requests_with_them_where_there_is_no_router() {
        let mut carriers = Carriers::default();
        carriers.note(5, at(0));
        carriers.note(0, at(100));
        let early = measured(500.0, 1000.0, 120);
        assert_eq!(carriers.overload(&early, 10, true), Some((0.5, 0.0)), "a router goes on");
        assert_eq!(carriers.overload(&early, 10, false), None, "it was counted before");
        carriers.note(0, at(170));
        let late = measured(500.0, 1000.0, 300);
        assert_eq!(carriers.overload(&late, 10, false), Some((0.5, 0.0)), "and that lasts");
    }
}
