//! Drills with the built binary: played without a screen, flown in a pseudo-terminal, served to
//! other clients, and apart from every real cluster.
//!
//! Clients that were not written here are in `plane::clients`, which has them.

mod apart;
mod flown;
mod gated;
mod measured;
mod played;
mod size;
mod wrong_use;

use std::process::{Command, Output, Stdio};

pub(crate) use flown::Served;
use serde_json::Value;
use tempfile::TempDir;

use crate::pty_rig::{Rig, Setup};

/// The program under test.
pub(crate) const WAVEOFF: &str = env!("CARGO_BIN_EXE_waveoff");

/// A place where the program runs: a home, and nothing else in its environment.
pub(crate) struct Hangar {
    home: TempDir,
}

impl Hangar {
    pub(crate) fn open() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// The program with these arguments, not started yet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(WAVEOFF);
        command.args(args).env_clear().env("HOME", self.home.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The cockpit in a terminal of this size.
    fn fly(&self, args: &[&str], kubeconfig: &str, size: (u16, u16)) -> Rig {
        let home = self.path("");
        let env = [
            ("HOME", home.as_str()),
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/bin:/bin"),
            ("KUBECONFIG", kubeconfig),
        ];
        Rig::spawn(&Setup { program: WAVEOFF, args, env: &env, size })
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    /// Writes a file into the home and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// Names of all drills, as `waveoff drill --list` has them.
fn names(hangar: &Hangar) -> Vec<String> {
    let list = json(&hangar.run(&["drill", "--list", "-o", "json"]));
    let drills = list["drills"].as_array().unwrap().iter();
    drills.map(|drill| drill["name"].as_str().unwrap().to_owned()).collect()
}
