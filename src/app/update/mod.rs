//! One message at a time: changes the model, gives effects. The only place that writes the model.
//!
//! Pure: the same model, instant and message give the same result. Called by `runtime` and by the
//! commands without a screen.

mod actions;
mod arming;
mod cluster;
mod dialogs;
mod gate;
mod guard;
mod keys;
mod logbook;
mod looking;
mod metrics;
mod readiness;
mod revert;
mod wave_off;

#[cfg(test)]
mod tests;

use crate::domain::time::{Span, Timestamp};

use super::effect::Effect;
use super::model::{Model, TOAST_FOR, Toast};
use super::msg::Msg;
use crate::domain::text::SafeText;

pub use actions::begin;
pub use arming::{arm, disarm, propose, rate, resume};
pub use gate::{begin_preflight, give_up_preflight};
pub use guard::{farewell, stand_down};
pub use looking::begin_drill;
pub use revert::{begin_revert, push_revert};

/// Backward steps of the clock up to this are held.
const HELD: Span = Span::seconds(60);

/// Takes in one message.
pub fn update(model: &mut Model, now: Timestamp, msg: Msg) -> Vec<Effect> {
    // A clock that is corrected must not make ages negative or arm a dialog early; one that was
    // set back must not stop the time.
    model.now = if model.now - now > HELD { now } else { model.now.max(now) };
    // A key may bring another workload into view, and time makes things due.
    let follows = matches!(msg, Msg::Key { .. } | Msg::Tick);
    let mut effects = take(model, msg);
    if follows {
        effects.extend(metrics::follow(model));
    }
    effects
}

fn take(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key { key, burst } => keys::key(model, key, burst),
        Msg::Paste(text) => keys::paste(model, &text),
        Msg::Noise => keys::noise(model),
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        Msg::ScrollEnd(last) => {
            model.scroll = model.scroll.min(last);
            Vec::new()
        }
        Msg::Tick => tick(model),
        Msg::Observed(observations) => cluster::observed(model, observations),
        Msg::Source(source, state) => cluster::source(model, source, state),
        Msg::Odd(source, text) => cluster::odd(model, &source, text),
        Msg::Pulse(pulse) => cluster::pulse(model, pulse),
        Msg::Access(answers) => cluster::access(model, answers),
        Msg::Answered(ticket, answer) => actions::answered(model, ticket, answer),
        Msg::ReadBack(ticket, found) => actions::read_back(model, ticket, found),
        Msg::LogLines(epoch, lines) => looking::log_lines(model, epoch, lines),
        Msg::LogEnded(epoch, why) => looking::log_ended(model, epoch, why),
        Msg::Templates(epoch, templates) => looking::templates(model, epoch, templates),
        Msg::AnalysisTemplates(id, read) => metrics::templates(model, &id, read),
        Msg::Prometheus(id, number, found) => metrics::server(model, &id, number, found),
        Msg::Explored(id, explored) => metrics::explored(model, &id, explored),
        Msg::Measured(measured) => metrics::measured(model, measured),
        Msg::Leased(uid, lease) => guard::leased(model, &uid, &lease),
        Msg::Examined(epoch, found) => readiness::examined(model, epoch, found),
        Msg::Reverting(number, news) => revert::news(model, number, *news),
        Msg::Gate(number, news) => gate::news(model, number, *news),
        Msg::GateKept(uid, pass) => gate::kept(model, &uid, pass.map(|pass| *pass)),
        Msg::Trouble(source, text) => {
            let now = model.now;
            model.troubles.note(now, source, text);
            Vec::new()
        }
        Msg::Logbook(epoch, read) => logbook::taken(model, epoch, read),
        Msg::Drill(progress) => looking::drill(model, *progress),
        Msg::Identity(user) => {
            model.session.user = user.clone();
            model.stamp.user = user;
            Vec::new()
        }
    }
}

fn tick(model: &mut Model) -> Vec<Effect> {
    if model.toast.as_ref().is_some_and(|t| model.now - t.at > TOAST_FOR) {
        model.toast = None;
    }
    cluster::recount(model);
    let mut effects = actions::follow(model);
    effects.extend(guard::tick(model));
    arming::refresh(model);
    effects.extend(gate::follow(model));
    effects.extend(cluster::ask_access(model));
    effects
}

/// Shows a short message at the foot.
fn toast(model: &mut Model, good: bool, text: impl Into<SafeText>) {
    model.toast = Some(Toast { at: model.now, good, text: text.into() });
}
