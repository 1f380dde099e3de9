//! A label selector of `policy/v1` or `apps/v1`: `matchLabels` and `matchExpressions`.
//!
//! Source: `metav1.LabelSelectorAsSelector`: without a selector nothing is selected, by an empty
//! one everything. Called by `around` and by rules that ask who selects what.

use crate::manifest::tree::{Entry, Node, Spot};

/// What labels are asked for.
#[derive(Debug, Clone)]
pub struct Selector<'b> {
    /// None: there is no selector, or one that the API server refuses.
    wanted: Option<Vec<Term<'b>>>,
}

#[derive(Debug, Clone)]
enum Term<'b> {
    Is(&'b str, &'b str),
    In(&'b str, Vec<&'b str>),
    NotIn(&'b str, Vec<&'b str>),
    Exists(&'b str),
    Missing(&'b str),
}

impl<'b> Selector<'b> {
    /// Reads it from where it stands.
    pub fn of(spot: &Spot<'b>) -> Self {
        let Some(node) = spot.node() else { return Self { wanted: None } };
        let pairs = node.get("matchLabels").map(Node::entries).unwrap_or_default().iter();
        let pairs = pairs.map(|entry| Some(Term::Is(entry.key.as_str(), entry.node.text()?)));
        let terms = node.get("matchExpressions").map(Node::elements).unwrap_or_default();
        Self { wanted: pairs.chain(terms.iter().map(Term::of)).collect() }
    }

    /// Whether these labels are selected.
    pub fn selects(&self, labels: &[Entry]) -> bool {
        self.wanted.as_ref().is_some_and(|terms| terms.iter().all(|term| term.holds(labels)))
    }

    /// The labels that have to be there with just this value.
    pub fn pairs(&self) -> impl Iterator<Item = (&'b str, &'b str)> {
        let terms = self.wanted.as_deref().unwrap_or_default();
        terms.iter().filter_map(|term| match term {
            Term::Is(key, value) => Some((*key, *value)),
            _ => None,
        })
    }

    /// It, as `kubectl` writes selectors: `app=web,tier in (a,b)`.
    pub fn said(&self) -> String {
        let Some(terms) = &self.wanted else { return "nothing".to_owned() };
        if terms.is_empty() {
            return "everything".to_owned();
        }
        terms.iter().map(Term::said).collect::<Vec<_>>().join(",")
    }
}

impl<'b> Term<'b> {
    fn of(node: &'b Node) -> Option<Self> {
        let key = node.get("key")?.text()?;
        let values = node.get("values").map(Node::elements).unwrap_or_default();
        let values = || values.iter().map(Node::text).collect::<Option<Vec<_>>>();
        match node.get("operator")?.text()? {
            "In" => Some(Self::In(key, values()?)),
            "NotIn" => Some(Self::NotIn(key, values()?)),
            "Exists" => Some(Self::Exists(key)),
            "DoesNotExist" => Some(Self::Missing(key)),
            _ => None,
        }
    }

    fn holds(&self, labels: &[Entry]) -> bool {
        let label =
            |key: &str| labels.iter().find(|entry| entry.key == key).map(|entry| entry.node.text());
        match self {
            Self::Is(key, value) => label(key) == Some(Some(value)),
            Self::In(key, values) => label(key).flatten().is_some_and(|is| values.contains(&is)),
            Self::NotIn(key, values) => {
                !label(key).flatten().is_some_and(|is| values.contains(&is))
            }
            Self::Exists(key) => label(key).is_some(),
            Self::Missing(key) => label(key).is_none(),
        }
    }

    fn said(&self) -> String {
        match self {
            Self::Is(key, value) => format!("{key}={value}"),
            Self::In(key, values) => format!("{key} in ({})", values.join(",")),
            Self::NotIn(key, values) => format!("{key} notin ({})", values.join(",")),
            Self::Exists(key) => (*key).to_owned(),
            Self::Missing(key) => format!("!{key}"),
        }
    }
}
