//! A drill without a screen: time is stepped by hand, and a script is the pilot.
//!
//! Time stands while the pilot acts, and every act goes the way of a command: the same list, the
//! same plan, the same door. So the same drill, seed and script give the same transcript. Called by
//! the parent.

use std::sync::Arc;

use crate::app::report;
use crate::app::session::Scope;
use crate::cluster::Connection;
use crate::config::args::{self, Output, Target};
use crate::domain::action::Verb;
use crate::domain::time::{Span, Timestamp, parse_rfc3339};
use crate::error::Exit;
use crate::sim;

use super::super::alerts;
use super::super::clock::Clock;
use super::super::headless::{Failure, Headless, failure};
use super::super::measure::SignIn;
use super::super::say::{print, print_json};
use super::super::start::Start;
use super::{Flown, words};

/// How far time goes at once.
const STEP: Span = Span::milliseconds(100);

/// When every headless play begins: a transcript must not depend on the day.
const BEGINS: &str = "2026-01-05T09:00:00Z";

/// Plays a drill to its end and prints how it went.
pub(super) async fn play(
    mut start: Start,
    drill: &sim::Drill,
    asked: &args::Drill,
) -> Result<Exit, Failure> {
    let drill = match &asked.script {
        None => drill.clone(),
        Some(path) => {
            let name = path.display().to_string();
            let usage = |text: String| failure(Exit::Usage, text);
            let text = std::fs::read_to_string(path)
                .map_err(|error| usage(format!("read script {name}: {error}")))?;
            drill.piloted_by(&name, &text).map_err(|error| usage(error.to_string()))?
        }
    };
    let mut now = parse_rfc3339(BEGINS).unwrap_or(Timestamp::UNIX_EPOCH);
    start.clock = Clock::stepped(now);
    let mut flown = Flown::begin(&drill, asked.seed, &start.clock, true)?;
    let connection = flown.dial(drill.name()).await?;
    let server = format!("https://{}", flown.simulation.api_address());
    flown.simulation.hire_pilot();
    while !flown.simulation.is_over() {
        now += STEP;
        start.clock.set(now);
        flown.simulation.nudge();
        flown.simulation.settled().await;
        for deed in flown.simulation.take_deeds() {
            if let Err(problem) = act(&start, &connection, &deed).await {
                // The port is another one each time.
                let why = problem.text.replace(&server, "the API server");
                let text = format!("cannot {} {}: {why}", deed.verb, deed.service);
                flown.simulation.note(sim::PILOT, &text);
            }
        }
    }
    let mut told = words::drill(&drill, asked.seed, 1, "");
    told.progress = flown.progress().unwrap_or_default();
    match asked.print.output {
        Output::Text => print(&report::drill_text(&told)),
        Output::Json => print_json(&report::drill_json(&told)),
    }
    let passed = told.progress.points >= told.progress.pass;
    Ok(if passed { Exit::Ok } else { Exit::Finding })
}

/// One act of the pilot, as the command of that name would do it.
async fn act(start: &Start, connection: &Arc<Connection>, deed: &sim::Deed) -> Result<(), Failure> {
    let verb = Verb::ALL.into_iter().find(|verb| verb.name() == deed.verb);
    let verb = verb.ok_or_else(|| failure(Exit::Usage, format!("{} is no verb", deed.verb)))?;
    let target: Target = deed
        .service
        .parse()
        .map_err(|error: args::TargetError| failure(Exit::Usage, error.to_string()))?;
    let scope = Scope::Namespaces(vec![deed.namespace.as_str().into()]);
    let door = start.door(Arc::clone(connection));
    let model = start.model(&door, scope);
    let (sign_in, alerts) = (SignIn::default(), alerts::Plan::default());
    Headless::start(model, door, sign_in, alerts, start.clock.clone()).order(verb, &target).await
}
