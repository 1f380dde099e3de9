//! What Prometheus says of itself and of what it scrapes.
//!
//! Called by the paths.

use serde_json::{Map, Value, json};

use super::{Failure, Parameters, Source};
use crate::sim::prometheus::labels;
use crate::sim::time::{Moment, micros};
use crate::sim::traffic::{FAMILIES, Family, Matcher, NAME, Point, Tags, is_stale};

/// `/status/buildinfo`: the version that this room plays.
pub(super) fn build() -> Value {
    json!({
        "version": "2.42.0",
        "revision": "simulated",
        "branch": "HEAD",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    })
}

/// `/metadata`: types and meanings of metrics.
pub(super) fn metadata(parameters: Parameters<'_>) -> Result<Value, Failure> {
    let limit = match parameters.text("limit") {
        "" => usize::MAX,
        text => {
            let number = text.parse::<i64>();
            let number = number.map_err(|_| Failure::bad_data("limit must be a number"))?;
            usize::try_from(number).unwrap_or(usize::MAX)
        }
    };
    let metric = parameters.text("metric");
    let wanted = FAMILIES.iter().filter(|family| metric.is_empty() || family.name == metric);
    let said = wanted.take(limit).map(|Family { name, kind, help }| {
        ((*name).to_owned(), json!([{"type": kind, "help": help, "unit": ""}]))
    });
    Ok(Value::Object(said.collect::<Map<String, Value>>()))
}

/// `/targets`: what is scraped, and how that went last.
pub(super) fn targets(
    source: &dyn Source,
    parameters: Parameters<'_>,
    now: i64,
) -> Result<Value, Failure> {
    let state = parameters.text("state").to_lowercase();
    let shown = matches!(state.as_str(), "" | "any" | "active");
    let up = [Matcher::exact(NAME, "up")];
    let series = source.select(&up, now - 300_000, now)?;
    let active = series.iter().filter(|_| shown).filter_map(|one| {
        let last = one.points.last().filter(|last| !is_stale(last.value))?;
        Some(target(&one.tags.nameless(), *last))
    });
    Ok(json!({"activeTargets": active.collect::<Vec<Value>>(), "droppedTargets": []}))
}

fn target(tags: &Tags, last: Point) -> Value {
    let path = match tags.get("metrics_path") {
        "" => "/metrics",
        path => path,
    };
    let url = format!("http://{}{path}", tags.get("instance"));
    let up = last.value > 0.0;
    let refused = format!("Get {url:?}: connect: connection refused");
    let at = Moment::from_timestamp_millis(last.at).unwrap_or_default();
    json!({
        "discoveredLabels": {},
        "labels": labels(tags),
        "scrapePool": tags.get("job"),
        "scrapeUrl": url,
        "globalUrl": url,
        "lastError": if up { "" } else { refused.as_str() },
        "lastScrape": micros(at),
        "lastScrapeDuration": 0.004,
        "health": if up { "up" } else { "down" },
        "scrapeInterval": "15s",
        "scrapeTimeout": "10s",
    })
}
