//! `waveoff doctor`: measures what `app::report::doctor` judges, and prints it line by line.
//!
//! Each check has its own time; none ends the others. Changes nothing, here or in the cluster,
//! except for a file that is written and removed where the journal is. Called by `start`.

mod cluster;
mod here;

use std::future::Future;
use std::time::Duration;

use crate::app::report::doctor::{Check, State, Verdict, doctor_closing, doctor_json, doctor_line};
use crate::config::args::Output;
use crate::error::Exit;

use super::say::{print, print_json};
use super::start::Start;

/// How long a check may take.
const LIMIT: Duration = Duration::from_secs(5);

/// What was checked so far.
#[derive(Debug)]
struct Sheet {
    output: Output,
    checks: Vec<Check>,
}

impl Sheet {
    /// Adds a check; people see it at once.
    fn add(&mut self, check: Check) {
        if self.output == Output::Text {
            print(&doctor_line(&check));
        }
        self.checks.push(check);
    }

    /// Adds checks that cannot be made.
    fn skip(&mut self, whats: &[&'static str], why: &str) {
        for what in whats {
            self.add(Check::new(State::Skip, what, why));
        }
    }

    fn close(self, reached: bool) -> Exit {
        let verdict = Verdict::of(&self.checks, reached);
        match self.output {
            Output::Text => print(&doctor_closing(&self.checks, verdict)),
            Output::Json => print_json(&doctor_json(&self.checks, verdict)),
        }
        match verdict {
            Verdict::Ready => Exit::Ok,
            Verdict::Failing => Exit::Finding,
            Verdict::Unreachable => Exit::Undetermined,
        }
    }
}

/// Makes all checks, in the order of what depends on what.
pub(super) async fn run(start: Start, output: Output) -> Exit {
    let mut sheet = Sheet { output, checks: Vec::new() };
    sheet.add(here::configuration(&start));
    let reached = cluster::examine(&start, &mut sheet).await;
    here::examine(&start, &mut sheet).await;
    sheet.close(reached)
}

/// The end of something, or that it took too long.
async fn limited<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let ended = tokio::time::timeout(LIMIT, work).await;
    ended.map_err(|_| format!("no answer within {} s", LIMIT.as_secs()))
}
