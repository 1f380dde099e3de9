//! How many requests leave, and when.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep};

use super::scripted::{Play, Scripted};
use super::{now, one, paced_server_of, quick, server_of};
use crate::prom::pace::Pace;
use crate::prom::{Access, PromError, Server};
use crate::web::Secret;

/// All pauses take a second, or two where the server asks for more.
fn pauses() -> Pace {
    let second = Duration::from_secs(1);
    Pace { first: second, longest: second, asked_for: second * 2, ..Pace::default() }
}

/// Outcomes of so many questions at once, over clones.
async fn many(server: &Server, count: usize) -> Vec<Option<PromError>> {
    let ask = |_| {
        let server = server.clone();
        async move { server.ask(&now()).await.err() }
    };
    join_all((0..count).map(ask)).await
}

fn held(error: Option<&PromError>) -> bool {
    matches!(error, Some(PromError::Held { .. }))
}

#[tokio::test]
async fn at_most_four_at_once() {
    let scripted = Scripted::always(Play::json(one()).late(100)).await;
    let outcomes = many(&server_of(&scripted), 14).await;
    assert!(outcomes.iter().all(Option::is_none), "{outcomes:?}");
    assert_eq!((scripted.heard().len(), scripted.peak()), (14, 4));
}

#[tokio::test]
async fn a_server_that_is_down_is_left_alone_and_probed_by_one() {
    // Ready again at the third request; the probes take a while.
    let scripted = Scripted::start(|number, _| match number {
        0 => Play::status(503, "starting"),
        1 => Play::status(503, "starting").late(100),
        _ => Play::json(one()).late(100),
    })
    .await;
    let server = paced_server_of(&scripted, pauses());
    let first = server.ask(&now()).await.unwrap_err();
    assert!(matches!(first, PromError::Down { status: 503, .. }), "{first}");

    let outcomes = many(&server, 6).await;
    assert!(outcomes.iter().all(|outcome| held(outcome.as_ref())), "{outcomes:?}");
    let text = outcomes[0].clone().unwrap().to_string();
    let words =
        format!("Prometheus at {} is not ready (503): starting; again in 1 s", scripted.url());
    assert_eq!(text, words);
    assert_eq!(scripted.heard().len(), 1, "nothing was sent");

    sleep(pauses().first).await;
    let outcomes = many(&server, 6).await;
    assert_eq!(scripted.heard().len(), 2, "one probe");
    let refused = outcomes.iter().filter(|outcome| held(outcome.as_ref())).count();
    assert_eq!(refused, 5, "{outcomes:?}");
    let probing = outcomes
        .iter()
        .flatten()
        .any(|error| error.to_string().ends_with("; it is being asked again"));
    assert!(probing, "{outcomes:?}");

    sleep(pauses().longest).await;
    let outcomes = many(&server, 6).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_none()).count(), 1, "{outcomes:?}");
    assert_eq!(scripted.heard().len(), 3);
    let outcomes = many(&server, 6).await;
    assert!(outcomes.iter().all(Option::is_none), "{outcomes:?}");
    assert_eq!(scripted.heard().len(), 9);
}

#[tokio::test]
async fn the_server_is_given_the_time_it_asks_for() {
    let scripted = Scripted::start(|number, _| match number {
        0 => Play::Answer(503, vec![("retry-after", "60".into())], Vec::new()),
        _ => Play::json(one()),
    })
    .await;
    let server = paced_server_of(&scripted, pauses());
    server.ask(&now()).await.unwrap_err();
    sleep(pauses().longest).await;
    let error = server.ask(&now()).await.unwrap_err();
    assert!(held(Some(&error)), "{error}");
    // At most so long, whatever it asked for.
    sleep(pauses().asked_for.saturating_sub(pauses().longest)).await;
    server.ask(&now()).await.unwrap();
    assert_eq!(scripted.heard().len(), 2);
}

#[tokio::test]
async fn a_person_need_not_wait() {
    let scripted = Scripted::start(|number, _| match number {
        0 => Play::Answer(503, vec![("retry-after", "60".into())], Vec::new()),
        _ => Play::json(one()),
    })
    .await;
    let server = server_of(&scripted);
    server.ask(&now()).await.unwrap_err();
    assert!(held(server.ask(&now()).await.err().as_ref()));
    server.clone().retry_now();
    server.ask(&now()).await.unwrap();
}

#[tokio::test]
async fn who_queued_for_a_server_that_hangs_does_not_wait_in_turn() {
    let scripted = Scripted::always(Play::Hang).await;
    let pace = Pace { answer: Duration::from_millis(1500), ..quick() };
    let started = Instant::now();
    let outcomes = many(&paced_server_of(&scripted, pace), 20).await;
    let took = started.elapsed();
    let silent = |error: &&PromError| matches!(error, PromError::Silent { .. });
    assert_eq!(outcomes.iter().flatten().filter(silent).count(), 4, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|error| held(error.as_ref())).count(), 16);
    assert_eq!(scripted.heard().len(), 4);
    assert!(took < pace.answer * 2, "{took:?}");
}

#[tokio::test]
async fn a_bad_query_holds_nobody_up() {
    for status in [400, 401, 403, 422] {
        let scripted = Scripted::start(move |number, _| match number {
            0 => Play::status(status, r#"{"status":"error","errorType":"x","error":"y"}"#),
            _ => Play::json(one()),
        })
        .await;
        let server = server_of(&scripted);
        server.ask(&now()).await.unwrap_err();
        server.ask(&now()).await.unwrap();
    }
}

#[tokio::test]
async fn a_probe_that_is_given_up_makes_room() {
    let scripted = Scripted::start(|number, _| match number {
        0 => Play::status(503, ""),
        1 => Play::Hang,
        _ => Play::json(one()),
    })
    .await;
    let server = paced_server_of(&scripted, pauses());
    server.ask(&now()).await.unwrap_err();
    sleep(pauses().first).await;
    let given_up = tokio::time::timeout(Duration::from_secs(1), server.ask(&now())).await;
    assert!(given_up.is_err(), "it was under way");
    server.ask(&now()).await.unwrap();
    assert_eq!(scripted.heard().len(), 3);
}

#[tokio::test]
async fn a_probe_that_never_left_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "t").unwrap();
    let access = Access { bearer: Some(Secret::File(token.clone())), ..Access::default() };
    let scripted = Scripted::always(Play::status(503, "").late(200)).await;
    let server = Server::paced(&scripted.url(), &access, pauses()).unwrap();
    server.ask(&now()).await.unwrap_err();
    sleep(pauses().first).await;
    std::fs::remove_file(&token).unwrap();
    let error = server.ask(&now()).await.unwrap_err();
    assert!(matches!(error, PromError::Secret { .. }), "{error}");
    std::fs::write(&token, "t").unwrap();
    let outcomes = many(&server, 6).await;
    assert_eq!(outcomes.iter().filter(|error| held(error.as_ref())).count(), 5, "{outcomes:?}");
    assert_eq!(scripted.heard().len(), 2, "still one probe");
}
