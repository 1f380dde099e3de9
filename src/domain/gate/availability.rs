//! Whether users were answered all the time: one request after another to their Service, before,
//! during and after a switch, counted.
//!
//! Never asks; `runtime` does and says when. Instants are milliseconds since the watching began.

use super::answer::{Answer, Lost};
use super::profile::Profile;
use super::{Check, Evidence, Finding, Verdict};
use crate::domain::text::SafeText;
use crate::domain::time::{Span, length};

/// How a Service answered while it was watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Availability {
    /// Requests that were sent.
    pub sent: u32,
    /// Answers that were not 2xx.
    pub bad: u32,
    /// Requests without an answer.
    pub lost: u32,
    /// Longest time without a good answer, in milliseconds: from the start of a request that failed
    /// to the next good answer, or to the last request where none came.
    pub gap_ms: u64,
    /// What the first failure was.
    pub first: Option<SafeText>,
    /// Nobody may ask: a right is missing.
    pub forbidden: Option<SafeText>,
    /// Since when there is no good answer.
    failing_since: Option<u64>,
}

impl Availability {
    /// Counts a request that began and ended at these instants.
    pub fn note(&mut self, began_ms: u64, ended_ms: u64, answer: &Result<Answer, Lost>) {
        self.sent += 1;
        let failure = match answer {
            Ok(answer) if (200..300).contains(&answer.status) => None,
            Ok(answer) => {
                self.bad += 1;
                Some(format!("answered {}", answer.status))
            }
            Err(lost) => {
                if let Lost::Forbidden(_) = lost {
                    self.forbidden = Some(lost.words().into());
                }
                self.lost += 1;
                Some(lost.words())
            }
        };
        if failure.is_some() {
            self.failing_since.get_or_insert(began_ms);
        }
        if let Some(since) = self.failing_since {
            self.gap_ms = self.gap_ms.max(ended_ms.saturating_sub(since));
        }
        match failure {
            Some(words) if self.first.is_none() => self.first = Some(words.into()),
            Some(_) => {}
            None => self.failing_since = None,
        }
    }

    /// In words: `64 sent, 2 bad, 0 lost, longest without a good answer 2s`.
    pub fn words(&self) -> String {
        let mut text = format!("{} sent, {} bad, {} lost", self.sent, self.bad, self.lost);
        if self.gap_ms > 0 {
            let gap = Span::milliseconds(i64::try_from(self.gap_ms).unwrap_or(i64::MAX));
            text.push_str(&format!(", longest without a good answer {}", length(gap)));
        }
        text
    }

    /// What it says by the limit of the profile. `directly`: users are asked for on their own way,
    /// so that no answer is what they got too. What only the API server's way did not bring is not
    /// known.
    pub fn judge(self, profile: &Profile, directly: bool) -> Finding {
        let limit = profile.watch_failures;
        let first = self.first.clone().unwrap_or_default();
        let said = |count: u32, what: &str| {
            let text = format!("{count} of {} {what} ({first}), the limit is {limit}", self.sent);
            SafeText::from(text)
        };
        let failing = self.bad + if directly { self.lost } else { 0 };
        let verdict = if let Some(words) = &self.forbidden {
            Verdict::Unknown(words.clone())
        } else if failing > limit {
            Verdict::Failed(said(failing, "requests failed"))
        } else if self.bad + self.lost > limit {
            Verdict::Unknown(said(self.lost, "not answered"))
        } else if self.sent == 0 {
            Verdict::Unknown("nothing was asked".into())
        } else {
            Verdict::Passed
        };
        let evidence =
            Evidence { tries: self.sent, availability: Some(self), ..Evidence::default() };
        Finding { check: Check::Availability, verdict, evidence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gate::Body;

    type Got = Result<Answer, Lost>;

    fn answered(status: u16) -> Got {
        let body = Body::Whole(Vec::new());
        let answer = Answer { status, content_type: None, encoding: None, location: None, body };
        if status == 0 { Err(Lost::Silent(0)) } else { Ok(answer) }
    }

    fn watched(answers: &[Got]) -> Availability {
        let mut availability = Availability::default();
        for (at, answer) in (0_u64..).zip(answers) {
            availability.note(at * 1000, at * 1000 + 10, answer);
        }
        availability
    }

    #[test]
    fn a_switch_without_a_failure_passes() {
        let all_good: Vec<_> = (0..30).map(|_| answered(200)).collect();
        let finding = watched(&all_good).judge(&Profile::default(), false);
        assert_eq!(finding.verdict, Verdict::Passed);
        assert_eq!(finding.evidence.availability.unwrap().words(), "30 sent, 0 bad, 0 lost");
    }

    #[test]
    fn one_bad_answer_fails_and_its_gap_is_told() {
        let answers = [answered(200), answered(503), answered(503), answered(200), answered(200)];
        let found = watched(&answers);
        assert_eq!(found.gap_ms, 2010, "from the first bad request to the next good answer");
        let finding = found.judge(&Profile::default(), false);
        let why = finding.verdict.why().unwrap().to_string();
        assert_eq!(why, "2 of 5 requests failed (answered 503), the limit is 0");
        assert!(matches!(finding.verdict, Verdict::Failed(_)));
        let lenient = Profile { watch_failures: 2, ..Profile::default() };
        assert_eq!(watched(&answers).judge(&lenient, false).verdict, Verdict::Passed);
    }

    #[test]
    fn no_answer_on_the_users_way_is_a_failure_and_on_the_api_servers_not_known() {
        let answers = [answered(200), answered(0), answered(200)];
        let direct = watched(&answers).judge(&Profile::default(), true);
        assert!(matches!(direct.verdict, Verdict::Failed(_)), "{direct:?}");
        let carried = watched(&answers).judge(&Profile::default(), false);
        assert!(matches!(carried.verdict, Verdict::Unknown(_)), "{carried:?}");
    }

    #[test]
    fn what_is_forbidden_or_was_never_asked_is_not_known() {
        let forbidden = watched(&[Err(Lost::Forbidden("get services/proxy".into()))]);
        let verdict = forbidden.judge(&Profile::default(), true).verdict;
        assert!(matches!(verdict, Verdict::Unknown(why) if why.contains("services/proxy")));
        let nothing = Availability::default().judge(&Profile::default(), true).verdict;
        assert!(matches!(nothing, Verdict::Unknown(_)));
    }
}
