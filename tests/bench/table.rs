//! The table: a row for each figure with its goal, a column for each program; and the same as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::figures::{Sample, short};
use crate::program::Which;

/// A figure of one program.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    json: Value,
}

impl Cell {
    /// Median and 99th percentile.
    pub(crate) fn spread(sample: &Sample) -> Option<Self> {
        let (half, most) = (sample.median()?, sample.quantile(0.99)?);
        let text = format!("{} / {} ({})", short(half), short(most), sample.len());
        Some(Self { text, json: sample.json() })
    }

    /// A median.
    pub(crate) fn middle(sample: &Sample) -> Option<Self> {
        let text = format!("{} ({})", short(sample.median()?), sample.len());
        Some(Self { text, json: sample.json() })
    }

    /// A number.
    pub(crate) fn number(value: f64) -> Self {
        Self { text: short(value), json: json!(value) }
    }

    /// Words, with what they are made of.
    pub(crate) fn words(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json }
    }
}

struct Row {
    id: String,
    what: String,
    goal: String,
    cells: BTreeMap<Which, Cell>,
}

/// The table.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    /// A figure of every program that has it.
    pub(crate) fn row(
        &mut self,
        id: &str,
        what: &str,
        goal: &str,
        cells: impl IntoIterator<Item = (Which, Option<Cell>)>,
    ) {
        let cells: BTreeMap<Which, Cell> =
            cells.into_iter().filter_map(|(which, cell)| Some((which, cell?))).collect();
        if !cells.is_empty() {
            self.rows.push(Row { id: id.into(), what: what.into(), goal: goal.into(), cells });
        }
    }

    /// A line below it.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// As Markdown.
    pub(crate) fn markdown(&self) -> String {
        let programs: Vec<Which> = {
            let all = self.rows.iter().flat_map(|row| row.cells.keys().copied());
            all.collect::<std::collections::BTreeSet<Which>>().into_iter().collect()
        };
        let mut text = String::from("| | goal |");
        for which in &programs {
            let _ = write!(text, " {} |", which.name());
        }
        text.push_str("\n|---|---|");
        text.push_str(&"---|".repeat(programs.len()));
        text.push('\n');
        for row in &self.rows {
            let _ = write!(text, "| {} | {} |", row.what, row.goal);
            for which in &programs {
                let cell = row.cells.get(which).map_or("-", |cell| cell.text.as_str());
                let _ = write!(text, " {cell} |");
            }
            text.push('\n');
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let cells: Map<String, Value> = row
                .cells
                .iter()
                .map(|(which, cell)| {
                    (which.name().to_owned(), json!({"text": cell.text, "figures": cell.json}))
                })
                .collect();
            json!({"id": row.id, "what": row.what, "goal": row.goal, "programs": cells})
        });
        json!({"schema": 1, "rows": rows.collect::<Vec<_>>(), "notes": self.notes})
    }
}
