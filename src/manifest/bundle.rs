//! Everything that is judged together: objects by kind, namespace and name.
//!
//! Never judges. Called by the readers that fill it and the rules that look things up.

use std::collections::{BTreeSet, HashMap};

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

/// A kind of object, and where the API has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// `kind`.
    pub name: &'static str,
    /// API groups that have it, the newest first; empty for the core.
    pub groups: &'static [&'static str],
    /// The resource, as paths of the API name it.
    pub resource: &'static str,
    /// Whether its objects are in a namespace.
    pub namespaced: bool,
}

impl Kind {
    /// One whose objects are in namespaces.
    pub const fn of(
        name: &'static str,
        groups: &'static [&'static str],
        resource: &'static str,
    ) -> Self {
        Self { name, groups, resource, namespaced: true }
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
    /// Kinds that could not be read, with the namespace; an empty one means everywhere.
    unread: BTreeSet<(String, String)>,
}

impl Bundle {
    /// Adds one.
    pub fn push(&mut self, object: Object) {
        let index = self.objects.len();
        self.by_name.entry((object.kind.clone(), object.name.clone())).or_default().push(index);
        self.by_kind.entry(object.kind.clone()).or_default().push(index);
        self.objects.push(object);
    }

    /// Notes that objects of a kind could not be read, in a namespace or, where that is empty, in
    /// any.
    pub fn leave_out(&mut self, kind: &str, namespace: &str) {
        self.unread.insert((kind.to_owned(), namespace.to_owned()));
    }

    /// Whether objects of a kind that an object of `namespace` would meet could not be read: what
    /// is not here may be there all the same.
    pub fn is_unread(&self, kind: &str, namespace: &str) -> bool {
        let unread = |(left, of): &(String, String)| left == kind && meets(of, namespace);
        self.unread.iter().any(unread)
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
