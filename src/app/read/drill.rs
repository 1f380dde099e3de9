//! The drill in words: the line that is always there, and the briefing.
//!
//! Called by `view`.

use crate::app::drill::{Drill, Goal, Line, Standing, Voice};
use crate::app::model::Model;
use crate::app::theme::Role;
use crate::domain::time::{Span, length};

use super::phrase::Phrase;

/// How long a new page is kept in sight.
const PAGE_FOR: Span = Span::seconds(20);

/// The line that says that this is a drill, and what presses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// The drill's clock.
    pub clock: String,
    /// A page, the goal that presses, or where to read on.
    pub text: Phrase,
    /// Points and what else belongs to the right end.
    pub score: Phrase,
}

/// The line of this moment; nothing outside of drills.
pub fn banner(model: &Model) -> Option<Banner> {
    let drill = model.drill.as_ref()?;
    let progress = &drill.progress;
    let mut score = Phrase::new();
    if drill.speed > 1 {
        score.push(Role::Accent, format!("x{}  ", drill.speed));
    }
    if !progress.goals.is_empty() {
        score.push(Role::Text, format!("{} points", progress.points));
    }
    Some(Banner { clock: clock(progress.elapsed), text: presses(model, drill), score })
}

fn presses(model: &Model, drill: &Drill) -> Phrase {
    if let Some((at, text)) = &drill.page
        && model.now - *at < PAGE_FOR
    {
        let (word, text) = match text.as_str().strip_prefix("hint: ") {
            Some(hint) => ("hint ", hint),
            None => ("page ", text.as_str()),
        };
        return Phrase::new().say(Role::Accent, word).text(text);
    }
    if drill.progress.over {
        let word = if drill.progress.goals.is_empty() { "time is up" } else { verdict(drill) };
        return Phrase::new().text(format!("over: {word}")).muted("  b: how it went");
    }
    match drill.pressing() {
        Some(goal) => pressing(goal),
        None => Phrase::new().text(drill.title.as_str()).muted("  b: briefing"),
    }
}

fn verdict(drill: &Drill) -> &'static str {
    if drill.progress.points >= drill.progress.pass { "passed" } else { "not passed" }
}

fn pressing(goal: &Goal) -> Phrase {
    let (Standing::Running(took), Some(within)) = (goal.standing, goal.within) else {
        return Phrase::new();
    };
    let role = if goal.is_late() { Role::Bad } else { Role::Warn };
    Phrase::new()
        .say(role, format!("{} of {}", length(took), length(within)))
        .text(format!("  {}", goal.title))
}

/// Minutes and seconds.
fn clock(elapsed: Span) -> String {
    let seconds = elapsed.num_seconds().max(0);
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// A goal as a row of the briefing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalRow {
    /// How it stands, in a word or two.
    pub standing: (Role, String),
    /// What is to be reached or kept.
    pub title: String,
    /// Its points.
    pub points: u32,
}

/// The goals as rows.
pub fn goals(drill: &Drill) -> Vec<GoalRow> {
    let row = |goal: &Goal| GoalRow {
        standing: standing(goal, drill.progress.over),
        title: goal.title.to_string(),
        points: goal.points,
    };
    drill.progress.goals.iter().map(row).collect()
}

fn standing(goal: &Goal, over: bool) -> (Role, String) {
    let within = goal.within.map_or_else(String::new, |within| format!(" of {}", length(within)));
    match goal.standing {
        Standing::Waiting => {
            let limit = goal.within.map(|within| format!("within {}", length(within)));
            (Role::Muted, limit.unwrap_or_else(|| "waits".to_owned()))
        }
        Standing::Running(took) => {
            let role = if goal.is_late() { Role::Bad } else { Role::Warn };
            (role, format!("{}{within}", length(took)))
        }
        Standing::Reached(took) if goal.is_late() => {
            (Role::Warn, format!("late, {}", length(took)))
        }
        Standing::Reached(took) => (Role::Ok, format!("done, {}", length(took))),
        Standing::Kept if over => (Role::Ok, "kept".to_owned()),
        Standing::Kept => (Role::Text, "kept so far".to_owned()),
        Standing::Lost => (Role::Bad, "lost".to_owned()),
    }
}

/// What the pilot may read of what happened: the newest line first.
pub fn log(drill: &Drill) -> Vec<Phrase> {
    let over = drill.progress.over;
    let shown = drill.progress.lines.iter().rev().filter(|line| over || line.who != "story");
    shown.map(row).collect()
}

fn row(line: &Line) -> Phrase {
    let role = match line.voice {
        Voice::Page => Role::Accent,
        Voice::Referee => Role::Title,
        Voice::World => Role::Text,
    };
    Phrase::new()
        .muted(format!("{}  ", line.clock))
        .say(role, format!("{:<10} ", line.who))
        .text(line.text.as_str())
}

/// The facts of the session.
pub fn facts(drill: &Drill) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("drill", format!("{}, seed {}", drill.name, drill.seed)),
        ("time", format!("{} of {}", clock(drill.progress.elapsed), clock(drill.progress.length))),
    ];
    if drill.speed > 1 {
        facts.push(("speed", format!("{} seconds in one", drill.speed)));
    }
    if !drill.kubeconfig.is_empty() {
        facts.push(("others", format!("export KUBECONFIG={}", drill.kubeconfig)));
    }
    facts
}
