//! What is wrong with the API by script: away, frozen, slow, cut watches, failing requests.
//!
//! Never anything by itself. Set by drills; felt by `serve` and by every request.

use super::{place::Place, refusals};
use crate::sim::dice::Dice;
use crate::sim::store::Refusal;
use crate::sim::time::Span;

/// How watches are cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Cut {
    /// As when their time is over.
    #[default]
    Ended,
    /// As when the connection breaks.
    Torn,
}

/// What a request gets instead of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 401, as for a token that has expired.
    Unauthorized,
    /// 429, to be sent again after so many seconds.
    TooMany(u32),
    /// 500, as when storage fails.
    Internal,
    /// 503, as when the server starts.
    Starting,
}

/// Requests that fail.
#[derive(Debug, Clone)]
pub(crate) struct Failing {
    /// Whose; nothing for everybody's.
    pub(crate) who: Option<String>,
    /// Which verbs; none for all.
    pub(crate) verbs: Vec<String>,
    /// Which resources, with their subresource; none for all.
    pub(crate) resources: Vec<String>,
    /// How many of them, from 0 to 1.
    pub(crate) share: f64,
    pub(crate) trouble: Trouble,
}

impl Failing {
    /// Every request of everybody.
    pub(crate) fn all(trouble: Trouble) -> Self {
        Self { who: None, verbs: Vec::new(), resources: Vec::new(), share: 1.0, trouble }
    }
}

/// What is wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Nobody listens: connections are refused, and those that are open are closed.
    pub(crate) away: bool,
    /// Connections are taken, and nothing is answered on any.
    pub(crate) frozen: bool,
    /// How long after its time each answer comes.
    pub(crate) delay: Span,
    pub(crate) failing: Vec<Failing>,
    /// How often watches were cut.
    pub(crate) cuts: u64,
    pub(crate) last_cut: Cut,
    /// Requests that were looked at.
    asked: u64,
}

impl Faults {
    /// Cuts every watch that is open.
    pub(crate) fn cut_watches(&mut self, cut: Cut) {
        self.cuts += 1;
        self.last_cut = cut;
    }

    /// Whether a request fails, and how.
    pub(super) fn check(&mut self, who: &str, place: &Place, dice: Dice) -> Result<(), Refusal> {
        self.asked += 1;
        let Place::Objects(target) = place else { return Ok(()) };
        let resource = target.resource_path();
        for (at, failing) in self.failing.iter().enumerate() {
            let meant = failing.who.as_deref().is_none_or(|name| name == who)
                && (failing.verbs.is_empty() || failing.verbs.iter().any(|v| v == target.verb))
                && (failing.resources.is_empty() || failing.resources.contains(&resource));
            let roll = dice.share(&["failing", &at.to_string()], self.asked);
            if !meant || roll >= failing.share {
                continue;
            }
            return Err(match failing.trouble {
                Trouble::Unauthorized => refusals::unauthorized(),
                Trouble::TooMany(seconds) => refusals::too_many(seconds),
                Trouble::Internal => refusals::unexpected(
                    "etcdserver: request timed out, possibly due to connection lost",
                ),
                Trouble::Starting => starting(),
            });
        }
        Ok(())
    }
}

/// As a server says it that has not read its own paths yet.
fn starting() -> Refusal {
    let message = "the request has been made before all known HTTP paths have been installed, \
                   please try again";
    let mut refusal = refusals::unavailable(message);
    refusal.details = Some(serde_json::json!({"retryAfterSeconds": 1}));
    refusal
}
