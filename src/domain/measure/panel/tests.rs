//! Which panels there are, and what each of them asks.

use super::*;
use crate::domain::analysis::template::{Arg, ArgValue};
use crate::domain::analysis::{AnalysisRole, Verdict};
use crate::domain::measure::scheme;
use crate::domain::sample::{CURRENT, STABLE, Sample, a_canary, a_metric, an_analysis};

/// A template with one metric.
fn template(name: &str, query: &str, condition: &str) -> AnalysisTemplate {
    let mut metric = a_metric(Verdict::Pending, &[]);
    metric.name = name.into();
    metric.provider = "prometheus".into();
    metric.query = Some(query.into());
    metric.success_condition = Some(condition.into());
    metric.failure_condition = None;
    AnalysisTemplate {
        name: TemplateName::local(name),
        args: vec![Arg { name: "service-name".into(), value: None }],
        metrics: vec![metric],
        templates: Vec::new(),
    }
}

fn judged_with(templates: &[&str], args: &[(&str, ArgValue)]) -> Sample {
    let args =
        args.iter().map(|(name, value)| Arg { name: (*name).into(), value: Some(value.clone()) });
    let background = RolloutAnalysis {
        templates: templates.iter().map(|name| TemplateName::local(*name)).collect(),
        args: args.collect(),
    };
    a_canary().canary(|canary| canary.background = background)
}

fn panels_of(
    sample: &Sample,
    templates: &[AnalysisTemplate],
    configured: &[Configured],
    found: Option<Found>,
) -> Vec<Panel> {
    described(sample, templates, configured, &[], found)
}

fn described(
    sample: &Sample,
    templates: &[AnalysisTemplate],
    configured: &[Configured],
    described: &[(SafeText, Stated<SafeText>)],
    found: Option<Found>,
) -> Vec<Panel> {
    let templates = templates.iter().map(|t| (t.name.clone(), t.clone())).collect();
    sample.ask(|release| {
        let sides = Sides::of(release, None);
        let basis = Basis {
            release,
            sides: &sides,
            templates: &templates,
            configured,
            described,
            found,
            window: "1m",
        };
        panels(basis)
    })
}

fn queries(panel: &Panel) -> Vec<(Side, &str)> {
    panel.lines.iter().map(|line| (line.side, line.query.as_str())).collect()
}

#[test]
fn a_template_is_asked_for_both_versions() {
    let by_hash = template("errors", "sum(x{hash=\"{{args.hash}}\"})", "result[0] <= 0.02");
    let by_service =
        template("rate", "sum(x{service=\"{{args.service-name}}\"})", "result[0] >= {{args.low}}");
    let sample = judged_with(
        &["errors", "rate"],
        &[
            ("hash", ArgValue::LatestHash),
            ("service-name", ArgValue::Text("checkout-canary".into())),
            ("low", ArgValue::Text("0.95".into())),
        ],
    );
    let panels = panels_of(&sample, &[by_hash, by_service], &[], None);
    let [errors, rate] = panels.as_slice() else { panic!("{panels:?}") };
    let (new, old) =
        (format!("sum(x{{hash=\"{CURRENT}\"}})"), format!("sum(x{{hash=\"{STABLE}\"}})"));
    assert_eq!(queries(errors), [(Side::Canary, new.as_str()), (Side::Stable, old.as_str())]);
    assert_eq!(errors.limit, "must be <= 0.02");
    assert_eq!(
        queries(rate),
        [
            (Side::Canary, "sum(x{service=\"checkout-canary\"})"),
            (Side::Stable, "sum(x{service=\"checkout-stable\"})")
        ]
    );
    assert_eq!(rate.limit, "must be >= 0.95", "an argument in the condition");
    assert_eq!(rate.source, Source::Template("rate".into()));
}

#[test]
fn a_query_that_tells_nothing_apart_is_asked_once() {
    let plain = template("all", "sum(x{service=\"{{args.service-name}}\"})", "result[0] < 5");
    let sample = judged_with(&["all"], &[("service-name", ArgValue::Text("checkout".into()))]);
    let panels = panels_of(&sample, &[plain], &[], None);
    assert_eq!(queries(&panels[0]), [(Side::Both, "sum(x{service=\"checkout\"})")]);
}

#[test]
fn what_cannot_be_asked_says_why() {
    let open = template("open", "x{s=\"{{args.service-name}}\"}", "result[0] < 5");
    let panels = panels_of(&judged_with(&["open"], &[]), &[open], &[], None);
    assert_eq!(panels[0].trouble.as_deref(), Some("argument service-name has no value"));
    assert!(panels[0].lines.is_empty());
    let long = template("long", &"x".repeat(5000), "result[0] < 5");
    let panels = panels_of(&judged_with(&["long"], &[]), &[long], &[], None);
    assert_eq!(panels[0].trouble.as_deref(), Some("the query is too long to be read"));
}

