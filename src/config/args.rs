//! The command line.
//!
//! Never acts on it. Wrong use is refused by the parser with the nearest right word, exit code 2.
//! Called by `main`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process;
use std::str::FromStr;
use std::time::Duration;

mod guard;
mod readiness;

pub use guard::Guard;
pub use readiness::{Check, Format, Made, New, PlanAsk};

use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};

use crate::domain::id::WorkloadKind;
use crate::domain::text::{SafeText, is_printable};
use crate::domain::time::parse_go_duration;

/// A terminal cockpit for live Kubernetes rollouts.
///
/// Without a command it opens the cockpit.
#[derive(Debug, Clone, Parser)]
#[command(name = "waveoff", version, max_term_width = 100, arg_required_else_help = false)]
#[command(after_help = "\
Exit codes: 0 done · 1 finding · 2 wrong use · 3 undetermined · 4 refused · 5 timed out ·
6 changed underneath · 130 interrupted")]
pub struct Args {
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do; nothing opens the cockpit.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Args {
    /// Those of this process. Wrong use and questions for help are answered here, and end it.
    pub fn of_process() -> Self {
        let refusal = match Self::try_parse() {
            Ok(args) => return args,
            Err(refusal) => refusal,
        };
        let text = refusal.render().to_string();
        // It repeats what was written, which a script may have from anywhere.
        if refusal.use_stderr()
            && !text.chars().all(|c| c == '\n' || c.is_ascii() && is_printable(c))
        {
            let mut stderr = io::stderr().lock();
            for line in text.lines() {
                let _ = writeln!(stderr, "{}", SafeText::new(line));
            }
            process::exit(refusal.exit_code());
        }
        refusal.exit()
    }
}

/// What holds for every command, before or after its name.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, Default, Arguments)]
pub struct GlobalArgs {
    /// Context of the kubeconfig to use.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Cluster")]
    pub context: Option<String>,
    /// Kubeconfig file, instead of $KUBECONFIG or ~/.kube/config.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// Namespace; may be given several times.
    #[arg(short, long = "namespace", global = true, value_name = "NAME", help_heading = "Cluster")]
    pub namespaces: Vec<String>,
    /// All namespaces.
    #[arg(short = 'A', long, global = true, help_heading = "Cluster")]
    pub all_namespaces: bool,
    /// Lock every verb.
    #[arg(long, global = true, help_heading = "Cluster")]
    pub read_only: bool,
    /// Address of Prometheus, instead of the one that templates, annotations or the cluster name.
    #[arg(long, global = true, value_name = "URL", help_heading = "Metrics")]
    pub prometheus: Option<String>,
    /// Measure nothing.
    #[arg(long, global = true, help_heading = "Metrics")]
    pub no_metrics: bool,
    /// Theme: a built-in one or the name of one of your own.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Screen")]
    pub theme: Option<String>,
    /// Draw with ASCII only.
    #[arg(long, global = true, help_heading = "Screen")]
    pub ascii: bool,
    /// No colours, whatever the theme.
    #[arg(long, global = true, help_heading = "Screen")]
    pub no_color: bool,
    /// Times in UTC.
    #[arg(long, global = true, help_heading = "Screen")]
    pub utc: bool,
    /// Configuration file, instead of ~/.config/waveoff/config.toml.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Files")]
    pub config: Option<PathBuf>,
    /// Catalogue of services, instead of waveoff.yaml in this directory.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Files")]
    pub catalogue: Option<PathBuf>,
    /// Log file, instead of a daily one in ~/.local/state/waveoff/log.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Files")]
    pub log_file: Option<PathBuf>,
}

/// What can be done without the screen.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// List the rollouts and Deployments, those that need a person first.
    List(Print),
    /// Show one: traffic, steps, revisions, pods, analysis, what may be done.
    Status(Look),
    /// Say in a sentence why one is where it is.
    Why(Look),
    /// Go on by one step, or to the end.
    Promote {
        /// Skip all remaining steps, pauses and analysis.
        #[arg(long)]
        full: bool,
        /// Go past a gate that is not open; the reason is kept in the journal.
        #[arg(long, requires = "reason")]
        without_gate: bool,
        /// Watch whether users are answered during the switch of a blue-green, and check the new
        /// version again where they are; fails when something is not as wanted.
        #[arg(long)]
        check_after: bool,
        /// Whom and how.
        #[command(flatten)]
        act: Act,
    },
    /// Ask the new version whether users may be switched to it: the gate before a promotion.
    Preflight(Preflight),
    /// Hold it where it is.
    Pause(Act),
    /// Go on after a hold; skips nothing.
    Resume(Act),
    /// Send the traffic back to the stable revision.
    Abort(Act),
    /// Go back to an earlier revision, by default the last stable one.
    Undo {
        /// The revision to go back to.
        #[arg(long, value_name = "N")]
        to_revision: Option<u64>,
        /// Whom and how.
        #[command(flatten)]
        act: Act,
    },
    /// Wave off: back to the last good revision, by whatever that takes from here.
    Off(Act),
    /// Commit the way back to the repository that Argo CD or Flux follows.
    Revert(Act),
    /// Guard a release: go back by itself when errors, durations or pods are over their limits.
    Guard(Box<Guard>),
    /// Try an aborted one again.
    Retry(Act),
    /// Replace its pods one by one.
    Restart(Act),
    /// Fly a drill: an embedded cluster in which releases go wrong. Nothing real is touched.
    #[command(visible_alias = "demo")]
    Drill(Drill),
    /// Tell what was done from here, by whom, what came of it, and whether the record is whole.
    Journal(Record),
    /// Try who is told when nobody is at the screen.
    #[command(subcommand)]
    Alerts(Alerts),
    /// Advise on the strategy of a service: which, how long it takes, what is left to a person.
    Plan(PlanAsk),
    /// Judge manifests, or what is on the cluster: ready for a release?
    Check(Check),
    /// Make the manifests of a service that is released well.
    New(Box<New>),
    /// Check everything a session needs: cluster, clock, rights, Prometheus, journal, terminal.
    Doctor(Print),
    /// Print the configuration in effect and who set each value.
    Config(Print),
    /// Print the key table as Markdown.
    Keys,
}

