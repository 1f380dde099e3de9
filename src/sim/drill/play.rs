//! A drill that is being played: the world, its script and its referee, up to an instant.
//!
//! Pure: it is told the time. Clients come in through `serve`, which shares it. Called by `serve`
//! and `runtime`.

use std::sync::Arc;

use super::director::{Deed, Director, Order};
use super::goal::State;
use super::scenery::build;
use super::transcript::{Line, clock};
use super::{Drill, DrillError};
use crate::sim::store::Change;
use crate::sim::time::{Moment, Span};
use crate::sim::world::World;

/// A drill in play.
#[derive(Debug)]
pub(crate) struct Play {
    drill: Drill,
    world: World,
    director: Director,
}

/// How a goal stands, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct GoalReport {
    /// What is to be reached or kept.
    pub title: String,
    /// Points it is worth.
    pub points: u32,
    /// Its limit.
    pub within: Option<Span>,
    /// How it stands.
    pub standing: Standing,
}

/// How a goal stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Its clock has not begun.
    Waiting,
    /// Its clock runs, for so long.
    Running(Span),
    /// Reached after that long.
    Reached(Span),
    /// Kept so far.
    Kept,
    /// Lost.
    Lost,
}

/// A line of the transcript, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From the pilot's first second.
    pub at: Span,
    /// The same as a clock, `02:31.4`.
    pub clock: String,
    /// Who: a service, a person, `story`, `page`, `referee`.
    pub who: String,
    /// What.
    pub text: String,
}

/// How the drill stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Since the pilot's first second.
    pub elapsed: Span,
    /// When it ends, at the latest, since then.
    pub length: Span,
    /// Whether it is over.
    pub over: bool,
    /// Points so far, of a hundred.
    pub points: u32,
    /// Points from which on it is passed.
    pub pass: u32,
    /// Goals.
    pub goals: Vec<GoalReport>,
    /// What happened so far.
    pub lines: Vec<Entry>,
}

impl Play {
    /// Begins a drill: builds its world and lets it live until the pilot's first second.
    ///
    /// # Errors
    /// `Form`, when the world cannot be built as the file says.
    pub(crate) fn begin(drill: &Drill, seed: u64, start: Moment) -> Result<Self, DrillError> {
        let file = Arc::clone(&drill.file);
        let warm_up = file.warm_up.map_or(Span::seconds(30), |warm_up| warm_up.0);
        let world = build(&file, seed, start, start - warm_up)
            .map_err(|problem| DrillError::Form { name: drill.name.clone(), problem })?;
        let mut play = Self { drill: drill.clone(), world, director: Director::new(file, start) };
        play.advance(start);
        Ok(play)
    }

    /// Lets the drill's own pilot act: its deeds come by [`Play::take_deeds`].
    pub(crate) fn hire_pilot(&mut self) {
        self.director.hire(self.drill.file.pilot.clone());
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// When something is due next.
    pub(crate) fn due(&mut self) -> Option<Moment> {
        self.world.due().into_iter().chain(self.director.due()).min()
    }

    /// Lets everything happen that is due up to this instant.
    pub(crate) fn advance(&mut self, to: Moment) {
        if self.director.is_due(&self.world) {
            self.director.look(&mut self.world);
        }
        while let Some(next) = self.due().filter(|next| *next <= to) {
            self.world.advance(next);
            self.director.look(&mut self.world);
        }
        self.world.advance(to);
    }

    /// A person changed an object through the API.
    pub(crate) fn heard(&mut self, person: &str, change: &Change) {
        self.director.heard(person, change);
    }

    /// What must be done to the API server, once.
    pub(crate) fn take_orders(&mut self) -> Vec<Order> {
        self.director.take_orders()
    }

    /// What the pilot of the script does now, once.
    pub(crate) fn take_deeds(&mut self) -> Vec<Deed> {
        self.director.take_deeds()
    }

    /// The pilot of the script could not do something.
    pub(crate) fn note(&mut self, who: &str, text: &str) {
        let who = super::transcript::Who::Person(who.to_owned());
        self.director.say(self.world.now(), who, text.to_owned());
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        self.director.over().is_some()
    }

    /// How it stands.
    pub(crate) fn report(&self) -> Report {
        let now = self.world.now();
        Report {
            elapsed: self.director.over().unwrap_or(now) - self.director.start(),
            length: self.director.end() - self.director.start(),
            over: self.is_over(),
            points: self.director.points(),
            pass: self.drill.file.pass,
            goals: self.goals(now),
            lines: self.director.lines().iter().map(entry).collect(),
        }
    }

    fn goals(&self, now: Moment) -> Vec<GoalReport> {
        let report = |goal: &super::goal::Goal| GoalReport {
            title: goal.told.title.clone(),
            points: goal.told.points,
            within: goal.told.within.map(|within| within.0),
            standing: match &goal.state {
                State::Waiting => Standing::Waiting,
                State::Running { since } => Standing::Running(now - *since),
                State::Reached { took } => Standing::Reached(*took),
                State::Kept => Standing::Kept,
                State::Lost { .. } => Standing::Lost,
            },
        };
        self.director.goals().iter().map(report).collect()
    }
}

fn entry(line: &Line) -> Entry {
    Entry {
        at: line.at,
        clock: clock(line.at),
        who: line.who.word().to_owned(),
        text: line.text.clone(),
    }
}