#[test]
fn a_run_speaks_for_a_template_out_of_reach() {
    let mut metric = a_metric(Verdict::Running, &["[0.01]"]);
    metric.provider = "prometheus".into();
    metric.query = Some(format!("sum(x{{hash=\"{CURRENT}\"}})").into());
    let run = an_analysis(AnalysisRole::Background, Verdict::Running, metric.clone());
    let sample = judged_with(&["gone"], &[]).analysis(run);
    let panels = panels_of(&sample, &[], &[], None);
    assert_eq!(panels.len(), 1);
    assert_eq!(panels[0].source, Source::Template("background".into()));
    assert_eq!(queries(&panels[0]).len(), 2, "and for the other version");
}

#[test]
fn configured_queries_are_for_the_workloads_they_name() {
    let configured = |workloads: &[&str]| Configured {
        title: "orders".into(),
        query: "orders{ns=\"{{namespace}}\",h=\"{{hash}}\"}".into(),
        unit: Unit::Plain,
        good: Some("result[0] >= 10".into()),
        workloads: workloads.iter().map(|w| (*w).to_owned()).collect(),
    };
    let of = |workloads: &[&str]| panels_of(&a_canary(), &[], &[configured(workloads)], None);
    assert_eq!(of(&["cart"]).len(), 0);
    for fits in [&[][..], &["check*"][..]] {
        let panels = of(fits);
        let new = format!("orders{{ns=\"shop\",h=\"{CURRENT}\"}}");
        assert_eq!(queries(&panels[0])[0], (Side::Canary, new.as_str()));
        assert_eq!(panels[0].limit, "must be >= 10");
    }
}

#[test]
fn a_scheme_gives_errors_and_p99_after_what_is_asked_for() {
    let element =
        |mark: &str| vec![("waveoff".into(), mark.into()), ("status".into(), "200".into())];
    let found =
        scheme::found(&[element("0.0")], &a_canary().ask(|release| Sides::of(release, None)));
    let panels = panels_of(&a_canary(), &[], &[], found);
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, ["errors", "p99"]);
    assert_eq!(panels[0].lines.len(), 2);
    assert!(panels[0].lines[0].query.contains(") / sum("), "{}", panels[0].lines[0].query);
    assert!(panels[1].lines[1].query.starts_with("histogram_quantile(0.99, sum by (le)"));
}

#[test]
fn what_the_catalogue_asks_stands_for_what_is_usual() {
    let element = vec![("waveoff".into(), "0.0".into()), ("status".into(), "200".into())];
    let found = scheme::found(&[element], &a_canary().ask(|release| Sides::of(release, None)));
    let query = |name: &str, query: &str| (name.into(), Stated::built_in(query.into()));
    let asked =
        [query("errors", "err{h=\"{{hash}}\"}"), query("business", "orders{ns=\"{{namespace}}\"}")];
    let panels = described(&a_canary(), &[], &[], &asked, found);
    let said: Vec<(&str, Unit, usize)> =
        panels.iter().map(|panel| (panel.title.as_str(), panel.unit, panel.lines.len())).collect();
    let wanted =
        [("errors", Unit::Share, 2), ("business", Unit::Plain, 1), ("p99", Unit::Seconds, 2)];
    assert_eq!(said, wanted);
    assert_eq!(panels[0].source, Source::Catalogue);
    assert_eq!(queries(&panels[0])[0].1, format!("err{{h=\"{CURRENT}\"}}"));
    assert_eq!(panels[1].lines[0].side, Side::Both, "it does not tell versions apart");
}

#[test]
fn units_are_read_off_the_query_and_written_short() {
    let p99 = "histogram_quantile(0.99, sum(rate(a_duration_seconds_bucket[2m])) by (le))";
    let cases = [
        (p99.to_owned(), Unit::Seconds),
        (format!("{p99} * 1000"), Unit::Milliseconds),
        (p99.replace("_seconds_", "_milliseconds_"), Unit::Milliseconds),
        (format!("{p99} * 2"), Unit::Plain),
        ("sum(x)".to_owned(), Unit::Plain),
    ];
    for (query, unit) in cases {
        assert_eq!(unit_of(&query), unit, "{query}");
    }
    let words = [
        (Unit::Share, 0.0042, "0.42%"),
        (Unit::Share, 0.0, "0%"),
        (Unit::Share, 0.2, "20.0%"),
        (Unit::Share, 0.00004, "0.004%"),
        (Unit::Seconds, 0.512, "512ms"),
        (Unit::Seconds, 1.25, "1.25s"),
        (Unit::Seconds, 0.0042, "4.20ms"),
        (Unit::Milliseconds, 512.4, "512ms"),
        (Unit::Milliseconds, 2048.0, "2.05s"),
        (Unit::Plain, 0.9983, "0.998"),
        (Unit::Plain, 1_234_567.0, "1234567"),
        (Unit::Plain, 1e15, "1.00e15"),
    ];
    for (unit, value, wanted) in words {
        assert_eq!(unit.words(value), wanted);
    }
}
