//! Verdicts, facts, outcomes and passes: each trap alone locks; what passes is as wanted.

use super::*;
use crate::domain::id::ObjectRef;
use crate::domain::observation::Record;
use crate::domain::routing::Service;
use crate::domain::sample::{CURRENT, STABLE, Sample, a_blue_green, a_canary, a_pod, now};

const ASKED: [Check; 4] = [Check::Smoke, Check::Version, Check::Database, Check::Dependencies];

fn answer(status: u16, label: &str, body: &[u8]) -> Answer {
    Answer {
        status,
        content_type: Some(label.into()),
        encoding: None,
        location: None,
        body: Body::Whole(body.to_vec()),
    }
}

fn of_json(body: &str) -> Answer {
    answer(200, "application/json", body.as_bytes())
}

fn verdict(check: Check, answer: &Answer) -> Verdict {
    judge(check, &Profile::default(), answer).verdict
}

fn good(check: Check) -> &'static str {
    match check {
        Check::Version => r#"{"version":"1.4.0"}"#,
        Check::Database => r#"{"database":{"status":"connected"}}"#,
        Check::Dependencies => r#"[{"name":"redis","status":"healthy"}]"#,
        _ => r#"{"status":"healthy"}"#,
    }
}

#[test]
fn what_is_exactly_as_wanted_passes() {
    for check in ASKED {
        assert_eq!(verdict(check, &of_json(good(check))), Verdict::Passed, "{check:?}");
    }
    let cases = [
        (Check::Health, answer(204, "", b"")),
        (Check::Health, answer(200, "text/html", b"<html>up</html>")),
        (Check::Version, answer(200, "text/plain", b"1.4.0")),
        (Check::Version, answer(200, "text/plain", b"1.4.0-rc.1+5f3a\n")),
        (Check::Version, of_json(r#""1.4.0""#)),
        (Check::Smoke, answer(200, "text/plain", br#" {"status" : "healthy", "x": [1]} "#)),
        (Check::Dependencies, of_json(r#"{"db":{"status":"healthy"},"a/b":{"status":"healthy"}}"#)),
        (
            Check::Dependencies,
            of_json(r#"{"status":"healthy","dependencies":[{"status":"healthy"}]}"#),
        ),
        (Check::Dependencies, of_json(r#"{"dependencies":{"db":{"status":"healthy"}}}"#)),
    ];
    for (check, answer) in cases {
        assert_eq!(verdict(check, &answer), Verdict::Passed, "{check:?} {answer:?}");
    }
}

#[test]
fn each_trap_locks_by_itself() {
    let smoke = [
        r#"{"status":"unhealthy"}"#,
        r#"{"status":"Healthy"}"#,
        r#"{"status":"HEALTHY"}"#,
        r#"{"status":"healthy "}"#,
        r#"{"status":" healthy"}"#,
        r#"{"status":"healthy\n"}"#,
        r#"{"status":"\"healthy\""}"#,
        r#"{"status":["healthy"]}"#,
        r#"{"status":{"status":"healthy"}}"#,
        r#"{"status":true}"#,
        r#"{"status":null}"#,
        r#"{"status":""}"#,
        r#"{"state":"healthy"}"#,
        r#"{"a":{"status":"healthy"}}"#,
        r#"{"Status":"healthy"}"#,
        r#"[{"status":"healthy"}]"#,
        r#""healthy""#,
        "healthy",
        "status: healthy",
        r#"{"status":"healthy"} {"status":"healthy"}"#,
        r#"{"status":"healthy","status":"healthy"}"#,
        r#"{"status":"unhealthy","status":"healthy"}"#,
        r#"{"status":"healthy","a":{"b":1,"b":2}}"#,
        r#"{"status":"healthy""#,
        r#"{"status":"healthy",}"#,
        r#"{"status":"healthy","load":NaN}"#,
        "<html><body>{\"status\":\"healthy\"}</body></html>",
        "  \n",
        "",
    ];
    let database = [
        r#"{"database":{"status":"disconnected"}}"#,
        r#"{"database":{"status":"Connected"}}"#,
        r#"{"database":{"status":"connected "}}"#,
        r#"{"database":{"status":["connected"]}}"#,
        r#"{"database":"connected"}"#,
        r#"{"database.status":"connected"}"#,
        r#"{"status":"connected"}"#,
        r#"[{"database":{"status":"connected"}}]"#,
    ];
    let version = [
        r#""\"1.2.3\"""#,
        r#"{"version":"\"1.2.3\""}"#,
        r#"{"version":"v1"}"#,
        r#"{"version":"v1.2.3"}"#,
        r#"{"version":"1.2"}"#,
        r#"{"version":"1.2.3.4"}"#,
        r#"{"version":"01.2.3"}"#,
        r#"{"version":"1.2.3-"}"#,
        r#"{"version":"1.2.3-01"}"#,
        r#"{"version":"1.2.3+"}"#,
        r#"{"version":" 1.2.3"}"#,
        r#"{"version":"1.2.3 "}"#,
        r#"{"version":"latest"}"#,
        r#"{"version":["1.2.3"]}"#,
        r#"{"version":1}"#,
        r#"{"version":{"version":"1.2.3"}}"#,
        r#"{"version":"１.2.3"}"#,
        r#"["1.2.3"]"#,
        "1.2",
        "1.2.3",
        "v1",
        "",
    ];
    let dependencies = [
        "[]",
        "{}",
        "null",
        r#""healthy""#,
        r#"{"dependencies":[]}"#,
        r#"{"status":"healthy","dependencies":[]}"#,
        r#"{"status":"healthy","dependencies":{}}"#,
        r#"{"status":"degraded","dependencies":[{"status":"healthy"}]}"#,
        r#"[{"status":"healthy"},{"status":"unhealthy"}]"#,
        r#"[{"status":"healthy"},{}]"#,
        r#"[{"status":"healthy"},"healthy"]"#,
        r#"[{"status":["healthy"]}]"#,
        r#"[[{"status":"healthy"}]]"#,
        r#"{"db":"healthy"}"#,
        r#"{"status":"healthy"}"#,
        r#"{"db":{"status":"Healthy"}}"#,
        r#"{"db":{"state":{"status":"healthy"}}}"#,
    ];
    let traps = [
        (Check::Smoke, smoke.as_slice()),
        (Check::Database, &database),
        (Check::Version, &version),
        (Check::Dependencies, &dependencies),
    ];
    for (check, bodies) in traps {
        for body in bodies {
            let verdict = verdict(check, &of_json(body));
            assert!(matches!(verdict, Verdict::Failed(_)), "{check:?} {body}: {verdict:?}");
        }
    }
}

#[test]
fn only_a_whole_2xx_answer_is_looked_into() {
    for check in ASKED {
        let body = good(check).as_bytes();
        for status in [100, 204, 301, 302, 304, 400, 401, 403, 404, 418, 429, 500, 503, 599] {
            let body = if status == 204 { b"".as_slice() } else { body };
            let verdict = verdict(check, &answer(status, "application/json", body));
            assert!(matches!(verdict, Verdict::Failed(_)), "{check:?} {status}: {verdict:?}");
        }
        let page = answer(200, "text/html; charset=utf-8", body);
        assert!(matches!(verdict(check, &page), Verdict::Failed(_)), "{check:?}");
        let large = Answer { body: Body::TooLarge, ..of_json("") };
        let words = verdict(check, &large);
        assert_eq!(words, Verdict::Unknown("body larger than 64 KiB".into()), "{check:?}");
        let packed = Answer { encoding: Some("gzip".into()), ..of_json(good(check)) };
        assert!(matches!(verdict(check, &packed), Verdict::Unknown(_)), "{check:?}");
    }
}

#[test]
fn a_redirect_says_where_to_and_a_login_is_said() {
    let away = Answer { location: Some("https://evil.example/".into()), ..answer(302, "", b"") };
    for check in [Check::Health, Check::Smoke] {
        let Verdict::Failed(why) = verdict(check, &away) else { panic!("{check:?}") };
        assert!(why.contains("to https://evil.example/"), "{why}");
        for (status, word) in [(401, "login"), (403, "forbids")] {
            let Verdict::Failed(why) = verdict(check, &answer(status, "", b"")) else { panic!() };
            assert!(why.contains(word), "{why}");
        }
    }
}

#[test]
fn evidence_names_the_value_and_stays_short() {
    let judged = judge(Check::Smoke, &Profile::default(), &of_json(r#"{"status":"unhealthy"}"#));
    let pointer = judged.pointer.unwrap();
    assert_eq!(
        (pointer.path.as_str(), pointer.found.as_str(), pointer.wanted.as_str()),
        ("/status", r#""unhealthy""#, r#""healthy""#)
    );
    let long = format!(r#"{{"status":"{}"}}"#, "\\u001b[31m\u{202e}é".repeat(5000));
    let judged = judge(Check::Smoke, &Profile::default(), &of_json(&long));
    let excerpt = judged.excerpt.unwrap();
    assert!(excerpt.len() <= 200 && !excerpt.contains('\u{1b}'), "{excerpt}");
    assert!(judged.pointer.unwrap().found.len() < 1000);
}

/// A small generator: the same bodies in each run.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let parts: [&[u8]; 12] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"status\"",
        b":",
        b",",
        b"\"healthy\"",
        b"healthy",
        b"\xff",
        b" ",
        b"null",
    ];
    let mut body = Vec::new();
    for _ in 0..length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        body.extend_from_slice(parts[usize::try_from(state % 12).unwrap()]);
    }
    body
}

#[test]
fn of_any_body_only_one_with_the_very_value_passes() {
    for seed in 1..20_000 {
        let body = noise(seed, usize::try_from(seed % 9).unwrap());
        let passed = verdict(Check::Smoke, &answer(200, "application/json", &body));
        let said = String::from_utf8_lossy(&body).replace(' ', "");
        if passed == Verdict::Passed {
            assert!(said.contains(r#""status":"healthy""#), "{said}");
        }
        for check in ASKED {
            judge(check, &Profile::default(), &answer(200, "", &body));
        }
    }
}

#[test]
fn one_changed_byte_of_the_value_locks() {
    let body = br#"{"status":"healthy"}"#;
    for at in 0..body.len() {
        for byte in 0..=255u8 {
            let mut changed = body.to_vec();
            if std::mem::replace(&mut changed[at], byte) == byte {
                continue;
            }
            let verdict = verdict(Check::Smoke, &answer(200, "application/json", &changed));
            assert!(matches!(verdict, Verdict::Failed(_)), "{at} {byte}: {verdict:?}");
        }
    }
}

fn shots(latencies: impl IntoIterator<Item = u64>) -> Vec<Shot> {
    let shot = |latency_ms| Shot { latency_ms, answer: Ok(answer(200, "", b"")) };
    latencies.into_iter().map(shot).collect()
}

#[test]
fn a_load_is_counted_and_has_a_p95_or_says_that_it_has_none() {
    let profile = Profile::default();
    let judged = |shots: &[Shot]| Load::judge(shots, &profile).verdict;
    assert_eq!(judged(&shots(1..=100)), Verdict::Passed);
    let load = Load::of(&shots(1..=100));
    assert_eq!((load.p50_ms, load.p95_ms, load.most_ms), (Some(50), Some(95), Some(100)));
    assert_eq!(Load::of(&[]).p95_ms, None);
    assert!(matches!(judged(&[]), Verdict::Unknown(_)), "nothing was sent");
    assert!(matches!(judged(&shots(1..=99)), Verdict::Unknown(_)), "too few");
    assert_eq!(judged(&shots([500; 100])), Verdict::Passed);
    assert!(matches!(judged(&shots([501; 100])), Verdict::Failed(_)));
    let mut slow = shots([10; 94]);
    slow.extend(shots([900; 6]));
    assert!(matches!(judged(&slow), Verdict::Failed(_)));

    let mut bad = shots([10; 99]);
    bad.push(Shot { latency_ms: 1, answer: Ok(answer(503, "", b"")) });
    assert!(matches!(judged(&bad), Verdict::Failed(_)));
    let mut lost = shots([10; 99]);
    lost.push(Shot { latency_ms: 3000, answer: Err(Lost::Silent(3000)) });
    assert!(matches!(judged(&lost), Verdict::Unknown(_)));
}

#[test]
fn what_is_not_answered_never_makes_the_p95_look_better() {
    let profile = Profile { load_failures: 100, ..Profile::default() };
    let lost = Shot { latency_ms: 1, answer: Err(Lost::Silent(3000)) };
    for answered in 0..=100 {
        let mut all = shots(vec![10; answered]);
        all.resize(100, lost.clone());
        let finding = Load::judge(&all, &profile);
        assert_eq!(finding.verdict == Verdict::Passed, answered >= 95, "{answered}");
        assert_eq!(finding.evidence.load.unwrap().p95_ms.is_some(), answered >= 95);
    }
}

fn found(stage: Stage, verdicts: impl Fn(Check) -> Verdict) -> Vec<Finding> {
    stage.checks().iter().map(|check| Finding::plain(*check, verdicts(*check))).collect()
}

#[test]
fn one_verdict_that_is_not_good_decides() {
    let failed = || Verdict::Failed("x".into());
    let unknown = || Verdict::Unknown("x".into());
    for stage in [Stage::Before, Stage::After] {
        let sum = |verdicts: &dyn Fn(Check) -> Verdict| outcome(stage, &found(stage, verdicts));
        assert_eq!(sum(&|_| Verdict::Passed), Outcome::Open);
        assert_eq!(sum(&|_| Verdict::Skipped("x".into())), Outcome::Undetermined);
        for check in stage.checks().iter().copied() {
            let with = |bad: &dyn Fn() -> Verdict| {
                sum(&|c| if c == check { bad() } else { Verdict::Passed })
            };
            assert_eq!(with(&failed), Outcome::Locked);
            assert_eq!(with(&unknown), Outcome::Undetermined);
            assert_eq!(sum(&|c| if c == check { failed() } else { unknown() }), Outcome::Locked);
            let mut missing = found(stage, |_| Verdict::Passed);
            missing.retain(|f| f.check != check);
            assert_eq!(outcome(stage, &missing), Outcome::Undetermined);
        }
    }
    let every =
        |check: &Check| [Stage::Before, Stage::After].iter().any(|s| s.checks().contains(check));
    assert!(Check::ALL.iter().all(every), "each check is made at some time");
    assert!(!Stage::After.checks().contains(&Check::Load), "no load goes where users are");
}

fn a_pass() -> Pass {
    Pass {
        uid: "uid-storefront".into(),
        hash: CURRENT.into(),
        revision: Some(42),
        outcome: Outcome::Open,
        at: now(),
        route: "directly".into(),
        skipped: Vec::new(),
    }
}

#[test]
fn a_pass_is_for_one_object_one_version_and_a_quarter_of_an_hour() {
    let (pass, uid, hash) = (a_pass(), Uid::from("uid-storefront"), PodHash::from(CURRENT));
    let left = |uid: &Uid, hash: Option<&PodHash>, seconds| {
        pass.left(uid, hash, Some(42), now() + Span::seconds(seconds))
    };
    assert_eq!(left(&uid, Some(&hash), 0), Ok(Span::minutes(15)));
    assert_eq!(left(&uid, Some(&hash), 899), Ok(Span::seconds(1)));
    assert_eq!(left(&uid, Some(&hash), -30), Ok(Span::minutes(15)));
    assert!(left(&uid, Some(&hash), 900).unwrap_err().contains("15m ago"));
    assert!(left(&uid, Some(&hash), -61).unwrap_err().contains("clock"));
    assert!(left(&"other".into(), Some(&hash), 0).unwrap_err().contains("namesake"));
    assert!(left(&uid, Some(&STABLE.into()), 0).unwrap_err().contains(STABLE));
    assert!(left(&uid, None, 0).is_err());
}

#[test]
fn a_version_that_is_taken_up_again_has_not_passed() {
    let (pass, uid, hash) = (a_pass(), Uid::from("uid-storefront"), PodHash::from(CURRENT));
    for revision in [Some(44), Some(41), None] {
        let why = pass.left(&uid, Some(&hash), revision, now()).unwrap_err();
        assert!(why.contains("taken up again"), "{why}");
    }
}

#[test]
fn what_was_left_shut_lets_nothing_pass() {
    let (uid, hash) = (Uid::from("uid-storefront"), PodHash::from(CURRENT));
    for outcome in [Outcome::Locked, Outcome::Undetermined] {
        let pass = Pass { outcome, ..a_pass() };
        let why = pass.left(&uid, Some(&hash), Some(42), now()).unwrap_err();
        assert_eq!(why, format!("its last checks left it {}", outcome.word()).as_str());
    }
}

fn a_service(hash: Option<&str>) -> Record {
    Record::Service(Box::new(Service {
        id: ObjectRef { namespace: "shop".into(), name: "storefront-preview".into() },
        uid: "svc".into(),
        hash: hash.map(Into::into),
        selector: Vec::new(),
    }))
}

fn on_preview(hash: Option<&str>) -> Sample {
    a_blue_green().paused().pod(CURRENT, a_pod("a")).beside(a_service(hash))
}

#[test]
fn the_cluster_is_believed_only_about_this_version() {
    let hash = PodHash::from(CURRENT);
    let good = on_preview(Some(CURRENT));
    assert_eq!(good.ask(|r| pods(r, &hash).verdict), Verdict::Passed);
    assert_eq!(good.ask(|r| preview(r, &hash).verdict), Verdict::Passed);
    for other in [None, Some(STABLE), Some("77bb002c4"), Some("77bb002c420")] {
        let verdict = on_preview(other).ask(|r| preview(r, &hash).verdict);
        assert!(matches!(verdict, Verdict::Failed(_)), "{other:?}");
    }
    let unseen = a_blue_green().ask(|r| preview(r, &hash).verdict);
    assert!(matches!(unseen, Verdict::Unknown(_)));
    let skipped = a_canary().ask(|r| preview(r, &hash).verdict);
    assert!(matches!(skipped, Verdict::Skipped(_)));
    let not_ready = [
        a_blue_green(),
        a_blue_green().pod(CURRENT, a_pod("a").with(|p| p.ready = false)),
        a_blue_green().pod(CURRENT, a_pod("a").terminating()),
        a_blue_green().pod(STABLE, a_pod("a")),
        a_blue_green().scaled(CURRENT, 2).pod(CURRENT, a_pod("a")),
        a_blue_green().scaled(CURRENT, 0),
    ];
    for sample in not_ready {
        let verdict = sample.ask(|r| pods(r, &hash).verdict);
        assert!(matches!(verdict, Verdict::Failed(_)), "{verdict:?}");
    }
    let gone = a_blue_green().ask(|r| pods(r, &"0".into()).verdict);
    assert!(matches!(gone, Verdict::Unknown(_)));
}

#[test]
fn a_load_never_goes_to_what_users_are_on() {
    let profile = Profile::default();
    let direct = Profile { url: Some("http://127.0.0.1:1".into()), ..Profile::default() };
    let found = on_preview(Some(CURRENT)).ask(|r| Stage::Before.subject(r, &profile)).unwrap();
    assert_eq!(found.hash, CURRENT);
    assert!(found.route.words().contains("API server to Service storefront-preview"));
    for profile in [&profile, &direct] {
        let refused =
            on_preview(Some(STABLE)).ask(|r| Stage::Before.subject(r, profile)).unwrap_err();
        assert!(matches!(refused, Refusal::Refused(_)) && refused.words().contains("no load"));
        let at_rest =
            a_blue_green().complete().ask(|r| Stage::Before.subject(r, profile)).unwrap_err();
        assert!(matches!(at_rest, Refusal::Refused(_)));
    }
    let without = Profile { skip: vec![Check::Load], ..Profile::default() };
    assert!(on_preview(Some(STABLE)).ask(|r| Stage::Before.subject(r, &without)).is_ok());
    let canary = a_canary().ask(|r| Stage::Before.subject(r, &profile)).unwrap_err();
    assert!(matches!(canary, Refusal::Unsaid(_)) && canary.words().contains("--url"));
    assert!(a_canary().ask(|r| Stage::Before.subject(r, &direct)).is_ok());
}

#[test]
fn after_the_switch_the_service_of_users_is_asked() {
    let profile = Profile::default();
    let after = |sample: Sample| sample.ask(|r| Stage::After.subject(r, &profile));
    let there = after(a_blue_green().complete()).unwrap();
    assert!(there.route.words().ends_with("Service storefront"), "{:?}", there.route);
    // Before it, whoever looks on is on the way already.
    let early = a_blue_green().paused();
    assert!(!early.ask(is_on_wanted));
    assert_eq!(early.ask(Stage::of), Stage::Before);
    assert_eq!(after(early).unwrap().hash, CURRENT);
    let done = a_blue_green().complete();
    assert!(done.ask(is_on_wanted) && done.ask(Stage::of) == Stage::After);
    let aborted = a_blue_green().with(|w| w.status.abort = true);
    assert!(after(aborted).unwrap_err().words().contains("aborted"));
    let canary = after(a_canary()).unwrap_err();
    assert!(canary.words().contains("no active Service"), "{canary:?}");
}

#[test]
fn all_checks_end_within_the_time_of_health() {
    let profile = Profile::default();
    let ends = profile.patience() + profile.deadline + profile.load_deadline;
    assert!(ends <= profile.health_deadline);
}

#[test]
fn json_is_read_as_it_is_written_or_not_at_all() {
    let good = [
        ("null", "null"),
        (" [ 1 , -0.5e+9 , true ] ", "[1,-0.5e+9,true]"),
        (r#"{"a":{"b/c":["x"]},"":0}"#, r#"{"a":{"b/c":["x"]},"":0}"#),
        (r#""\u00e9\ud83d\ude00\n\/""#, r#""\u{e9}\u{1f600}\n/""#),
    ];
    for (text, shown) in good {
        let wanted = shown.replace("\\u{e9}", "é").replace("\\u{1f600}", "😀");
        assert_eq!(json::read(text.as_bytes()).map(|v| v.to_string()), Ok(wanted), "{text}");
    }
    let deep = "[".repeat(70) + &"]".repeat(70);
    let bad = [
        "",
        " ",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "--1",
        "NaN",
        "Infinity",
        "nul",
        "truex",
        "'a'",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}",
        "\"",
        "\"\t\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "1 2",
        "{}{}",
        "{\"a\":1,\"a\":1}",
        "\u{feff}{}",
        "\u{a0}1",
        deep.as_str(),
    ];
    for text in bad {
        assert!(json::read(text.as_bytes()).is_err(), "{text}");
    }
    assert!(json::read(b"\"\xff\"").is_err());
    let value = json::read(br#"{"a/b":{"~":["x","y"]}}"#).unwrap();
    assert_eq!(value.pointer("/a~1b/~0/1").and_then(json::Json::as_text), Some("y"));
    for nowhere in ["/a", "/a~1b/~0/01", "/a~1b/~0/2", "/a~1b/~0/-1", "/a~1b/~0/1/x"] {
        assert_eq!(value.pointer(nowhere), None, "{nowhere}");
    }
    assert_eq!(value.pointer(""), Some(&value));
}
