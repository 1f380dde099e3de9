//! Answers in good form that cannot be used, and questions that are not asked.

use proptest::prelude::*;

use super::scripted::{Play, Scripted};
use super::{asked, now, one, server_of, success};
use crate::domain::measure::query::Shape;
use crate::domain::text::SafeText;
use crate::prom::PromError;
use crate::prom::answer::{Grid, answer};
use crate::prom::reply::{Origin, Reply};

async fn error(shape: Shape, body: String) -> PromError {
    error_until(1060, shape, body).await
}

async fn error_until(to: i64, shape: Shape, body: String) -> PromError {
    let scripted = Scripted::always(Play::json(body)).await;
    let error = server_of(&scripted).ask(&asked("up", shape, to)).await.unwrap_err();
    assert!(!error.is_down(), "the query is bad, not the server: {error}");
    error
}

#[tokio::test]
async fn more_series_than_a_chart_can_show() {
    let series = |n: usize| format!(r#"{{"metric":{{"n":"{n}"}},"values":[[1000,"1"]]}}"#);
    for count in [2, 4000] {
        let all: Vec<String> = (0..count).map(series).collect();
        let body = success("matrix", &format!("[{}]", all.join(",")));
        let wanted = "and one was wanted";
        assert_eq!(error(Shape::Value, body).await, PromError::TooMany { series: count, wanted });
    }
    let bucket = |n: usize, le: &str| {
        format!(r#"{{"metric":{{"pod":"{n}","le":"{le}"}},"values":[[1000,"1"]]}}"#)
    };
    // The same bound, written in two ways.
    let two = [bucket(0, "1"), bucket(1, "1.0"), bucket(0, "+Inf")];
    let refused = error(Shape::Buckets, success("matrix", &format!("[{}]", two.join(",")))).await;
    assert!(matches!(refused, PromError::TooMany { series: 3, .. }), "{refused}");
    assert!(refused.to_string().contains("one histogram"), "{refused}");
}

#[tokio::test]
async fn series_that_are_no_buckets() {
    for (labels, word) in [
        (r#"{"a":"b"}"#, "no label `le`"),
        (r#"{"le":"fast"}"#, "\"fast\" is no bound"),
        (r#"{"le":"NaN"}"#, "\"NaN\" is no bound"),
    ] {
        let body = success("matrix", &format!(r#"[{{"metric":{labels},"values":[[1000,"1"]]}}]"#));
        let error = error(Shape::Buckets, body).await;
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn native_histograms_are_named() {
    let histogram = r#"{"count":"1","sum":"2","buckets":[[0,"1","2","1"]]}"#;
    let matrix = format!(r#"[{{"metric":{{}},"histograms":[[1000,{histogram}]]}}]"#);
    let mixed =
        format!(r#"[{{"metric":{{}},"values":[[1000,"1"]],"histograms":[[1015,{histogram}]]}}]"#);
    let vector = format!(r#"[{{"metric":{{}},"histogram":[1000,{histogram}]}}]"#);
    for shape in [Shape::Value, Shape::Buckets] {
        assert_eq!(error(shape, success("matrix", &matrix)).await, PromError::Native);
        assert_eq!(error(shape, success("matrix", &mixed)).await, PromError::Native);
        assert_eq!(error_until(1000, shape, success("vector", &vector)).await, PromError::Native);
    }
}

#[tokio::test]
async fn other_types_and_broken_json() {
    let good = success("matrix", r#"[{"metric":{},"values":[[1000,"1"]]}]"#);
    let cut = good[..60].to_owned();
    let cases = [
        (success("string", r#"[1000,"text"]"#), "gives text"),
        (success("matrix", r#"[{"values":[[1000,"fast"]]}]"#), "\"fast\" is no number"),
        (success("matrix", r#"[{"values":[[1000,1]]}]"#), "column"),
        (success("tree", "[]"), "tree"),
        (r#"{"status":"success"}"#.to_owned(), "no data"),
        (cut, "breaks off after 60 bytes"),
        (format!("{good}]"), "trailing characters"),
    ];
    for (body, word) in cases {
        let error = error(Shape::Value, body.clone()).await;
        assert!(matches!(error, PromError::Garbled { .. }), "{body}: {error}");
        assert!(error.to_string().contains(word), "{body}: {error}");
    }
    let error = error(Shape::Value, one()).await;
    assert!(error.to_string().contains("one instant, not a range"), "{error}");
}

#[tokio::test]
async fn samples_over_time_are_no_value_of_an_instant() {
    let matrix = success("matrix", r#"[{"values":[[985,"1"],[1000,"1"]]}]"#);
    let error = error_until(1000, Shape::Value, matrix.clone()).await;
    assert!(error.to_string().contains("samples over time"), "{error}");
    let scripted = Scripted::always(Play::json(matrix)).await;
    let error = server_of(&scripted).explore("x[5m]").await.unwrap_err();
    assert!(error.to_string().contains("samples over time"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_sent() {
    let scripted = Scripted::always(Play::json(one())).await;
    let server = server_of(&scripted);
    let mut question = now();
    question.question.expr = "x".repeat(8193).into();
    let error = server.ask(&question).await.unwrap_err();
    assert_eq!(error.to_string(), "the question has 8193 bytes, 8192 at most: ask for less");
    let error = server.explore(&question.question.expr).await.unwrap_err();
    assert!(matches!(error, PromError::TooLong { .. }), "{error}");
    let error = server.ask(&asked("up", Shape::Value, 1000 + 11_000 * 15)).await.unwrap_err();
    let (length, most) = (11_001, 11_000);
    assert_eq!(error, PromError::TooLong { length, most, unit: "instants" });
    let backwards = server.ask(&asked("up", Shape::Value, 900)).await.unwrap();
    assert!(backwards.samples.is_empty());
    assert_eq!(scripted.heard().len(), 0);
    question.question.expr = "x".repeat(8192).into();
    server.ask(&question).await.unwrap();
    assert_eq!(scripted.heard()[0].param("query").map(|query| query.len()), Some(8192));
}

fn read(body: &[u8], shape: Shape) -> Result<usize, PromError> {
    let origin = Origin { server: SafeText::default(), secrets: vec!["secret".to_owned()] };
    let (body, status) = (body.to_vec(), 200);
    let reply = Reply { status, body, location: None, retry_after: None, origin };
    let grid = Grid { from: 1000, step: 15, count: 5, instant: false };
    Ok(answer(reply.envelope()?, grid, shape)?.samples.len())
}

const GOOD: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
    {"metric":{"le":"0.1"},"values":[[1000,"1"],[1015,"2"]]},
    {"metric":{"le":"+Inf"},"values":[[1000,"1"],[1015,"2"]]}]},"warnings":["w"]}"#;

proptest! {
    #[test]
    fn half_an_answer_is_no_answer(end in 0..GOOD.len()) {
        prop_assert_eq!(read(GOOD.as_bytes(), Shape::Buckets), Ok(5));
        prop_assert!(read(&GOOD.as_bytes()[..end], Shape::Buckets).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_harm(
        body in any::<Vec<u8>>(),
        at in 0..GOOD.len(),
        byte in any::<u8>(),
        time in any::<f64>(),
    ) {
        let mut changed = GOOD.as_bytes().to_vec();
        changed[at] = byte;
        let timed = GOOD.replace("1015", &time.to_string());
        for shape in [Shape::Value, Shape::Buckets] {
            for body in [&body, &changed, timed.as_bytes()] {
                let outcome = read(body, shape);
                prop_assert!(outcome.is_err() || outcome == Ok(5));
            }
        }
    }
}
