//! Port-forwards against a scripted API server, kubelet and pod on loopback.

mod server;

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use self::server::{Plane, Turn};
use super::stream::Http;
use super::*;
use crate::domain::gate::{Body, MOST_BODY};

const LONG: Duration = Duration::from_secs(20);

async fn opened(plane: &Plane) -> Forward {
    let conn = plane.connection().await;
    let forward = Forward::open(&conn, "shop", "checkout-1", 8080).await.unwrap();
    // A busy machine is not what is tested.
    Forward { most_idle: LONG, ..forward }
}

fn text(answer: &Answer) -> &str {
    match &answer.body {
        Body::Whole(bytes) => std::str::from_utf8(bytes).unwrap(),
        Body::TooLarge => "too large",
    }
}

fn unreachable(ended: Result<Answer, Lost>) -> String {
    match ended {
        Err(Lost::Unreachable(words)) => words.to_string(),
        other => panic!("{other:?}"),
    }
}

fn refusal(code: u16, reason: &str, message: &str) -> Turn {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "code": code, "reason": reason, "message": message,
    });
    Turn::Answers(code, "application/json", status.to_string())
}

#[tokio::test]
async fn answers_are_those_of_the_direct_way() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    assert_eq!(forward.words(), "by port-forward to pod checkout-1:8080");
    let paths = [
        "/ok", "/503", "/302", "/204", "/gzip", "/status", "/html", "/chunked", "/limit", "/bye",
        "/old", "/big",
    ];
    for path in paths {
        let came = forward.ask(path, LONG).await;
        let direct = TcpStream::connect(&plane.pod).await.unwrap();
        let request = forward.request(path).unwrap();
        let direct = Http::over(direct).await.unwrap().ask(request).await.unwrap();
        assert_eq!(came, Ok(direct.answer), "{path}");
    }
    let came = forward.ask("/302", LONG).await.unwrap();
    assert_eq!((came.status, came.location.as_deref()), (302, Some("http://elsewhere/ok")));
    let came = forward.ask("/html", LONG).await.unwrap();
    assert_eq!(came.content_type.as_deref(), Some("text/html"));
    assert_eq!(forward.ask("/gzip", LONG).await.unwrap().encoding.as_deref(), Some("gzip"));
    assert_eq!(text(&forward.ask("/old", LONG).await.unwrap()), "old but whole");
    // It looks like the API server's own words, and is the pod's all the same.
    assert_eq!(forward.ask("/status", LONG).await.unwrap().status, 500);
}

#[tokio::test]
async fn a_body_is_read_up_to_what_is_judged() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    assert_eq!(text(&forward.ask("/limit", LONG).await.unwrap()).len(), MOST_BODY);
    let big = forward.ask("/big", LONG).await.unwrap();
    assert_eq!((big.status, big.body), (200, Body::TooLarge));
    // What else would have come is not waited for.
    plane.until_open(0).await;
}

#[tokio::test]
async fn the_pod_hears_who_asks_and_the_server_who_may() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    forward.ask("/ok?deep=1", Duration::from_millis(200)).await.unwrap_err();
    let head = plane.heads().remove(0).to_ascii_lowercase();
    assert!(head.starts_with("get /ok?deep=1 http/1.1\r\n"), "{head}");
    let server = plane.url.trim_start_matches("http://");
    assert!(head.contains(&format!("\r\nhost: {server}\r\n")), "{head}");
    assert!(head.contains(" preflight\r\n") && head.contains("\r\nuser-agent: waveoff/"));
    assert!(head.contains("\r\naccept: application/json, text/plain;q=0.9, */*\r\n"));
    assert!(!head.contains("t0ken") && !head.contains("accept-encoding"), "{head}");
    let asked = plane.asked().remove(0);
    let line = "GET /api/v1/namespaces/shop/pods/checkout-1/portforward?&ports=8080 HTTP/1.1";
    assert_eq!(asked.lines().next(), Some(line));
    assert!(asked.to_ascii_lowercase().contains("authorization: bearer t0ken"));
}

