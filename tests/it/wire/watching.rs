//! The watch machine against a scripted server: what it asks, what it says, how it gets out of
//! every corner. The times are shortened; nothing here waits longer than about a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use waveoff::cluster::{Beat, Heard, News, Pace, Pulse, Watch, heartbeat};
use waveoff::domain::id::ResourceKind;
use waveoff::domain::observation::{SourceId, SourceState};

use super::bench::{Bench, event, is_live, list, names_of, object, pace, spawn, status};
use super::stub::{Asked, Ending, Reply, Stub};
use super::{clock, connection};

#[tokio::test]
async fn cuts_resume_from_the_last_position_without_a_list() {
    let mut cut = 0u32;
    let stub = Stub::start(move |asked| {
        if asked.is_list() {
            return list(&[object("a", 5)], 10);
        }
        cut += 1;
        let ending = if cut.is_multiple_of(2) { Ending::Cut } else { Ending::Closed };
        let version = 10 + cut;
        match cut {
            1..=20 => Reply::Stream(vec![event("MODIFIED", &object("a", version))], ending),
            _ => Reply::Stream(vec![event("ADDED", &object("end", version))], Ending::Open),
        }
    })
    .await;
    let mut bench = Bench::new(stub, ResourceKind::Pods).await;
    assert_eq!(bench.listed().await, ["a"]);
    bench.seen("end").await;
    assert_eq!(bench.stub.lists(), 1);
    let watches = bench.stub.watches();
    assert_eq!(watches.len(), 21);
    for (at, target) in watches.iter().enumerate() {
        assert!(target.contains(&format!("resourceVersion={}", 10 + at)), "{at}: {target}");
        assert!(target.contains("allowWatchBookmarks=true"), "{target}");
    }
}

#[tokio::test]
async fn bookmarks_move_the_position() {
    let bookmark = r#"{"metadata":{"resourceVersion":"99"}}"#;
    let stub = Stub::in_order(vec![
        list(&[], 10),
        Reply::Json(200, "{}".into()), // the namespace exists
        Reply::Stream(vec![event("BOOKMARK", bookmark)], Ending::Cut),
        Reply::Stream(vec![event("ADDED", &object("b", 100))], Ending::Open),
    ])
    .await;
    let mut bench = Bench::new(stub, ResourceKind::Pods).await;
    bench.seen("b").await;
    assert!(bench.stub.watches()[1].contains("resourceVersion=99"));
}

#[tokio::test]
async fn a_lost_position_lists_again_and_old_rows_stay_until_then() {
    let expired = status(410, "Expired", "too old resource version: 10 (20)");
    let future = status(504, "Timeout", "Too large resource version: 10, current: 7");
    let backwards = event("MODIFIED", &object("a", 3));
    let ways = [
        Reply::Stream(vec![event("ERROR", &expired)], Ending::Closed),
        Reply::Json(410, expired),
        Reply::Json(504, future.clone()),
        Reply::Stream(vec![event("ERROR", &future)], Ending::Open),
        Reply::Stream(vec![backwards], Ending::Open),
    ];
    for way in ways {
        let stub = Stub::in_order(vec![
            list(&[object("a", 5)], 10),
            way.clone(),
            list(&[object("b", 30)], 30),
            Reply::Stream(Vec::new(), Ending::Open),
        ])
        .await;
        let trusting = Pace { doubt: Duration::from_secs(5), ..pace() };
        let mut bench = Bench::with(stub, ResourceKind::Pods, trusting).await;
        assert_eq!(bench.listed().await, ["a"]);
        let heard = bench.until(|n| names_of(n, true).is_some()).await;
        let states: Vec<&News> = heard.iter().filter(|n| matches!(n, News::State(_))).collect();
        let last = states.last().unwrap();
        assert!(matches!(last, News::State(SourceState::Resyncing(_))), "{way:?}: {last:?}");
        assert_eq!(names_of(heard.last().unwrap(), true).unwrap(), ["b"], "{way:?}");
        bench.state(is_live).await;
        assert_eq!(bench.stub.lists(), 2, "{way:?}");
    }
}

