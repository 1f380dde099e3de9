//! What queries say.

use super::*;
use crate::manifest::rules::rollouts::reading::Arguments;

fn facts(query: &str) -> Facts {
    match read(&prepare(query, &Arguments::default())) {
        Query::Good(facts) => facts,
        Query::Unreadable(reason) => panic!("{query}: {reason}"),
    }
}

#[test]
fn ratios_that_can_be_empty() {
    use Emptiness::{Comparison, Labels, Series};
    let cases = [
        // In a full outage there is nothing that is not 5xx; an idle service has both series.
        ("sum(rate(x{code!~\"5..\"}[2m])) / sum(rate(x[2m]))", Some(Series)),
        ("sum(rate(x{code=~\"5..\"}[2m])) / sum(rate(x[2m]))", Some(Series)),
        ("(sum(rate(x[2m])) or vector(0)) / sum(rate(y[2m]))", Some(Series)),
        ("sum(rate(x[2m])) / (sum(rate(y[2m])) or vector(0))", Some(Series)),
        ("(sum(rate(x[2m])) or vector(0)) / (sum(rate(y[2m])) or vector(0))", None),
        ("sum(rate(x[2m])) / sum(rate(y[2m])) or vector(0)", None),
        ("(sum(rate(x[2m])) or on() vector(0)) / (sum(rate(y[2m])) or on() vector(1))", None),
        ("sum(rate(x[2m])) / sum(rate(y[2m])) or absent(x) * 0", None),
        ("sum(rate(x[2m])) / sum(rate(y[2m])) or absent(x) > 2", Some(Series)),
        ("sum(rate(x[2m])) / scalar(sum(rate(y[2m])))", Some(Series)),
        ("scalar(sum(rate(x[2m]))) / scalar(sum(rate(y[2m])))", None),
        // A value without labels meets none that has them.
        ("(sum by (a) (x) or vector(0)) / (sum by (a) (y) or vector(0))", Some(Labels)),
        ("(sum by (a) (x) or vector(0)) / on() (sum(y) or vector(0))", None),
        ("(sum(x) or vector(0)) / (sum(y) or vector(0)) > 0.1", Some(Comparison)),
        ("(sum(x) or vector(0)) / (sum(y) or vector(0)) > bool 0.1", None),
        ("(sum(x) or vector(0)) / (sum(y) or vector(0)) unless z", Some(Series)),
        ("round((sum(x) or vector(0)) / (sum(y) or vector(0)), 0.01)", None),
        ("avg_over_time((sum(x) / sum(y))[5m:1m])", Some(Series)),
        ("-(sum(x) / sum(y))", Some(Series)),
    ];
    for (query, wanted) in cases {
        let ratio = facts(query).ratio.unwrap_or_else(|| panic!("{query}"));
        assert_eq!(ratio.whole, wanted, "{query}");
    }
}

#[test]
fn what_is_no_ratio() {
    let cases = [
        "histogram_quantile(0.99, sum by (le) (rate(x_bucket[2m])))",
        "sum(rate(x[2m])) / 1000",
        "sum(x) * sum(y)",
        "vector(1) / vector(2)",
    ];
    for query in cases {
        assert_eq!(facts(query).ratio, None, "{query}");
    }
}

#[test]
fn what_can_be_undefined() {
    let cases = [
        ("sum(x) / sum(y)", true),
        ("sum(x) / 60", false),
        ("sum(x) / 0", true),
        ("sum(rate(x[2m])) or vector(0)", false),
        ("histogram_quantile(0.99, sum by (le) (rate(x_bucket[2m])))", true),
        ("sum(x) / (sum(y) > 0)", false),
        ("sum(x) / (sum(y) > bool 0)", true),
        ("sum(x) / (sum(y) > -1)", true),
        ("sum(x) / clamp_min(sum(y), 1)", false),
        ("sum(x) / clamp_min(sum(y), 0)", true),
        ("(sum(x) / sum(y)) >= 0", false),
        ("count(x / y)", false),
        ("sum(x / y)", true),
        ("up", false),
        ("scalar(sum(x))", true),
    ];
    for (query, wanted) in cases {
        assert_eq!(facts(query).undefined, wanted, "{query}");
    }
}