#[tokio::test]
async fn one_time_limit_is_for_all_of_it() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    let within = Duration::from_millis(300);
    let measured = async |path: &str| {
        let began = Instant::now();
        let ended = forward.ask(path, within).await;
        assert!(began.elapsed() < Duration::from_secs(3), "{path}");
        ended
    };
    assert_eq!(measured("/silent").await, Err(Lost::Silent(300)));
    assert_eq!(measured("/drip").await, Err(Lost::Silent(300)));
    plane.until_open(0).await;
    plane.turn(Turn::Mute);
    assert_eq!(measured("/ok").await, Err(Lost::Silent(300)));
}

#[tokio::test]
async fn the_kubelet_says_why_in_its_own_words() {
    let plane = Plane::start().await;
    let words = "error forwarding port 8080 to pod 1f, uid : dial tcp4 127.0.0.1:8080: connect: \
                 connection refused\x1b[31m";
    for turn in [Turn::Says(words), Turn::SaysAndStays(words)] {
        plane.turn(turn);
        // The stream can be opened; that nobody listens is found out behind it.
        let forward = opened(&plane).await;
        for _ in 0..3 {
            let said = unreachable(forward.ask("/ok", LONG).await);
            assert!(said.starts_with("the kubelet answered: error forwarding port 8080"), "{said}");
            assert!(said.ends_with("connection refused␛[31m"), "{said}");
        }
        plane.until_open(0).await;
    }
    plane.turn(Turn::Runs);
    let forward = opened(&plane).await;
    assert!(forward.ask("/ok", LONG).await.is_ok());
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    forward.ask("/close", LONG).await.unwrap_err();
    for verb in ["get", "create"] {
        let words = format!(
            "pods \"checkout-1\" is forbidden: User \"u\" cannot {verb} resource \
             \"pods/portforward\" in API group \"\" in the namespace \"shop\""
        );
        plane.turn(refusal(403, "Forbidden", &words));
        let right = format!("{verb} pods/portforward in shop");
        let forbidden = Err(Lost::Forbidden(right.as_str().into()));
        assert_eq!(forward.ask("/ok", LONG).await, forbidden);
        let conn = plane.connection().await;
        let refused = Forward::open(&conn, "shop", "checkout-1", 8080).await.unwrap_err();
        assert_eq!(refused, ClusterError::Forbidden { rule: right.into() });
    }
    // An admission webhook or a gateway does not name a verb.
    plane.turn(Turn::Answers(403, "text/html", "<h1>no</h1>".into()));
    let ended = forward.ask("/ok", LONG).await;
    assert_eq!(ended, Err(Lost::Forbidden("create pods/portforward in shop".into())));
}

#[tokio::test]
async fn a_pod_that_is_gone_is_said_by_the_api_server() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    assert!(forward.ask("/ok", LONG).await.is_ok());
    plane.turn(refusal(404, "NotFound", "pods \"checkout-1\" not found"));
    plane.end();
    plane.until_open(0).await;
    let said = unreachable(forward.ask("/ok", LONG).await);
    assert_eq!(said, "the API server answered 404: pods \"checkout-1\" not found");
    let refused = Forward::open(&plane.connection().await, "shop", "checkout-1", 8080).await;
    let what = "pod shop/checkout-1".into();
    assert_eq!(refused.unwrap_err(), ClusterError::NotFound { what });
}

