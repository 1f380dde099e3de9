//! What a real Prometheus answered over the same series: `corpus.json`, made by `corpus.py`.

use serde_json::Value;

use crate::sim::object::Document;
use crate::sim::prometheus::http::{self, Parameters};
use crate::sim::prometheus::{Failure, Source};
use crate::sim::traffic::{Matcher, Point, STALE, Series, Text};

/// The series of the corpus.
struct Written(Vec<Series>);

impl Source for Written {
    fn select(&self, matchers: &[Matcher], from: i64, to: i64) -> Result<Vec<Series>, Failure> {
        let fits = |s: &&Series| matchers.iter().all(|m| m.fits(s.tags.get(&m.label)));
        let cut = |s: &Series| Series {
            tags: s.tags.clone(),
            points: s.points.iter().filter(|p| (from..=to).contains(&p.at)).copied().collect(),
        };
        Ok(self.0.iter().filter(fits).map(cut).filter(|s| !s.points.is_empty()).collect())
    }
}

fn corpus() -> Value {
    serde_json::from_str(include_str!("corpus.json")).unwrap()
}

fn written(corpus: &Value) -> Written {
    let (start, every) = (corpus.int("/start"), corpus.int("/every"));
    let series = corpus.items("/series").iter().map(|one| {
        let labels = one.members("/labels").unwrap().iter();
        let label = |(name, value): (&String, &Value)| {
            (Text::copied(name), Text::copied(value.as_str().unwrap()))
        };
        let points = one.text("/values").split(' ').zip(0..).filter_map(|(value, step)| {
            let value = match value {
                "_" => return None,
                "end" => STALE,
                number => number.parse().unwrap(),
            };
            Some(Point { at: start + step * every + one.int("/shift"), value })
        });
        Series { tags: labels.map(label).collect(), points: points.collect() }
    });
    Written(series.collect())
}

fn parameters(case: &Value) -> Vec<(String, String)> {
    let given = ["query", "time", "start", "end", "step"].iter();
    let given = given.filter_map(|name| Some((name, case.get(name)?.as_str()?)));
    given.map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()
}

/// The same but for the order of a vector and the last digits of a value.
fn alike(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(k, v)| b.get(k).is_some_and(|other| alike(v, other)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::String(a), Value::String(b)) if a != b => {
            let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) else { return false };
            // The very same number has to be written in the very same way.
            a.to_bits() != b.to_bits() && (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        (Value::Number(a), Value::Number(b)) => {
            (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-6
        }
        _ => ours == theirs,
    }
}

/// Where only `sort` and `topk` promise an order, any order is the same.
fn in_order(mut body: Value, query: &str) -> Value {
    let sorted = ["sort", "topk", "bottomk"].iter().any(|name| query.starts_with(name));
    if let Some(Value::Array(result)) = body.pointer_mut("/data/result")
        && (!sorted || query.contains(" by ") || query.contains("without"))
        && result.iter().all(Value::is_object)
    {
        result.sort_by_key(|one| one.get("metric").map(Value::to_string));
    }
    body
}

/// Errors say the same, but positions in a query and the order of two series may differ.
fn same_error(ours: &Value, theirs: &Value) -> bool {
    let words = |body: &Value| {
        let text = body.text("/error").to_owned();
        let mut words: Vec<String> =
            text.split([' ', ',', '[', ']', ';']).map(str::to_owned).collect();
        words.retain(|word| !word.starts_with("1:"));
        words.sort();
        words
    };
    ours.text("/errorType") == theirs.text("/errorType")
        && (words(ours) == words(theirs) || theirs.text("/error").contains("parse error"))
}

#[test]
fn answers_are_those_of_a_real_prometheus() {
    let corpus = corpus();
    let source = written(&corpus);
    let mut wrong = Vec::new();
    let cases = corpus.items("/cases");
    assert!(cases.len() > 400, "{}", cases.len());
    for case in cases {
        let parameters = parameters(case);
        let path = if case.get("step").is_some() { "query_range" } else { "query" };
        let path = format!("/api/v1/{path}");
        let (code, ours) = http::api(&source, "GET", &path, Parameters(&parameters), 0);
        let query = case.text("/query");
        let theirs = case.pointer("/body").unwrap();
        let same = if code == 200 {
            alike(&in_order(ours.clone(), query), &in_order(theirs.clone(), query))
        } else {
            same_error(&ours, theirs)
        };
        if !same || i64::from(code) != case.int("/code") {
            wrong.push(format!("{parameters:?}\n  ours   {ours}\n  theirs {theirs}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}
