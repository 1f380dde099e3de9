//! Series that a script sets by hand: any name and labels, a value from an instant on.
//!
//! They hold at once, without waiting for a scrape, so that a test can ask for what it has just
//! set. Called by drills through the traffic, and read like every other series.

use std::collections::BTreeMap;

use super::series::{Matcher, NAME, Point, STALE, Series, Tag, Tags, Text};

/// How often a value that holds is there again, in milliseconds.
const EVERY: i64 = 15_000;

/// What a scripted series gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scripted {
    /// This number; NaN and the infinities are numbers.
    Number(f64),
    /// Nothing: the series has no value.
    Empty,
    /// Every query that reads it fails.
    Error,
    /// Every query that reads it takes too long.
    Slow,
    /// As if it had never been set.
    Unset,
}

/// Why a query over scripted series has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    Broken,
    TooSlow,
}

#[derive(Debug)]
struct Entry {
    tags: Tags,
    /// What it gives from when on, by time.
    steps: Vec<(i64, Scripted)>,
}

impl Entry {
    fn at(&self, instant: i64) -> Scripted {
        let until = self.steps.partition_point(|(from, _)| *from <= instant);
        let step = until.checked_sub(1).and_then(|last| self.steps.get(last));
        step.map_or(Scripted::Unset, |(_, given)| *given)
    }

    /// The labels of the series that this selector sees in it: those it has, and those that the
    /// selector asks for by exact value and it knows nothing of.
    fn seen_by(&self, matchers: &[Matcher]) -> Option<Tags> {
        let mut believed: Vec<Tag> = Vec::new();
        for matcher in matchers {
            let own = self.tags.get(&matcher.label);
            match &matcher.exactly {
                Some(wanted) if own.is_empty() && !wanted.is_empty() => {
                    believed.push((Text::copied(&matcher.label), Text::copied(wanted)));
                }
                _ if matcher.fits(own) => {}
                _ => return None,
            }
        }
        Some(self.tags.with(&believed))
    }
}

/// All scripted series.
#[derive(Debug, Default)]
pub(super) struct Script {
    entries: Vec<Entry>,
}

impl Script {
    /// Sets what a series gives from an instant on, whatever was to come after it.
    pub(super) fn set(&mut self, tags: Tags, from: i64, given: Scripted) {
        let at = self.entries.iter().position(|entry| entry.tags == tags);
        let at = at.unwrap_or_else(|| {
            self.entries.push(Entry { tags, steps: Vec::new() });
            self.entries.len() - 1
        });
        if let Some(entry) = self.entries.get_mut(at) {
            entry.steps.retain(|(earlier, _)| *earlier < from);
            entry.steps.push((from, given));
        }
    }

    /// The series that fit. Of two that look the same to the selector, the one that says more of
    /// itself holds.
    pub(super) fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        found: &mut Vec<Series>,
    ) -> Result<(), Denied> {
        let mut alike: BTreeMap<Tags, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(tags) = entry.seen_by(matchers) {
                alike.entry(tags).or_default().push(entry);
            }
        }
        for (tags, mut entries) in alike {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.tags.iter().count()));
            match holding(&entries, to) {
                Scripted::Error => return Err(Denied::Broken),
                Scripted::Slow => return Err(Denied::TooSlow),
                _ => {}
            }
            let points = points(&entries, from, to);
            if !points.is_empty() {
                found.push(Series { tags, points });
            }
        }
        Ok(())
    }
}

/// What holds at an instant: what the first says that says anything.
fn holding(entries: &[&Entry], instant: i64) -> Scripted {
    let said = entries.iter().map(|entry| entry.at(instant));
    said.into_iter().find(|given| *given != Scripted::Unset).unwrap_or(Scripted::Unset)
}

fn points(entries: &[&Entry], from: i64, to: i64) -> Vec<Point> {
    let changes = entries.iter().flat_map(|entry| &entry.steps).map(|(at, _)| *at);
    let first = from.div_euclid(EVERY) * EVERY;
    let regular = (0..).map(|n| first + n * EVERY).take_while(|at| *at <= to);
    let mut instants: Vec<i64> =
        changes.chain(regular).filter(|at| (from..=to).contains(at)).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut points: Vec<Point> = Vec::new();
    let mut there = matches!(holding(entries, from - 1), Scripted::Number(_));
    for at in instants {
        if let Scripted::Number(value) = holding(entries, at) {
            points.push(Point { at, value });
            there = true;
        } else if there {
            points.push(Point { at, value: STALE });
            there = false;
        }
    }
    points
}

/// The labels of a scripted series.
pub(super) fn tags(name: &str, labels: &[(&str, &str)]) -> Tags {
    let labels = labels.iter().map(|(name, value)| (Text::copied(name), Text::copied(value)));
    labels.chain([(Text::from(NAME), Text::copied(name))]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(script: &Script, asked: &[(&str, &str)], at: i64) -> Result<Vec<Series>, Denied> {
        let matchers: Vec<Matcher> = asked.iter().map(|(l, v)| Matcher::exact(l, v)).collect();
        let mut found = Vec::new();
        script.select(&matchers, at - 300_000, at, &mut found).map(|()| found)
    }

    fn last(script: &Script, asked: &[(&str, &str)], at: i64) -> Vec<(String, f64)> {
        let found = select(script, asked, at).unwrap();
        found.iter().map(|s| (s.tags.to_string(), s.points.last().unwrap().value)).collect()
    }

    #[test]
    fn a_value_holds_at_once_and_until_the_next() {
        let mut script = Script::default();
        let asked = [(NAME, "error_rate"), ("service", "shop")];
        script.set(tags("error_rate", &[("service", "shop")]), 100_000, Scripted::Number(0.5));
        assert!(last(&script, &asked, 99_999).is_empty());
        assert_eq!(last(&script, &asked, 100_000)[0].1.to_bits(), 0.5f64.to_bits());
        script.set(tags("error_rate", &[("service", "shop")]), 900_000, Scripted::Empty);
        assert_eq!(last(&script, &asked, 899_999)[0].1.to_bits(), 0.5f64.to_bits());
        let gone = &select(&script, &asked, 900_000).unwrap()[0];
        assert!(super::super::series::is_stale(gone.points.last().unwrap().value));
        script.set(tags("error_rate", &[("service", "shop")]), 950_000, Scripted::Error);
        assert_eq!(select(&script, &asked, 950_000), Err(Denied::Broken));
        script.set(tags("error_rate", &[("service", "shop")]), 960_000, Scripted::Slow);
        assert_eq!(select(&script, &asked, 960_000), Err(Denied::TooSlow));
    }

    #[test]
    fn labels_that_a_series_does_not_have_are_believed_and_the_most_exact_one_holds() {
        let mut script = Script::default();
        script.set(tags("e", &[("service", "shop")]), 0, Scripted::Number(1.0));
        script.set(tags("e", &[("service", "shop"), ("hash", "b")]), 0, Scripted::Number(2.0));
        let found = last(&script, &[(NAME, "e"), ("service", "shop"), ("hash", "a")], 10);
        assert_eq!(found, [(r#"{__name__="e", hash="a", service="shop"}"#.to_owned(), 1.0)]);
        let found = last(&script, &[(NAME, "e"), ("service", "shop"), ("hash", "b")], 10);
        assert_eq!(found, [(r#"{__name__="e", hash="b", service="shop"}"#.to_owned(), 2.0)]);
        assert!(last(&script, &[(NAME, "e"), ("service", "other")], 10).is_empty());
        assert!(last(&script, &[(NAME, "f")], 10).is_empty());
    }
}
