//! Every way in and out of the built binary, in every situation.
//!
//! A [`Flight`] is the program in a terminal, brought to where it matters: a server that does not
//! answer, the fleet, a dialog, an action under way, a drill. What must hold after any end is in
//! [`Flight::assert_nothing_left`].

mod ends;
mod falls;
mod modest;
mod moments;
mod shell;
mod stalled;
mod storm;

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::{Shop, WAVEOFF, canary, ordinary};
use crate::pty_rig::{Rig, Setup};
use crate::wire::stub::{Asked, Reply};

/// Longer than a key takes to be understood, also an Esc.
const KEY_PAUSE: Duration = Duration::from_millis(120);

/// Where the program is when something happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Situation {
    /// On the screen, and the server says nothing.
    Silence,
    Fleet,
    /// In a rollout, asked whether to promote.
    Dialog,
    /// The patch is on its way and is not answered.
    Underway,
    Drill,
}

const SITUATIONS: [Situation; 5] = [
    Situation::Silence,
    Situation::Fleet,
    Situation::Dialog,
    Situation::Underway,
    Situation::Drill,
];

/// The program in a situation.
struct Flight {
    rig: Rig,
    shop: Shop,
    situation: Situation,
}

/// How it is started.
#[derive(Clone, Copy)]
struct Start<'a> {
    /// Over the usual environment.
    env: &'a [(&'a str, &'a str)],
    size: (u16, u16),
    /// Words before the program's name: what starts it.
    before: &'a [&'a str],
}

const PLAIN: Start<'static> = Start { env: &[], size: (80, 24), before: &[] };

impl Flight {
    /// Starts the program; it is not yet where it shall be.
    fn start(situation: Situation, how: Start<'_>) -> Self {
        let rollout = canary();
        let shop = Shop::scripted(move |asked: &Asked| match situation {
            Situation::Silence => Reply::Mute,
            Situation::Underway if asked.method == "PATCH" => Reply::Mute,
            _ => ordinary(asked, &rollout),
        });
        let rig = spawn(&shop, situation, how);
        Self { rig, shop, situation }
    }

    /// Starts it and brings it there.
    fn open(situation: Situation, how: Start<'_>) -> Self {
        let flight = Self::start(situation, how);
        let rig = &flight.rig;
        match situation {
            Situation::Silence => rig.wait_until("a screen", |screen| {
                screen.alternate_screen() && !screen.contents().trim().is_empty()
            }),
            Situation::Fleet => rig.wait_for_text("checkout"),
            Situation::Dialog | Situation::Underway => flight.ask(),
            Situation::Drill => rig.wait_for_text("needs a person"),
        }
        if situation == Situation::Underway {
            rig.send("\r");
            rig.wait_for("the patch", || !flight.shop.patches().is_empty());
        }
        flight
    }

    fn ask(&self) {
        self.rig.wait_for_text("checkout");
        self.rig.send("\r");
        self.rig.wait_for_text("gate");
        // A wide fleet shows the gate as well: two keys at once would not act.
        thread::sleep(KEY_PAUSE);
        self.rig.send("P");
        self.rig.wait_for_text("PROMOTE");
        self.rig.wait_for_text("ready");
    }

    fn state(&self) -> PathBuf {
        Path::new(&self.shop.home()).join(".local/state/waveoff")
    }

    /// Panics unless the terminal is as it was found, the journal is a chain, and no process and no
    /// file of a drill outlives the program.
    fn assert_nothing_left(&self, terminal: bool) {
        if terminal {
            self.rig.assert_restored();
        }
        let session = self.rig.id().as_raw_nonzero().get();
        let left = in_session(session);
        assert!(left.is_empty(), "processes that outlive it: {left:?}");
        let keys = fs::read_dir(self.state().join("drill")).map_or(0, Iterator::count);
        assert_eq!(keys, 0, "kubeconfigs of a drill that is over");
        let lines = chain(&self.state().join("journal"));
        chain(&self.state().join("drill-journal"));
        if self.situation == Situation::Underway {
            assert_eq!(lines.first().map(|l| l["report"].clone()), Some("intent".into()));
        }
    }
}

