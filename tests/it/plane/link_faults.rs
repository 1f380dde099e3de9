//! A link that cuts, delays, forgets and swallows, between the cockpit and the real API server:
//! when the screen says that it is old, and when it is right again.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use super::cockpit::Cockpit;
use super::grounds::{shared, tell, wait};
use super::link::Link;
use super::manifests::canary;
use super::stage::Stage;

/// Promised: old data says so within this time, and a silent connection is replaced within that.
const STALE: Duration = Duration::from_secs(15);
const FRESH: Duration = Duration::from_secs(20);

/// What the screen says while the rollout stands at its gate and nobody holds it.
const GATE: &str = "waits for a person";

/// A kubeconfig through the link, and the link.
fn linked(stage: &Stage) -> (Link, PathBuf) {
    let plain = stage.plane.kubeconfig(stage.person);
    let config = std::fs::read_to_string(&plain).expect("the plane has it");
    let server = config.split("https://").nth(1).and_then(|rest| rest.split_whitespace().next());
    let server = server.expect("it names a server").trim_matches(['"', '\'']).to_owned();
    let link = Link::to(server.parse().expect("an address and a port"));
    let file = stage.state().with_file_name("linked.kubeconfig");
    std::fs::write(&file, config.replace(&server, &link.address.to_string())).expect("a home");
    (link, file)
}

/// Somebody else holds the rollout or lets it go.
fn hold(stage: &Stage, held: bool) {
    stage.patch("rollout", "web", false, &json!({ "spec": { "paused": held } }));
}

/// How long until the screen says that it is old (if it does), and until it shows what somebody
/// else did meanwhile.
fn times(cockpit: &Cockpit, since: Instant, held: bool) -> (Option<Duration>, Duration) {
    let mut stale = None;
    let fresh = wait(
        if held { "held" } else { "no longer held" },
        FRESH * 3,
        || {
            let screen = cockpit.contents();
            if stale.is_none() && screen.contains("STALE") {
                stale = Some(since.elapsed());
            }
            (screen.contains(GATE) != held && !screen.contains("STALE")).then(|| since.elapsed())
        },
        || cockpit.contents(),
    );
    (stale, fresh)
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_bad_link_is_said_and_overcome() {
    let steps = json!({ "steps": [{ "setWeight": 50 }, { "pause": {} }] });
    let stage = Stage::new(shared(), "link", &canary("web", 2, &steps));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    let (link, kubeconfig) = linked(&stage);
    let cockpit = Cockpit::through(&stage, &kubeconfig, "web");
    cockpit.sees(GATE);
    let seen = |time: Option<Duration>| time.map_or("never".into(), |t| format!("{t:.1?}"));

    for round in 0..3 {
        let began = Instant::now();
        link.cut();
        hold(&stage, round % 2 == 0);
        let (stale, fresh) = times(&cockpit, began, round % 2 == 0);
        tell(&format!("link: cut: stale {}, fresh after {fresh:.1?}", seen(stale)));
        assert!(fresh < Duration::from_secs(5), "{fresh:?}");
    }

    // Forgotten by a middlebox: open, silent, while new connections work.
    let began = Instant::now();
    link.forget();
    hold(&stage, false);
    let (stale, fresh) = times(&cockpit, began, false);
    tell(&format!("link: forgotten: stale {}, fresh after {fresh:.1?}", seen(stale)));
    assert!(fresh < FRESH, "{fresh:?}");
    assert!(fresh < STALE || stale.is_some_and(|stale| stale < STALE), "{stale:?}");

    // Nothing gets through for longer than that.
    let began = Instant::now();
    link.swallow(true);
    hold(&stage, true);
    let stale = cockpit.time_until("STALE", |screen| screen.contains("STALE"));
    assert!(stale < STALE, "{stale:?}");
    wait("the hole", FRESH * 2, || (began.elapsed() > FRESH).then_some(()), String::new);
    assert!(cockpit.shows(GATE), "nothing can have come: {}", cockpit.contents());
    let healed = Instant::now();
    link.swallow(false);
    let (_, fresh) = times(&cockpit, healed, true);
    tell(&format!("link: swallowed: stale {stale:.1?}, fresh {fresh:.1?} after it healed"));
    assert!(fresh < FRESH, "{fresh:?}");

    // Far away: 150 ms each way.
    link.delay(Duration::from_millis(150));
    let began = Instant::now();
    hold(&stage, false);
    let (stale, fresh) = times(&cockpit, began, false);
    tell(&format!("link: 150 ms each way: stale {}, a change after {fresh:.1?}", seen(stale)));
    assert_eq!(stale, None, "far is not lost");
    cockpit.leave();
}
