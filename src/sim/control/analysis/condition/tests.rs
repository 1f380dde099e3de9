//! Conditions against the real evaluator: `truth.jsonl` is what Argo Rollouts v1.10.1
//! (`utils/evaluate`, expr-lang v1.17.8) says, one pair of conditions a line:
//! `[success, failure, {value: phase or "s: why" or "f: why"}]`.

use std::collections::BTreeMap;

use super::*;

/// What is refused here and answered by the real one.
const REFUSED: &[&str] = &[
    // Chained comparisons, and several expressions in a row.
    "0.5 < result[0] < 1",
    "result[0] >= 0.95 ; true",
    // Parts of the language that need a clock or another form of values.
    "toJSON(result) == \"[]\"",
    "fromJSON(\"1\") == 1",
    "now().Year() > 2000",
    "duration(\"1h\").Seconds() == 3600",
    "findIndex(result, {# > 0.3}) == 0",
    // A list with NaN cannot be sorted here; the real one puts it anywhere.
    "sort(result)[0] > 0.1",
    "sortBy(result, #)[0] > 0.1",
];

/// Conditions that nobody writes, and that fail here in other words.
const IN_OTHER_WORDS: &[&str] = &[
    "!result[0]",
    "not result[0] > 1",
    "true && result[0]",
    "$env.result[0] > 0.5",
    "$env[\"result\"][0] > 0.5",
    "0 in result",
    "default(result, 0) < 5",
    "filter(result, {# > 0.3})[0] > 0.4",
    "find(result, {# > 0.3}) > 0.4",
    "first(result) > 0.5",
    "last(result) > 0.4",
    "take(result, 1)[0] > 0.5",
    "reverse(result)[0] > 0.4",
    "uniq(result)[0] > 0.4",
    "concat(result, [1])[0] > 0.5",
    "get(result, 0) > 0.5",
    "get(result, 9) == nil",
    "groupBy(result, {# > 1})[true][0] > 1",
    "result | len() > 1",
    "len(result[0]) > 1",
    "result[len(result)-1] > 0.4",
    "result?.[0] > 0.5",
    "result[0:1][0] > 0.5",
    "result[\"a\"] > 1",
    "result[0] % 2 == 0",
    "result[0] + \"a\" == \"b\"",
    "result[0] > \"a\"",
    "result[0] > true",
    "result[0] contains \"a\"",
    "result[0] matches \"a\"",
    "result[0] < 1e400",
    "result[0] > 99999999999999999999",
];

type Row = (String, String, BTreeMap<String, String>);

#[test]
fn conditions_are_judged_as_the_real_evaluator_judges_them() {
    let mut told = 0;
    for line in include_str!("truth.jsonl").lines() {
        let (success, failure, cases): Row = serde_json::from_str(line).unwrap();
        for (value, truth) in cases {
            let ours = judge(&success, &failure, &reading(&value));
            let (phase, why) = match truth.split_once(": ") {
                Some((which, why)) => ("Error", message(which, &success, &failure, why)),
                None => (truth.as_str(), String::new()),
            };
            let case = format!("{success:?} {failure:?} on {value}: {truth}");
            if REFUSED.contains(&success.as_str()) && ours.is_err() {
                continue;
            }
            assert_eq!(ours.clone().unwrap_or("Error"), phase, "{case}");
            if !IN_OTHER_WORDS.contains(&success.as_str()) {
                assert_eq!(ours.err().unwrap_or_default(), why, "{case}");
            }
            told += 1;
        }
    }
    assert!(told > 1_900, "{told}");
}

#[test]
fn what_would_take_too_long_or_decides_nothing_is_an_error() {
    let list = Reading::List(vec![1.0]);
    let deep = format!("{}1{}", "(".repeat(1_900), ")".repeat(1_900));
    let long = "true ".repeat(2_000);
    for condition in [
        "len(0..99999999999) > 1",
        "all(result, {#})",
        "any(result, # + 1)",
        deep.as_str(),
        long.as_str(),
        "\"",
        "at(",
        "result[",
    ] {
        assert!(judge(condition, "", &list).is_err(), "{condition:.40}");
    }
}

fn message(which: &str, success: &str, failure: &str, why: &str) -> String {
    let (name, condition) = match which {
        "s" => ("successCondition", success),
        _ => ("failureCondition", failure),
    };
    let why = match why {
        "(empty)" => "metric result is nil or empty: no data returned from the metric provider",
        why => why,
    };
    format!("could not evaluate {name} \"{condition}\": {why}")
}

fn reading(text: &str) -> Reading {
    let number = |text: &str| text.parse::<f64>().unwrap();
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        _ if text == "nil" => Reading::Nothing,
        Some("") => Reading::List(Vec::new()),
        Some(list) => Reading::List(list.split(',').map(number).collect()),
        None => Reading::Number(number(text)),
    }
}
