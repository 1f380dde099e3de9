//! A chart as numbers: courses, limits, marks of steps, and what the cursor reads.
//!
//! Called by `view`, which places the points.

use crate::app::metrics::asks::grid;
use crate::app::model::Model;
use crate::app::read::phrase::Phrase;
use crate::app::theme::Role;
use crate::domain::id::WorkloadId;
use crate::domain::measure::panel::Unit;
use crate::domain::time::{Span, Timestamp};
use crate::domain::timeline::{Entry, Topic};

use super::{PanelRow, beside, mark};

/// How the event of the Rollouts controller begins that tells a weight: `... from 5 to 25`.
const WEIGHT_EVENT: &str = "TrafficWeightUpdated Traffic weight updated ";

/// Event and story of one change are not further apart than this.
const NEAR: Span = Span::seconds(5);

/// One course.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// The letter that stands for it without colour.
    pub letter: char,
    /// Its colour.
    pub role: Role,
    /// Its points, oldest first; gaps are left out.
    pub points: Vec<(Timestamp, f64)>,
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Title with the last values.
    pub title: Phrase,
    /// On the right: the comparison, or the limit.
    pub right: Phrase,
    /// Courses, the least important first: later ones are drawn over them.
    pub courses: Vec<Course>,
    /// Lines across.
    pub limits: Vec<f64>,
    /// How values are written.
    pub unit: Unit,
    /// First and last instant.
    pub from: Timestamp,
    /// Last instant.
    pub to: Timestamp,
    /// Between two instants.
    pub step: Span,
    /// What happened: where, and in a word.
    pub marks: Vec<(Timestamp, String)>,
    /// Where the cursor is.
    pub cursor: Option<Timestamp>,
    /// What stands instead of a plot; empty where there is one.
    pub empty: String,
}

/// The chart of a panel.
pub fn of(model: &Model, id: &WorkloadId, row: &PanelRow) -> Chart {
    let span = model.metrics.view.span();
    let last = row.lines.iter().filter_map(|l| l.course.last()).map(|(at, _)| *at).max();
    let to = last.unwrap_or(model.now);
    let step = model.metrics.subject(id).map_or(Span::seconds(15), |subject| {
        let (_, step) = grid(&model.metrics, subject);
        Span::seconds(step)
    });
    let from = to - span;
    let cursor = model.metrics.view.cursor.map(|back| {
        let back = i32::try_from(back).unwrap_or(i32::MAX);
        (to - step * back).max(from)
    });
    let courses: Vec<Course> = row.lines.iter().rev().map(course).collect();
    let empty = if courses.iter().all(|course| course.points.is_empty()) {
        why(row)
    } else {
        String::new()
    };
    Chart {
        title: title(row, cursor),
        right: beside(row),
        courses,
        limits: row.limits.clone(),
        unit: row.unit,
        from,
        to,
        step,
        marks: marks(model, id, from),
        cursor,
        empty,
    }
}

fn course(line: &super::LineRow) -> Course {
    let points = line.course.iter().filter_map(|(at, value)| Some((*at, (*value)?))).collect();
    Course { letter: line.word.chars().next().unwrap_or('o'), role: line.role, points }
}

fn why(row: &PanelRow) -> String {
    if !row.trouble.is_empty() {
        return row.trouble.clone();
    }
    let words: Vec<String> =
        row.lines.iter().map(|line| format!("{}: {}", line.word, line.value)).collect();
    words.join("   ")
}

/// The title with the last values, or those under the cursor.
fn title(row: &PanelRow, cursor: Option<Timestamp>) -> Phrase {
    let mut phrase = Phrase::of(Role::Title, row.title.clone());
    for line in &row.lines {
        phrase.push(Role::Muted, "  ");
        phrase.push(line.role, format!("{} ", line.word));
        match cursor {
            Some(at) => {
                let value = line.course.iter().find(|(own, _)| *own == at).and_then(|(_, v)| *v);
                let text = value.map_or_else(|| "no value".to_owned(), |v| row.unit.words(v));
                phrase.push(Role::Accent, text);
            }
            None => {
                phrase.push(line.look, format!("{}{}", line.value, mark(line)));
            }
        }
    }
    phrase
}

/// Changes of the weight and of the release, from the story; before it was watched, from the
/// events.
fn marks(model: &Model, id: &WorkloadId, from: Timestamp) -> Vec<(Timestamp, String)> {
    let story = || model.stories.get(id).into_iter().flatten();
    let seen = |entry: &Entry| {
        let text = entry.text.as_str();
        let word = match entry.topic {
            Topic::Traffic => {
                format!("{}%", text.strip_prefix("router weight ")?.rsplit(' ').next()?)
            }
            Topic::Release if text.starts_with("aborted") => "abort".to_owned(),
            Topic::Release if text.starts_with("new version") => "new".to_owned(),
            _ => return None,
        };
        Some((entry.at, word))
    };
    let mut marks: Vec<(Timestamp, String)> = story().filter_map(seen).collect();
    let watched = story().find(|entry| entry.topic == Topic::Traffic).map(|entry| entry.at);
    let told = |entry: &Entry| {
        let weight = entry.text.strip_prefix(WEIGHT_EVENT)?.split(' ').next_back()?;
        let before = watched.is_none_or(|watched| entry.at < watched - NEAR);
        let is_number = !weight.is_empty() && weight.chars().all(|c| c.is_ascii_digit());
        (entry.topic == Topic::Event && before && is_number)
            .then(|| (entry.at, format!("{weight}%")))
    };
    marks.extend(crate::app::story::of(model, id).iter().filter_map(told));
    marks.retain(|(at, _)| *at >= from);
    marks.sort();
    marks
}
