//! Runs against servers of every kind of ill will, and against none, in virtual time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::route::{Ask, Way};
use super::run::{Teller, look_on, lose, run};
use crate::app::gate::News;
use crate::app::msg::Msg;
use crate::domain::gate::{
    Answer, Body, Check, Finding, Lost, Outcome, Profile, Stage, Verdict, judge, outcome,
};
use crate::probe::Probe;

/// Runs all checks, with what the cluster says being good.
async fn findings(way: &impl Ask, profile: &Profile) -> Vec<Finding> {
    let (out, mut inbox) = mpsc::channel(100_000);
    run(way, profile, &Teller { number: 7, out }).await;
    told(&mut inbox).await
}

async fn told(inbox: &mut mpsc::Receiver<Msg>) -> Vec<Finding> {
    let facts = [Check::Pods, Check::Preview].map(|c| Finding::plain(c, Verdict::Passed));
    let mut findings = Vec::from(facts);
    while let Some(Msg::Gate(7, news)) = inbox.recv().await {
        if let News::Found(finding) = *news {
            findings.push(finding);
        }
    }
    findings
}

fn of(findings: &[Finding], check: Check) -> &Finding {
    findings.iter().find(|f| f.check == check).unwrap()
}

const GOOD: [(&str, &str); 5] = [
    ("/health", "ok"),
    ("/api/v1/status", r#"{"status":"healthy"}"#),
    ("/api/v1/version", r#"{"version":"1.4.0"}"#),
    ("/api/v1/health/db", r#"{"database":{"status":"connected"}}"#),
    ("/api/v1/health/dependencies", r#"[{"status":"healthy"}]"#),
];

/// A service in memory; each path has an answer that comes after a time.
struct Scripted {
    answers: BTreeMap<&'static str, Result<Answer, Lost>>,
    delay: Duration,
    health: Mutex<Vec<Instant>>,
    asked: AtomicU32,
}

fn json(status: u16, body: &str) -> Answer {
    Answer {
        status,
        content_type: Some("application/json".into()),
        encoding: None,
        location: None,
        body: Body::Whole(body.as_bytes().to_vec()),
    }
}

fn scripted() -> Scripted {
    Scripted {
        answers: GOOD.map(|(path, body)| (path, Ok(json(200, body)))).into(),
        delay: Duration::from_millis(20),
        health: Mutex::default(),
        asked: AtomicU32::new(0),
    }
}

impl Ask for Scripted {
    fn is_direct(&self) -> bool {
        true
    }

    async fn ask(&self, path: &str, within: Duration) -> Result<Answer, Lost> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if path == "/health" {
            self.health.lock().unwrap().push(Instant::now());
        }
        if self.delay > within {
            sleep(within).await;
            return Err(Lost::Silent(u64::try_from(within.as_millis()).unwrap()));
        }
        sleep(self.delay).await;
        self.answers[path].clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_version_opens_its_gate_and_each_bad_answer_alone_locks_it() {
    let profile = Profile::default();
    let found = findings(&scripted(), &profile).await;
    assert_eq!(outcome(Stage::Before, &found), Outcome::Open, "{found:?}");
    let load = of(&found, Check::Load).evidence.load.clone().unwrap();
    assert_eq!((load.sent, load.bad, load.lost, load.p95_ms), (100, 0, 0, Some(20)));

    for (path, check) in [
        ("/api/v1/version", Check::Version),
        ("/api/v1/health/db", Check::Database),
        ("/api/v1/health/dependencies", Check::Dependencies),
    ] {
        let mut bad = scripted();
        bad.answers.insert(path, Ok(json(200, r#"{"status":"unhealthy"}"#)));
        let found = findings(&bad, &profile).await;
        assert_eq!(outcome(Stage::Before, &found), Outcome::Locked);
        let failed = found.iter().filter(|f| matches!(f.verdict, Verdict::Failed(_)));
        assert_eq!(failed.map(|f| f.check).collect::<Vec<_>>(), [check], "the others still ran");
        assert_eq!(found.len(), Stage::Before.checks().len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_sleeps_ends_within_the_time_of_health() {
    let slow = Scripted { delay: Duration::from_secs(60), ..scripted() };
    let began = Instant::now();
    let found = findings(&slow, &Profile::default()).await;
    assert!(began.elapsed() <= Duration::from_secs(305), "{:?}", began.elapsed());
    assert_eq!(found.len(), Stage::Before.checks().len(), "every check ran");
    assert_eq!(outcome(Stage::Before, &found), Outcome::Locked);
    assert!(matches!(of(&found, Check::Health).verdict, Verdict::Failed(_)));
    assert_eq!(of(&found, Check::Health).evidence.tries, 30);
    for check in [Check::Smoke, Check::Version, Check::Database, Check::Dependencies, Check::Load] {
        assert!(matches!(of(&found, check).verdict, Verdict::Unknown(_)), "{check:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn health_is_asked_from_start_to_start_and_the_others_wait_for_it() {
    let mut down = scripted();
    down.answers.insert("/health", Ok(json(503, "")));
    down.delay = Duration::from_millis(2500);
    let found = findings(&down, &Profile::default()).await;
    let starts = down.health.lock().unwrap().clone();
    assert_eq!(starts.len(), 30);
    for pair in starts.windows(2) {
        assert_eq!(pair[1] - pair[0], Duration::from_secs(10));
    }
    let Verdict::Failed(why) = &of(&found, Check::Health).verdict else { panic!() };
    assert!(why.contains("30 tries") && why.contains("503"), "{why}");
    assert_eq!(of(&found, Check::Smoke).verdict, Verdict::Passed, "it was asked all the same");
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_asked_is_not_asked_again() {
    let mut forbidden = scripted();
    for (path, _) in GOOD {
        let right = Lost::Forbidden("get services/proxy in shop".into());
        forbidden.answers.insert(path, Err(right));
    }
    let profile = Profile { load_requests: 1, ..Profile::default() };
    let found = findings(&forbidden, &profile).await;
    assert_eq!(outcome(Stage::Before, &found), Outcome::Undetermined);
    assert_eq!(forbidden.asked.load(Ordering::SeqCst), 6);
    let why = of(&found, Check::Smoke).verdict.why().unwrap();
    assert!(why.contains("not permitted: get services/proxy"), "{why}");
}

#[tokio::test]
async fn what_is_left_out_is_not_asked_and_no_way_is_not_known() {
    let profile = Profile { skip: vec![Check::Database, Check::Load], ..Profile::default() };
    let found = findings(&scripted(), &profile).await;
    assert!(!found.iter().any(|f| profile.skip.contains(&f.check)));
    let (out, mut inbox) = mpsc::channel(100);
    lose(Stage::Before, &Profile::default(), &Teller { number: 7, out }, &"no port".into()).await;
    let found = told(&mut inbox).await;
    assert_eq!(
        (found.len(), outcome(Stage::Before, &found)),
        (Stage::Before.checks().len(), Outcome::Undetermined)
    );
}

/// Looks on while users are switched after this time, at the latest.
async fn looked(way: &impl Ask, profile: &Profile, switch: Duration) -> Vec<Finding> {
    let ((out, mut inbox), (switched, seen)) = (mpsc::channel(100_000), watch::channel(false));
    let teller = Teller { number: 7, out };
    let controller = async {
        sleep(switch).await;
        switched.send_replace(true);
        // Whoever switches stays as long as somebody looks on.
        sleep(Duration::from_secs(3600)).await;
    };
    tokio::select! {
        () = look_on(way, profile, &teller, seen) => {}
        () = controller => panic!("it looks on for ever"),
    }
    drop(teller);
    let mut found = told(&mut inbox).await;
    found.retain(|f| f.check != Check::Preview);
    found.push(Finding::plain(Check::Active, Verdict::Passed));
    found
}

#[tokio::test(start_paused = true)]
async fn users_are_watched_through_the_switch_and_a_minute_after() {
    let began = Instant::now();
    let good = scripted();
    let found = looked(&good, &Profile::default(), Duration::from_secs(20)).await;
    assert_eq!(outcome(Stage::After, &found), Outcome::Open, "{found:?}");
    let seen = of(&found, Check::Availability).evidence.availability.clone().unwrap();
    assert!((80..=83).contains(&seen.sent), "{seen:?}");
    assert!((80..=82).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!((seen.bad, seen.lost, seen.gap_ms), (0, 0, 0));
    // One for each second, one for health, and one for each of the others; no load.
    assert_eq!(good.asked.load(Ordering::SeqCst), seen.sent + 5);
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_never_comes_is_not_known_and_ends() {
    let began = Instant::now();
    let profile = Profile { watch_deadline: Duration::from_secs(90), ..Profile::default() };
    let found = looked(&scripted(), &profile, Duration::from_secs(1000)).await;
    assert_eq!(outcome(Stage::After, &found), Outcome::Undetermined, "{found:?}");
    assert!(began.elapsed() <= Duration::from_secs(95), "{:?}", began.elapsed());
    let why = of(&found, Check::Availability).verdict.why().unwrap();
    assert!(why.contains("not seen within"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn users_who_are_not_answered_fail_the_switch() {
    let mut broken = scripted();
    broken.answers.insert("/up", Ok(json(503, "")));
    let profile = Profile { watch_path: "/up".into(), ..Profile::default() };
    let found = looked(&broken, &profile, Duration::from_secs(5)).await;
    assert_eq!(outcome(Stage::After, &found), Outcome::Locked);
    let why = of(&found, Check::Availability).verdict.why().unwrap();
    assert!(why.contains("requests failed (answered 503)"), "{why}");
    assert_eq!(of(&found, Check::Smoke).verdict, Verdict::Passed, "the others still ran");
}

/// What a hostile server does with a connection that asks for one path.
#[derive(Clone, Copy, Debug)]
enum Trick {
    /// Sends these bytes and closes.
    Raw(&'static str),
    /// Says nothing.
    Mute,
    /// A head, then a byte now and then, for ever.
    Drip,
    /// A body of 10 MB, with its length or in chunks.
    Huge(bool),
    /// Sends half of what it promised.
    Half,
}

/// A server that is good but for one path. Counts nothing, lives as long as the test.
async fn hostile(path: &'static str, trick: Trick) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, path, trick));
        }
    });
    url
}

async fn serve(mut stream: TcpStream, path: &'static str, trick: Trick) {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => head.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    assert!(head.contains("user-agent: waveoff/") && head.contains(" preflight\r\n"), "{head}");
    let asked = head.split(' ').nth(1).unwrap().to_owned();
    if asked != path {
        let body = GOOD.iter().find(|(path, _)| *path == asked).map_or("", |(_, body)| body);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
    match trick {
        Trick::Raw(text) => {
            // A connection that closes says so: else it may be asked once more, and resets.
            let text = text.replacen("\r\n\r\n", "\r\nconnection: close\r\n\r\n", 1);
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Trick::Mute => sleep(Duration::from_secs(60)).await,
        Trick::Drip => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
            while stream.write_all(b" ").await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        }
        Trick::Huge(said) => {
            let head = if said {
                "HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
            };
            let _ = stream.write_all(head.as_bytes()).await;
            let part = vec![b' '; 100_000];
            for _ in 0..100 {
                if stream.write_all(&part).await.is_err() {
                    return;
                }
            }
        }
        Trick::Half => {
            let text = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status\":\"healthy\"}";
            let _ = stream.write_all(text.as_bytes()).await;
        }
    }
}

fn quick() -> Profile {
    Profile {
        timeout: Duration::from_millis(400),
        deadline: Duration::from_millis(900),
        health_tries: 2,
        health_every: Duration::from_millis(300),
        health_deadline: Duration::from_secs(4),
        load_path: "/health".into(),
        load_requests: 20,
        load_deadline: Duration::from_secs(2),
        ..Profile::default()
    }
}

async fn asked(path: &'static str, trick: Trick) -> Vec<Finding> {
    let url = hostile(path, trick).await;
    let probe = Probe::new(&url, None).unwrap();
    let way = Way::Direct(Box::new(probe), url.as_str().into());
    Box::pin(findings(&way, &quick())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_server_opens_over_the_wire() {
    let found = asked("/nothing", Trick::Mute).await;
    assert_eq!(outcome(Stage::Before, &found), Outcome::Open, "{found:?}");
    assert_eq!(of(&found, Check::Load).evidence.load.as_ref().unwrap().sent, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_trick_over_the_wire_locks_by_itself() {
    let raw = Trick::Raw;
    let failed = [
        (raw("HTTP/1.1 204 No Content\r\n\r\n"), "without a body"),
        (
            raw("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/away\r\n\r\n"),
            "127.0.0.1:1/away",
        ),
        (raw("HTTP/1.1 307 T\r\nlocation: /api/v1/version\r\n\r\n"), "not followed"),
        (raw("HTTP/1.1 401 U\r\ncontent-length: 0\r\n\r\n"), "login"),
        (raw("HTTP/1.1 403 F\r\ncontent-length: 0\r\n\r\n"), "403"),
        (raw("HTTP/1.1 500 E\r\ncontent-length: 20\r\n\r\n{\"status\":\"healthy\"}"), "500"),
        (
            raw("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>"),
            "HTML",
        ),
        (raw("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>"), "no JSON"),
        (
            raw("HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{\"status\":\"unhealthy\"}"),
            "unhealthy",
        ),
    ];
    let unknown = [
        (
            raw("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\n\u{1f}xx"),
            "gzip",
        ),
        (raw("SSH-2.0-OpenSSH\r\n"), "no answer in"),
        (raw(""), "no answer in"),
        (Trick::Mute, "no whole answer within 0.4s"),
        (Trick::Drip, "no whole answer within 0.4s"),
        (Trick::Huge(true), "larger than 64 KiB"),
        (Trick::Huge(false), "larger than 64 KiB"),
        (Trick::Half, "no answer in"),
    ];
    let all = failed.map(|t| (t, Outcome::Locked)).into_iter();
    for ((trick, word), wanted) in all.chain(unknown.map(|t| (t, Outcome::Undetermined))) {
        let found = asked("/api/v1/status", trick).await;
        assert_eq!(outcome(Stage::Before, &found), wanted, "{trick:?} {found:?}");
        let why = of(&found, Check::Smoke).verdict.why().unwrap();
        assert!(why.contains(word), "{trick:?}: {why}");
        let others = found.iter().filter(|f| f.check != Check::Smoke);
        assert!(others.into_iter().all(|f| f.verdict == Verdict::Passed), "{trick:?} {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_that_never_comes_fails_and_a_load_that_is_refused_does() {
    for trick in [Trick::Mute, Trick::Drip, Trick::Raw("HTTP/1.1 503 S\r\n\r\n")] {
        let found = asked("/health", trick).await;
        assert!(matches!(of(&found, Check::Health).verdict, Verdict::Failed(_)), "{trick:?}");
        assert_ne!(of(&found, Check::Load).verdict, Verdict::Passed, "{trick:?}");
        assert_eq!(of(&found, Check::Smoke).verdict, Verdict::Passed, "{trick:?}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_unknown_and_health_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let probe = Probe::new(&url, None).unwrap();
    let found = findings(&Way::Direct(Box::new(probe), url.as_str().into()), &quick()).await;
    let why = of(&found, Check::Smoke).verdict.why().unwrap();
    assert!(why.contains("connection refused"), "{why}");
    assert!(matches!(of(&found, Check::Health).verdict, Verdict::Failed(_)));
}

#[test]
fn what_is_no_address_has_no_way() {
    assert!(Probe::new("ftp://a", None).unwrap_err().to_string().contains("http or https"));
    let missing = Probe::new("https://a", Some("/nowhere/ca.pem".as_ref())).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/ca.pem"));
}

/// Two readers of JSON agree: ours, which refuses what is doubtful, and the usual one.
#[test]
fn what_passes_is_what_another_reader_would_pass_too() {
    let parts = [
        "{",
        "}",
        "[",
        "]",
        "\"status\"",
        ":",
        ",",
        "\"healthy\"",
        "\"a\"",
        "1",
        "-0.5e3",
        "null",
        " ",
        "\"\\u0061\"",
    ];
    let mut state = 88_172_645_463_325_252u64;
    let mut passed = 0;
    for length in (0..200_000).map(|n| n % 12) {
        let mut body = String::from("{\"status\":\"healthy\"");
        for _ in 0..length {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = usize::try_from(state % 14).unwrap();
            body.push_str(parts[at]);
        }
        body.push('}');
        let read: Option<serde_json::Value> = serde_json::from_str(&body).ok();
        let healthy = read.is_some_and(|v| v.get("status").is_some_and(|s| s == "healthy"));
        let ours = judge(Check::Smoke, &Profile::default(), &json(200, &body)).verdict;
        let twice = body.matches("\"status\":").count() > 1 || body.matches("\"a\"").count() > 1;
        if ours == Verdict::Passed {
            assert!(healthy, "{body}");
            passed += 1;
        } else if !twice && !body.contains("u0061") {
            assert!(!healthy, "{body}");
        }
    }
    assert!(passed > 100, "{passed}");
}