#[test]
fn what_a_value_is() {
    use Kind::{Count, Other, Quantile, Share};
    use Outcome::{Failed, Good};
    let cases = [
        ("sum(rate(x{code=~\"5..\"}[2m])) / sum(rate(x[2m]))", Share(Failed), 1.0),
        ("sum(rate(x{status=~\"[45]..\"}[2m])) / sum(rate(x[2m]))", Share(Failed), 1.0),
        ("sum(rate(x{code!~\"5..\"}[2m])) / sum(rate(x[2m]))", Share(Good), 1.0),
        ("sum(rate(x{code=~\"2..\"}[2m])) / sum(rate(x[2m]))", Share(Good), 1.0),
        ("1 - sum(x{code!=\"200\"}) / sum(x)", Share(Good), 1.0),
        ("100 - 100 * sum(x{code=\"200\"}) / sum(x)", Share(Failed), 100.0),
        ("(sum(x) - sum(x{code=~\"2..\"})) / sum(x)", Share(Failed), 1.0),
        ("(sum(x{code=~\"5..\"}) or vector(0)) / (sum(x) > 0) * 100", Share(Failed), 100.0),
        ("sum(x{envoy_response_code_class=\"5\"}) / sum(x)", Share(Failed), 1.0),
        ("sum(x{grpc_code!=\"OK\"}) / sum(x)", Share(Failed), 1.0),
        ("sum(x{outcome=\"SERVER_ERROR\"}) / sum(x)", Share(Failed), 1.0),
        ("sum(rate(request_errors_total[2m])) / sum(rate(requests_total[2m]))", Share(Failed), 1.0),
        ("sum(x{code=~\"5..\"})", Count(Some(Failed)), 1.0),
        ("sum(x{le=\"5\"}) / sum(x)", Other, 1.0),
        ("sum(t{status=\"success\"}) / sum(t)", Other, 1.0),
        ("sum(x{service=\"a\"}) / sum(x)", Other, 1.0),
        ("sum(x)", Count(None), 1.0),
        ("histogram_quantile(0.95, rate(x_seconds_bucket[2m]))", Quantile(0.95, Some(1.0)), 1.0),
        (
            "histogram_quantile(0.99, sum by (le) (x_seconds_bucket)) * 1000",
            Quantile(0.99, Some(1.0)),
            1e3,
        ),
        (
            "histogram_quantile(0.99, x_duration_milliseconds_bucket)",
            Quantile(0.99, Some(1e-3)),
            1.0,
        ),
        ("histogram_quantile(0.99, x_bucket) / 1000", Quantile(0.99, None), 1e-3),
        (
            "histogram_quantile(0.99, rate(envoy_cluster_upstream_rq_time_bucket[2m]))",
            Quantile(0.99, Some(1e-3)),
            1.0,
        ),
    ];
    for (query, kind, scale) in cases {
        assert_eq!(facts(query).shape, Shape { kind, scale }, "{query}");
    }
}

#[test]
fn selectors_with_arguments() {
    let query = r#"rate(a_total{s="{{args.service}}", p=~`{{ args.p }}\d`, z!=""}[{{args.w}}])
                   / {{args.factor}} # {{args.none}} "#;
    let facts = facts(query);
    let [selector] = facts.selectors.as_slice() else { panic!("{facts:?}") };
    assert_eq!((selector.metric.as_str(), selector.range), ("a_total", None));
    let marks: Vec<Vec<&str>> =
        selector.labels.iter().map(|label| argument_marks(&label.value).collect()).collect();
    assert_eq!(marks, [vec!["service"], vec!["p"], vec![]]);
    let kinds: Vec<(bool, bool)> =
        selector.labels.iter().map(|label| (label.equal, label.denied)).collect();
    assert_eq!(kinds, [(true, false), (false, false), (false, true)]);
    assert!(selector.labels[1].value.ends_with("\\d"), "{selector:?}");
}

#[test]
fn a_selector_by_itself() {
    let cases = [
        ("sum(rate(x[2m]))", "x"),
        ("rate(x{b=\"1\", a!='2'}[2m] offset 5m)", "x{a!=\"2\",b=\"1\"}"),
        ("x{a=~`b\\d|\"`,c!~\"d.*\"} @ 5", "x{a=~\"b\\\\d|\\\"\",c!~\"d.*\"}"),
        ("{__name__=\"x\",a=\"b\"}", "{__name__=\"x\",a=\"b\"}"),
    ];
    for (query, wanted) in cases {
        let facts = facts(query);
        let texts: Vec<&str> = facts.selectors.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts, [wanted], "{query}");
    }
}

#[test]
fn an_argument_may_be_a_name_or_a_number() {
    let queries = [
        "sum(rate({{args.metric}}[2m]))",
        "sum by ({{args.label}}) (x)",
        "histogram_quantile({{args.q}}, x_bucket)",
        "sum(rate(http_{{args.kind}}_total[5m:{{args.step}}]))",
    ];
    for query in queries {
        facts(query);
    }
}

#[test]
fn what_cannot_be_read_says_so() {
    let deep = format!("{}x{}", "(".repeat(200), ")".repeat(200));
    let long = format!("x{{a=\"{}\"}}", "y".repeat(9_000));
    let cases = [
        (deep.as_str(), "it is nested too deep"),
        (long.as_str(), "it is longer than 8192 bytes"),
        ("sum(", ""),
        ("{{ .Values.query }}", ""),
        ("", ""),
    ];
    for (query, wanted) in cases {
        let Query::Unreadable(reason) = read(&prepare(query, &Arguments::default())) else {
            panic!("{query}");
        };
        assert!(reason.contains(wanted) && !reason.is_empty(), "{query}: {reason}");
    }
}
