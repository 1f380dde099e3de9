//! One question, asked again and again: the whole span first, then what has come since.
//!
//! Instants lie on a grid of the server's clock, so that answers to different questions can be laid
//! beside each other.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::app::metrics::asks::Ask;
use crate::app::msg::{Measured, Msg};
use crate::domain::measure::query::Asked;
use crate::domain::time::{Span, Timestamp};

use super::servers::Servers;
use crate::runtime::clock::Clock;

/// How long after an instant it is asked for: scrapes of that instant have to be in by then.
const LATE: Span = Span::milliseconds(300);

/// The longest time that a refused question waits, unless it is asked that seldom anyway.
const LONGEST: Duration = Duration::from_secs(120);

/// The shortest time between two tries.
const SHORTEST: Duration = Duration::from_millis(500);

/// Asks until nobody listens.
pub(super) async fn poll(servers: Servers, clock: Clock, out: mpsc::Sender<Msg>, ask: Ask) {
    let mut since = ask.since;
    let mut refused = 0u32;
    let mut ear = servers.ear();
    loop {
        ear.listen();
        let Some(known) = servers.known(&ask.address) else { return };
        let now = clock.now() + known.ahead;
        let asked = asked(&ask, since, now - LATE);
        let answer = known.server.ask(&asked).await;
        match &answer {
            Ok(_) => {
                since = Some(asked.to);
                refused = 0;
            }
            // A server that is away is held off by itself, and probed.
            Err(error) if error.is_down() => {}
            Err(_) => refused = refused.saturating_add(1),
        }
        let answer = answer.map_err(|error| error.to_string().into());
        if out.send(Msg::Measured(Measured { id: ask.id, answer })).await.is_err() {
            return;
        }
        let now = clock.now() + known.ahead;
        let next = on_grid(now - LATE, ask.every) + ask.every + LATE;
        let wait = clock.real(next - now).max(SHORTEST);
        if ear.rest(patience(ask.span, wait, refused)).await {
            refused = 0;
        }
    }
}

/// A question that is refused for what it is will be refused again: it is asked less and less
/// often, once in two minutes at least. Not so one for single instants: who asks for those judges
/// by each of them, and a guard would be blind for that long.
fn patience(span: Span, wait: Duration, refused: u32) -> Duration {
    if span <= Span::zero() {
        return wait;
    }
    let longer = wait.saturating_mul(1 << refused.min(6));
    longer.min(LONGEST).max(wait)
}

/// What to ask at an instant: everything, or what came since the last answer, whose last instant
/// is asked again, since late samples may have changed it.
fn asked(ask: &Ask, since: Option<Timestamp>, now: Timestamp) -> Asked {
    let question = ask.question.clone();
    if ask.span <= Span::zero() {
        let at = on_grid(now, ask.every);
        return Asked { question, from: at, to: at, step: ask.step };
    }
    let to = on_grid(now, ask.step);
    let oldest = on_grid(now - ask.span, ask.step);
    let from = since.map_or(oldest, |since| since.max(oldest)).min(to);
    Asked { question, from, to, step: ask.step }
}

/// The last instant of a grid of whole seconds.
fn on_grid(at: Timestamp, step: Span) -> Timestamp {
    let step = step.num_seconds().max(1);
    let seconds = at.timestamp();
    Timestamp::from_timestamp(seconds - seconds.rem_euclid(step), 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measure::address::Address;
    use crate::domain::measure::query::Question;
    use crate::domain::time::parse_rfc3339;

    fn at(text: &str) -> Timestamp {
        parse_rfc3339(&format!("2026-11-28T{text}Z")).unwrap()
    }

    #[test]
    fn what_is_refused_is_asked_less_and_less() {
        let seconds = |wait, refused| {
            patience(Span::minutes(15), Duration::from_secs(wait), refused).as_secs()
        };
        let waits = [0, 1, 2, 3, 9, u32::MAX].map(|refused| seconds(15, refused));
        assert_eq!(waits, [15, 30, 60, 120, 120, 120]);
        assert_eq!(seconds(240, 5), 240, "never more often than it would be anyway");
    }

    #[test]
    fn what_a_guard_asks_is_asked_in_its_own_time_however_often_it_is_refused() {
        let wait = Duration::from_secs(5);
        for refused in [0, 1, 2, 9, u32::MAX] {
            assert_eq!(patience(Span::zero(), wait, refused), wait, "{refused}");
        }
    }

    #[test]
    fn the_span_first_then_what_came_since() {
        let mut ask = Ask {
            id: 1,
            address: Address::parse("http://p:9090", None).unwrap(),
            question: Question::value("up"),
            span: Span::minutes(15),
            step: Span::seconds(15),
            every: Span::seconds(15),
            since: None,
        };
        let now = at("10:00:07");
        let first = asked(&ask, None, now);
        assert_eq!((first.from, first.to), (at("09:45:00"), at("10:00:00")));
        let next = asked(&ask, Some(at("10:00:00")), at("10:00:16"));
        assert_eq!((next.from, next.to), (at("10:00:00"), at("10:00:15")));
        let after_a_night = asked(&ask, Some(at("02:00:00")), now);
        assert_eq!(after_a_night.from, at("09:45:00"));
        let ahead = asked(&ask, Some(at("10:01:00")), now);
        assert_eq!((ahead.from, ahead.to), (at("10:00:00"), at("10:00:00")));
        ask.span = Span::zero();
        ask.every = Span::seconds(4);
        let instant = asked(&ask, None, now);
        assert_eq!((instant.from, instant.to), (at("10:00:04"), at("10:00:04")));
    }
}
