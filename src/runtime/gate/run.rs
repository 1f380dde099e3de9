//! A run: every check with its own time, whatever became of the others.
//!
//! Health is asked first and waited for; the others come as soon as it is good, and so early at the
//! latest that everything ends within its time. Never judges. Called by `runtime::gate`.

use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::route::Ask;
use crate::app::gate::News;
use crate::app::msg::Msg;
use crate::domain::gate::{
    Check, Evidence, Finding, Judged, Load, Lost, Profile, Shot, Verdict, judge,
};
use crate::domain::text::SafeText;

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
pub(super) async fn lose(profile: &Profile, teller: &Teller, why: &SafeText) {
    for check in Check::ALL.into_iter().filter(|c| c.asks() && !profile.skip.contains(c)) {
        teller.found(check, Verdict::Unknown(why.clone()), Evidence::default()).await;
    }
}

/// Makes all checks that ask.
pub(super) async fn run(way: &impl Ask, profile: &Profile, teller: &Teller) {
    let wanted = |check| !profile.skip.contains(&check);
    let up = Notify::new();
    let first = async {
        if wanted(Check::Health) {
            health(way, profile, teller).await;
        }
        up.notify_one();
    };
    let others = async {
        // Too late is what is known then.
        let _ = timeout(profile.patience(), up.notified()).await;
        let single = |check| async move {
            if wanted(check) {
                self::single(way, profile, teller, check).await;
            }
        };
        tokio::join!(
            single(Check::Smoke),
            single(Check::Version),
            single(Check::Database),
            single(Check::Dependencies),
        );
        if wanted(Check::Load) {
            load(way, profile, teller).await;
        }
    };
    tokio::join!(first, others);
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
            let why = format!("no answer in {}: {words}", counted(evidence.tries));
            return teller.found(check, Verdict::Unknown(why.into()), evidence).await;
        }
        let so_far = Evidence { excerpt: Some(words.into()), ..evidence.clone() };
        teller.trying(check, &so_far).await;
        sleep(AGAIN).await;
    }
}

fn counted(tries: u32) -> String {
    if tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") }
}

/// Fires the load; what is not answered by its end is lost.
async fn load(way: &impl Ask, profile: &Profile, teller: &Teller) {
    teller.trying(Check::Load, &Evidence::default()).await;
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
    let at_once = usize::try_from(profile.load_at_once).unwrap_or(1).max(1);
    let mut shots = Vec::new();
    let mut fired = stream::iter(0..profile.load_requests).map(shoot).buffer_unordered(at_once);
    while let Some(shot) = fired.next().await {
        shots.extend(shot);
    }
    teller.tell(News::Found(Load::judge(&shots, profile))).await;
}
