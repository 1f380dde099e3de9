//! Servers that answer.

use super::scripted::{Play, Scripted};
use super::{asked, at, now, one, server_of, success};
use crate::domain::measure::Bucket;
use crate::domain::measure::query::{Answer, Sample, Shape};
use crate::domain::text::SafeText;
use crate::prom::{Access, PromError, Server};

async fn answer(shape: Shape, to: i64, body: String) -> Result<Answer, PromError> {
    let scripted = Scripted::always(Play::json(body)).await;
    server_of(&scripted).ask(&asked("up", shape, to)).await
}

/// Samples in short: `-` for none, numbers, `le=count` for buckets.
fn short(answer: &Answer) -> String {
    let one = |sample: &Sample| match sample {
        Sample::Nothing => "-".to_owned(),
        Sample::Number(number) => number.to_string(),
        Sample::Buckets(buckets) => {
            let one = |bucket: &Bucket| format!("{}={}", bucket.bound, bucket.count);
            buckets.iter().map(one).collect::<Vec<_>>().join(",")
        }
    };
    let samples: Vec<String> = answer.samples.iter().map(|(_, sample)| one(sample)).collect();
    samples.join(" ")
}

#[tokio::test]
async fn a_range_has_every_instant_that_was_asked() {
    let values = r#"[[1000,"0.5"],[1030,"NaN"],[1045,"+Inf"],[1060,"-Inf"],[1075,"1e+06"]]"#;
    let body = success("matrix", &format!(r#"[{{"metric":{{"a":"b"}},"values":{values}}}]"#));
    let scripted = Scripted::always(Play::json(body)).await;
    let url = format!("{}/prefix/", scripted.url());
    let server = Server::direct(&url, &Access::default()).unwrap();
    let answer = server.ask(&asked("sum(a + b)", Shape::Value, 1090)).await.unwrap();
    assert_eq!(short(&answer), "0.5 - NaN inf -inf 1000000 -");
    let instants: Vec<i64> = answer.samples.iter().map(|(at, _)| at.timestamp()).collect();
    assert_eq!(instants, [1000, 1015, 1030, 1045, 1060, 1075, 1090]);
    assert!(answer.warnings.is_empty());

    let heard = &scripted.heard()[0];
    assert_eq!(
        (heard.method.as_str(), heard.path().as_str()),
        ("GET", "/prefix/api/v1/query_range")
    );
    for (name, value) in [
        ("query", "sum(a + b)"),
        ("start", "1000"),
        ("end", "1090"),
        ("step", "15"),
        ("timeout", "8000ms"),
    ] {
        assert_eq!(heard.param(name).as_deref(), Some(value), "{name}");
    }
    let agent = heard.header("user-agent").unwrap();
    assert!(agent.starts_with("waveoff/"), "{agent}");
}

#[tokio::test]
async fn one_instant_is_an_instant_query() {
    let scripted = Scripted::always(Play::json(one())).await;
    let answer = server_of(&scripted).ask(&now()).await.unwrap();
    assert_eq!(answer.samples, [(at(1000), Sample::Number(1.0))]);
    let heard = &scripted.heard()[0];
    assert_eq!(heard.path(), "/api/v1/query");
    assert_eq!(heard.param("time").as_deref(), Some("1000"));
    assert_eq!(heard.param("step"), None);
}

#[tokio::test]
async fn scalars_and_no_series_at_all() {
    let scalar = success("scalar", r#"[1000,"42"]"#);
    assert_eq!(short(&answer(Shape::Value, 1000, scalar).await.unwrap()), "42");
    for (kind, to, wanted) in [("matrix", 1030, "- - -"), ("vector", 1000, "-")] {
        for shape in [Shape::Value, Shape::Buckets] {
            let none = answer(shape, to, success(kind, "[]")).await.unwrap();
            assert_eq!(short(&none), wanted);
        }
    }
}

#[tokio::test]
async fn samples_are_snapped_and_strangers_left_out() {
    // The second is late, the third nearest to the instant before, the others outside.
    let values = r#"[[985,"9"],[1000,"0"],[1015.0004,"1"],[1037,"2"],[1068,"9"],[2000,"9"]]"#;
    let body = success("matrix", &format!(r#"[{{"metric":{{}},"values":{values}}}]"#));
    assert_eq!(short(&answer(Shape::Value, 1060, body).await.unwrap()), "0 1 2 - -");
}

#[tokio::test]
async fn buckets_are_sorted_and_whole_or_nothing() {
    let series =
        |le: &str, values: &str| format!(r#"{{"metric":{{"le":"{le}"}},"values":{values}}}"#);
    // At 1015 the series of 0.5 has no sample, at 1030 the last bucket, at 1045 a count.
    let all = [
        series("+Inf", r#"[[1000,"9"],[1015,"8"],[1045,"7"]]"#),
        series("0.1", r#"[[1000,"1"],[1015,"2"],[1030,"3"],[1045,"NaN"]]"#),
        series("0.5", r#"[[1000,"5"],[1030,"6"],[1045,"6"]]"#),
    ];
    let body = success("matrix", &format!("[{}]", all.join(",")));
    let answer = answer(Shape::Buckets, 1060, body).await.unwrap();
    assert_eq!(short(&answer), "0.1=1,0.5=5,inf=9 0.1=2,inf=8 - - -");
}

/// A good answer with these fields beside it.
async fn beside(fields: &str) -> Answer {
    let mut body = success("vector", r#"[{"metric":{},"value":[1000,"1"]}]"#);
    body.pop();
    answer(Shape::Value, 1000, format!("{body},{fields}}}")).await.unwrap()
}

#[tokio::test]
async fn warnings_survive() {
    let answer = beside(r#""warnings":["one store is \u001b[31maway"],"isPartial":true"#).await;
    let warnings: Vec<&str> = answer.warnings.iter().map(SafeText::as_str).collect();
    assert_eq!(
        warnings,
        ["not all of the storage has answered (isPartial)", "one store is ␛[31maway"]
    );
    assert_eq!(short(&answer), "1");
}

/// What Prometheus says of a counter by its name alone: a guard over it would be blind for ever.
#[tokio::test]
async fn hints_put_no_answer_in_doubt() {
    let hint = |metric: &str| {
        format!(
            "PromQL info: metric might not be a counter, name does not end in \
             _total/_sum/_count/_bucket: \\\"{metric}\\\" (1:14)"
        )
    };
    let nginx = hint("nginx_ingress_controller_requests");
    let envoy = hint("envoy_cluster_upstream_rq_xx");
    let warning = "PromQL warning: bucket label \\\"le\\\" is missing (1:20)";
    for (fields, kept) in [
        // In a list of their own; of older servers among the warnings.
        (format!(r#""infos":["{nginx}","{envoy}"]"#), 0),
        (format!(r#""warnings":["{nginx}","{envoy}"]"#), 0),
        (format!(r#""warnings":["{nginx}","{warning}"],"infos":["{envoy}"]"#), 1),
        (r#""warnings":[],"infos":null"#.to_owned(), 0),
    ] {
        let answer = beside(&fields).await;
        assert_eq!(answer.warnings.len(), kept, "{fields}: {:?}", answer.warnings);
        assert!(answer.warnings.iter().all(|text| text.starts_with("PromQL warning:")));
        assert_eq!(short(&answer), "1");
    }
}

#[tokio::test]
async fn a_large_answer_is_read_as_well() {
    let values: Vec<String> =
        (0..11_000).map(|n| format!(r#"[{},"{n}.0000000000001"]"#, 1000 + n * 15)).collect();
    let body =
        success("matrix", &format!(r#"[{{"metric":{{}},"values":[{}]}}]"#, values.join(",")));
    assert!(body.len() > crate::prom::pace::DECODED_HERE);
    let answer = answer(Shape::Value, 1000 + 10_999 * 15, body).await.unwrap();
    assert_eq!(answer.samples.len(), 11_000);
    let last = 1000 + 10_999 * 15;
    assert_eq!(answer.samples[10_999], (at(last), Sample::Number(10_999.000_000_000_000_1)));
}

#[tokio::test]
async fn the_servers_clock() {
    for body in [
        success("scalar", r#"[1700000000.123,"1700000000.123"]"#),
        // As VictoriaMetrics answers.
        success("vector", r#"[{"metric":{},"value":[1700000000,"1700000000.123"]}]"#),
    ] {
        let scripted = Scripted::always(Play::json(body).late(30)).await;
        let hello = server_of(&scripted).hello().await.unwrap();
        assert_eq!(hello.now.timestamp_millis(), 1_700_000_000_123);
        assert!(hello.took.as_millis() >= 30, "{:?}", hello.took);
        let heard = &scripted.heard()[0];
        assert_eq!(heard.param("query").as_deref(), Some("time()"));
        assert_eq!(heard.param("time"), None);
    }
    for bad in [success("vector", "[]"), success("scalar", r#"[1,"NaN"]"#)] {
        let scripted = Scripted::always(Play::json(bad)).await;
        let error = server_of(&scripted).hello().await.unwrap_err();
        assert!(matches!(error, PromError::Garbled { .. }), "{error}");
    }
}

#[tokio::test]
async fn exploring_gives_labels_and_values() {
    let element =
        |n: usize| format!(r#"{{"metric":{{"job":"a\tb","n":"{n}"}},"value":[1,"{n}"]}}"#);
    let many = |count| {
        let all: Vec<String> = (0..count).map(element).collect();
        success("vector", &format!("[{}]", all.join(",")))
    };
    let scripted = Scripted::always(Play::json(many(1000))).await;
    let found = server_of(&scripted).explore("count by (job) (up)").await.unwrap();
    assert_eq!(found.len(), 1000);
    let wanted = vec![("job".into(), "a b".into()), ("n".into(), "7".into())];
    assert_eq!((&found[7].labels, found[7].value), (&wanted, 7.0));
    assert_eq!(scripted.heard()[0].param("query").as_deref(), Some("count by (job) (up)"));

    let scripted = Scripted::always(Play::json(many(1001))).await;
    let error = server_of(&scripted).explore("up").await.unwrap_err();
    let words = "the answer has 1,001 series, 1,000 at most: aggregate the query";
    assert_eq!(error.to_string(), words);
}
