//! Is the server there? One question every few seconds, on a connection of its own.
//!
//! A quiet watch and a dead one look the same; only this tells them apart. Any HTTP answer counts
//! as alive, whatever it says. Spawned by `runtime`; its [`Pulse`] is read by every watch.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::watch::Sender;
use tokio::time::{Instant, sleep};

use super::Now;
use super::call;
use super::connect::Connection;
use crate::domain::text::SafeText;
use crate::domain::time::{Span, Timestamp};

/// What the last question showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pulse {
    /// Questions asked so far; zero means that nothing is known yet.
    pub beat: u64,
    /// Whether the last question was answered.
    pub alive: bool,
    /// Last answer, by our clock.
    pub last_alive: Option<Timestamp>,
    /// The same by a clock that nobody sets: how long ago it was is only known by this.
    pub last_heard: Option<Instant>,
    /// How long the last answer took.
    pub rtt: Option<Span>,
    /// The server's clock minus ours, to about a second (`Date` header).
    pub skew: Option<Span>,
    /// The server's time at an instant of this process, by the last answer that said it.
    pub server: Option<(Timestamp, Instant)>,
    /// Why there was no answer.
    pub error: Option<SafeText>,
    /// The credentials were refused, and what became of reading them again; nothing while they are
    /// accepted.
    pub sign_in: Option<SafeText>,
}

impl Pulse {
    /// Whether the server is known not to answer.
    pub fn is_dead(&self) -> bool {
        self.beat > 0 && !self.alive
    }
}

/// Credentials that are refused are read again after so many beats at most.
const SIGN_IN_BEATS: u32 = 15;

/// The times of a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// Between two questions while the server answers.
    pub every: Duration,
    /// Between two questions while it does not: shorter, so that its return is seen at once.
    pub while_dead: Duration,
    /// Longest wait for an answer.
    pub limit: Duration,
    /// The same while it does not answer: a question that was lost must not hold up the next one.
    pub limit_while_dead: Duration,
}

impl Default for Beat {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(4),
            while_dead: Duration::from_secs(1),
            limit: Duration::from_secs(4),
            limit_while_dead: Duration::from_secs(2),
        }
    }
}

impl Beat {
    /// The same for a world in which `speed` seconds pass in one.
    #[must_use]
    pub fn at_speed(self, speed: u32) -> Self {
        let scaled = |span: Duration, least: u64| {
            (span / speed.max(1)).max(Duration::from_millis(least).min(span))
        };
        Self {
            every: scaled(self.every, 50),
            while_dead: scaled(self.while_dead, 50),
            limit: scaled(self.limit, 500),
            limit_while_dead: scaled(self.limit_while_dead, 500),
        }
    }
}

/// Asks until nobody listens any more.
pub async fn heartbeat(conn: Arc<Connection>, beat: Beat, now: Now, out: Sender<Pulse>) {
    let mut sign_in = SignIn::default();
    while !out.is_closed() {
        let started = Instant::now();
        let dead = out.borrow().is_dead();
        let limit = if dead { beat.limit_while_dead } else { beat.limit };
        let answer = ask(&conn, limit).await;
        let took = started.elapsed();
        let at = now();
        if dead && answer.is_ok() {
            conn.renew();
        }
        let refused = answer.as_ref().is_ok_and(|answer| answer.refused);
        out.send_modify(|pulse| record(pulse, answer, took, at));
        if refused {
            sign_in.begin(&conn, beat.every);
        }
        let (alive, signer) = (out.borrow().alive, conn.signer());
        let pause = if alive { beat.every } else { beat.while_dead };
        tokio::select! {
            biased;
            // Asked at once whether it helped.
            done = sign_in.done() => out.send_modify(|pulse| pulse.sign_in = done.err()),
            () = sleep(pause.saturating_sub(took)) => {}
            () = out.closed() => return,
            // A plugin that was begun for a request that gave up.
            () = signer.go_on() => {}
        }
    }
}

type SigningIn = Pin<Box<dyn Future<Output = Result<(), SafeText>> + Send>>;

