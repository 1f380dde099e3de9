//! Whether a condition of a drill file holds.
//!
//! What cannot be seen does not hold. Called by the director, for triggers, goals and the pilot.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Condition;
use crate::sim::drill::deed::Verb;
use crate::sim::drill::sight::Sight;

/// Everything that conditions can speak of.
#[derive(Debug, Default)]
pub(in crate::sim::drill) struct Facts {
    pub(in crate::sim::drill) services: BTreeMap<String, Sight>,
    /// Events that have happened.
    pub(in crate::sim::drill) events: BTreeSet<String>,
    /// What the pilot has done: service and verb.
    pub(in crate::sim::drill) deeds: BTreeSet<(String, Verb)>,
}

/// Whether all that the condition names holds.
pub(in crate::sim::drill) fn holds(condition: &Condition, facts: &Facts) -> bool {
    let event = condition.event.as_ref().is_none_or(|name| facts.events.contains(name));
    let Some(service) = &condition.service else { return event };
    let Some(sight) = facts.services.get(service) else { return false };
    event && of_service(condition, sight) && deed(condition, service, facts)
}

fn deed(condition: &Condition, service: &str, facts: &Facts) -> bool {
    condition.pilot.as_ref().is_none_or(|word| {
        let verb = Verb::named(word);
        verb.is_some_and(|verb| facts.deeds.contains(&(service.to_owned(), verb)))
    })
}

fn of_service(condition: &Condition, sight: &Sight) -> bool {
    let text = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
    let flag = |wanted: Option<bool>, is: bool| wanted.is_none_or(|w| w == is);
    text(&condition.phase, &sight.phase)
        && text(&condition.stable, &sight.stable)
        && text(&condition.wanted, &sight.wanted)
        && flag(condition.aborted, sight.aborted)
        && flag(condition.held, sight.held)
        && condition.step.is_none_or(|step| sight.step == Some(step))
        && condition.weight.is_none_or(|weight| sight.weight.is_some_and(|is| is >= weight))
        && share(condition, sight)
}

fn share(condition: &Condition, sight: &Sight) -> bool {
    let Some(tag) = &condition.share_of else { return true };
    let share = sight.shares.get(tag).copied().unwrap_or(0.0);
    let limit = |text: &Option<String>| text.as_deref().and_then(percent);
    limit(&condition.at_most).is_none_or(|most| share <= most)
        && limit(&condition.at_least).is_none_or(|least| share >= least)
}

/// `25%` as 0.25.
pub(in crate::sim::drill) fn percent(text: &str) -> Option<f64> {
    let number: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
    (number.is_finite() && (0.0..=100.0).contains(&number)).then_some(number / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let sight = Sight {
            phase: "Paused".into(),
            step: Some(3),
            weight: Some(25),
            stable: "1.4".into(),
            wanted: "1.5".into(),
            shares: [("1.4".into(), 0.4), ("1.5".into(), 0.6)].into(),
            ..Sight::default()
        };
        Facts {
            services: [("checkout".into(), sight)].into(),
            events: ["bad".into()].into(),
            deeds: [("checkout".into(), Verb::Abort)].into(),
        }
    }

    #[test]
    fn all_that_is_named_must_hold() {
        let cases = [
            ("service = 'checkout'", true),
            ("service = 'other'", false),
            ("service = 'checkout'\nphase = 'Paused'\nstep = 3\nweight = 20", true),
            ("service = 'checkout'\nphase = 'Paused'\nstep = 4", false),
            ("service = 'checkout'\nweight = 50", false),
            ("service = 'checkout'\nstable = '1.4'\nwanted = '1.5'\naborted = false", true),
            ("service = 'checkout'\nheld = true", false),
            ("service = 'checkout'\nshare-of = '1.5'\nat-least = '50%'", true),
            ("service = 'checkout'\nshare-of = '1.5'\nat-most = '0%'", false),
            ("service = 'checkout'\nshare-of = '9.9'\nat-most = '0%'", true),
            ("service = 'checkout'\npilot = 'abort'", true),
            ("service = 'checkout'\npilot = 'promote'", false),
            ("event = 'bad'", true),
            ("event = 'worse'", false),
            ("service = 'checkout'\nevent = 'worse'", false),
        ];
        for (text, expected) in cases {
            let condition: Condition = toml::from_str(text).unwrap();
            assert_eq!(holds(&condition, &facts()), expected, "{text}");
        }
    }

    #[test]
    fn percentages() {
        assert_eq!(percent("25%"), Some(0.25));
        assert_eq!(percent(" 0.5 % "), Some(0.005));
        for wrong in ["25", "x%", "-1%", "101%", "nan%"] {
            assert_eq!(percent(wrong), None, "{wrong}");
        }
    }
}
