//! The cockpit on a stage: the built program in a pseudo-terminal, flown by keys.
//!
//! Keys come at a person's pace, one for each read of the program: what comes faster counts as a
//! paste there and never acts.

use std::path::Path;
use std::time::{Duration, Instant};

use super::grounds::wait;
use super::stage::{Stage, WAVEOFF};
use crate::pty_rig::{Rig, Setup};

/// Time between two keys.
const PACE: Duration = Duration::from_millis(40);

/// An open cockpit.
pub(super) struct Cockpit {
    /// Its terminal.
    pub(super) rig: Rig,
}

impl Cockpit {
    /// Opens it over the stage's namespace.
    pub(super) fn open(stage: &Stage, size: (u16, u16)) -> Self {
        Self::with(stage, &stage.environment(), size)
    }

    /// The same with an environment of its own.
    fn with(stage: &Stage, environment: &[(&'static str, String)], size: (u16, u16)) -> Self {
        let env: Vec<(&str, &str)> = environment.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let args = ["-n", &stage.namespace, "--theme", "dark"];
        let rig = Rig::spawn(&Setup { program: WAVEOFF, args: &args, env: &env, size });
        let cockpit = Self { rig };
        cockpit.sees("Fleet");
        cockpit
    }

    /// Opens it and goes to one workload.
    pub(super) fn over(stage: &Stage, name: &str) -> Self {
        Self::open(stage, (120, 34)).at(name)
    }

    /// The same by another kubeconfig.
    pub(super) fn through(stage: &Stage, kubeconfig: &Path, name: &str) -> Self {
        let mut environment = stage.environment();
        environment.retain(|(key, _)| *key != "KUBECONFIG");
        environment.push(("KUBECONFIG", kubeconfig.display().to_string()));
        Self::with(stage, &environment, (120, 34)).at(name)
    }

    /// Goes to one workload.
    fn at(self, name: &str) -> Self {
        let cockpit = self;
        cockpit.sees(name);
        cockpit.key("/");
        cockpit.text(name);
        cockpit.key("\r");
        cockpit.key("\r");
        cockpit.sees("Revisions");
        cockpit
    }

    /// Presses one key.
    pub(super) fn key(&self, key: &str) {
        self.rig.send(key);
        std::thread::sleep(PACE);
    }

    /// Types a text, a key at a time.
    pub(super) fn text(&self, text: &str) {
        for key in text.chars() {
            self.key(&key.to_string());
        }
    }

    /// The whole screen, for a message.
    pub(super) fn contents(&self) -> String {
        self.rig.contents()
    }

    /// Whether a text is on the screen now.
    pub(super) fn shows(&self, text: &str) -> bool {
        self.rig.contents().contains(text)
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    pub(super) fn sees(&self, text: &str) {
        wait(
            &format!("{text:?} on the screen"),
            Duration::from_secs(25),
            || self.rig.contents().contains(text).then_some(()),
            || self.rig.contents(),
        );
    }

    /// Waits until one line of the screen holds all of these.
    #[track_caller]
    pub(super) fn sees_line(&self, parts: &[&str]) -> String {
        let found = || {
            let screen = self.rig.contents();
            let hit = |line: &&str| parts.iter().all(|part| line.contains(part));
            screen.lines().find(hit).map(str::to_owned)
        };
        wait(
            &format!("{parts:?} on one line of the screen"),
            Duration::from_secs(25),
            found,
            || self.rig.contents(),
        )
    }

    /// Waits until the measured share is called this. A window that has grown long takes as long to
    /// forget what was before.
    #[track_caller]
    pub(super) fn measures(&self, word: &str) -> String {
        let hit = |screen: &str| {
            let line =
                screen.lines().find(|line| line.contains("measured ") && line.contains(word));
            line.map(str::to_owned)
        };
        wait(
            &format!("measured: {word}"),
            Duration::from_secs(120),
            || hit(&self.rig.contents()),
            || self.rig.contents(),
        )
    }

    /// Waits until a text has gone from the screen.
    #[track_caller]
    pub(super) fn misses(&self, text: &str) {
        wait(
            &format!("no {text:?} on the screen"),
            Duration::from_secs(25),
            || (!self.rig.contents().contains(text)).then_some(()),
            || self.rig.contents(),
        );
    }

    /// Presses a verb's key and waits for its dialog to be armed.
    #[track_caller]
    pub(super) fn ask(&self, key: &str, title: &str) {
        self.key(key);
        self.sees(title);
        self.ready();
    }

    /// Waits until Enter counts. Keys that a busy machine hands over together are a burst to the
    /// program, and it asks for one Enter more.
    #[track_caller]
    pub(super) fn ready(&self) {
        let asks = "press Enter once more";
        let counts = || {
            let screen = self.rig.contents();
            if screen.contains(asks) {
                self.key("\r");
                self.misses(asks);
            }
            screen.contains("<- ready").then_some(())
        };
        let found = || self.rig.contents();
        wait("Enter counts", Duration::from_secs(25), counts, found);
    }

    /// A verb toward safety or forward: its key, and Enter when the dialog is armed.
    #[track_caller]
    pub(super) fn confirm(&self, key: &str, title: &str) {
        self.ask(key, title);
        self.key("\r");
        self.misses("Esc leave it");
    }

    /// The rest of a grave dialog that is open: reason, token, Enter.
    #[track_caller]
    pub(super) fn confirm_grave(&self, token: &str) {
        self.text("bad release");
        self.key("\t");
        self.text(token);
        self.ready();
        self.key("\r");
        self.misses("Esc leave it");
    }

    /// Waits for the receipt of a verb and returns its line.
    #[track_caller]
    pub(super) fn receipt(&self, verb: &str) -> String {
        self.sees_line(&[&format!("{verb}: accepted"), "in effect"])
    }

    /// Leaves, and finds the terminal as it was.
    #[track_caller]
    pub(super) fn leave(mut self) {
        self.key("q");
        let status = self.rig.wait_for_exit();
        assert!(status.success(), "{status:?}");
        self.rig.assert_restored();
    }

    /// How long until a claim about the screen holds.
    #[track_caller]
    pub(super) fn time_until(&self, what: &str, claim: impl Fn(&str) -> bool) -> Duration {
        let started = Instant::now();
        wait(
            what,
            Duration::from_secs(40),
            || claim(&self.rig.contents()).then_some(()),
            || self.rig.contents(),
        );
        started.elapsed()
    }
}
