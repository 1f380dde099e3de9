//! A run: every check with its own time, whatever became of the others.
//!
//! Health is asked first and waited for; the others come as soon as it is good, and so early at the
//! latest that everything ends within its time. Never judges. Called by `runtime::gate`.

use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::route::Ask;
use crate::app::gate::News;
use crate::app::msg::Msg;
use crate::domain::gate::{
    Availability, Check, Evidence, Finding, Judged, Load, Lost, Profile, Shot, Stage, Verdict,
    judge,
};
use crate::domain::text::{SafeText, several};
use crate::domain::time::{Span, length};

/// Pause before what was not answered is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Where reports go.
#[derive(Debug)]
pub(super) struct Teller {
    /// Number of the run.
    pub(super) number: u64,
    /// The inbox.
    pub(super) out: mpsc::Sender<Msg>,
}

impl Teller {
    /// Reports.
    pub(super) async fn tell(&self, news: News) {
        // A closed inbox means that the program is ending.
        let _ = self.out.send(Msg::Gate(self.number, Box::new(news))).await;
    }

    async fn trying(&self, check: Check, evidence: &Evidence) {
        self.tell(News::Trying(check, evidence.clone())).await;
    }

    async fn found(&self, check: Check, verdict: Verdict, evidence: Evidence) {
        self.tell(News::Found(Finding { check, verdict, evidence })).await;
    }
}

/// There is no way: nothing is known.
pub(super) async fn lose(stage: Stage, profile: &Profile, teller: &Teller, why: &SafeText) {
    let wanted = |check: &&Check| check.asks() && !profile.skip.contains(check);
    for check in stage.checks().iter().filter(wanted) {
        teller.found(*check, Verdict::Unknown(why.clone()), Evidence::default()).await;
    }
}

/// Makes all checks that ask, before the switch.
pub(super) async fn run(way: &impl Ask, profile: &Profile, teller: &Teller) {
    let up = Notify::new();
    let first = async {
        if !profile.skip.contains(&Check::Health) {
            health(way, profile, teller).await;
        }
        up.notify_one();
    };
    let others = async {
        // Too late is what is known then.
        let _ = timeout(profile.patience(), up.notified()).await;
        singles(way, profile, teller).await;
        if !profile.skip.contains(&Check::Load) {
            load(way, profile, teller).await;
        }
    };
    tokio::join!(first, others);
}

/// What is asked once and judged, all at the same time.
async fn singles(way: &impl Ask, profile: &Profile, teller: &Teller) {
    let single = |check| async move {
        if !profile.skip.contains(&check) {
            self::single(way, profile, teller, check).await;
        }
    };
    tokio::join!(
        single(Check::Smoke),
        single(Check::Version),
        single(Check::Database),
        single(Check::Dependencies),
    );
}

/// Watches whether users are answered, from now until some time after the switch, and makes the
/// other checks once they are on the new version. No load is sent.
pub(super) async fn look_on(
    way: &impl Ask,
    profile: &Profile,
    teller: &Teller,
    switched: watch::Receiver<bool>,
) {
    let watching = async {
        if !profile.skip.contains(&Check::Availability) {
            availability(way, profile, teller, switched.clone()).await;
        }
    };
    let checks = async {
        if timeout(profile.watch_deadline, on_it(switched.clone())).await.is_err() {
            let waited = SafeText::from(never_switched(profile));
            for check in [Check::Health, Check::Smoke, Check::Version, Check::Database] {
                unknown(profile, teller, check, &waited).await;
            }
            return unknown(profile, teller, Check::Dependencies, &waited).await;
        }
        if !profile.skip.contains(&Check::Health) {
            health(way, profile, teller).await;
        }
        singles(way, profile, teller).await;
    };
    tokio::join!(watching, checks);
}

/// Returns when users are on the new version.
async fn on_it(mut switched: watch::Receiver<bool>) {
    if switched.wait_for(|switched| *switched).await.is_err() {
        // Whoever would say it is gone; so is this run in a moment.
        std::future::pending::<()>().await;
    }
}

fn never_switched(profile: &Profile) -> String {
    let waited = Span::from_std(profile.watch_deadline).unwrap_or(Span::MAX);
    format!("the switch was not seen within {}", length(waited))
}

async fn unknown(profile: &Profile, teller: &Teller, check: Check, why: &SafeText) {
    if !profile.skip.contains(&check) {
        teller.found(check, Verdict::Unknown(why.clone()), Evidence::default()).await;
    }
}

