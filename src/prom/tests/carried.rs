//! A server behind somebody else's way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;

use super::{at, now, one, quick, success};
use crate::domain::measure::query::Sample;
use crate::prom::{Carried, Carrier, NotCarried, PromError, Server};

/// Answers always the same; hangs without an answer.
#[derive(Debug)]
struct Stub {
    outcome: Option<Result<Carried, NotCarried>>,
    heard: Mutex<Vec<(String, usize, Duration)>>,
}

impl Carrier for Stub {
    fn get(
        &self,
        path_and_query: String,
        most: usize,
        within: Duration,
    ) -> BoxFuture<'_, Result<Carried, NotCarried>> {
        self.heard.lock().unwrap().push((path_and_query, most, within));
        Box::pin(async move {
            match self.outcome.clone() {
                Some(outcome) => outcome,
                None => std::future::pending().await,
            }
        })
    }
}

fn stub(outcome: Option<Result<Carried, NotCarried>>) -> (Arc<Stub>, Server) {
    let stub = Arc::new(Stub { outcome, heard: Mutex::default() });
    (stub.clone(), Server::carried_at(stub, "monitoring/prometheus:9090", quick()))
}

#[expect(clippy::unnecessary_wraps, reason = "as a stub takes it")]
fn carried(status: u16, body: impl Into<Vec<u8>>) -> Option<Result<Carried, NotCarried>> {
    Some(Ok(Carried { status, body: body.into(), ..Carried::default() }))
}

#[tokio::test]
async fn the_same_questions_by_another_way() {
    let (stub, server) = stub(carried(200, one()));
    let answer = server.ask(&now()).await.unwrap();
    assert_eq!(answer.samples, [(at(1000), Sample::Number(1.0))]);
    let heard = stub.heard.lock().unwrap();
    let path = "/api/v1/query?query=up&time=1000&timeout=700ms".to_owned();
    assert_eq!(*heard, [(path, 8 << 20, quick().answer)]);
    assert_eq!(server.name().as_str(), "monitoring/prometheus:9090");
}

#[tokio::test]
async fn each_way_of_failing() {
    let status = |code, message: &str| {
        carried(code, format!(r#"{{"kind":"Status","message":"{message}","code":{code}}}"#))
    };
    let login = Carried {
        status: 302,
        location: Some("https://sso.example.com/x".into()),
        ..Carried::default()
    };
    let cases = [
        (
            Some(Err(NotCarried::Unreachable("connection refused".into()))),
            "connection refused: Prometheus cannot be reached at monitoring/prometheus:9090",
            true,
        ),
        (
            Some(Err(NotCarried::Silent)),
            "no answer within 0.9 s from Prometheus at monitoring/prometheus:9090",
            true,
        ),
        (None, "no answer within 0.9 s from Prometheus at monitoring/prometheus:9090", true),
        (
            Some(Err(NotCarried::TooLarge)),
            "the answer is larger than 8 MiB: ask for fewer series or less time",
            false,
        ),
        (
            carried(200, vec![b' '; (8 << 20) + 1]),
            "the answer is larger than 8 MiB: ask for fewer series or less time",
            false,
        ),
        (
            status(503, "no endpoints available"),
            "Prometheus at monitoring/prometheus:9090 is not ready (503): no endpoints available",
            true,
        ),
        (
            status(403, "ada cannot get services/proxy"),
            "not allowed (403) at monitoring/prometheus:9090: ada cannot get services/proxy",
            false,
        ),
        (
            Some(Ok(login)),
            "this is no Prometheus: monitoring/prometheus:9090 answered with a redirect (302) to \
             sso.example.com: a login page?",
            true,
        ),
    ];
    for (outcome, words, down) in cases {
        let (stub, server) = stub(outcome);
        let error = server.ask(&now()).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_down()), (words, down));
        let held = matches!(server.ask(&now()).await, Err(PromError::Held { .. }));
        assert_eq!(held, down, "{words}");
        assert_eq!(stub.heard.lock().unwrap().len(), if down { 1 } else { 2 });
    }
}

#[tokio::test]
async fn the_pause_that_it_asks_for_is_kept() {
    let answer =
        Carried { status: 503, retry_after: Some(Duration::from_secs(60)), ..Carried::default() };
    let (_, server) = stub(Some(Ok(answer)));
    server.hello().await.unwrap_err();
    let error = server.explore("up").await.unwrap_err();
    let limit = quick().longest;
    assert!(matches!(error, PromError::Held { again_in, .. } if again_in > limit), "{error:?}");
}

#[tokio::test]
async fn exploring_over_it() {
    let body = success("vector", r#"[{"metric":{"a":"b"},"value":[1,"2"]}]"#);
    let (stub, server) = stub(carried(200, body));
    let found = server.explore("x + y").await.unwrap();
    assert_eq!((found.len(), found[0].value), (1, 2.0));
    let path = &stub.heard.lock().unwrap()[0].0;
    assert_eq!(path, "/api/v1/query?query=x+%2B+y&timeout=700ms");
}
