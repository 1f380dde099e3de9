//! A run's metrics as they are to be measured, and what is wrong with them.
//!
//! Never looks at what was measured. Called by the controller at the beginning of each turn.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::arguments::Arguments;
use super::condition;
use crate::sim::object::Document;
use crate::sim::time::go_duration;

/// Measurements of a metric that are kept when no rule says otherwise.
const KEPT: usize = 10;

/// What a provider may be, by its name in `provider`.
const PROVIDERS: &[&str] = &[
    "prometheus",
    "job",
    "web",
    "wavefront",
    "kayenta",
    "datadog",
    "newRelic",
    "cloudWatch",
    "graphite",
    "influxdb",
    "skywalking",
];

/// The plan of a run.
#[derive(Debug)]
pub(super) struct Plan {
    /// The metrics with their arguments, but for secrets.
    pub(super) metrics: Vec<Value>,
    /// Names of those that are measured without consequence.
    pub(super) dry: BTreeSet<String>,
    kept: BTreeMap<String, usize>,
}

impl Plan {
    /// Reads a run's plan; the message of a run that has none.
    pub(super) fn of(run: &Value) -> Result<Self, String> {
        let arguments = Arguments::open(run);
        let metrics = run.items("/spec/metrics").iter().map(|metric| arguments.fill(metric));
        let metrics = metrics
            .collect::<Result<Vec<_>, _>>()
            .map_err(|why| format!("Unable to resolve metric arguments: {why}"))?;
        let ruled = |why: String| format!("Analysis spec invalid: {why}");
        validate(&metrics).map_err(ruled)?;
        let dry = rules(run, "dryRun", &metrics, |_| ()).map_err(ruled)?;
        let limit = |rule: &Value| usize::try_from(rule.int("/limit")).unwrap_or(0);
        let kept = rules(run, "measurementRetention", &metrics, limit).map_err(ruled)?;
        Ok(Self { metrics, dry: dry.into_keys().collect(), kept })
    }

    /// How many measurements of a metric are kept.
    pub(super) fn kept(&self, metric: &str) -> usize {
        self.kept.get(metric).copied().filter(|limit| *limit > 0).unwrap_or(KEPT)
    }
}

/// What the rules of a list say of each metric whose name their patterns match.
fn rules<T>(
    run: &Value,
    list: &str,
    metrics: &[Value],
    read: impl Fn(&Value) -> T,
) -> Result<BTreeMap<String, T>, String> {
    let mut found = BTreeMap::new();
    for (index, rule) in run.items(&format!("/spec/{list}")).iter().enumerate() {
        let fits = |m: &&Value| condition::matches(m.text("/name"), rule.text("/metricName"));
        let mut any = false;
        for metric in metrics.iter().filter(fits) {
            any = true;
            found.insert(metric.text("/name").to_owned(), read(rule));
        }
        if !any {
            return Err(format!("{list}[{index}]: Rule didn't match any metric name(s)"));
        }
    }
    Ok(found)
}

/// A count or limit, which may be written as a text; text that is no number counts as zero.
pub(super) fn number(metric: &Value, field: &str) -> Option<i64> {
    match metric.get(field)? {
        Value::String(text) => Some(text.parse::<i32>().unwrap_or(0).into()),
        value => Some(value.as_i64().unwrap_or(0)),
    }
}

/// How often a metric is measured; endlessly when there is only an interval.
pub(super) fn effective_count(metric: &Value) -> Option<i64> {
    match number(metric, "count") {
        None | Some(0) => metric.text("/interval").is_empty().then_some(1),
        count => count,
    }
}

fn validate(metrics: &[Value]) -> Result<(), String> {
    if metrics.is_empty() {
        return Err("no metrics specified".into());
    }
    let mut names = BTreeSet::new();
    for (index, metric) in metrics.iter().enumerate() {
        let name = metric.text("/name");
        if !names.insert(name) {
            return Err(format!("metrics[{index}]: duplicate name '{name}'"));
        }
        validate_metric(metric).map_err(|why| format!("metrics[{index}]: {why}"))?;
    }
    Ok(())
}