fn spawn(shop: &Shop, situation: Situation, how: Start<'_>) -> Rig {
    let home = shop.home();
    let usual = [
        ("HOME", home.as_str()),
        ("KUBECONFIG", shop.kubeconfig.as_str()),
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/bin:/bin"),
    ];
    let mut env: BTreeMap<&str, &str> = usual.into();
    env.extend(how.env.iter().copied());
    let env: Vec<(&str, &str)> = env.into_iter().collect();
    let mut words = how.before.to_vec();
    words.push(WAVEOFF);
    if situation == Situation::Drill {
        words.extend(["drill", "shop", "--speed", "5"]);
    }
    Rig::spawn(&Setup { program: words[0], args: &words[1..], env: &env, size: how.size })
}

/// Processes of a session that still run.
fn in_session(session: i32) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let stats = processes.filter_map(|p| fs::read_to_string(p.path().join("stat")).ok());
    stats
        .filter(|stat| {
            // After the name in brackets: state, parent, group, session.
            let (_, rest) = stat.rsplit_once(')').unwrap();
            let fields: Vec<&str> = rest.split_whitespace().collect();
            fields[0] != "Z" && fields[3].parse() == Ok(session)
        })
        .collect()
}

/// The lines of a journal, each of which names the one before.
fn chain(directory: &Path) -> Vec<Value> {
    let Ok(files) = fs::read_dir(directory) else { return Vec::new() };
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(text.ends_with('\n'), "a torn line: {text:?}");
        let mut before = "";
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["prev"], hash(before).as_str(), "the chain is broken at {line}");
            before = line;
            all.push(value);
        }
    }
    all
}

fn hash(line: &str) -> String {
    let digest = digest(&SHA256, line.as_bytes());
    let digits: Vec<String> = digest.as_ref()[..8].iter().map(|b| format!("{b:02x}")).collect();
    digits.concat()
}

/// A number that was drawn: the same seed gives the same ones.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// How many runs: a variable of that name says more or fewer than usual.
fn runs(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().map_or(usual, |n| n.parse().unwrap())
}

/// Runs a story for every case, a few at a time, and fails with all that failed.
fn all<T: Sync>(cases: &[T], name: impl Fn(&T) -> String + Sync, story: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let Err(fault) = catch_unwind(AssertUnwindSafe(|| story(case))) else {
                        continue;
                    };
                    let text = fault.downcast_ref::<String>().cloned().unwrap_or_default();
                    failures.lock().unwrap().push(format!("{}: {text}", name(case)));
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let text = failures.join("\n\n");
    assert!(failures.is_empty(), "{} of {} failed:\n{text}", failures.len(), cases.len());
}

/// Times in the order of their length: half of them, 99 of 100, the longest.
fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_millis();
    format!("p50 {} ms, p99 {} ms, longest {} ms", at(50), at(99), at(100))
}

#[test]
fn a_broken_chain_and_a_process_that_stays_are_found() {
    let home = tempfile::tempdir().unwrap();
    let first = r#"{"n":1,"prev":"e3b0c44298fc1c14"}"#;
    let write = |second: String| {
        fs::write(home.path().join("j.jsonl"), format!("{first}\n{second}\n")).unwrap();
        catch_unwind(AssertUnwindSafe(|| chain(home.path()).len()))
    };
    let good = format!(r#"{{"n":2,"prev":"{}"}}"#, hash(first));
    assert_eq!(write(good.clone()).unwrap(), 2);
    assert!(write(good.replace("prev\":\"", "prev\":\"0")).is_err());

    let rig = Rig::spawn(&Setup {
        program: "/bin/sh",
        args: &["-c", "printf up; sleep 30"],
        env: &[("PATH", "/usr/bin:/bin")],
        size: (20, 3),
    });
    rig.wait_for_text("up");
    assert!(!in_session(rig.id().as_raw_nonzero().get()).is_empty());
}
