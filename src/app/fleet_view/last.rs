//! The fleet as it was when the program was last left: shown at once, faded and with its age,
//! until the cluster answers. Nothing in it can be selected or acted upon.
//!
//! Pure; `runtime` keeps it in a file, whose text is trusted no more than any other.

use serde_json::{Value, json};

use crate::app::model::Model;
use crate::app::read::fleet::{Mark, Row, list, row};
use crate::domain::id::ResourceKind;
use crate::domain::observation::{SourceId, SourceState};
use crate::domain::text::SafeText;
use crate::domain::time::{Timestamp, parse_rfc3339, to_rfc3339};

/// Rows that are kept: more than any screen shows.
const ROWS: usize = 200;

/// Version of the form; another one is not read.
const FORM: u64 = 1;

/// One row, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRow {
    /// First column.
    pub mark: Mark,
    /// Namespace, name, strategy, phase, step, pods, version, reason.
    pub words: [SafeText; 8],
}

/// The fleet as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastView {
    /// When all of it was known to be so.
    pub at: Timestamp,
    /// How many needed a person, moved, were unknown, were quiet.
    pub counts: [usize; 4],
    /// The first rows.
    pub rows: Vec<LastRow>,
}

impl LastView {
    /// The view of this moment, as old as what it shows; nothing while there is none.
    pub fn of(model: &Model) -> Option<Self> {
        let at = as_of(model)?;
        let list = list(model);
        // A filter is of its moment.
        if list.rows().is_empty() || list.hidden() > 0 {
            return None;
        }
        let rows = list.rows().iter().take(ROWS).filter_map(|entry| row(model, entry));
        let words = |row: Row| {
            let of = [
                row.namespace,
                row.name,
                row.strategy.to_owned(),
                row.phase.to_owned(),
                row.step,
                row.pods,
                row.version,
                row.why,
            ];
            LastRow { mark: row.mark, words: of.map(SafeText::from) }
        };
        Some(Self { at, counts: list.counts(), rows: rows.map(words).collect() })
    }

    /// As it is kept; `of` says of which cluster and namespaces it is.
    pub fn to_json(&self, of: &str) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let words: Vec<&str> = row.words.iter().map(SafeText::as_str).collect();
                json!([row.mark.word(), words])
            })
            .collect();
        json!({
            "form": FORM,
            "of": of,
            "at": to_rfc3339(self.at),
            "counts": self.counts,
            "rows": rows,
        })
    }

    /// What was kept of this cluster and these namespaces; nothing when it is of others, or makes
    /// no sense.
    pub fn from_json(kept: &Value, of: &str) -> Option<Self> {
        if kept.get("form")?.as_u64()? != FORM || kept.get("of")?.as_str()? != of {
            return None;
        }
        let count =
            |at| kept.get("counts")?.get(at)?.as_u64().and_then(|n| usize::try_from(n).ok());
        let rows = kept.get("rows")?.as_array()?.iter().take(ROWS).map(|row| {
            let mark = Mark::parse(row.get(0)?.as_str()?)?;
            let words = row.get(1)?.as_array()?;
            let word = |at: usize| words.get(at).and_then(Value::as_str).map(SafeText::new);
            let all = std::array::from_fn(|at| word(at).unwrap_or_default());
            Some(LastRow { mark, words: all })
        });
        Some(Self {
            at: parse_rfc3339(kept.get("at")?.as_str()?)?,
            counts: [count(0)?, count(1)?, count(2)?, count(3)?],
            rows: rows.collect::<Option<Vec<_>>>()?,
        })
    }
}

/// The oldest proof of life of what the rows are made of; nothing while a list is still to come:
/// half a fleet would be kept as the whole of it.
fn as_of(model: &Model) -> Option<Timestamp> {
    let mut oldest = model.now;
    let is_shown = |source: &SourceId| ResourceKind::STATE.contains(&source.kind);
    for (_, state) in model.sources.iter().filter(|(source, _)| is_shown(source)) {
        match state {
            SourceState::Loading(_) => return None,
            SourceState::Live(at)
            | SourceState::Resyncing(at)
            | SourceState::Stale { since: at, .. } => oldest = oldest.min(*at),
            // Nothing of it is shown.
            SourceState::Forbidden(_) | SourceState::Missing(_) => {}
        }
    }
    Some(oldest)
}
