//! What each kind of target exposes at its scrapes.
//!
//! Reads what is counted and changes nothing. Called by the traffic when series are asked for.

mod apps;
mod families;
mod routers;
mod scrape;
mod state;

use super::meter::{Meter, Reading, as_float};
use super::series::{Tag, Tags, Text};
use families::Histogram;
use scrape::named;

pub(in crate::sim::traffic) use apps::apps;
pub(in crate::sim::traffic) use families::{Bounds, MILLISECONDS, ROLLOUT, SECONDS};
pub(crate) use families::{FAMILIES, Family};
pub(in crate::sim::traffic) use routers::routers;
pub(in crate::sim::traffic) use scrape::{Asked, Gap};
pub(in crate::sim::traffic) use state::{argo, kube_state, kubelets};

/// A counter's values at the scrapes. A target that is not up shows nothing.
fn counter(
    asked: &mut Asked<'_>,
    name: &'static str,
    tags: &Tags,
    labels: &[Tag],
    scrapes: &[i64],
    (meter, up): (&Meter, &dyn Fn(i64) -> bool),
) {
    let labels: Vec<Tag> = labels.iter().cloned().chain([named(name)]).collect();
    let counts = meter.counts_at(scrapes.iter().copied());
    let seen = scrapes.iter().zip(counts);
    let values = seen.map(|(at, count)| (*at, count.filter(|_| up(*at)).map(as_float)));
    asked.add(tags, &labels, values);
}

/// A histogram's series at the scrapes. A target that is not up shows nothing.
fn histogram(
    asked: &mut Asked<'_>,
    names: &Histogram,
    tags: &Tags,
    labels: &[Tag],
    scrapes: &[i64],
    (meter, up): (&Meter, &dyn Fn(i64) -> bool),
) {
    let wants = [names.bucket, names.count, names.sum].map(|name| asked.wants(name));
    if wants == [false; 3] {
        return;
    }
    let seen = scrapes.iter().zip(meter.at(scrapes.iter().copied()));
    let readings: Vec<(i64, Option<Reading>)> =
        seen.map(|(at, reading)| (*at, reading.filter(|_| up(*at)))).collect();
    let mut add = |name: &'static str,
                   bound: Option<&'static str>,
                   of: &dyn Fn(&Reading) -> f64| {
        let bound = bound.map(|bound| (Text::from("le"), Text::from(bound)));
        let labels: Vec<Tag> = labels.iter().cloned().chain([named(name)]).chain(bound).collect();
        let values = readings.iter().map(|(at, reading)| (*at, reading.as_ref().map(of)));
        asked.add(tags, &labels, values);
    };
    let count = |reading: &Reading| as_float(reading.count);
    if let [true, ..] = wants {
        for (number, bound) in names.bounds.texts.iter().enumerate() {
            add(names.bucket, Some(bound), &|reading| {
                let within = reading.within.get(number).copied();
                as_float(within.unwrap_or(reading.count))
            });
        }
    }
    if let [_, true, _] = wants {
        add(names.count, None, &count);
    }
    if let [.., true] = wants {
        add(names.sum, None, &|reading| reading.sum);
    }
}
