//! A light load, counted.
//!
//! What got no answer is slower than every answer: it never makes the P95 look better. Called by
//! `runtime`, which fires it.

use super::answer::{Answer, Body, Lost};
use super::profile::Profile;
use super::{Check, Evidence, Finding, Verdict};
use crate::domain::text::SafeText;

/// One request of the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    /// How long it took until all of its body was there, in milliseconds.
    pub latency_ms: u64,
    /// What came.
    pub answer: Result<Answer, Lost>,
}

/// A load in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Load {
    /// Requests that were sent.
    pub sent: u32,
    /// Answers that were not 2xx, or larger than is read.
    pub bad: u32,
    /// Requests without an answer.
    pub lost: u32,
    /// Latency below which half of them were answered, in milliseconds.
    pub p50_ms: Option<u64>,
    /// The same for 95 of 100; nothing where so many were not answered.
    pub p95_ms: Option<u64>,
    /// Slowest answer, in milliseconds.
    pub most_ms: Option<u64>,
}

impl Load {
    /// Counts shots.
    pub fn of(shots: &[Shot]) -> Self {
        let count = |wanted: &dyn Fn(&Shot) -> bool| {
            u32::try_from(shots.iter().filter(|shot| wanted(shot)).count()).unwrap_or(u32::MAX)
        };
        let mut latencies: Vec<u64> =
            shots.iter().filter(|s| s.answer.is_ok()).map(|s| s.latency_ms).collect();
        latencies.sort_unstable();
        // Nearest rank among all that were sent.
        let rank = |percent: usize| {
            let rank = (shots.len() * percent).div_ceil(100).checked_sub(1)?;
            latencies.get(rank).copied()
        };
        Self {
            sent: count(&|_| true),
            bad: count(&|shot| shot.answer.as_ref().is_ok_and(is_bad)),
            lost: count(&|shot| shot.answer.is_err()),
            p50_ms: rank(50),
            p95_ms: rank(95),
            most_ms: latencies.last().copied(),
        }
    }

    /// In words: `100 sent, 0 bad, 0 lost, P50 12 ms, P95 40 ms, most 80 ms`.
    pub fn words(&self) -> String {
        let ms = |value: Option<u64>| value.map_or_else(|| "none".into(), |ms| format!("{ms} ms"));
        format!(
            "{} sent, {} bad, {} lost, P50 {}, P95 {}, most {}",
            self.sent,
            self.bad,
            self.lost,
            ms(self.p50_ms),
            ms(self.p95_ms),
            ms(self.most_ms)
        )
    }

    /// What the load says by the limits of the profile.
    pub fn judge(shots: &[Shot], profile: &Profile) -> Finding {
        let load = Self::of(shots);
        let lost = shots.iter().find_map(|shot| shot.answer.as_ref().err()).map(Lost::words);
        let lost = lost.unwrap_or_else(|| "no answer".to_owned());
        let limit = profile.load_failures;
        let most = u64::try_from(profile.load_p95.as_millis()).unwrap_or(u64::MAX);
        let verdict = if load.bad > limit {
            let bad = shots.iter().find_map(|s| s.answer.as_ref().ok().filter(|a| is_bad(a)));
            let first = bad.map(words_of_bad).unwrap_or_default();
            Verdict::Failed(said(load.bad, &load, &format!("bad answers ({first})"), limit))
        } else if load.sent < profile.load_requests {
            let text = format!("only {} of {} sent in time", load.sent, profile.load_requests);
            Verdict::Unknown(text.into())
        } else if load.bad + load.lost > limit {
            Verdict::Unknown(said(load.lost, &load, &format!("not answered ({lost})"), limit))
        } else {
            match load.p95_ms {
                None => Verdict::Unknown("too few answers for a P95".into()),
                Some(p95) if p95 > most => {
                    Verdict::Failed(format!("P95 is {p95} ms, the limit {most} ms").into())
                }
                Some(_) => Verdict::Passed,
            }
        };
        let status = shots.iter().rev().find_map(|s| s.answer.as_ref().ok()).map(|a| a.status);
        let evidence = Evidence {
            tries: load.sent,
            status,
            latency_ms: load.p95_ms,
            excerpt: None,
            pointer: None,
            load: Some(load),
            availability: None,
        };
        Finding { check: Check::Load, verdict, evidence }
    }
}

fn said(count: u32, load: &Load, what: &str, limit: u32) -> SafeText {
    format!("{count} of {} {what}, the limit is {limit}", load.sent).into()
}

fn is_bad(answer: &Answer) -> bool {
    !(200..300).contains(&answer.status) || answer.body == Body::TooLarge
}

fn words_of_bad(answer: &Answer) -> String {
    match answer.body {
        Body::TooLarge => "body larger than 64 KiB".to_owned(),
        Body::Whole(_) => answer.status.to_string(),
    }
}