fn validate_metric(metric: &Value) -> Result<(), String> {
    let limit = |field| number(metric, field).unwrap_or(0);
    let (count, failures) = (limit("count"), limit("failureLimit"));
    let (successes, inconclusive) = (limit("consecutiveSuccessLimit"), limit("inconclusiveLimit"));
    let wrong = if successes < 0 {
        "consecutiveSuccessLimit must be >= 0"
    } else if failures < -1 {
        "failureLimit must be >= 0, or -1 to be disabled"
    } else if successes == 0 && failures == -1 {
        "failureLimit and consecutiveSuccessLimit cannot both be disabled"
    } else if inconclusive < 0 {
        "inconclusiveLimit must be >= 0"
    } else if limit("consecutiveErrorLimit") < 0 {
        "consecutiveErrorLimit must be >= 0"
    } else if count > 0 && failures >= 0 && count < failures + successes {
        return Err(format!(
            "count ({count}) must be >= failureLimit + consecutiveSuccessLimit ({failures} + \
             {successes}) if both >= 0"
        ));
    } else if count > 0 && failures < 0 && count < successes {
        "count must be >= consecutiveSuccessLimit"
    } else if count > 0 && count < inconclusive {
        "count must be >= inconclusiveLimit"
    } else if count > 1 && metric.text("/interval").is_empty() {
        "interval must be specified when count > 1"
    } else {
        return timed(metric).and_then(|()| provided(metric));
    };
    Err(wrong.into())
}

fn timed(metric: &Value) -> Result<(), String> {
    for (field, name) in [("interval", "interval"), ("initialDelay", "startDelay")] {
        let text = metric.text(&format!("/{field}"));
        if !text.is_empty() && go_duration(text).is_none() {
            return Err(format!("invalid {name} string: {}", no_duration(text)));
        }
    }
    Ok(())
}

/// What Go says of a text that is no duration.
fn no_duration(text: &str) -> String {
    let digits = text.trim_start_matches(['-', '+']);
    let numeric = |letter: char| letter.is_ascii_digit() || letter == '.';
    let mut rest = digits.trim_start_matches(numeric);
    if digits.is_empty() || rest.len() == digits.len() {
        return format!("time: invalid duration {text:?}");
    }
    while !rest.is_empty() {
        let unit = rest.find(numeric).map_or(rest, |end| rest.get(..end).unwrap_or(rest));
        if go_duration(&format!("1{unit}")).is_none() {
            return format!("time: unknown unit {unit:?} in duration {text:?}");
        }
        rest = rest.get(unit.len()..).unwrap_or_default().trim_start_matches(numeric);
    }
    format!("time: missing unit in duration {text:?}")
}

fn provided(metric: &Value) -> Result<(), String> {
    let provider = |name: &&&str| metric.pointer(&format!("/provider/{name}")).is_some();
    let plugins = metric.members("/provider/plugin").map_or(0, serde_json::Map::len);
    match PROVIDERS.iter().filter(provider).count() + plugins {
        0 => Err("no provider specified".into()),
        1 => Ok(()),
        _ => Err("multiple providers specified".into()),
    }
}