/// What to do about receivers of alerts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Alerts {
    /// Send each receiver a message that says it is a test, and take it back; print the answers.
    Test {
        /// Only the receiver of this name.
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Arguments)]
pub struct Print {
    /// Output format.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: Output,
}

/// Which part of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Arguments)]
pub struct Record {
    /// Only of the workload of this name.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Only what was begun so long ago or later, such as 90m or 24h.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub since: Option<Duration>,
    /// What was done in drills.
    #[arg(long)]
    pub drills: bool,
    /// How to print.
    #[command(flatten)]
    pub print: Print,
}

/// Formats of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Whom to look at.
#[derive(Debug, Clone, PartialEq, Eq, Arguments)]
pub struct Look {
    /// NAME or KIND/NAME, such as checkout, rollout/checkout or deploy/catalog.
    #[arg(value_name = "NAME")]
    pub target: Target,
    /// How to print.
    #[command(flatten)]
    pub print: Print,
}

/// Whose new version to ask, and how.
#[derive(Debug, Clone, PartialEq, Eq, Arguments)]
pub struct Preflight {
    /// NAME or KIND/NAME, such as checkout, rollout/checkout or deploy/catalog.
    #[arg(value_name = "NAME")]
    pub target: Target,
    /// Address of the new version; without it, the preview Service is asked through the API server
    /// (with --after the active one).
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Ask a pod of the new version by port-forward, not the preview Service.
    #[arg(long, conflicts_with_all = ["url", "after"])]
    pub port_forward: bool,
    /// Look where users are instead: during the switch, which is waited for, and after it.
    #[arg(long)]
    pub after: bool,
    /// How to print.
    #[command(flatten)]
    pub print: Print,
    /// How long to wait for all checks, such as 90s, 5m or 1h30m.
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration)]
    pub timeout: Duration,
}

