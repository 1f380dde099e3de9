//! A file of YAML as nodes that know their bytes, and whether two files differ in one value alone.
//!
//! Never changes anything. Called by `edit` and `forms`.

use std::ops::Range;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};

use super::Refusal;

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Whether it has an anchor: then others may be the same node.
    pub(super) anchored: bool,
    /// From 1.
    pub(super) line: usize,
    /// From 1.
    pub(super) column: usize,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    Scalar { text: String, style: ScalarStyle, range: Range<usize>, event: usize },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Alias,
}

impl Node {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The values of a key: more than one where it is written twice.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &Node> {
        let entries = self.entries().iter();
        entries.filter(move |(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The value of a key, the last where it is written twice.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.all(key).last()
    }

    /// Keys and values; none in what is no map.
    pub(super) fn entries(&self) -> &[(Node, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Elements; none in what is no list.
    pub(super) fn elements(&self) -> &[Node] {
        match &self.kind {
            Kind::List(elements) => elements,
            _ => &[],
        }
    }
}

/// A list or map that is not at its end yet.
struct Open {
    map: bool,
    anchored: bool,
    at: Marker,
    children: Vec<Node>,
}

/// The documents of a file, each as its root.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, Refusal> {
    let mut roots = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (index, next) in Parser::new_from_str(text).enumerate() {
        let (event, span) = next.map_err(|error| refused(&error))?;
        let leaf = |kind, anchor| Some(node(kind, anchor != 0, span.start));
        let mut start = |map, anchor| {
            open.push(Open { map, anchored: anchor != 0, at: span.start, children: Vec::new() });
            None
        };
        let done = match event {
            Event::Scalar(value, style, anchor, _) => {
                leaf(scalar(value.into_owned(), style, span, index)?, anchor)
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => leaf(Kind::Alias, 0),
            Event::SequenceStart(_, anchor, _) => start(false, anchor),
            Event::MappingStart(_, anchor, _) => start(true, anchor),
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(closed),
            _ => None,
        };
        if let Some(done) = done {
            match open.last_mut() {
                Some(parent) => parent.children.push(done),
                None => roots.push(done),
            }
        }
    }
    Ok(roots)
}

fn node(kind: Kind, anchored: bool, at: Marker) -> Node {
    Node { kind, anchored, line: at.line(), column: at.col() + 1 }
}

fn scalar(text: String, style: ScalarStyle, span: Span, event: usize) -> Result<Kind, Refusal> {
    let range = span.byte_range().ok_or_else(|| Refusal {
        line: span.start.line(),
        column: span.start.col() + 1,
        cause: "the parser does not say where this value stands".into(),
    })?;
    Ok(Kind::Scalar { text, style, range, event })
}

fn closed(open: Open) -> Node {
    let kind = if open.map {
        let mut entries = Vec::with_capacity(open.children.len() / 2);
        let mut children = open.children.into_iter();
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            entries.push((key, value));
        }
        Kind::Map(entries)
    } else {
        Kind::List(open.children)
    };
    node(kind, open.anchored, open.at)
}

fn refused(error: &ScanError) -> Refusal {
    let at = error.marker();
    let cause = format!("this is no YAML: {}", error.info());
    Refusal { line: at.line(), column: at.col() + 1, cause }
}

/// Whether `after` is read as `before` is, but for these events, which are scalars and have these
/// texts now. Comments count as well; how a changed value is quoted does not.
pub(super) fn differ_only_in(
    before: &str,
    after: &str,
    changed: &[(usize, &str)],
) -> Result<bool, Refusal> {
    let mut old = Parser::new_from_str(before).enumerate();
    let mut new = Parser::new_from_str(after);
    loop {
        let (Some((index, was)), is) = (old.next(), new.next()) else {
            return Ok(new.next().is_none());
        };
        let Some(is) = is else { return Ok(false) };
        let (was, _) = was.map_err(|error| refused(&error))?;
        let (is, _) = is.map_err(|error| refused(&error))?;
        let same = match changed.iter().find(|(event, _)| *event == index) {
            None => was == is,
            Some((_, text)) => match (&was, &is) {
                (
                    Event::Scalar(_, _, anchor, tag),
                    Event::Scalar(value, _, new_anchor, new_tag),
                ) => value == text && anchor == new_anchor && tag == new_tag,
                _ => false,
            },
        };
        if !same {
            return Ok(false);
        }
    }
}