#[tokio::test]
async fn pages_are_shown_early_and_listed_whole() {
    let page = |name: &str, next: &str| {
        let object = object(name, 5);
        let next = format!(r#""continue":"{next}","#);
        Reply::Json(
            200,
            format!(r#"{{"metadata":{{{next}"resourceVersion":"10"}},"items":[{object}]}}"#),
        )
    };
    let stub = Stub::in_order(vec![
        page("a", "t1"),
        page("b", "t2"),
        Reply::Json(410, status(410, "Expired", "continue token expired")),
        // Meanwhile `b` went.
        list(&[object("a", 5), object("c", 5)], 12),
        Reply::Stream(Vec::new(), Ending::Open),
    ])
    .await;
    let mut bench = Bench::new(stub, ResourceKind::Pods).await;
    bench.seen("a").await;
    bench.seen("b").await;
    assert_eq!(bench.listed().await, ["a", "c"], "what was seen before it was lost is not kept");
    let asked = bench.stub.asked();
    assert!(asked[1].target.contains("continue=t1"));
    assert!(!asked[3].target.contains("limit="), "in one piece: {}", asked[3].target);
}

#[tokio::test]
async fn forbidden_and_missing_are_said_and_tried_again() {
    let denied = status(403, "Forbidden", "User cannot list resource");
    let stub = Stub::in_order(vec![
        Reply::Json(403, denied),
        Reply::Json(404, "404 page not found".into()),
        list(&[object("a", 5)], 10),
        Reply::Stream(Vec::new(), Ending::Open),
    ])
    .await;
    let mut bench = Bench::new(stub, ResourceKind::Rollouts).await;
    let began = tokio::time::Instant::now();
    bench
        .state(|s| matches!(s, SourceState::Forbidden(rule) if rule == "list rollouts in shop"))
        .await;
    let text = "argoproj.io/v1alpha1 is not installed: watching Deployments only";
    bench.state(|s| matches!(s, SourceState::Missing(t) if t == text)).await;
    assert_eq!(bench.listed().await, ["a"]);
    assert!(began.elapsed() >= pace().recheck * 2, "asked too often");
}

#[tokio::test]
async fn a_server_that_starts_is_not_taken_at_its_word() {
    let denied = status(403, "Forbidden", "roles not read yet");
    let starting = "the request has been made before all known HTTP paths have been installed";
    let stub = Stub::in_order(vec![
        list(&[object("a", 5)], 10),
        Reply::Stream(Vec::new(), Ending::Cut),
        Reply::Json(403, denied),
        Reply::With(503, "retry-after: 5".into(), status(503, "ServiceUnavailable", starting)),
        Reply::Stream(vec![event("ADDED", &object("b", 11))], Ending::Open),
    ])
    .await;
    let mut bench = Bench::new(stub, ResourceKind::Rollouts).await;
    let heard = bench.until(|n| names_of(n, false).is_some_and(|all| all == ["b"])).await;
    assert!(!heard.iter().any(|n| matches!(n, News::State(SourceState::Forbidden(_)))));
    assert_eq!(bench.stub.lists(), 1, "it resumes where it was");
}

#[tokio::test]
async fn a_busy_server_is_given_the_time_it_asks_for_within_reason() {
    for (asked, waits) in [("7", 7_000..=8_600), ("9999999999999", 60_000..=61_600)] {
        let header = format!("retry-after: {asked}");
        let busy = Reply::With(429, header, "too many requests".into());
        let mut bench = Bench::new(Stub::in_order(vec![busy]).await, ResourceKind::Pods).await;
        let heard = bench.state(|s| matches!(s, SourceState::Stale { .. })).await;
        let Some(News::State(SourceState::Stale { since, retry_at, error, .. })) = heard.last()
        else {
            unreachable!();
        };
        let wait = (retry_at.unwrap() - since).num_milliseconds();
        assert!(waits.contains(&wait), "{asked}: {wait}");
        assert!(error.contains("429"), "{error}");
    }
}

#[tokio::test]
async fn refused_credentials_have_words_of_their_own() {
    let stub = Stub::in_order(vec![Reply::Json(401, status(401, "Unauthorized", "x"))]).await;
    let mut bench = Bench::new(stub, ResourceKind::Pods).await;
    bench
        .state(|s| matches!(s, SourceState::Stale { error, .. } if error.contains("log in again")))
        .await;
}

#[tokio::test]
async fn an_absent_namespace_is_told_from_an_empty_one() {
    let absent = status(404, "NotFound", "namespaces \\\"shop\\\" not found");
    let stub = Stub::in_order(vec![list(&[], 10), Reply::Json(404, absent)]).await;
    let mut bench = Bench::new(stub, ResourceKind::Pods).await;
    bench
        .state(|s| matches!(s, SourceState::Missing(t) if t == "namespace shop does not exist"))
        .await;

    let unknown = status(403, "Forbidden", "cannot get namespaces");
    let stub = Stub::in_order(vec![
        list(&[], 10),
        Reply::Json(403, unknown),
        Reply::Stream(Vec::new(), Ending::Open),
    ])
    .await;
    Bench::new(stub, ResourceKind::Pods).await.state(is_live).await;
}

#[tokio::test]
async fn one_odd_object_breaks_neither_list_nor_watch() {
    let nameless = r#"{"metadata":{"name":"x"}}"#.to_owned();
    let odd = r#"{"metadata":{"name":"o","uid":"o","resourceVersion":"11"},"spec":7,"status":[]}"#;
    let stub = Stub::in_order(vec![
        list(&[object("a", 5), nameless, object("b", 5)], 10),
        Reply::Stream(
            vec![
                event("MODIFIED", odd),
                event("SURPRISE", "{}"),
                event("DELETED", &object("a", 13)),
            ],
            Ending::Open,
        ),
    ])
    .await;
    let mut bench = Bench::new(stub, ResourceKind::Rollouts).await;
    let heard = bench.until(|n| names_of(n, true).is_some()).await;
    assert!(
        heard
            .iter()
            .any(|n| matches!(n, News::Odd { count: 1, text } if text.contains("rollouts x"))),
        "{heard:?}"
    );
    assert_eq!(names_of(heard.last().unwrap(), true).unwrap(), ["a", "b"]);
    let mut gone = Vec::new();
    let mut oddities = 0;
    while !gone.contains(&"-a".to_owned()) {
        for news in bench.until(|_| true).await {
            gone.extend(names_of(&news, false).unwrap_or_default());
            oddities += usize::from(matches!(news, News::Odd { .. }));
        }
    }
    assert_eq!(gone, ["o", "-a"], "partly kept, and the rest goes on");
    assert!(oddities >= 1);
}

#[tokio::test]
async fn what_an_event_does_not_say_a_list_tells() {
    for way in ["this is no JSON\n".to_owned(), event("DELETED", "{}")] {
        let stub = Stub::in_order(vec![
            list(&[object("a", 5)], 10),
            Reply::Stream(vec![way.clone()], Ending::Open),
            list(&[object("b", 12)], 12),
            Reply::Stream(Vec::new(), Ending::Open),
        ])
        .await;
        let mut bench = Bench::new(stub, ResourceKind::Pods).await;
        assert_eq!(bench.listed().await, ["a"]);
        let heard = bench.until(|n| names_of(n, true).is_some()).await;
        assert!(heard.iter().any(|n| matches!(n, News::Odd { .. })), "{way}: {heard:?}");
        assert_eq!(names_of(heard.last().unwrap(), true).unwrap(), ["b"], "{way}");
    }
}

#[tokio::test]
async fn an_object_that_is_too_deep_hides_no_other() {
    let (open, close) = ("[".repeat(500), "]".repeat(500));
    let deep = format!(
        r#"{{"metadata":{{"name":"d","uid":"d","resourceVersion":"11"}},"status":{{"a":{open}{close}}}}}"#
    );
    let stub = Stub::in_order(vec![
        list(&[object("a", 5), deep.clone(), object("b", 5)], 10),
        Reply::Stream(vec![event("MODIFIED", &deep)], Ending::Open),
    ])
    .await;
    let mut bench = Bench::new(stub, ResourceKind::Rollouts).await;
    assert_eq!(bench.listed().await, ["a", "d", "b"]);
    bench.seen("d").await;
}

#[tokio::test]
async fn events_may_be_cut_anywhere() {
    let text = event("ADDED", &object("größe", 11)) + &event("ADDED", &object("b", 12));
    let pieces: Vec<String> = text.chars().map(String::from).collect();
    let stub =
        Stub::in_order(vec![list(&[object("a", 5)], 10), Reply::Stream(pieces, Ending::Open)])
            .await;
    let mut bench =
        Bench::with(stub, ResourceKind::Pods, Pace { silence: Duration::from_secs(5), ..pace() })
            .await;
    bench.seen("größe").await;
    bench.seen("b").await;
}

#[tokio::test]
async fn a_silent_stream_with_a_dead_heartbeat_is_stale_and_comes_back_at_once() {
    let stub = Stub::in_order(vec![
        list(&[object("a", 5)], 10),
        Reply::Stream(Vec::new(), Ending::Open),
        Reply::Stream(vec![event("ADDED", &object("b", 11))], Ending::Open),
    ])
    .await;
    let patient = Pace { silence: Duration::from_secs(60), ..pace() };
    let mut bench = Bench::with(stub, ResourceKind::Pods, patient).await;
    bench.listed().await;
    bench.state(is_live).await;
    bench.beat(true);
    bench.state(is_live).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    bench.beat(false);
    let heard = bench.state(|s| matches!(s, SourceState::Stale { .. })).await;
    let Some(News::State(SourceState::Stale { error, since, .. })) = heard.last() else {
        unreachable!();
    };
    assert_eq!(error, "no answer");
    assert!((bench.now)() - since >= chrono::TimeDelta::milliseconds(50));
    bench.beat(true);
    bench.seen("b").await;
    assert_eq!(bench.stub.lists(), 1);
    assert!(bench.stub.watches().last().unwrap().contains("resourceVersion=10"));
}

#[tokio::test]
async fn one_dead_stream_is_noticed_by_its_silence() {
    let stub = Stub::in_order(vec![
        list(&[object("a", 5)], 10),
        Reply::Stream(Vec::new(), Ending::Open),
        Reply::Stream(vec![event("ADDED", &object("b", 11))], Ending::Open),
    ])
    .await;
    let mut bench = Bench::new(stub, ResourceKind::Pods).await;
    bench.seen("b").await;
    assert_eq!(bench.stub.lists(), 1);
}

#[tokio::test]
async fn failures_are_spaced_and_told() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counter = tries.clone();
    let stub = Stub::start(move |_: &Asked| {
        counter.fetch_add(1, Ordering::SeqCst);
        Reply::Slam
    })
    .await;
    let mut bench = Bench::new(stub, ResourceKind::Pods).await;
    bench.state(|s| matches!(s, SourceState::Stale { attempt: 6, .. })).await;
    assert!(tries.load(Ordering::SeqCst) <= 14, "a closed connection may be tried once more each");
}

#[tokio::test]
async fn a_watch_that_never_works_is_listed_more_and_more_seldom() {
    let expired = status(410, "Expired", "too old resource version: 10 (20)");
    let refusing = Stub::start(move |asked| {
        if asked.is_list() {
            return list(&[object("a", 5)], 10);
        }
        Reply::Json(410, expired.clone())
    })
    .await;
    let times =
        Pace { first: Duration::from_millis(50), longest: Duration::from_secs(10), ..pace() };
    let bench = Bench::with(refusing, ResourceKind::Pods, times).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let lists = bench.stub.lists();
    assert!((2..=12).contains(&lists), "{lists} lists in a second");
}

#[tokio::test]
async fn a_stream_that_worked_makes_a_lost_position_a_new_trouble() {
    let expired = event("ERROR", &status(410, "Expired", "too old resource version: 11 (20)"));
    let forgetful = Stub::start(move |asked| {
        if asked.is_list() {
            return list(&[object("a", 5)], 10);
        }
        let seen = event("MODIFIED", &object("a", 11));
        Reply::Stream(vec![seen, expired.clone()], Ending::Closed)
    })
    .await;
    let times =
        Pace { first: Duration::from_millis(50), longest: Duration::from_secs(10), ..pace() };
    let mut bench = Bench::with(forgetful, ResourceKind::Pods, times).await;
    for _ in 0..15 {
        assert_eq!(bench.listed().await, ["a"]);
    }
}

#[tokio::test]
async fn what_is_listed_again_for_long_is_old() {
    let expired = status(410, "Expired", "too old resource version: 10 (20)");
    let stub = Stub::in_order(vec![
        list(&[object("a", 5)], 10),
        Reply::Stream(vec![event("ERROR", &expired)], Ending::Closed),
    ])
    .await;
    let doubt = Duration::from_millis(100);
    let mut bench = Bench::with(stub, ResourceKind::Pods, Pace { doubt, ..pace() }).await;
    bench.listed().await;
    let heard = bench.state(|s| matches!(s, SourceState::Stale { .. })).await;
    let Some(News::State(SourceState::Stale { error, since, .. })) = heard.last() else {
        unreachable!();
    };
    assert!(error.contains("listed again"), "{error}");
    assert!((bench.now)() - since >= chrono::TimeDelta::milliseconds(100));
}

#[tokio::test]
async fn a_new_beginning_makes_nothing_younger() {
    let script = || {
        vec![
            list(&[object("a", 5)], 10),
            Reply::Stream(Vec::new(), Ending::Open),
            Reply::Json(403, status(403, "Forbidden", "User cannot list resource")),
        ]
    };
    let mut bench = Bench::new(Stub::in_order(script()).await, ResourceKind::Pods).await;
    // By its list, and by its stream.
    bench.state(is_live).await;
    bench.state(is_live).await;
    tokio::time::sleep(pace().doubt * 2).await;
    let before = (bench.now)();
    bench.again();
    let told = "not permitted: list pods in shop";
    let refused = |s: &SourceState| matches!(s, SourceState::Stale { error, .. } if error == told);
    for news in bench.state(refused).await {
        let News::State(SourceState::Stale { since, .. }) = news else {
            panic!("{news:?}");
        };
        assert!(since < before, "{since} {before}");
    }

    let trusting = Pace { doubt: Duration::from_secs(5), ..pace() };
    let stub = Stub::in_order(script()).await;
    let mut bench = Bench::with(stub, ResourceKind::Pods, trusting).await;
    bench.state(is_live).await;
    bench.state(is_live).await;
    let before = (bench.now)();
    bench.again();
    let first = bench.until(|_| true).await;
    assert!(
        matches!(first.as_slice(), [News::State(SourceState::Resyncing(at))] if *at <= before),
        "{first:?}"
    );
}

#[tokio::test]
async fn the_heartbeat_counts_any_answer_and_notices_silence() {
    let mute = Arc::new(AtomicBool::new(false));
    let switch = mute.clone();
    let stub = Stub::start(move |_: &Asked| {
        if switch.load(Ordering::SeqCst) {
            return Reply::Mute;
        }
        let date = "date: Mon, 23 Nov 2026 10:01:00 GMT".to_owned();
        Reply::With(500, date, "not ready".into())
    })
    .await;
    let conn = connection(&stub.url).await;
    let (out, mut pulse) = watch::channel(Pulse::default());
    let beat = Beat {
        every: Duration::from_millis(20),
        while_dead: Duration::from_millis(10),
        limit: Duration::from_millis(100),
        limit_while_dead: Duration::from_millis(50),
    };
    spawn(heartbeat(conn, beat, clock(), out));
    let first = pulse.wait_for(|p| p.beat > 0).await.unwrap().clone();
    assert!(first.alive && first.rtt.is_some());
    assert!((59..=61).contains(&first.skew.unwrap().num_seconds()), "{:?}", first.skew);
    mute.store(true, Ordering::SeqCst);
    let dead = pulse.wait_for(Pulse::is_dead).await.unwrap().clone();
    assert!(dead.error.unwrap().contains("no answer within"));
    mute.store(false, Ordering::SeqCst);
    pulse.wait_for(|p| p.alive).await.unwrap();
}

#[tokio::test]
async fn a_watch_ends_with_its_listener() {
    let stub = Stub::in_order(vec![list(&[object("a", 5)], 10)]).await;
    let conn = connection(&stub.url).await;
    let (sink, reports) = mpsc::channel(100);
    let (_pulse, beats) = watch::channel(Pulse::default());
    let watch = Watch {
        conn,
        source: SourceId { kind: ResourceKind::Pods, namespace: None },
        selector: Some("app in (a,b)".into()),
        pulse: beats,
        now: clock(),
        sink,
        pace: pace(),
        heard: Heard::default(),
    };
    let running = watch.run();
    tokio::pin!(running);
    tokio::select! {
        () = &mut running => unreachable!("it ended by itself"),
        () = tokio::time::sleep(Duration::from_millis(50)) => {}
    }
    drop(reports);
    timeout(Duration::from_secs(1), running).await.unwrap();
    let first = stub.asked().first().unwrap().target.clone();
    assert_eq!(first, "/api/v1/pods?limit=2&labelSelector=app%20in%20%28a%2Cb%29");
}
