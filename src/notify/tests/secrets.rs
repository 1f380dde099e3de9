//! Canaries: what is secret reaches its receiver, and nothing else.

use super::listener::Listener;
use super::{alert, at, courier, receiver};
use crate::domain::alert::Occasion;
use crate::notify::{Kind, NotifyError, Post, Receiver, Target};
use crate::web::Secret;

const CANARY: &str = "CANARY-7c1f0e";

/// A file with this in it, and the directory that holds it.
fn file(text: &str) -> (tempfile::TempDir, Secret) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    std::fs::write(&path, format!("{text}\n")).unwrap();
    (dir, Secret::File(path))
}

async fn refusal(receiver: Receiver) -> (String, NotifyError) {
    let courier = courier(receiver);
    let error = courier.post(&alert(Occasion::Firing), at(0)).await.unwrap_err();
    (format!("{courier:?}"), error)
}

#[tokio::test]
async fn they_reach_the_receiver_and_no_error_or_debug() {
    let listener =
        Listener::answering(403, "", &format!("no access for {CANARY}, {CANARY}!")).await;
    let (_key_dir, key) = file(CANARY);
    let (_url_dir, url) = file(&format!("{}/services/{CANARY}", listener.url));
    let open = format!("{}/x", listener.url);
    let receivers = [
        Receiver { target: Target::Hidden(url), ..receiver(Kind::Slack, "") },
        Receiver { key: Some(key.clone()), ..receiver(Kind::PagerDuty, &open) },
        Receiver { token: Some(key), ..receiver(Kind::Webhook, &open) },
        receiver(Kind::Webhook, &format!("{open}?token={CANARY}")),
    ];
    for (at, receiver) in receivers.into_iter().enumerate() {
        let (debug, error) = refusal(receiver).await;
        assert!(listener.heard()[at].contains(CANARY), "it was not shown: {debug}");
        for text in [debug, error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(CANARY), "{text}");
        }
        assert!(error.to_string().contains("[secret]"), "{error}");
    }
}

#[tokio::test]
async fn an_address_that_is_a_secret_is_not_in_the_error_of_a_lost_connection() {
    for address in
        [format!("http://127.0.0.1:1/{CANARY}"), format!("ftp://{CANARY}"), CANARY.into()]
    {
        let (_dir, url) = file(&address);
        let hidden = Receiver { target: Target::Hidden(url), ..receiver(Kind::Slack, "") };
        let (debug, error) = refusal(hidden).await;
        for text in [debug, error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(CANARY), "{text}");
        }
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_named_by_its_place() {
    let of = |secret| Receiver { key: Some(secret), ..receiver(Kind::PagerDuty, "http://x") };
    let missing = of(Secret::File("/nonexistent/key".into()));
    let error = refusal(missing).await.1.to_string();
    assert_eq!(error, "file /nonexistent/key does not exist");
    let (_dir, empty) = file("");
    assert!(refusal(of(empty)).await.1.to_string().ends_with("is empty"));
    let unset = of(Secret::Variable("WAVEOFF_TEST_NOT_SET".into()));
    assert_eq!(refusal(unset).await.1.to_string(), "variable WAVEOFF_TEST_NOT_SET is not set");
    assert!(!refusal(of(Secret::Variable("X".into()))).await.1.is_final(), "it may come yet");
}
