//! Commands with duties: nobody who does not read holds them up, and whatever ends one, what it
//! began is finished.

use std::io::{PipeReader, Read, pipe};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Action, tcflow};
use serde_json::{Value, json};

use super::flying::journal;
use super::{Shop, WAVEOFF, canary, ordinary};
use crate::pty_rig::{DEADLINE, Rig, Setup};
use crate::wire::stub::{Asked, Ending, Reply};

/// A guard of pods alone, which needs no Prometheus; it looks every second.
const GUARD: [&str; 8] =
    ["guard", "checkout", "--only", "pods", "--pods-every", "1s", "--grace", "1s"];

/// The guard with more words.
fn guard<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [GUARD.as_slice(), more].concat()
}

/// The program, with nothing else in its environment.
fn command(shop: &Shop, args: &[&str]) -> Command {
    let mut command = Command::new(WAVEOFF);
    command.args(args).env_clear().env("HOME", shop.home()).env("KUBECONFIG", &shop.kubeconfig);
    command.stdin(Stdio::null());
    command
}

/// A command at work, without a terminal.
struct Running(Child);

impl Running {
    /// Starts it; what it says is kept until it has ended, which must be little.
    fn start(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Starts it with both outputs in a pipe that is full and that nobody reads; its other end.
    fn unread(mut command: Command) -> (Self, PipeReader) {
        let (reader, writer) = pipe().unwrap();
        fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
        for size in [4096, 1] {
            while rustix::io::write(&writer, &vec![b'.'; size]).is_ok() {}
        }
        fcntl_setfl(&writer, OFlags::empty()).unwrap();
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        (Self(command.spawn().unwrap()), reader)
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.0.id().cast_signed()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Waits for its end; the code.
    fn code(&mut self) -> Option<i32> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(began.elapsed() < DEADLINE, "still running after {DEADLINE:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it said to a person, once it has ended.
    fn complaints(&mut self) -> String {
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A command in a terminal.
fn fly(shop: &Shop, program: &str, args: &[&str]) -> Rig {
    let home = shop.home();
    let env = [
        ("HOME", home.as_str()),
        ("KUBECONFIG", shop.kubeconfig.as_str()),
        ("TERM", "xterm"),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/bin:/bin"),
    ];
    Rig::spawn(&Setup { program, args, env: &env, size: (160, 40) })
}

/// Waits until a claim holds.
fn until(what: &str, claim: impl Fn() -> bool) {
    let began = Instant::now();
    while !claim() {
        assert!(began.elapsed() < DEADLINE, "waited {DEADLINE:?} for: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The words of the journal: none for an intent.
fn words(shop: &Shop) -> Vec<String> {
    let lines = journal(shop);
    lines.iter().map(|line| line["word"].as_str().unwrap_or_default().to_owned()).collect()
}

/// A ReplicaSet of the canary.
fn replica_set(hash: &str, revision: &str, replicas: u32) -> Value {
    let mut set: Value = serde_json::from_str(include_str!("../wire/replica_set.json")).unwrap();
    set["metadata"]["name"] = format!("checkout-{hash}").into();
    set["metadata"]["uid"] = format!("uid-{hash}").into();
    set["metadata"]["labels"]["rollouts-pod-template-hash"] = hash.into();
    set["metadata"]["annotations"] = json!({"rollout.argoproj.io/revision": revision});
    set["spec"]["replicas"] = replicas.into();
    set
}

/// The new version wants two pods, and has none: a guard has a reason to go back.
fn without_pods(asked: &Asked, rollout: &Value) -> Reply {
    if asked.is_list() && asked.target.contains("/replicasets?") {
        let items = [replica_set("85747cfc4", "2", 2), replica_set("d4d56cff7", "1", 8)];
        let list = json!({"metadata": {"resourceVersion": "10"}, "items": items});
        return Reply::Json(200, list.to_string());
    }
    ordinary(asked, rollout)
}

/// A shop in which that is so.
fn sick() -> Shop {
    let rollout = canary();
    Shop::scripted(move |asked| without_pods(asked, &rollout))
}

#[test]
fn an_action_is_sent_while_nobody_reads_and_is_told_in_order_afterwards() {
    let shop = Shop::open(canary());
    let args = ["promote", "checkout", "--yes", "--timeout", "1s"];
    let (mut running, mut reader) = Running::unread(command(&shop, &args));
    until("the patch", || !shop.patches().is_empty());
    let mut said = String::new();
    reader.read_to_string(&mut said).unwrap();
    assert_eq!(running.code(), Some(5), "{said}");
    let said = said.trim_start_matches('.');
    let at = |text: &str| said.find(text).unwrap_or_else(|| panic!("no {text:?} in {said}"));
    assert!(at("only if") < at("waveoff: accepted"), "{said}");
    assert!(at("waveoff: accepted") < at("promote: accepted"), "{said}");
    assert!(!said.contains("left out"), "{said}");
}

#[test]
fn it_ends_though_nobody_ever_reads() {
    let shop = Shop::open(canary());
    let args = ["promote", "checkout", "--yes", "--timeout", "1s", "-o", "json"];
    let (mut running, _reader) = Running::unread(command(&shop, &args));
    assert_eq!(running.code(), Some(5));
    assert_eq!(shop.patches().len(), 1);
    assert_eq!(words(&shop), ["", "accepted"]);
}

#[test]
fn a_terminal_that_was_stopped_holds_up_no_action() {
    let shop = Shop::open(canary());
    // It waits at the door until the terminal is stopped.
    let door = format!("printf door; read x; exec {WAVEOFF} promote checkout --yes --timeout 1s");
    let mut rig = fly(&shop, "/bin/sh", &["-c", &door]);
    rig.wait_for_text("door");
    tcflow(rig.other_side(), Action::OOff).unwrap();
    rig.send("\r");
    rig.wait_for("the patch", || !shop.patches().is_empty());
    assert_eq!(rig.wait_for_exit().exit_code(), 5);
    assert_eq!(words(&shop), ["", "accepted"]);
}

#[test]
fn a_guard_goes_back_while_nobody_reads_and_hears_signals() {
    let shop = sick();
    let args = guard(&["--healthy-for", "2s", "--yes"]);
    let (mut running, _reader) = Running::unread(command(&shop, &args));
    until("the way back", || !shop.patches().is_empty());
    running.signal(Signal::TERM);
    assert_eq!(running.code(), Some(143));
    let words = words(&shop);
    for word in ["armed", "fired", "left"] {
        assert!(words.iter().any(|said| said == word), "no {word:?} in {words:?}");
    }
}

#[test]
fn a_busy_namespace_hides_no_tick_of_a_guard() {
    let rollout = canary();
    let event: Value = serde_json::from_str(include_str!("../wire/event.json")).unwrap();
    let event = format!("{}\n", json!({"type": "MODIFIED", "object": event}));
    let shop = Shop::scripted(move |asked| {
        if asked.is_watch() && asked.target.contains("/events?") {
            // Something every few milliseconds, for longer than anybody waits here.
            let version = |number| format!("\"resourceVersion\":\"{number}\"");
            let change = |number| event.replace(&version(358), &version(1000 + number));
            return Reply::Stream((0..10_000).map(change).collect(), Ending::Open);
        }
        without_pods(asked, &rollout)
    });
    let _running = Running::start(command(&shop, &guard(&["--healthy-for", "2s", "--yes"])));
    until("the way back", || !shop.patches().is_empty());
}

#[test]
fn a_prompt_can_be_interrupted_and_answered() {
    let shop = Shop::open(canary());
    let ends = [
        ("\u{3}", None, 130),
        ("", Some(Signal::TERM), 143),
        ("", Some(Signal::HUP), 129),
        ("no\r", None, 4),
    ];
    for (keys, signal, code) in ends {
        let mut rig = fly(&shop, WAVEOFF, &["promote", "checkout"]);
        rig.wait_for_text("type yes to promote:");
        rig.send(keys);
        if let Some(signal) = signal {
            rig.signal(signal);
        }
        assert_eq!(rig.wait_for_exit().exit_code(), code, "{keys:?} {signal:?}");
        rig.assert_restored();
        let said = if code == 4 { "not confirmed" } else { "interrupted" };
        assert!(rig.contents().contains(said), "{}", rig.contents());
    }
    assert!(shop.patches().is_empty());
    let rig = fly(&shop, WAVEOFF, &["promote", "checkout"]);
    rig.wait_for_text("type yes to promote:");
    rig.send("yes\r");
    rig.wait_for("the patch", || !shop.patches().is_empty());
}

#[test]
fn a_guard_hears_signals_while_it_asks() {
    let shop = sick();
    for (keys, signal, code) in [("\u{3}", None, 130), ("", Some(Signal::TERM), 143)] {
        let mut rig = fly(&shop, WAVEOFF, &guard(&["--healthy-for", "10m"]));
        rig.wait_for_text("type yes to arm:");
        rig.send(keys);
        if let Some(signal) = signal {
            rig.signal(signal);
        }
        assert_eq!(rig.wait_for_exit().exit_code(), code, "{keys:?} {signal:?}");
        rig.assert_restored();
    }
    assert!(words(&shop).is_empty(), "nothing was armed");
}

#[test]
fn what_is_on_its_way_is_answered_in_the_journal_before_a_signal_ends_it() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::QUIT, 131)] {
        let rollout = canary();
        let shop = Shop::scripted(move |asked: &Asked| {
            if asked.method == "PATCH" {
                thread::sleep(Duration::from_millis(700));
            }
            ordinary(asked, &rollout)
        });
        let mut running = Running::start(command(&shop, &["promote", "checkout", "--yes"]));
        until("the patch", || !shop.patches().is_empty());
        running.signal(signal);
        assert_eq!(running.code(), Some(code), "{signal:?}");
        let said = running.complaints();
        assert!(said.contains("interrupted: what was sent stays sent"), "{said}");
        assert_eq!(words(&shop), ["", "accepted"], "{signal:?}");
    }
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for_long() {
    let rollout = canary();
    let shop = Shop::scripted(move |asked: &Asked| match asked.method.as_str() {
        "PATCH" => Reply::Mute,
        _ => ordinary(asked, &rollout),
    });
    let mut running = Running::start(command(&shop, &["promote", "checkout", "--yes"]));
    until("the patch", || !shop.patches().is_empty());
    let began = Instant::now();
    running.signal(Signal::INT);
    assert_eq!(running.code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn when_a_task_falls_it_says_its_end_and_the_code_is_101() {
    if !cfg!(debug_assertions) {
        return;
    }
    let guarding = guard(&["--healthy-for", "10m", "--yes"]);
    let acting = vec!["promote", "checkout", "--yes"];
    for (args, last) in [(guarding, "left"), (acting, "accepted")] {
        let shop = sick();
        let sign = tempfile::tempdir().unwrap();
        let file = sign.path().join("now");
        let mut command = command(&shop, &args);
        command.env("WAVEOFF_FALL", format!("watch:{}", file.display()));
        let mut running = Running::start(command);
        // It has a lease, or has acted.
        let begun = || shop.stub.asked().iter().any(|a| a.method == "PUT" || a.method == "PATCH");
        until("its duty", begun);
        std::fs::write(&file, "").unwrap();
        assert_eq!(running.code(), Some(101), "{args:?}");
        let said = running.complaints();
        assert!(said.contains("this is a fault of waveoff itself"), "{said}");
        let words = words(&shop);
        assert!(words.iter().any(|word| word == last), "{args:?}: {words:?}");
    }
}

#[test]
fn what_could_not_be_asked_was_not_refused() {
    let cases = [
        (401, "Unauthorized", 3),
        (403, r#"User "ann" cannot patch resource "rollouts/status""#, 3),
        (429, "too many requests", 3),
        (403, "denied by policy freeze", 4),
        (422, "spec.replicas is wrong", 4),
    ];
    for (code, message, exit) in cases {
        let rollout = canary();
        let shop = Shop::scripted(move |asked: &Asked| {
            if asked.method == "PATCH" {
                let status = json!({"kind": "Status", "code": code, "message": message});
                return Reply::Json(code, status.to_string());
            }
            ordinary(asked, &rollout)
        });
        let mut running = Running::start(command(&shop, &["promote", "checkout", "--yes"]));
        let ended = running.code();
        assert_eq!(ended, Some(exit), "{code} {message}: {}", running.complaints());
    }
}

#[test]
fn what_only_prints_waits_for_who_reads_late_and_is_whole() {
    const COUNT: usize = 600;
    let items: Vec<Value> = (0..COUNT)
        .map(|number| {
            let mut rollout = canary();
            rollout["metadata"]["name"] = format!("checkout-{number}").into();
            rollout["metadata"]["uid"] = format!("uid-{number}").into();
            rollout
        })
        .collect();
    let rollout = canary();
    let shop = Shop::scripted(move |asked: &Asked| {
        if asked.is_list() && asked.target.contains("/rollouts?") {
            let list = json!({"metadata": {"resourceVersion": "10"}, "items": items});
            return Reply::Json(200, list.to_string());
        }
        ordinary(asked, &rollout)
    });
    let mut command = command(&shop, &["list", "-o", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut running = Running(child);
    until("the lists", || shop.stub.lists() > 0);
    // Longer than what has duties waits at its end.
    thread::sleep(Duration::from_secs(4));
    assert!(running.0.try_wait().unwrap().is_none(), "it ended before it was read");
    let mut said = String::new();
    running.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(running.code(), Some(0));
    assert!(said.len() > 64 * 1024, "{} bytes fit into a pipe", said.len());
    let list: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), COUNT);
}
