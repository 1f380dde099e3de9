//! Everything that is judged together: objects by kind, namespace and name.
//!
//! Never judges. Called by the readers that fill it and the rules that look things up.

use std::collections::HashMap;

use crate::domain::readiness::Subject;
use crate::domain::text::SafeText;

use super::tree::{Node, Spot};

/// One object, as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// `apiVersion`, `apps/v1`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`; empty where none is written.
    pub namespace: String,
    /// `metadata.name`; empty where none is written.
    pub name: String,
    /// The file, or the cluster's name.
    pub source: SafeText,
    /// All of it.
    pub node: Node,
}

impl Object {
    /// Takes a tree that has a kind; what it lacks else is empty.
    pub fn new(source: SafeText, node: Node) -> Option<Self> {
        let root = Spot::root(&node);
        let text = |keys: &[&str]| root.keys(keys).text().unwrap_or_default().to_owned();
        let kind = root.key("kind").text()?.to_owned();
        Some(Self {
            api_version: text(&["apiVersion"]),
            kind,
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]),
            source,
            node,
        })
    }

    /// Its root.
    pub fn root(&self) -> Spot<'_> {
        Spot::root(&self.node)
    }

    /// The API group, `apps`; empty for the core.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Who it is, for findings.
    pub fn subject(&self) -> Subject {
        Subject {
            kind: SafeText::name(&self.kind),
            namespace: SafeText::name(&self.namespace),
            name: SafeText::name(&self.name),
        }
    }
}

/// Objects that are judged together.
///
/// An object without a namespace meets those of every namespace: which it is put into is said when
/// it is applied.
#[derive(Debug, Clone, Default)]
pub struct Bundle {
    objects: Vec<Object>,
    by_name: HashMap<(String, String), Vec<usize>>,
    by_kind: HashMap<String, Vec<usize>>,
}

impl Bundle {
    /// Adds one.
    pub fn push(&mut self, object: Object) {
        let index = self.objects.len();
        self.by_name.entry((object.kind.clone(), object.name.clone())).or_default().push(index);
        self.by_kind.entry(object.kind.clone()).or_default().push(index);
        self.objects.push(object);
    }

    /// All of them, in the order in which they were read.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The object of a kind and name that an object of `namespace` would meet: one of the same
    /// namespace before one that names none.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        let found = self.by_name.get(&(kind.to_owned(), name.to_owned()))?;
        let objects = || found.iter().filter_map(|index| self.objects.get(*index));
        let own = objects().find(|object| object.namespace == namespace);
        own.or_else(|| objects().find(|object| meets(&object.namespace, namespace)))
    }

    /// Objects of a kind that an object of `namespace` would meet.
    pub fn of_kind<'b>(
        &'b self,
        kind: &str,
        namespace: &'b str,
    ) -> impl Iterator<Item = &'b Object> {
        let found = self.by_kind.get(kind).map(Vec::as_slice).unwrap_or_default();
        let objects = found.iter().filter_map(|index| self.objects.get(*index));
        objects.filter(move |object| meets(&object.namespace, namespace))
    }
}

/// Whether objects of these namespaces meet; one without a namespace meets all.
pub(super) fn meets(one: &str, other: &str) -> bool {
    one.is_empty() || other.is_empty() || one == other
}

impl FromIterator<Object> for Bundle {
    fn from_iter<T: IntoIterator<Item = Object>>(objects: T) -> Self {
        let mut bundle = Self::default();
        objects.into_iter().for_each(|object| bundle.push(object));
        bundle
    }
}
