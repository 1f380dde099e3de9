//! Drills: what a pilot is put into, what happens, what counts, and how it went.
//!
//! A drill is a file (`demo/drills/*.toml`); the built-in ones are embedded. Called by `runtime`
//! through [`Play`], and by `serve`, which lets clients into the same world.

mod deed;
mod director;
mod goal;
mod play;
mod scenery;
mod script;
mod sight;
mod transcript;

use std::sync::Arc;

use super::time::Span;
use script::{File, Script};

pub use director::Deed;
pub(crate) use director::Order;
pub(crate) use play::Play;
pub use play::{Entry, GoalReport, Report, Standing};
pub(crate) use scenery::bare;
pub(crate) use script::{ApiEvent, Right};

/// Who flies the drill.
pub const PILOT: &str = "pilot";

/// Who is at the same controls.
pub const OPERATOR: &str = "operator";

/// A drill that can be played.
#[derive(Debug, Clone)]
pub struct Drill {
    name: String,
    file: Arc<File>,
}

/// What is wrong with a drill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrillError {
    /// Not of the form that drills have.
    #[error("{name}: {problem}")]
    Form {
        /// Name or path of the drill.
        name: String,
        /// What is wrong, with its line where there is one.
        problem: String,
    },
    /// No drill of that name is built in.
    #[error("no drill {name:?}: there are {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The drills there are.
        known: Vec<String>,
    },
}

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../demo/drills/", $name, ".toml")))),+]
    };
}

/// The drills that are embedded, the first one by default.
const BUILT_IN: &[(&str, &str)] = built_in![
    "shop",
    "error-ramp",
    "slow-leak",
    "top-bucket",
    "bad-node",
    "lying-router",
    "double-bad",
    "too-late",
    "quiet-canary",
    "crash-loop",
    "image-typo",
    "stuck-scheduling",
    "node-drain",
    "blind",
    "api-away",
    "cut-watches",
    "lost-rights",
    "gitops",
    "second-operator",
    "sick-green",
    "gate",
    "night-watch",
    "full-speed",
    "fleet",
];

impl Drill {
    /// Reads a drill.
    ///
    /// # Errors
    /// `Form`, with the line.
    pub fn read(name: &str, text: &str) -> Result<Self, DrillError> {
        let form = |problem: String| DrillError::Form { name: name.to_owned(), problem };
        let file: File = toml::from_str(text).map_err(|error| form(place(text, &error)))?;
        script::check(&file).map_err(form)?;
        Ok(Self { name: name.to_owned(), file: Arc::new(file) })
    }

    /// A built-in drill.
    ///
    /// # Errors
    /// `Unknown`; a built-in drill that is not well formed is a fault that a test finds.
    pub fn built_in(name: &str) -> Result<Self, DrillError> {
        let Some((name, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
            let known = Self::names().map(str::to_owned).collect();
            return Err(DrillError::Unknown { name: name.to_owned(), known });
        };
        Self::read(name, text)
    }

    /// Names of the built-in drills, the default one first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.file.title
    }

    /// What has happened so far.
    pub fn story(&self) -> &str {
        &self.file.story
    }

    /// What there is to notice.
    pub fn notice(&self) -> &[String] {
        &self.file.notice
    }

    /// Where the pilot looks first, when not at the fleet: kind, namespace, name.
    pub fn opens(&self) -> Option<(&'static str, &str, &str)> {
        let opens = self.file.opens.as_deref()?;
        let service = self.file.services.iter().find(|service| service.is_called(opens))?;
        let kind = scenery::workload_kind(service).facts().name;
        Some((kind, &service.namespace, &service.name))
    }

    /// How many workloads its world has.
    pub fn workloads(&self) -> usize {
        let fleet = self.file.fleet.as_ref().map_or(0, |fleet| fleet.rollouts as usize);
        self.file.services.len() + fleet
    }

    /// When it ends, at the latest.
    pub fn length(&self) -> Span {
        self.file.length.0
    }

    /// The same drill with the `[[pilot]]` tables of another file.
    ///
    /// # Errors
    /// `Form`, with the line.
    pub fn piloted_by(&self, name: &str, text: &str) -> Result<Self, DrillError> {
        let form = |problem: String| DrillError::Form { name: name.to_owned(), problem };
        let script: Script = toml::from_str(text).map_err(|error| form(place(text, &error)))?;
        let file = File { pilot: script.pilot, ..self.file.as_ref().clone() };
        script::check(&file).map_err(form)?;
        Ok(Self { name: self.name.clone(), file: Arc::new(file) })
    }
}

/// The parser's complaint with its place.
fn place(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join(" ");
    match error.span() {
        Some(span) => {
            let before = text.get(..span.start).unwrap_or(text);
            format!("line {}: {message}", before.matches('\n').count() + 1)
        }
        None => message,
    }
}

#[cfg(test)]
mod tests;
