//! Guards over a real controller and a real Prometheus: they go back by themselves when they have
//! to, and by nothing else.
//!
//! The numbers of the rule document, made shorter: minutes are told by the pure machine's tests.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::grounds::{Plane, shared, tell};
use super::manifests::{blue_green, canary};
use super::stage::{Stage, WAVEOFF, ends};
use crate::loopback;

/// Longest wait for one thing that a guard says.
const PATIENCE: Duration = Duration::from_secs(90);

/// Whether stories about time take the numbers of production, minutes instead of seconds: by hand,
/// `WAVEOFF_TRUE_TIME=1`.
fn true_time() -> bool {
    std::env::var_os("WAVEOFF_TRUE_TIME").is_some()
}

/// So long, or so long in true time, in seconds.
fn scaled(short: u64, long: u64) -> Duration {
    Duration::from_secs(if true_time() { long } else { short })
}

/// Samples every two seconds, and windows that a test can wait for.
const SHORT: [&str; 14] = [
    "--every",
    "2s",
    "--errors-for",
    "20s",
    "--p99-for",
    "12s",
    "--pods-every",
    "1s",
    "--healthy-for",
    "3s",
    "--grace",
    "8s",
    "--wait",
    "80s",
];

/// `waveoff guard`, at work.
struct Watchman {
    child: Child,
    lines: Receiver<(Instant, Value)>,
    heard: Vec<Value>,
}

impl Watchman {
    fn of(stage: &Stage, name: &str, more: &[&str]) -> Self {
        Self::by(stage, name, more, &stage.plane.kubeconfig(stage.person))
    }

