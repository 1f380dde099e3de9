//! What becomes of each answer.

use std::time::Duration;

use super::listener::Listener;
use super::{alert, at, courier, receiver};
use crate::domain::alert::Occasion;
use crate::notify::{Kind, NotifyError, Post};

async fn told(listener: &Listener) -> Result<(), NotifyError> {
    let courier = courier(receiver(Kind::Webhook, &format!("{}/hook", listener.url)));
    courier.post(&alert(Occasion::Firing), at(0)).await
}

#[tokio::test]
async fn an_alert_is_posted_as_json_with_its_key() {
    let listener = Listener::answering(202, "", "ok").await;
    told(&listener).await.unwrap();
    let heard = listener.heard();
    assert_eq!(heard.len(), 1);
    let (head, body) = heard[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    for header in ["content-type: application/json", "idempotency-key: i-1/firing"] {
        assert!(head.contains(header), "{head}");
    }
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["summary"], "errors > 1% & rising");
}

#[tokio::test]
async fn statuses_are_waited_for_retried_or_final() {
    let cases = [
        (429, "retry-after: 7\r\n", Some(7), false),
        (503, "", None, false),
        (503, "retry-after: 999999\r\n", Some(3600), false),
        (500, "", None, false),
        (502, "", None, false),
        (408, "", None, false),
        (307, "location: http://evil.example/\r\n", None, false),
        (400, "", None, true),
        (403, "", None, true),
        (404, "", None, true),
        (410, "", None, true),
    ];
    for (status, headers, again, is_final) in cases {
        let listener = Listener::answering(status, headers, "no_service\u{1b}[2J").await;
        let error = told(&listener).await.unwrap_err();
        assert_eq!(error.is_final(), is_final, "{status}: {error}");
        assert_eq!(error.again(), again.map(Duration::from_secs), "{status}");
        let words = error.to_string();
        assert!(words.contains(&status.to_string()) && !words.contains('\u{1b}'), "{words}");
        assert_eq!(listener.heard().len(), 1, "one request, and no redirect followed");
    }
}

#[tokio::test]
async fn who_hangs_is_silent_and_who_is_away_is_unreachable() {
    let listener = Listener::start(None).await;
    let error = told(&listener).await.unwrap_err();
    assert!(matches!(error, NotifyError::Silent { .. }), "{error}");
    let gone = receiver(Kind::Webhook, "http://127.0.0.1:1/hook");
    let error = courier(gone).post(&alert(Occasion::Firing), at(0)).await.unwrap_err();
    assert_eq!(error.to_string(), "connection refused: 127.0.0.1 cannot be reached");
}

#[tokio::test]
async fn of_a_long_answer_only_the_beginning_is_read() {
    let listener = Listener::answering(400, "", &"word ".repeat(100_000)).await;
    let error = told(&listener).await.unwrap_err().to_string();
    assert!(error.chars().count() < 320 && error.ends_with('…'), "{error}");
}

#[tokio::test]
async fn reaching_tells_nothing() {
    let listener = Listener::answering(404, "", "").await;
    let courier = courier(receiver(Kind::Slack, &format!("{}/services/T0/SECRET", listener.url)));
    assert_eq!(courier.reach().await.unwrap(), "127.0.0.1");
    let heard = listener.heard();
    assert!(heard[0].starts_with("HEAD / HTTP/1.1\r\n"), "{}", heard[0]);
}
