//! The Fleet screen's own state: filter, order, selection.

pub mod last;

use tui_input::Input;

use super::roster::Roster;
use crate::domain::id::WorkloadId;

/// Order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Who needs a person first.
    #[default]
    Risk,
    /// By namespace and name.
    Name,
    /// Youngest update first.
    Age,
}

impl Sort {
    /// The word for the title.
    pub fn word(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Name => "name",
            Self::Age => "age",
        }
    }

    /// The next one.
    pub fn next(self) -> Self {
        match self {
            Self::Risk => Self::Name,
            Self::Name => Self::Age,
            Self::Age => Self::Risk,
        }
    }
}

/// The Fleet screen's own state. The selection is an identity, so that rows may move under it.
#[derive(Debug, Clone, Default)]
pub struct FleetView {
    /// Text of the filter.
    pub filter: Input,
    /// Whether keys go to the filter.
    pub typing: bool,
    /// Order.
    pub sort: Sort,
    /// Selected workload.
    pub selected: Option<WorkloadId>,
    /// Whether it stays with its workload: a key was pressed, or the rows were counted since the
    /// first lists had arrived. Until then the first row is selected, whichever that is.
    pub kept: bool,
    /// The fleet as it was when the program was last left; kept until every list has arrived.
    pub last: Option<last::LastView>,
    /// The rows; nothing before anything was observed.
    pub roster: Option<Roster>,
}

/// Whether a row passes the filter. Words are joined by "and"; `!word` excludes; `ns:`, `status:`,
/// `kind:` and `strategy:` look at one column; anything else at name, namespace and images.
pub fn passes(filter: &str, row: &Searchable<'_>) -> bool {
    filter.split_whitespace().all(|word| {
        let (negative, word) = match word.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        word_hits(&word.to_lowercase(), row) != negative
    })
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy)]
pub struct Searchable<'a> {
    /// Name.
    pub name: &'a str,
    /// Namespace.
    pub namespace: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// Strategy's word.
    pub strategy: &'a str,
    /// Phase and attention words.
    pub status: &'a str,
    /// Images.
    pub images: &'a str,
}

fn word_hits(word: &str, row: &Searchable<'_>) -> bool {
    let has = |text: &str, part: &str| text.to_lowercase().contains(part);
    match word.split_once(':') {
        Some(("ns", part)) => has(row.namespace, part),
        Some(("status", part)) => has(row.status, part),
        Some(("kind", part)) => has(row.kind, part),
        Some(("strategy", part)) => has(row.strategy, part),
        _ => [row.name, row.namespace, row.images].iter().any(|text| has(text, word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        let row = Searchable {
            name: "checkout",
            namespace: "shop",
            kind: "Rollout",
            strategy: "canary",
            status: "Paused needs a person",
            images: "checkout:1.4.2",
        };
        let cases = [
            ("", true),
            ("check", true),
            ("CHECK shop", true),
            ("!shop", false),
            ("ns:sho status:paused", true),
            ("ns:back", false),
            ("1.4.2", true),
            ("kind:deploy", false),
            ("!kind:deploy strategy:can", true),
        ];
        for (filter, hit) in cases {
            assert_eq!(passes(filter, &row), hit, "{filter}");
        }
    }
}
