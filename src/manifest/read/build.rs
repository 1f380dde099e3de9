//! One document: the parser's events into a tree.
//!
//! Keeps a stack of its own, so that depth costs nothing but memory. Aliases are copied, within a
//! budget. Called by `stream`.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle};

use crate::domain::readiness::Place;
use crate::manifest::tree::{Node, Value};

use super::map::Making;
use super::scalar::{self, Tag};
use super::{Fault, Limits};

/// Bytes of memory that a value takes, without its text: what copies are counted by.
const NODE: usize = 96;

/// What one file may still cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    nodes: usize,
    copies: usize,
    depth: usize,
    /// Too much was wanted: nothing more is to be read.
    pub(super) spent: bool,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        let Limits { nodes, copies, depth, .. } = *limits;
        Self { nodes, copies, depth, spent: false }
    }

    fn node(&mut self, at: Place) -> Result<(), Fault> {
        self.nodes = self.nodes.checked_sub(1).ok_or_else(|| {
            self.spent = true;
            Fault::new(at, "too many values in one file: split it. The rest is not read")
        })?;
        Ok(())
    }

    fn copy(&mut self, at: Place, size: usize) -> Result<(), Fault> {
        self.copies = self.copies.checked_sub(size).ok_or_else(|| {
            self.spent = true;
            Fault::new(at, "the aliases of this file come to too much. The rest is not read")
        })?;
        Ok(())
    }
}

/// A finished value and what a copy of it costs.
#[derive(Debug, Clone)]
struct Part {
    node: Node,
    size: usize,
    /// Maps and lists within each other, itself counted.
    height: usize,
}

#[derive(Debug)]
struct Frame {
    at: Place,
    anchor: usize,
    size: usize,
    height: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    List(Vec<Node>),
    Map(Making, Option<Key>),
}

#[derive(Debug)]
enum Key {
    Named(String, Place),
    Merge,
}

/// A document as it is put together.
#[derive(Debug, Default)]
pub(super) struct Builder {
    stack: Vec<Frame>,
    anchors: HashMap<usize, Part>,
    root: Option<Node>,
}

impl Builder {
    /// Takes the next event.
    pub(super) fn take(
        &mut self,
        event: Event<'_>,
        at: Place,
        budget: &mut Budget,
    ) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                budget.node(at)?;
                let tag = tag.map_or(Tag::None, |tag| Tag::of(&tag));
                self.scalar(text, style, tag, anchor, at, budget)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(Kind::List(Vec::new()), anchor, at, budget)
            }
            Event::MappingStart(_, anchor, _) => {
                self.open(Kind::Map(Making::default(), None), anchor, at, budget)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(budget),
            Event::Alias(anchor) => {
                let Some(part) = self.anchors.get(&anchor) else {
                    return Err(Fault::new(at, "this alias is within what it stands for"));
                };
                budget.copy(at, part.size)?;
                if self.stack.len() + part.height > budget.depth {
                    return Err(too_deep(at));
                }
                let part = part.clone();
                self.put(part, at)
            }
            _ => Ok(()),
        }
    }

    /// The tree; none for an empty document.
    pub(super) fn finish(&mut self) -> Option<Node> {
        let root = self.root.take();
        *self = Self::default();
        root.filter(|root| !root.is_null())
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        tag: Tag,
        anchor: usize,
        at: Place,
        budget: &mut Budget,
    ) -> Result<(), Fault> {
        let plain = style == ScalarStyle::Plain;
        if plain
            && tag == Tag::None
            && text == "<<"
            && let Some(Frame { kind: Kind::Map(_, key @ None), .. }) = self.stack.last_mut()
        {
            *key = Some(Key::Merge);
            return Ok(());
        }
        let size = NODE + text.len();
        let value = scalar::resolve(text, plain, tag).map_err(|why| Fault::new(at, why))?;
        let part = Part { node: Node { at: Some(at), value }, size, height: 0 };
        self.name(anchor, &part, at, budget)?;
        self.put(part, at)
    }

    fn open(
        &mut self,
        kind: Kind,
        anchor: usize,
        at: Place,
        budget: &mut Budget,
    ) -> Result<(), Fault> {
        budget.node(at)?;
        if self.stack.len() >= budget.depth {
            return Err(too_deep(at));
        }
        self.stack.push(Frame { at, anchor, size: NODE, height: 1, kind });
        Ok(())
    }

    fn close(&mut self, budget: &mut Budget) -> Result<(), Fault> {
        let Some(Frame { at, anchor, size, height, kind }) = self.stack.pop() else {
            return Ok(());
        };
        let value = match kind {
            Kind::List(nodes) => Value::List(nodes),
            Kind::Map(map, _) => map.into_value(),
        };
        let part = Part { node: Node { at: Some(at), value }, size, height };
        self.name(anchor, &part, at, budget)?;
        self.put(part, at)
    }

    /// Keeps what an anchor names. That is a copy too: anchors may stand within each other.
    fn name(
        &mut self,
        anchor: usize,
        part: &Part,
        at: Place,
        budget: &mut Budget,
    ) -> Result<(), Fault> {
        if anchor != 0 {
            budget.copy(at, part.size)?;
            self.anchors.insert(anchor, part.clone());
        }
        Ok(())
    }

    /// Puts a finished value where it belongs. `at` is where it is written or referred to.
    fn put(&mut self, part: Part, at: Place) -> Result<(), Fault> {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(part.node);
            return Ok(());
        };
        frame.size += part.size;
        frame.height = frame.height.max(part.height + 1);
        match &mut frame.kind {
            Kind::List(nodes) => nodes.push(part.node),
            Kind::Map(map, key) => match key.take() {
                None => *key = Some(Key::Named(named(part.node, at)?, at)),
                Some(Key::Named(name, at)) => map.insert(name, at, part.node)?,
                Some(Key::Merge) => map.merge(at, part.node)?,
            },
        }
        Ok(())
    }
}

fn named(node: Node, at: Place) -> Result<String, Fault> {
    let what = match node.value {
        Value::Map(_) => "a map",
        Value::List(_) => "a list",
        _ => "nothing",
    };
    let fault = || Fault::new(at, format!("{what} stands where the name of a field belongs"));
    scalar::key_of(node.value).ok_or_else(fault)
}

fn too_deep(at: Place) -> Fault {
    Fault::new(at, "maps and lists are nested too deeply for a manifest")
}