    /// The same with this kubeconfig.
    fn by(stage: &Stage, name: &str, more: &[&str], kubeconfig: &Path) -> Self {
        let mut command = Command::new(WAVEOFF);
        command.args(["guard", name, "--yes", "-o", "json", "-n", &stage.namespace]);
        let times = if true_time() { &[][..] } else { &SHORT[..] };
        command.args(times).args(more).env_clear().envs(stage.environment());
        command.env("KUBECONFIG", kubeconfig);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("waveoff runs");
        let out = BufReader::new(child.stdout.take().expect("it was asked for"));
        let err = BufReader::new(child.stderr.take().expect("it was asked for"));
        let (sender, lines) = channel();
        let complaints = sender.clone();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("a line is JSON");
                let _ = sender.send((Instant::now(), line));
            }
        });
        std::thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let _ =
                    complaints.send((Instant::now(), json!({ "word": "stderr", "detail": line })));
            }
        });
        Self { child, lines, heard: Vec::new() }
    }

    /// Waits until it says this word; when that was, and the line.
    #[track_caller]
    fn says(&mut self, word: &str) -> (Instant, Value) {
        self.says_one_of(&[word])
    }

    /// The same for the first of several words.
    #[track_caller]
    fn says_one_of(&mut self, words: &[&str]) -> (Instant, Value) {
        let deadline = Instant::now() + PATIENCE * if true_time() { 6 } else { 1 };
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok((at, line)) = self.lines.recv_timeout(left) else {
                panic!("it does not say {words:?}: {}", self.words());
            };
            self.heard.push(line.clone());
            if words.iter().any(|word| line["word"] == *word) {
                return (at, line);
            }
        }
    }

    /// What it said so far, for who looks for a fault.
    fn words(&self) -> String {
        let words = self.heard.iter().map(|l| format!("{} {}", l["word"], l["detail"]));
        words.collect::<Vec<_>>().join("\n")
    }

    /// Whether it said this word, now or before, without waiting for it.
    fn has_said(&mut self, word: &str) -> bool {
        while let Ok((_, line)) = self.lines.try_recv() {
            self.heard.push(line);
        }
        self.heard.iter().any(|line| line["word"] == word)
    }

    /// Waits for its end.
    #[track_caller]
    fn ends(mut self, code: i32) -> String {
        let deadline = Instant::now() + PATIENCE * if true_time() { 6 } else { 1 };
        loop {
            if let Some(status) = self.child.try_wait().expect("it is a child") {
                self.has_said("");
                assert_eq!(status.code(), Some(code), "{}", self.words());
                return self.words();
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.words());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Watchman {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A webhook that keeps what it is told, in the order in which it came; the first answer is a 500.
struct Listener {
    told: Arc<Mutex<Vec<Value>>>,
}

impl Listener {
    /// Opens it, and has the stage's program tell it.
    fn of(stage: &Stage) -> Self {
        let told = Arc::<Mutex<Vec<Value>>>::default();
        let kept = Arc::clone(&told);
        let mut refused = false;
        let url = loopback::serve(move |request| {
            if !std::mem::replace(&mut refused, true) {
                return ("500 Internal Server Error", String::new());
            }
            let body = serde_json::from_str(&request.body).expect("it is JSON");
            kept.lock().expect("nobody panics").push(body);
            ("200 OK", String::new())
        });
        let home = stage.environment().into_iter().find(|(name, _)| *name == "XDG_CONFIG_HOME");
        let directory = PathBuf::from(home.expect("it is set").1).join("waveoff");
        std::fs::create_dir_all(&directory).expect("a directory");
        let config = format!("[alerts.duty]\nkind = \"webhook\"\nurl = \"{url}/hook\"\n");
        std::fs::write(directory.join("config.toml"), config).expect("the configuration");
        Self { told }
    }

    fn words(&self) -> Vec<String> {
        let told = self.told.lock().expect("nobody panics");
        told.iter().map(|body| body["occasion"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

fn gated() -> Value {
    json!({
        "scaleDownDelaySeconds": 2,
        "abortScaleDownDelaySeconds": 2,
        "steps": [{ "setWeight": 25 }, { "pause": {} }, { "setWeight": 50 }, { "pause": {} }],
    })
}

/// A canary at a quarter of many requests: chance plays no part.
fn at_a_quarter(plane: &'static Plane, name: &str) -> (Stage, String, String) {
    let stage = Stage::new(plane, name, &[]);
    stage.plane.traffic(&format!("rate/{}/web", stage.namespace), "4000");
    stage.apply(&canary("web", 4, &gated()));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", None);
    let status = stage.until_at("web", 1, "Paused");
    let hash = |role: &str| status[role]["hash"].as_str().unwrap_or_default().to_owned();
    let (bad, good) = (hash("current"), hash("stable"));
    (stage, bad, good)
}

fn errors(stage: &Stage, hash: &str, share: &str) {
    stage.plane.traffic(&format!("errors/{}/{hash}", stage.namespace), share);
}

/// Between the first sample over the limit and the one that fired, by their own instants.
fn lasted(fired: &Value, signal: &str) -> f64 {
    let watches = fired["state"]["watches"].as_array().expect("the rules");
    let watch = watches.iter().find(|w| w["signal"] == signal).expect("the rule");
    watch["broken_ms"].as_f64().expect("a time") / 1000.0
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn two_percent_of_errors_for_the_whole_window_and_not_before() {
    let (stage, bad, good) = at_a_quarter(shared(), "guarderrors");
    let listener = Listener::of(&stage);
    let mut guard = Watchman::of(&stage, "web", &[]);
    guard.says("armed");
    errors(&stage, &bad, "0.02");
    let (broken, _) = guard.says("broken");
    let (fired, line) = guard.says("fired");
    let lasted = lasted(&line, "errors");
    let window = if true_time() { 300.0..=330.0 } else { 20.0..=22.0 };
    assert!(window.contains(&lasted), "the window and at most one sample: {lasted}");
    guard.says("acting");
    errors(&stage, &bad, "unset");
    let (back, restored) = guard.says("restored");
    tell(&format!(
        "errors of 2 %: fired {:?} after the first sample over 1 % (window 20 s, a sample every \
         2 s, by their instants {lasted} s), restored {:?} after that: {}",
        fired - broken,
        back - fired,
        restored["detail"]
    ));
    guard.ends(1);
    assert_eq!(listener.words(), ["firing", "acting", "restored"], "in order, each once");
    let patch = super::audit::writes(stage.plane, "admin", &stage.namespace).remove(0);
    let firing = listener.told.lock().expect("nobody panics")[0]["at"].clone();
    let instant = |text: &str| chrono::DateTime::parse_from_rfc3339(text).expect("an instant");
    let (firing, patched) = (instant(firing.as_str().expect("it has a time")), instant(&patch.at));
    assert!(firing < patched, "told {firing}, patched {patched}");
    assert_eq!(stage.ingress_weight("web"), 0);
    let after = stage.until("web", "aborted", |s| s["aborted"] == true);
    assert_eq!(after["stable"]["hash"], good.as_str());
    assert_eq!(ends(&stage.state()), [("wave-off".to_owned(), "in effect".to_owned())]);
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_good_sample_between_two_bad_times_is_no_reason() {
    let (stage, bad, _) = at_a_quarter(shared(), "guardgap");
    let mut guard = Watchman::of(&stage, "web", &["--only", "errors"]);
    guard.says("armed");
    let began = Instant::now();
    for _ in 0..2 {
        errors(&stage, &bad, "0.013");
        guard.says("broken");
        std::thread::sleep(scaled(9, 240));
        errors(&stage, &bad, "unset");
        guard.says("good");
    }
    assert!(!guard.has_said("fired"), "{}", guard.words());
    tell(&format!("bad, good, bad for {:?}: it did not fire", began.elapsed()));
    guard.kill();
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn slow_answers_and_crashing_pods_have_rules_of_their_own() {
    let (stage, bad, _) = at_a_quarter(shared(), "guardslow");
    let mut guard = Watchman::of(&stage, "web", &[]);
    guard.says("armed");
    stage.plane.traffic(&format!("latency/{}/{bad}", stage.namespace), "1.4");
    let (_, line) = guard.says("fired");
    let lasted = lasted(&line, "p99");
    assert!((12.0..=14.0).contains(&lasted), "{lasted}");
    assert!(line["detail"].as_str().unwrap().contains("p99"), "{line}");
    guard.says("restored");
    guard.ends(1);
    assert_eq!(stage.close(), 1);

    let stage = Stage::new(shared(), "guardcrash", &canary("web", 2, &gated()));
    stage.until_healthy("web");
    stage.release("rollout", "web", "2", Some("crash-loop"));
    stage.until("web", "its pods crash", |s| s["current"]["hash"] != s["stable"]["hash"]);
    let mut guard = Watchman::of(&stage, "web", &["--only", "pods"]);
    guard.says("armed");
    let (_, line) = guard.says("fired");
    assert!(line["detail"].as_str().unwrap().contains("pods 0%"), "{line}");
    guard.says("restored");
    guard.ends(1);
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn nothing_counted_nan_and_no_prometheus_are_no_reason_and_it_says_that_it_is_blind() {
    let plane: &'static Plane = Box::leak(Box::new(Plane::start("guard", &[])));
    let (stage, bad, _) = at_a_quarter(plane, "guardblind");
    let mut guard = Watchman::of(&stage, "web", &["--only", "errors,p99"]);
    guard.says("armed");
    // Ten seconds of errors are not enough; then nothing more is known.
    errors(&stage, &bad, "0.5");
    guard.says("broken");
    plane.control("stop-prometheus", &[]);
    let (_, line) = guard.says("blind");
    tell(&format!("Prometheus stopped: {}", line["detail"]));
    super::stage::stays("nothing is done while it is blind", scaled(40, 600), || {
        super::audit::writes(plane, "admin", &stage.namespace).is_empty()
    });
    assert!(!guard.has_said("fired"), "{}", guard.words());
    errors(&stage, &bad, "unset");
    plane.control("start-prometheus", &[]);
    guard.says("sees");
    // Exposed by nobody any more: an answer without series.
    plane.traffic(&format!("gone/{}", stage.namespace), "1");
    let (_, line) = guard.says("blind");
    assert!(line["detail"].as_str().unwrap().contains("no series"), "{line}");
    plane.traffic(&format!("gone/{}", stage.namespace), "unset");
    guard.says("sees");
    // Nobody calls it: nothing divided by nothing.
    plane.traffic(&format!("quiet/{}/{bad}", stage.namespace), "1");
    let (_, line) = guard.says("blind");
    assert!(line["detail"].as_str().unwrap().contains("too few: 0 requests"), "{line}");
    assert!(!guard.has_said("fired"), "{}", guard.words());
    guard.kill();
    assert_eq!(stage.close(), 0);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn of_two_guards_one_acts_and_a_new_release_is_not_the_one_that_was_armed() {
    let (stage, bad, _) = at_a_quarter(shared(), "guardtwo");
    let mut first = Watchman::of(&stage, "web", &["--only", "errors"]);
    first.says("armed");
    first.says("lease");
    let other = stage.flown_by("operator");
    let mut second = Watchman::of(&other, "web", &["--only", "errors"]);
    second.says("armed");
    let (_, line) = second.says("lease");
    assert!(line["detail"].as_str().unwrap().contains("only watches"), "{line}");
    errors(&stage, &bad, "0.1");
    first.says("fired");
    // It would have fired too, a moment later, or sees what the first one did before it can.
    let (_, stood_back) = second.says_one_of(&["advised", "superseded"]);
    first.says("restored");
    first.ends(1);
    second.ends(if stood_back["word"] == "advised" { 1 } else { 6 });
    assert_eq!(
        super::audit::writes(stage.plane, "operator", &other.namespace)
            .iter()
            .filter(|l| l.agent.starts_with("waveoff/"))
            .count(),
        0
    );
    assert_eq!(ends(&stage.state()).len(), 1);

    // Another version is on its way: the guard of the one before has nothing to say.
    stage.release("rollout", "web", "3", None);
    let at = stage.until("web", "the third at its gate", |s| {
        s["step"]["index"] == 1 && s["current"]["hash"] != bad.as_str()
    });
    let third = at["current"]["hash"].as_str().unwrap().to_owned();
    let mut guard = Watchman::of(&stage, "web", &["--only", "errors"]);
    guard.says("armed");
    errors(&stage, &third, "0.1");
    guard.says("broken");
    stage.release("rollout", "web", "4", None);
    let (_, line) = guard.says("superseded");
    assert!(line["detail"].as_str().unwrap().contains("is wanted now"), "{line}");
    guard.ends(6);
    assert_eq!(stage.close(), 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_promoted_blue_green_whose_old_set_is_gone_comes_back_without_a_person() {
    let settings = json!({ "autoPromotionEnabled": false, "scaleDownDelaySeconds": 2 });
    let stage = Stage::new(shared(), "guardblue", &[]);
    stage.plane.traffic(&format!("rate/{}/web", stage.namespace), "4000");
    stage.apply(&blue_green("web", 2, &settings));
    let good = stage.until_healthy("web")["stable"]["hash"].as_str().unwrap().to_owned();
    stage.release("rollout", "web", "2", None);
    stage.until("web", "waits before the switch", |s| s["phase"] == "Paused");
    stage.plugin(&["promote", "web"]);
    let done = stage.until("web", "promoted, and the old set is gone", |s| {
        s["phase"] == "Healthy"
            && s["stable"]["hash"] != good.as_str()
            && s["way_back"]["warmth"] == "cold"
    });
    let bad = done["current"]["hash"].as_str().unwrap().to_owned();
    let mut guard = Watchman::of(&stage, "web", &["--only", "errors"]);
    guard.says("armed");
    errors(&stage, &bad, "0.3");
    let (fired, _) = guard.says("fired");
    let selector = || {
        let services = stage.get("service", "web", r".spec.selector.rollouts-pod-template-hash");
        services == good
    };
    while !selector() {
        assert!(fired.elapsed() < Duration::from_secs(60), "{}", guard.words());
        std::thread::sleep(Duration::from_millis(100));
    }
    let switched = fired.elapsed();
    let (back, _) = guard.says("restored");
    tell(&format!(
        "blue-green with the old set gone: from firing to the selector on the good version \
         {switched:.1?}, to restored {:.1?}",
        back - fired
    ));
    guard.ends(1);
    assert!(stage.close() >= 1);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn a_guard_that_was_killed_is_taken_up_where_it_stood() {
    let (stage, bad, _) = at_a_quarter(shared(), "guardkill");
    let mut guard = Watchman::of(&stage, "web", &["--only", "errors"]);
    guard.says("armed");
    errors(&stage, &bad, "0.1");
    guard.says("broken");
    std::thread::sleep(Duration::from_secs(8));
    guard.kill();
    let mut next = Watchman::of(&stage, "web", &["--only", "errors"]);
    let (_, line) = next.says("resumed");
    tell(&format!("killed while it counted: {}", line["detail"]));
    next.says("acting");
    next.kill();
    // Killed at the moment of acting: one effect, and who comes next says which.
    let mut last = Watchman::of(&stage, "web", &["--only", "errors"]);
    let (_, line) = last.says("resumed");
    tell(&format!("killed while it acted: {}", line["detail"]));
    errors(&stage, &bad, "unset");
    last.says("restored");
    last.ends(1);
    assert_eq!(stage.ingress_weight("web"), 0);
    let patches = super::audit::writes(stage.plane, "admin", &stage.namespace);
    let done = patches.iter().filter(|line| line.code < 300).count();
    assert_eq!(done, 1, "{patches:#?}");
}

/// A kubeconfig of the account that the demo's manifests make, with the Role that they give it.
fn account(stage: &Stage) -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/guard/in-cluster.yaml");
    let namespace = stage.namespace.as_str();
    stage.plane.kubectl(&["apply", "-n", namespace, "-f", manifest]);
    let token = stage.plane.kubectl(&["-n", namespace, "create", "token", "waveoff-guard"]);
    let file = stage.state().with_file_name("account.kubeconfig");
    std::fs::copy(stage.plane.kubeconfig("admin"), &file).expect("a copy");
    let configure = |arguments: &[&str]| {
        let mut command = stage.plane.tool("kubectl", "admin");
        command.env("KUBECONFIG", &file).arg("config").args(arguments);
        assert!(command.output().expect("kubectl").status.success(), "{arguments:?}");
    };
    configure(&["set-credentials", "guard", &format!("--token={}", token.trim())]);
    configure(&["set-context", "--current", "--user=guard"]);
    file
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn the_role_of_the_demo_is_all_that_a_guard_needs() {
    let stage = Stage::new(shared(), "guardrole", &canary("web", 2, &gated()));
    stage.until_healthy("web");
    let kubeconfig = account(&stage);
    let more = ["--only", "pods", "--follow"];
    let mut guard = Watchman::by(&stage, "web", &more, &kubeconfig);
    // It waits for a release, and guards the one that comes.
    std::thread::sleep(Duration::from_secs(3));
    stage.release("rollout", "web", "2", Some("crash-loop"));
    guard.says("armed");
    let (_, line) = guard.says("lease");
    assert!(line["detail"].as_str().unwrap().starts_with("ours"), "{line}");
    guard.says("fired");
    guard.says("restored");
    let person = format!("system:serviceaccount:{}:waveoff-guard", stage.namespace);
    guard.kill();
    let written =
        super::audit::assert_equal(stage.plane, &stage.state(), &person, &stage.namespace);
    assert_eq!(written, 1);
}