/// Signing in again, beside the questions: a credential plugin may take half a minute.
#[derive(Default)]
struct SignIn {
    under_way: Option<SigningIn>,
    /// When it began last, and how long it is left alone after that.
    last: Option<(Instant, Duration)>,
}

impl SignIn {
    /// Begins, unless it is under way or was tried a moment ago.
    fn begin(&mut self, conn: &Arc<Connection>, every: Duration) {
        let now = Instant::now();
        let rest = match self.last {
            _ if self.under_way.is_some() => return,
            Some((began, rest)) if now < began + rest => return,
            Some((_, rest)) => (rest * 2).min(every * SIGN_IN_BEATS),
            None => every,
        };
        self.last = Some((now, rest));
        let conn = Arc::clone(conn);
        self.under_way = Some(Box::pin(async move { conn.sign_in_again().await }));
    }

    /// What became of it; never, while nothing is under way.
    async fn done(&mut self) -> Result<(), SafeText> {
        let Some(under_way) = &mut self.under_way else { return pending().await };
        let done = under_way.await;
        self.under_way = None;
        done
    }
}

/// An answer of the server, whatever it says.
struct Answer {
    /// Its `Date`.
    date: Option<Timestamp>,
    /// Whether it is a 401 of credentials that nothing renews.
    refused: bool,
}

/// Takes an answer, or its absence, into the pulse.
fn record(pulse: &mut Pulse, answer: Result<Answer, SafeText>, took: Duration, at: Timestamp) {
    pulse.beat += 1;
    match answer {
        Ok(Answer { date, refused }) => {
            if !refused {
                pulse.sign_in = None;
            }
            let rtt = Span::from_std(took).unwrap_or(Span::zero());
            pulse.alive = true;
            pulse.last_alive = Some(at);
            pulse.last_heard = Some(Instant::now());
            pulse.rtt = Some(rtt);
            // The header was written about half a round trip ago and has whole seconds: half a
            // second is added, since it was cut off.
            let written = at - rtt / 2;
            let date = date.map(|d| d + Span::milliseconds(500));
            pulse.skew = date.map(|d| d - written).or(pulse.skew);
            pulse.server = date.map(|d| (d + rtt / 2, Instant::now())).or(pulse.server);
            pulse.error = None;
        }
        Err(error) => {
            pulse.alive = false;
            pulse.rtt = None;
            pulse.error = Some(error);
        }
    }
}

/// One question. It waits for no credential plugin: whether the server is there does not depend on
/// who asks.
async fn ask(conn: &Connection, limit: Duration) -> Result<Answer, SafeText> {
    let (mut question, signer) = (call::get("/readyz"), conn.signer());
    signer.sign_at_once(&mut question);
    let renewing = signer.is_asking();
    let response =
        call::send(conn.heartbeat(), question, limit).await.map_err(|failure| failure.text())?;
    let header = response.headers().get("date");
    let date = header
        .and_then(|value| value.to_str().ok())
        .and_then(|text| chrono::DateTime::parse_from_rfc2822(text).ok())
        .map(|date| date.with_timezone(&chrono::Utc));
    // While other credentials are on their way, nothing has to be done about these.
    let refused = response.status() == StatusCode::UNAUTHORIZED && !renewing;
    // Read to its end, so that the connection can be used again; what it says does not matter.
    let _ = call::body_of(response, limit).await;
    Ok(Answer { date, refused })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    #[test]
    fn a_missed_answer_keeps_the_last_one() {
        let mut pulse = Pulse::default();
        assert!(!pulse.is_dead());
        let at = parse_rfc3339("2026-11-23T10:00:00Z").unwrap();
        let date = parse_rfc3339("2026-11-23T10:00:30Z");
        record(&mut pulse, Ok(Answer { date, refused: false }), Duration::from_millis(20), at);
        assert!(pulse.alive);
        assert_eq!(pulse.skew.map(|s| s.num_seconds()), Some(30));
        record(&mut pulse, Err("refused".into()), Duration::ZERO, at + Span::seconds(4));
        assert!(pulse.is_dead());
        assert_eq!(pulse.last_alive, Some(at));
        assert_eq!(pulse.beat, 2);
    }
}
