//! What can go wrong between this program and a Prometheus server.
//!
//! Each is a sentence for somebody at three in the morning: what happened first, then where, then
//! what to do. Never holds a token, a password or a header's value. Made in this room, shown by
//! `app`.

use std::time::Duration;

use crate::domain::text::SafeText;

/// A failure of this room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromError {
    /// This is no address.
    #[error("address of Prometheus: {cause}")]
    Address {
        /// What is wrong with it.
        cause: SafeText,
    },
    /// There is nobody whose certificates are trusted.
    #[error("certificates for {server}: {cause}")]
    Trust {
        /// Address.
        server: SafeText,
        /// What is wrong with them.
        cause: SafeText,
    },
    /// A file or variable of the sign-in cannot be used. Says which, never what is in it.
    #[error("sign in to Prometheus: {what} {cause}")]
    Secret {
        /// File, variable or header.
        what: SafeText,
        /// What is wrong with it.
        cause: SafeText,
    },
    /// More than one question may have; it was not asked.
    #[error("the question has {length} {unit}, {most} at most: ask for less")]
    TooLong {
        /// How many it has.
        length: usize,
        /// How many it may have.
        most: usize,
        /// Bytes or instants.
        unit: &'static str,
    },
    /// No connection, or it broke.
    #[error("{cause}: Prometheus cannot be reached at {server}")]
    Unreachable {
        /// Address.
        server: SafeText,
        /// Refused, name not found, TLS.
        cause: SafeText,
    },
    /// It was asked and did not answer.
    #[error("no answer within {:.1} s from Prometheus at {server}", within.as_secs_f64())]
    Silent {
        /// Address.
        server: SafeText,
        /// How long it had.
        within: Duration,
    },
    /// It does not know who asks (401).
    #[error("not signed in (401) at {server}: check the token, password or header{words}")]
    Unauthorized {
        /// Address.
        server: SafeText,
        /// Its own words behind a colon; empty without any.
        words: SafeText,
    },
    /// It knows who asks, and does not allow it (403).
    #[error("not allowed (403) at {server}{words}")]
    Forbidden {
        /// Address.
        server: SafeText,
        /// Its own words behind a colon; empty without any.
        words: SafeText,
    },
    /// It does not answer this query.
    #[error("Prometheus refused the query ({status}): {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its own words.
        message: SafeText,
    },
    /// What stands in front of it says that it is away, or it says itself that it is not ready.
    #[error("Prometheus at {server} is not ready ({status}){words}")]
    Down {
        /// Address.
        server: SafeText,
        /// HTTP status.
        status: u16,
        /// Its own words behind a colon; empty without any.
        words: SafeText,
        /// When it wants to be asked again (`Retry-After`).
        again: Option<Duration>,
    },
    /// Somebody else answers there.
    #[error("this is no Prometheus: {server} answered with {what}")]
    NotPrometheus {
        /// Address.
        server: SafeText,
        /// First words of what came instead.
        what: SafeText,
    },
    /// The answer is larger than what is taken in.
    #[error("the answer is larger than {} MiB: ask for fewer series or less time", most >> 20)]
    TooLarge {
        /// What is taken in, in bytes.
        most: usize,
    },
    /// The answer has more series than can be used.
    #[error("the answer has {} series, {wanted}: aggregate the query", grouped(*series))]
    TooMany {
        /// How many.
        series: usize,
        /// What was wanted.
        wanted: &'static str,
    },
    /// The answer cannot be read.
    #[error("the answer of Prometheus cannot be read: {cause}")]
    Garbled {
        /// Where, and why.
        cause: SafeText,
    },
    /// Native histograms, which have no samples and no buckets by `le`.
    #[error("the query gives native histograms; only numbers and buckets by `le` can be shown")]
    Native,
    /// Not asked, since it was just found to be down.
    #[error("{last}; {}", again(*again_in))]
    Held {
        /// What was found.
        last: SafeText,
        /// Until the next request is let through; zero while one is under way.
        again_in: Duration,
    },
}

impl PromError {
    /// Whether the server, or the way to it, is away: any other query would fail as well.
    pub fn is_down(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Silent { .. }
                | Self::Down { .. }
                | Self::NotPrometheus { .. }
                | Self::Held { .. }
        )
    }

    /// Whether who asks, or what is trusted, has to be put right first: any other query would fail
    /// as well, and waiting does not help.
    pub fn is_denied(&self) -> bool {
        matches!(
            self,
            Self::Address { .. }
                | Self::Trust { .. }
                | Self::Secret { .. }
                | Self::Unauthorized { .. }
                | Self::Forbidden { .. }
        )
    }
}

fn again(within: Duration) -> String {
    // Rounded up: "in 0 s" would be read as now.
    match within.as_millis().div_ceil(1000) {
        0 => "it is being asked again".to_owned(),
        seconds => format!("again in {seconds} s"),
    }
}

/// A number with commas between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_say_how_many_and_when() {
        let many = PromError::TooMany { series: 4000, wanted: "a chart needs one" };
        let words = "the answer has 4,000 series, a chart needs one: aggregate the query";
        assert_eq!(many.to_string(), words);
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
        let held = |ms| {
            PromError::Held { last: "refused".into(), again_in: Duration::from_millis(ms) }
                .to_string()
        };
        assert_eq!(held(1001), "refused; again in 2 s");
        assert_eq!(held(0), "refused; it is being asked again");
        let silent = PromError::Silent { server: "x".into(), within: Duration::from_millis(1500) };
        assert_eq!(silent.to_string(), "no answer within 1.5 s from Prometheus at x");
    }
}