/// Asks users' Service again and again.
async fn availability(
    way: &impl Ask,
    profile: &Profile,
    teller: &Teller,
    switched: watch::Receiver<bool>,
) {
    let began = Instant::now();
    let mut seen = Availability::default();
    let mut end = None;
    for turn in 1_u32.. {
        let start = began.elapsed();
        let answer = way.ask(&profile.watch_path, profile.timeout).await;
        seen.note(milliseconds(start), milliseconds(began.elapsed()), &answer);
        let evidence = Evidence {
            tries: seen.sent,
            status: answer.as_ref().ok().map(|answer| answer.status),
            excerpt: Some(seen.words().into()),
            ..Evidence::default()
        };
        teller.trying(Check::Availability, &evidence).await;
        if end.is_none() && *switched.borrow() {
            end = Some(Instant::now() + profile.watch_for);
        }
        if seen.forbidden.is_some() || end.is_some_and(|end| Instant::now() >= end) {
            break;
        }
        if end.is_none() && began.elapsed() >= profile.watch_deadline {
            let verdict = Verdict::Unknown(never_switched(profile).into());
            let evidence = Evidence { availability: Some(seen), ..Evidence::default() };
            return teller.found(Check::Availability, verdict, evidence).await;
        }
        sleep_until(began + profile.watch_every * turn).await;
    }
    teller.tell(News::Found(seen.judge(profile, way.is_direct()))).await;
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// Asks once, and notes it.
async fn attempt(
    way: &impl Ask,
    path: &str,
    within: Duration,
    evidence: &mut Evidence,
) -> Result<crate::domain::gate::Answer, Lost> {
    let began = Instant::now();
    let answer = way.ask(path, within).await;
    evidence.tries += 1;
    evidence.status = answer.as_ref().ok().map(|answer| answer.status);
    evidence.latency_ms = answer.as_ref().ok().map(|_| milliseconds(began.elapsed()));
    answer
}

/// Asks until it says that it is up, from start to start of the tries.
async fn health(way: &impl Ask, profile: &Profile, teller: &Teller) {
    let (check, began) = (Check::Health, Instant::now());
    let end = began + profile.health_deadline;
    let mut evidence = Evidence::default();
    teller.trying(check, &evidence).await;
    let mut last = SafeText::from("nothing was asked");
    for turn in 0..profile.health_tries {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let within = profile.timeout.min(left);
        match attempt(way, &profile.health_path, within, &mut evidence).await {
            Ok(answer) => {
                let Judged { verdict, excerpt, .. } = judge(check, profile, &answer);
                evidence.excerpt = excerpt;
                match verdict {
                    Verdict::Passed => return teller.found(check, verdict, evidence).await,
                    other => last = other.why().cloned().unwrap_or_default(),
                }
            }
            Err(lost) => {
                evidence.excerpt = None;
                last = lost.words().into();
                if let Lost::Forbidden(_) = lost {
                    return teller.found(check, Verdict::Unknown(last), evidence).await;
                }
            }
        }
        teller.trying(check, &Evidence { excerpt: Some(last.clone()), ..evidence.clone() }).await;
        let next = began + profile.health_every * (turn + 1);
        if turn + 1 == profile.health_tries || next >= end {
            break;
        }
        sleep_until(next).await;
    }
    let tries = evidence.tries;
    let why = format!("no 2xx in {tries} tries; the last time: {last}");
    teller.found(check, Verdict::Failed(why.into()), evidence).await;
}

/// Asks until there is an answer, which is judged whatever it is.
async fn single(way: &impl Ask, profile: &Profile, teller: &Teller, check: Check) {
    let Some(path) = profile.path(check) else { return };
    let end = Instant::now() + profile.deadline;
    let mut evidence = Evidence::default();
    teller.trying(check, &evidence).await;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let lost = match attempt(way, path, profile.timeout.min(left), &mut evidence).await {
            Ok(answer) => {
                let Judged { verdict, excerpt, pointer } = judge(check, profile, &answer);
                let evidence = Evidence { excerpt, pointer, ..evidence };
                return teller.found(check, verdict, evidence).await;
            }
            Err(lost) => lost,
        };
        let words = lost.words();
        let again = Instant::now() + AGAIN < end;
        if !again || matches!(lost, Lost::Forbidden(_)) {
            let why = format!("no answer in {}: {words}", several(evidence.tries, "try", "tries"));
            return teller.found(check, Verdict::Unknown(why.into()), evidence).await;
        }
        let so_far = Evidence { excerpt: Some(words.into()), ..evidence.clone() };
        teller.trying(check, &so_far).await;
        sleep(AGAIN).await;
    }
}

/// Fires the load; what is not answered by its end is lost.
async fn load(way: &impl Ask, profile: &Profile, teller: &Teller) {
    teller.trying(Check::Load, &Evidence::default()).await;
    let at_once = usize::try_from(profile.load_at_once).unwrap_or(1).max(1);
    way.warm(at_once, profile.timeout).await;
    let end = Instant::now() + profile.load_deadline;
    let shoot = |_| async move {
        let began = Instant::now();
        let left = end.saturating_duration_since(began);
        if left.is_zero() {
            return None;
        }
        let answer = way.ask(&profile.load_path, profile.timeout.min(left)).await;
        Some(Shot { latency_ms: milliseconds(began.elapsed()), answer })
    };
    let mut shots = Vec::new();
    let mut fired = stream::iter(0..profile.load_requests).map(shoot).buffer_unordered(at_once);
    while let Some(shot) = fired.next().await {
        shots.extend(shot);
    }
    teller.tell(News::Found(Load::judge(&shots, profile))).await;
}