/// Whom to act on, and how.
#[derive(Debug, Clone, PartialEq, Eq, Arguments)]
pub struct Act {
    /// NAME or KIND/NAME, such as checkout, rollout/checkout or deploy/catalog.
    #[arg(value_name = "NAME")]
    pub target: Target,
    /// How to print.
    #[command(flatten)]
    pub print: Print,
    /// Say what would be sent, and send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait for the effect, such as 90s, 5m or 1h30m.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub timeout: Duration,
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Which drill, and how.
#[derive(Debug, Clone, PartialEq, Eq, Arguments)]
pub struct Drill {
    /// Which one: a name of `--list`, or a file of your own; the shop when nothing is said.
    #[arg(value_name = "NAME|FILE.toml")]
    pub name: Option<String>,
    /// List the drills there are.
    #[arg(long, conflicts_with_all = ["name", "headless", "serve"])]
    pub list: bool,
    /// The same seed gives the same drill.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// How many seconds pass in one.
    #[arg(long, value_name = "1..60", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=60))]
    pub speed: u32,
    /// Play it without a screen, as fast as can be, and print how it went.
    #[arg(long, conflicts_with = "serve")]
    pub headless: bool,
    /// What the pilot does in a headless play, instead of what the drill itself suggests.
    #[arg(long, value_name = "FILE", requires = "headless")]
    pub script: Option<PathBuf>,
    /// Serve the cluster to other clients, without a screen, until Ctrl-C.
    #[arg(long)]
    pub serve: bool,
    /// How to print.
    #[command(flatten)]
    pub print: Print,
}

/// A workload as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its kind, when it was named.
    pub kind: Option<WorkloadKind>,
    /// Its name.
    pub name: String,
}

/// What is wrong with the name of a workload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// A kind that cannot be flown.
    #[error("{kind:?} is not a kind this works on: write rollout/NAME or deploy/NAME")]
    Kind {
        /// What was written.
        kind: String,
    },
    /// Not the name of an object.
    #[error("{name:?} is not a name: lower-case letters, digits, `-` and `.`, at most 253")]
    Name {
        /// What was written.
        name: String,
    },
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (kind, name) = match text.split_once('/') {
            Some((kind, name)) => (Some(kind_of(kind)?), name),
            None => (None, text),
        };
        // Checked before it is ever part of a path: RFC 1123 subdomain, as the API server has it.
        let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = (1..=253).contains(&name.len())
            && name.starts_with(is_letter)
            && name.ends_with(is_letter)
            && name.chars().all(|c| is_letter(c) || matches!(c, '-' | '.'));
        if !fits {
            let name = name.to_owned();
            return Err(TargetError::Name { name });
        }
        Ok(Self { kind, name: name.to_owned() })
    }
}

/// The kinds as kubectl lets one write them.
fn kind_of(text: &str) -> Result<WorkloadKind, TargetError> {
    match text.to_ascii_lowercase().as_str() {
        "rollout" | "rollouts" | "ro" | "rollouts.argoproj.io" | "rollout.argoproj.io" => {
            Ok(WorkloadKind::Rollout)
        }
        "deploy" | "deployment" | "deployments" | "deployments.apps" | "deployment.apps" => {
            Ok(WorkloadKind::Deployment)
        }
        _ => Err(TargetError::Kind { kind: text.to_owned() }),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_go_duration(text)
        .and_then(|span| span.to_std().ok())
        .filter(|length| !length.is_zero())
        .ok_or_else(|| "write a time above zero with its unit, such as 90s, 5m or 1h30m".to_owned())
}

#[cfg(test)]
mod tests;
