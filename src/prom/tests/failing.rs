//! Servers, proxies and pages that give no answer, each with its own sentence.

use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{Play, Scripted};
use super::{now, one, paced_server_of, quick, server_of};
use crate::prom::{Access, PromError, Server};

fn refusal(kind: &str, message: &str) -> String {
    format!(r#"{{"status":"error","errorType":"{kind}","error":"{message}"}}"#)
}

fn of_cluster(code: u16, message: &str) -> Play {
    let body =
        format!(r#"{{"kind":"Status","status":"Failure","message":"{message}","code":{code}}}"#);
    Play::status(code, body)
}

fn page(status: u16, body: &str, headers: &[(&'static str, &str)]) -> Play {
    let mut all = vec![("content-type", "text/html".to_owned())];
    all.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Play::Answer(status, all, body.as_bytes().to_vec())
}

/// What was played, what is said, and whether the server counts as down.
async fn says(cases: Vec<(Play, &str, bool)>) {
    for (play, words, down) in cases {
        let scripted = Scripted::always(play).await;
        let error = server_of(&scripted).ask(&now()).await.unwrap_err();
        let text = error.to_string().replace(&scripted.url(), "URL");
        assert_eq!((text.as_str(), error.is_down()), (words, down));
    }
}

#[tokio::test]
async fn refused_queries_keep_the_words_of_prometheus() {
    let cases = vec![
        (
            Play::status(
                400,
                refusal("bad_data", "invalid parameter \\\"query\\\": 1:5: parse error"),
            ),
            "Prometheus refused the query (400): invalid parameter \"query\": 1:5: parse error",
            false,
        ),
        (
            Play::status(422, refusal("execution", "multiple matches\\n for labels")),
            "Prometheus refused the query (422): multiple matches for labels",
            false,
        ),
        (
            Play::status(503, refusal("timeout", "query timed out in expression evaluation")),
            "Prometheus refused the query (503): query timed out in expression evaluation",
            false,
        ),
        (
            Play::status(500, refusal("internal", "disk")),
            "Prometheus refused the query (500): disk",
            false,
        ),
        (Play::json(refusal("bad_data", "no")), "Prometheus refused the query (200): no", false),
        (
            page(414, "<html><title>414 URI Too Long</title>", &[]),
            "Prometheus refused the query (414): a page named \"414 URI Too Long\"",
            false,
        ),
    ];
    says(cases).await;
}

#[tokio::test]
async fn servers_that_are_not_ready() {
    let cases = vec![
        (
            page(503, "no healthy\r\n upstream", &[]),
            "Prometheus at URL is not ready (503): no healthy upstream",
            true,
        ),
        (
            Play::status(503, refusal("unavailable", "TSDB not ready")),
            "Prometheus at URL is not ready (503): TSDB not ready",
            true,
        ),
        (
            page(502, "<html><head><TITLE>Bad Gateway</TITLE></head>", &[]),
            "Prometheus at URL is not ready (502): a page named \"Bad Gateway\"",
            true,
        ),
        (page(504, "", &[]), "Prometheus at URL is not ready (504)", true),
        (page(500, "boom", &[]), "Prometheus at URL is not ready (500): boom", true),
        (
            page(429, "slow down", &[("retry-after", "7")]),
            "Prometheus at URL is not ready (429): slow down",
            true,
        ),
        (
            of_cluster(503, "no endpoints available for service prometheus"),
            "Prometheus at URL is not ready (503): no endpoints available for service prometheus",
            true,
        ),
        (
            of_cluster(404, "services prometheus not found"),
            "Prometheus at URL is not ready (404): services prometheus not found",
            true,
        ),
    ];
    says(cases).await;
    let scripted = Scripted::always(page(503, "", &[("retry-after", "7")])).await;
    let error = server_of(&scripted).ask(&now()).await.unwrap_err();
    let asked = Some(Duration::from_secs(7));
    assert!(matches!(error, PromError::Down { again, .. } if again == asked), "{error:?}");
}

#[tokio::test]
async fn who_asks_is_told_to_sign_in() {
    let cases = vec![
        (
            page(401, "no org id", &[]),
            "not signed in (401) at URL: check the token, password or header: no org id",
            false,
        ),
        (
            of_cluster(403, "ada cannot get services/proxy"),
            "not allowed (403) at URL: ada cannot get services/proxy",
            false,
        ),
        (page(403, "", &[]), "not allowed (403) at URL", false),
    ];
    for (play, _, _) in &cases {
        let scripted = Scripted::always(play.clone()).await;
        assert!(server_of(&scripted).hello().await.unwrap_err().is_denied());
    }
    says(cases).await;
}

#[tokio::test]
async fn somebody_else_answers() {
    let html = "<!DOCTYPE html>\n<html><head><title>\n Sign in </title></head><body>password";
    let cases = vec![
        (page(200, html, &[]), "a page named \"Sign in\""),
        (page(200, "<html>", &[]), "a page"),
        (page(200, "", &[]), "nothing"),
        (Play::json("[1, 2]"), "[1, 2]"),
        (Play::json(r#"{"hello":1}"#), "JSON of another kind"),
        (page(200, "hello\u{1b}[2J", &[]), "hello␛[2J"),
        (
            page(302, html, &[("location", "https://login.example.com/?state=t0ken")]),
            "a redirect (302) to login.example.com: a login page?",
        ),
        (
            page(307, html, &[("location", "/login?back=t0ken")]),
            "a redirect (307) to /login: a login page?",
        ),
        (page(404, "404 page not found\n", &[]), "404: 404 page not found"),
    ];
    let text = |what| format!("this is no Prometheus: URL answered with {what}");
    let texts: Vec<String> = cases.iter().map(|(_, what)| text(what)).collect();
    let all = cases.into_iter().zip(&texts).map(|((play, _), text)| (play, text.as_str(), true));
    says(all.collect()).await;
    let long = Scripted::always(page(200, &"é".repeat(1_000_000), &[])).await;
    let error = server_of(&long).ask(&now()).await.unwrap_err().to_string();
    assert!(error.ends_with("éé…") && error.chars().count() < 400, "{error}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Scripted::always(Play::json(one())).await;
    let to = format!("{}/api/v1/query", target.url());
    let scripted = Scripted::always(page(302, "", &[("location", &to)])).await;
    let error = server_of(&scripted).ask(&now()).await.unwrap_err();
    assert!(error.to_string().contains("to 127.0.0.1: a login page?"), "{error}");
    assert_eq!((scripted.heard().len(), target.heard().len()), (1, 0));
}

#[tokio::test]
async fn the_type_of_the_content_is_not_believed() {
    let play = Play::Answer(200, vec![("content-type", "text/html".into())], one().into_bytes());
    let scripted = Scripted::always(play).await;
    server_of(&scripted).ask(&now()).await.unwrap();
    let play = Play::json("<html>no");
    let scripted = Scripted::always(play).await;
    let error = server_of(&scripted).ask(&now()).await.unwrap_err();
    assert!(matches!(error, PromError::NotPrometheus { .. }), "{error}");
}

#[tokio::test]
async fn ten_megabytes_are_not_taken_in() {
    let ten = 10 * 1024 * 1024;
    for play in [Play::json("x".repeat(ten)), Play::Endless(ten), Play::Cut(ten, b"{".to_vec())] {
        let scripted = Scripted::always(play).await;
        let error = server_of(&scripted).ask(&now()).await.unwrap_err();
        assert_eq!(error, PromError::TooLarge { most: 8 << 20 });
        assert!(!error.is_down());
    }
}

#[tokio::test]
async fn connections_that_break() {
    let scripted = Scripted::always(Play::Cut(1000, one().into_bytes())).await;
    let error = server_of(&scripted).ask(&now()).await.unwrap_err();
    let bytes = one().len();
    let words = format!("the answer breaks off after {bytes} bytes");
    assert!(error.to_string().starts_with(&words), "{error}");
    assert!(matches!(error, PromError::Unreachable { .. }), "{error:?}");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server::direct(&url, &Access::default()).unwrap();
    let error = server.ask(&now()).await.unwrap_err();
    let words = format!("connection refused: Prometheus cannot be reached at {url}");
    assert_eq!((error.to_string(), error.is_down()), (words, true));

    // No resolver is asked for a name that cannot be one.
    let url = format!("http://{}.localhost", "a".repeat(70));
    let server = Server::direct(&url, &Access::default()).unwrap();
    let error = server.ask(&now()).await.unwrap_err();
    assert!(error.to_string().contains(".localhost is not found ("), "{error}");
    assert!(!error.to_string().contains("/api/v1"), "no query in it: {error}");
}

#[tokio::test]
async fn waiting_ends() {
    for play in [Play::Hang, Play::Drip(Duration::from_millis(50))] {
        let scripted = Scripted::always(play).await;
        let started = Instant::now();
        let error = paced_server_of(&scripted, quick()).ask(&now()).await.unwrap_err();
        let took = started.elapsed();
        let words = format!("no answer within 0.9 s from Prometheus at {}", scripted.url());
        assert_eq!((error.to_string(), error.is_down()), (words, true));
        assert!(took >= quick().answer && took < Duration::from_secs(5), "{took:?}");
    }
}

#[tokio::test]
async fn addresses_that_are_none() {
    for (url, word) in [
        ("prometheus:9090", "write http://HOST:PORT"),
        ("ftp://a", "not spoken here"),
        ("http://me:s3cret@a", "a password does not belong"),
        ("http://[::1", "IPv6"),
        ("http://a:99999", "port"),
    ] {
        let error = Server::direct(url, &Access::default()).unwrap_err();
        assert!(matches!(error, PromError::Address { .. }), "{url}: {error:?}");
        assert!(error.to_string().contains(word), "{url}: {error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