#[tokio::test]
async fn what_is_no_port_forward_is_said_so() {
    let plane = Plane::start().await;
    let conn = plane.connection().await;
    let refused = async || Forward::open(&conn, "shop", "p", 8080).await.unwrap_err().to_string();
    plane.turn(Turn::Answers(200, "text/html", "hello".into()));
    assert!(refused().await.contains("does not become a WebSocket"), "{}", refused().await);
    plane.turn(Turn::Answers(502, "text/plain", "bad gateway".into()));
    assert!(refused().await.contains("the server answered 502: bad gateway"));
    plane.turn(refusal(401, "Unauthorized", "Unauthorized"));
    assert!(refused().await.contains("log in again"));
    plane.turn(Turn::Mistakes);
    let said = unreachable(opened(&plane).await.ask("/ok", LONG).await);
    assert!(said.contains("invalid port mapping"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_so() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut plane = Plane::start().await;
    plane.url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let refused = Forward::open(&plane.connection().await, "shop", "p", 8080).await.unwrap_err();
    assert!(refused.to_string().contains("cannot connect"), "{refused}");
}

#[tokio::test]
async fn an_answer_that_is_none_is_said_so() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    let said = async |path: &str| unreachable(forward.ask(path, LONG).await);
    assert_eq!(said("/close").await, "the pod closed the connection without an answer");
    assert!(said("/noise").await.starts_with("what the pod answered is not HTTP"));
    assert!(said("/short").await.starts_with("the answer is not whole"));
    assert!(said("no path").await.contains("is no path"));
    assert!(forward.ask("/ok", LONG).await.is_ok());
}

#[tokio::test]
async fn an_answer_without_a_length_ends_when_its_connection_does() {
    let plane = Plane::start().await;
    let late = Duration::from_millis(400);
    plane.turn(Turn::Lingers(late));
    let forward = opened(&plane).await;
    let began = Instant::now();
    assert_eq!(text(&forward.ask("/old", LONG).await.unwrap()), "old but whole");
    assert!(began.elapsed() >= late);
    plane.turn(Turn::Lingers(Duration::from_secs(3600)));
    assert_eq!(forward.ask("/old", late).await, Err(Lost::Silent(400)));
    // All others know where they end.
    for path in ["/bye", "/chunked", "/204"] {
        assert!(forward.ask(path, LONG).await.is_ok(), "{path}");
        // What the pod closes behind its answer is not kept.
        assert_eq!(forward.free().is_empty(), path == "/bye", "{path}");
    }
}

#[tokio::test]
async fn a_pod_that_dies_in_the_middle_gave_no_answer() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    // Without a length, a broken stream is all that tells a half from a whole.
    for path in ["/torn", "/drip", "/silent"] {
        let asked = forward.ask(path, LONG);
        let dying = async {
            while !plane.heads().last().is_some_and(|head| head.contains(path)) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            plane.cut();
        };
        let said = unreachable(tokio::join!(asked, dying).0);
        assert!(said.starts_with("the stream to the pod broke: "), "{path}: {said}");
    }
    plane.turn(refusal(404, "NotFound", "pods \"checkout-1\" not found"));
    assert!(unreachable(forward.ask("/ok", LONG).await).contains("not found"));
}

#[tokio::test]
async fn ten_at_once_have_a_stream_each() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    // The pod answers none of them before all ten are there.
    let asked = (0..10).map(|_| forward.ask("/together", LONG));
    for answer in join_all(asked).await {
        assert_eq!(text(&answer.unwrap()), r#"{"status":"healthy"}"#);
    }
    assert_eq!(plane.opened(), 10);
    drop(forward);
    plane.until_open(0).await;
}

#[tokio::test]
async fn streams_are_used_again_while_they_are_warm() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    for _ in 0..20 {
        assert!(forward.ask("/ok", LONG).await.is_ok());
    }
    assert_eq!(plane.opened(), 1);
    // Closed while it was kept: the next request takes another, and is not lost by that.
    plane.end();
    plane.until_open(0).await;
    assert!(forward.ask("/ok", LONG).await.is_ok());
    assert_eq!(plane.opened(), 2);
    // One that was kept for too long is closed, not asked.
    let forward = Forward { most_idle: Duration::from_millis(50), ..forward };
    tokio::time::sleep(forward.most_idle).await;
    assert!(forward.ask("/ok", LONG).await.is_ok());
    assert_eq!(plane.opened(), 3);
    plane.until_open(1).await;
    // One that the pod closes behind its answer is not used again.
    let forward = Forward { most_idle: LONG, ..forward };
    assert!(forward.ask("/bye", LONG).await.is_ok());
    plane.until_open(0).await;
    assert!(forward.ask("/ok", LONG).await.is_ok());
}

