//! The programs side by side: how each is started, what its live screen shows, where its marker is.
//!
//! The marker is the number of restarts of one pod of the target: every program shows it, and no
//! other number on the line has three digits, ages aside.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;
use vt100::Screen;

use crate::objects::{self, NAMESPACE, PODS_EACH, TARGET};
use crate::source::{face, value};
use crate::terminal::{Claim, Gauge, Launch, Terminal};

/// Longest wait for a screen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    Waveoff,
    Plugin,
    Sofka,
    /// No program: a watch of our own that does nothing with what it gets.
    Raw,
}

impl Which {
    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Waveoff => "waveoff",
            Self::Plugin => "plugin",
            Self::Sofka => "sofka",
            Self::Raw => "raw watch",
        }
    }
}

/// A program to measure.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) which: Which,
    pub(crate) path: PathBuf,
}

/// Where it looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) kubeconfig: &'a Path,
    pub(crate) rollouts: usize,
}

/// A home directory, kept from one start to the next.
pub(crate) type Home = Rc<TempDir>;

/// A new home.
pub(crate) fn new_home() -> anyhow::Result<Home> {
    let home = tempfile::tempdir()?;
    // Clients keep a cache there.
    fs::create_dir(home.path().join(".kube"))?;
    Ok(Rc::new(home))
}

/// A running program.
pub(crate) struct Session {
    pub(crate) which: Which,
    pub(crate) terminal: Terminal,
    /// Value of the marker when it was started.
    marker: u64,
    _home: Home,
}

impl Program {
    /// Starts it on its first screen. That is live when it shows this value of the marker: an older
    /// one is a memory.
    pub(crate) fn start(
        &self,
        site: Site<'_>,
        home: &Home,
        marker: u64,
    ) -> anyhow::Result<Session> {
        let env = [
            ("HOME", home.path().display().to_string()),
            ("KUBECONFIG", site.kubeconfig.display().to_string()),
            ("TERM", "xterm-256color".to_owned()),
            ("COLORTERM", "truecolor".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("PATH", "/usr/bin:/bin".to_owned()),
        ];
        let env: Vec<(String, String)> = env.map(|(name, value)| (name.to_owned(), value)).into();
        let launch = Launch { program: &self.path, args: &self.args(), env: &env };
        let terminal = Terminal::launch(&launch, self.live(site, marker))?;
        Ok(Session { which: self.which, terminal, marker, _home: Rc::clone(home) })
    }

    fn args(&self) -> Vec<String> {
        let args: &[&str] = match self.which {
            Which::Waveoff => &["-n", NAMESPACE],
            Which::Plugin => &["get", "rollout", TARGET, "-w", "-n", NAMESPACE],
            Which::Sofka | Which::Raw => &["pods", "-n", NAMESPACE],
        };
        args.iter().map(|arg| (*arg).to_owned()).collect()
    }

    /// Its first screen with everything on it that it will show.
    fn live(&self, site: Site<'_>, marker: u64) -> Claim {
        let whole: Claim = match self.which {
            // All rollouts are counted.
            Which::Waveoff => {
                let count = format!("Fleet {} ", site.rollouts);
                Box::new(move |screen| screen.contents().contains(&count))
            }
            Which::Plugin => Box::new(|screen| {
                let text = screen.contents();
                (0..PODS_EACH).all(|pod| text.contains(&objects::pod_suffix(0, pod)))
            }),
            Which::Sofka | Which::Raw => Box::new(|_| true),
        };
        Box::new(move |screen| {
            let row = find(screen, &objects::pod_suffix(0, 0));
            let shown = row.and_then(|(_, row)| number(&row, &objects::pod_suffix(0, 0)));
            shown == Some(face(marker)) && whole(screen)
        })
    }

    /// Opens the screen on which the marker is, and follows it.
    pub(crate) fn open_target(&self, session: &Session) -> anyhow::Result<()> {
        let terminal = &session.terminal;
        if self.which == Which::Waveoff {
            terminal.send("\r")?;
            let claim = |screen: &Screen| screen.contents().contains("If you press");
            terminal.wait_for(PATIENCE, Box::new(claim)).context("open the target")?;
        }
        terminal.follow(gauge(objects::pod_suffix(0, 0), session.marker));
        Ok(())
    }
}

impl Session {
    /// Leaves it as a person does, so that it may remember where it was.
    pub(crate) fn leave(self) {
        if self.which == Which::Waveoff {
            let _ = self.terminal.send("q");
            self.terminal.wait_for_end(Duration::from_secs(2));
        }
    }
}

/// Reads the marker from the line that a pod's name is on.
fn gauge(pod: String, mut last: u64) -> Gauge {
    // Where it was last: one line is looked at instead of sixty.
    let mut hint = 0;
    Box::new(move |screen| {
        let (_, columns) = screen.size();
        let columns = columns.get();
        let here = screen.contents_between(hint, 0, hint, columns);
        let row = if here.contains(&pod) {
            here
        } else {
            let (at, row) = find(screen, &pod)?;
            hint = at;
            row
        };
        last = value(number(&row, &pod)?, last);
        Some(last)
    })
}

/// The line that something is on.
fn find(screen: &Screen, what: &str) -> Option<(u16, String)> {
    let (_, columns) = screen.size();
    (0..).zip(screen.rows(0, columns.get())).find(|(_, row)| row.contains(what))
}

/// The number of three digits behind the pod's name that is no age.
fn number(row: &str, pod: &str) -> Option<u64> {
    let (_, rest) = row.split_once(pod)?;
    let runs = rest.match_indices(|c: char| c.is_ascii_digit());
    let mut ends = 0;
    for (at, _) in runs {
        if at < ends {
            continue;
        }
        let run = rest.get(at..)?;
        let run = run.split(|c: char| !c.is_ascii_digit()).next()?;
        ends = at + run.len();
        let is_age = rest.get(ends..).is_some_and(|rest| rest.starts_with(['s', 'm', 'h', 'd']));
        if run.len() == 3 && !is_age {
            return run.parse().ok();
        }
    }
    None
}
