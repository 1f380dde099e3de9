//! A tree of values as YAML and JSON have them, each with its place, and a way to walk it that
//! remembers the path.
//!
//! Never knows where a tree came from. Called by the readers that make one and the rules that walk
//! it.

use std::fmt;

use crate::domain::readiness::Place;

/// A value and where it stands. Trees of a live cluster have no places.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub at: Option<Place>,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in the order in which they are written. No key is there twice.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: Option<Place>,
    /// The value.
    pub node: Node,
}

impl Node {
    /// A value without a place.
    pub fn bare(value: Value) -> Self {
        Self { at: None, value }
    }

    /// The value of a key; none in what is no map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// Keys and values; none in what is no map.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Elements; none in what is no list.
    pub fn elements(&self) -> &[Node] {
        match &self.value {
            Value::List(elements) => elements,
            _ => &[],
        }
    }

    /// Text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whole number, if it is one.
    pub fn int(&self) -> Option<i64> {
        match &self.value {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Truth value, if it is one.
    pub fn bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// Nothing is written here.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }
}

/// A value as a sentence names it: text as it is, others as JSON writes them, lists and maps by
/// what they are.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Null => f.write_str("null"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Int(number) => write!(f, "{number}"),
            Value::Float(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
            Value::List(elements) => write!(f, "a list of {}", elements.len()),
            Value::Map(entries) => write!(f, "a map of {}", entries.len()),
        }
    }
}

/// A spot in a tree: a path, and what stands there, if anything does. Walking on from where
/// nothing is goes on with nothing, and keeps the place of the last thing that was there, so that
/// a finding about a missing field says where it is missing from.
#[derive(Debug, Clone)]
pub struct Spot<'t> {
    node: Option<&'t Node>,
    path: String,
    place: Option<Place>,
}

impl<'t> Spot<'t> {
    /// The root of a tree.
    pub fn root(node: &'t Node) -> Self {
        Self { node: Some(node), path: String::new(), place: node.at }
    }

    /// The value of a key here.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let entry = self.node.and_then(|node| node.entries().iter().find(|e| e.key == key));
        let path = if self.path.is_empty() {
            key.to_owned()
        } else if key.contains(['.', '/']) {
            format!("{}[{key:?}]", self.path)
        } else {
            format!("{}.{key}", self.path)
        };
        let place = entry.and_then(|entry| entry.at).or(self.place);
        Self { node: entry.map(|entry| &entry.node), path, place }
    }

    /// The value of a key, of a key in that, and so on.
    #[must_use]
    pub fn keys(&self, keys: &[&str]) -> Self {
        keys.iter().fold(self.clone(), |spot, key| spot.key(key))
    }

    /// The elements of the list here.
    pub fn elements(&self) -> Vec<Self> {
        let elements = self.node.map(Node::elements).unwrap_or_default();
        let spot = |(index, node): (usize, &'t Node)| Self {
            node: Some(node),
            path: format!("{}[{index}]", self.path),
            place: node.at.or(self.place),
        };
        elements.iter().enumerate().map(spot).collect()
    }

    /// What stands here; `null` is nothing, as the API server reads it.
    pub fn node(&self) -> Option<&'t Node> {
        self.node.filter(|node| !node.is_null())
    }

    /// Nothing stands here.
    pub fn is_absent(&self) -> bool {
        self.node().is_none()
    }

    /// Text, if it is one.
    pub fn text(&self) -> Option<&'t str> {
        self.node().and_then(Node::text)
    }

    /// Whole number, if it is one.
    pub fn int(&self) -> Option<i64> {
        self.node().and_then(Node::int)
    }

    /// Truth value, if it is one.
    pub fn bool(&self) -> Option<bool> {
        self.node().and_then(Node::bool)
    }

    /// The path from the root, `spec.template.spec.containers[0].image`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it stands, or where it is missing from.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// What stands here, in words; `none` for nothing.
    pub fn said(&self) -> String {
        self.node().map_or_else(|| "none".to_owned(), Node::to_string)
    }
}