/// The name of a metric's provider.
pub(super) fn provider(metric: &Value) -> &'static str {
    let has = |name: &&&str| metric.pointer(&format!("/provider/{name}")).is_some();
    PROVIDERS.iter().find(has).copied().unwrap_or("plugin")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(metrics: Value, rest: Value) -> Value {
        let mut spec = rest;
        spec["metrics"] = metrics;
        json!({"spec": spec})
    }

    fn metric(rest: &Value) -> Value {
        let mut metric = json!({"name": "m", "provider": {"prometheus": {"query": "up"}}});
        metric.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        metric
    }

    #[test]
    fn a_plan_that_cannot_be_is_told_in_the_words_of_the_controller() {
        let cases = [
            (json!({"count": 3}), "interval must be specified when count > 1"),
            (
                json!({"count": "2", "interval": "1s", "failureLimit": 3}),
                "count (2) must be >= failureLimit + consecutiveSuccessLimit (3 + 0) if both >= 0",
            ),
            (
                json!({"failureLimit": -1}),
                "failureLimit and consecutiveSuccessLimit cannot both be disabled",
            ),
            (json!({"failureLimit": -2}), "failureLimit must be >= 0, or -1 to be disabled"),
            (json!({"consecutiveSuccessLimit": -1}), "consecutiveSuccessLimit must be >= 0"),
            (json!({"inconclusiveLimit": -1}), "inconclusiveLimit must be >= 0"),
            (json!({"consecutiveErrorLimit": -1}), "consecutiveErrorLimit must be >= 0"),
            (
                json!({"count": 1, "failureLimit": -1, "consecutiveSuccessLimit": 2}),
                "count must be >= consecutiveSuccessLimit",
            ),
            (json!({"count": 1, "inconclusiveLimit": 2}), "count must be >= inconclusiveLimit"),
            (
                json!({"interval": "5x"}),
                "invalid interval string: time: unknown unit \"x\" in duration \"5x\"",
            ),
            (
                json!({"initialDelay": "5"}),
                "invalid startDelay string: time: missing unit in duration \"5\"",
            ),
            (json!({"interval": "x"}), "invalid interval string: time: invalid duration \"x\""),
            (json!({"provider": {}}), "no provider specified"),
            (json!({"provider": {"web": {}, "job": {}}}), "multiple providers specified"),
        ];
        for (rest, why) in cases {
            let told = Plan::of(&run(json!([metric(&rest)]), json!({}))).unwrap_err();
            assert_eq!(told, format!("Analysis spec invalid: metrics[0]: {why}"));
        }
        let twice = run(json!([metric(&json!({})), metric(&json!({}))]), json!({}));
        let told = Plan::of(&twice).unwrap_err();
        assert_eq!(told, "Analysis spec invalid: metrics[1]: duplicate name 'm'");
        let none = Plan::of(&run(json!([]), json!({}))).unwrap_err();
        assert_eq!(none, "Analysis spec invalid: no metrics specified");
    }

    #[test]
    fn rules_are_by_pattern_and_each_must_match() {
        let metrics = json!([metric(&json!({})), metric(&json!({"name": "other"}))]);
        let rules = json!({
            "dryRun": [{"metricName": "o.*r$"}],
            "measurementRetention": [
                {"metricName": ".*", "limit": 4},
                {"metricName": "m", "limit": 0},
            ],
        });
        let plan = Plan::of(&run(metrics.clone(), rules)).unwrap();
        assert_eq!((plan.kept("m"), plan.kept("other"), plan.kept("x")), (10, 4, 10));
        assert_eq!(plan.dry.into_iter().collect::<Vec<_>>(), ["other"]);
        for list in ["dryRun", "measurementRetention"] {
            for pattern in ["none", "("] {
                let rules = json!({list: [{"metricName": pattern}]});
                let told = Plan::of(&run(metrics.clone(), rules)).unwrap_err();
                let why = "Rule didn't match any metric name(s)";
                assert_eq!(told, format!("Analysis spec invalid: {list}[0]: {why}"));
            }
        }
    }

    #[test]
    fn counts_may_be_texts_and_have_defaults() {
        let cases = [
            (json!({}), Some(1)),
            (json!({"interval": "5s"}), None),
            (json!({"count": 3, "interval": "5s"}), Some(3)),
            (json!({"count": "3", "interval": "5s"}), Some(3)),
            (json!({"count": "x", "interval": "5s"}), None),
            (json!({"count": 0}), Some(1)),
        ];
        for (metric, count) in cases {
            assert_eq!(effective_count(&metric), count, "{metric}");
        }
    }
}