#[tokio::test]
async fn what_was_warmed_is_not_opened_by_the_load() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    forward.warm(10, LONG).await;
    assert_eq!((plane.opened(), forward.free().len()), (10, 10));
    for answer in join_all((0..10).map(|_| forward.ask("/together", LONG))).await {
        assert!(answer.is_ok());
    }
    assert_eq!(plane.opened(), 10);
    // Nobody opens more than is kept, and what fails is left to the requests.
    plane.turn(refusal(500, "InternalError", "no"));
    forward.warm(1000, LONG).await;
    assert_eq!(forward.free().len(), 10);
    plane.turn(Turn::Runs);
    forward.warm(1000, LONG).await;
    assert_eq!(forward.free().len(), MOST_STREAMS);
    drop(forward);
    plane.until_open(0).await;
}

#[tokio::test]
async fn a_request_that_is_dropped_leaves_nothing_open() {
    let plane = Plane::start().await;
    let forward = opened(&plane).await;
    let asked = forward.ask("/silent", LONG);
    assert!(timeout(Duration::from_millis(200), asked).await.is_err());
    plane.until_open(0).await;
}

#[tokio::test]
async fn what_the_other_side_does_not_close_is_closed_all_the_same() {
    let plane = Plane::start().await;
    plane.turn(Turn::Deaf);
    let forward = opened(&plane).await;
    assert_eq!(forward.ask("/ok", Duration::from_millis(100)).await, Err(Lost::Silent(100)));
    plane.until_open(0).await;
    forward.warm(3, LONG).await;
    plane.until_open(3).await;
    drop(forward);
    plane.until_open(0).await;
}

#[test]
fn all_of_it_may_go_to_a_task() {
    fn may<T: Send>(_: impl FnOnce(Arc<Connection>, Arc<Forward>) -> T) {}
    may(|_, forward| forward);
    may(|conn, _| async move { Forward::open(&conn, "", "", 1).await.map(drop) });
    may(|conn, _| async move { pod_port(&conn, "", "", None, None).await });
    may(|_, forward| async move { forward.ask("/", LONG).await });
    may(|_, forward| async move { forward.warm(1, LONG).await });
}

#[tokio::test]
async fn a_name_does_not_become_another_path() {
    let plane = Plane::start().await;
    let conn = plane.connection().await;
    Forward::open(&conn, "../x", "../../secrets/a?b", 80).await.unwrap();
    let line = plane.asked().remove(0).lines().next().unwrap().to_owned();
    assert!(
        line.contains("/namespaces/..%2Fx/pods/..%2F..%2Fsecrets%2Fa%3Fb/portforward?&ports=80"),
        "{line}"
    );
}

#[tokio::test]
async fn the_port_is_read_from_pod_and_service() {
    let plane = Plane::start().await;
    let conn = plane.connection().await;
    let ports = json!([{ "name": "a", "containerPort": 1 }, { "name": "b", "containerPort": 2 }]);
    plane.put(
        "/api/v1/namespaces/shop/pods/checkout-1",
        json!({ "spec": { "containers": [{ "ports": ports }] } }),
    );
    plane.put(
        "/api/v1/namespaces/shop/services/preview",
        json!({ "spec": { "ports": [{ "port": 80, "targetPort": "b" }] } }),
    );
    let found = pod_port(&conn, "shop", "checkout-1", Some("preview"), None).await;
    assert_eq!(found, Ok(2));
    let found = pod_port(&conn, "shop", "checkout-1", None, Some("a")).await;
    assert_eq!(found, Ok(1));
    let unsaid = pod_port(&conn, "shop", "checkout-1", None, None).await.unwrap_err().to_string();
    assert!(unsaid.contains("choose a port of pod shop/checkout-1"), "{unsaid}");
    assert!(unsaid.contains("1 a, 2 b"), "{unsaid}");
    let gone = pod_port(&conn, "shop", "checkout-1", Some("old"), None).await.unwrap_err();
    assert_eq!(gone, ClusterError::NotFound { what: "service shop/old".into() });
}
