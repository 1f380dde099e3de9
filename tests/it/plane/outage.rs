//! Stories of an API server that goes away and comes back: stopped, and frozen. Their plane is
//! their own: nobody else can fly on it meanwhile.

use std::time::{Duration, Instant};

use serde_json::json;

use super::cockpit::Cockpit;
use super::grounds::{Plane, tell, wait};
use super::manifests::canary;
use super::stage::Stage;

/// How long the server is away: `WAVEOFF_OUTAGE` seconds, by default the minute that was promised.
fn outage() -> Duration {
    let seconds = std::env::var("WAVEOFF_OUTAGE").ok().and_then(|s| s.parse().ok());
    Duration::from_secs(seconds.unwrap_or(60))
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_screen_stays_ages_and_is_right_again_when_the_server_is_back() {
    let plane: &'static Plane = Box::leak(Box::new(Plane::start("outage", &[])));
    let steps = json!({ "steps": [{ "setWeight": 50 }, { "pause": {} }] });
    let stage = Stage::new(plane, "outage", &canary("web", 2, &steps));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    let cockpit = Cockpit::over(&stage, "web");
    cockpit.sees("waits for a person");
    let stale = |screen: &str| screen.contains("STALE");

    // Frozen: connections stay open, nobody answers.
    plane.control("freeze-api", &[]);
    let noticed = cockpit.time_until("STALE while frozen", stale);
    assert!(noticed < Duration::from_secs(15), "stale only after {noticed:?}");
    cockpit.sees("web");
    cockpit.key("P");
    cockpit.sees("locked: the data is");
    plane.control("thaw-api", &[]);
    let thawed = cockpit.time_until("live after the thaw", |s| !stale(s) && s.contains("LIVE"));

    // Stopped: connections are refused.
    let gone = Instant::now();
    plane.control("stop-api", &[]);
    let stopped = cockpit.time_until("STALE while stopped", stale);
    wait(
        "the outage",
        outage() + Duration::from_secs(60),
        || (gone.elapsed() > outage()).then_some(()),
        String::new,
    );
    assert!(stale(&cockpit.rig.contents()), "{}", cockpit.rig.contents());
    cockpit.sees("waits for a person");
    plane.control("start-api", &[]);
    let back = cockpit.time_until("live after the start", |s| !stale(s) && s.contains("LIVE"));
    tell(&format!(
        "stale: frozen {noticed:?}, stopped {stopped:?}; live: thawed {thawed:?}, back {back:?}"
    ));
    assert!(back < Duration::from_secs(2), "right again only after {back:?}");

    // And it really is right: what happens now is seen at once. The rollouts controller needs
    // longer to come back, so that the phase is not its word yet.
    stage.patch("rollout", "web", false, &json!({ "spec": { "paused": true } }));
    let seen =
        cockpit.time_until("the change by somebody else", |s| !s.contains("waits for a person"));
    assert!(seen < Duration::from_secs(2), "seen only after {seen:?}");
    stage.patch("rollout", "web", false, &json!({ "spec": { "paused": false } }));
    cockpit.leave();
    plane.control("down", &[]);
}
