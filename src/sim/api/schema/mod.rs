//! What fields each kind has: names, types, how lists merge.
//!
//! Read once from two tables beside this file. Never knows what a field is for. Called by whatever
//! reads a body: decoding, pruning, patches, `kubectl explain`.

mod custom;
mod native;
mod protobuf;
mod quantity;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

pub(crate) use custom::{complete, prune, validate};
pub(crate) use native::decode;
pub(crate) use protobuf::from_protobuf;
pub(crate) use quantity::Quantity;

/// A type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Flag,
    /// A whole number, by Go's name of it.
    Whole(&'static str),
    Number,
    Time,
    Bytes,
    Quantity,
    WholeOrText,
    /// Anything at all.
    Any,
    /// An object of anything.
    Object,
    /// An object of which nothing is kept.
    Empty,
    /// One of these words.
    Choice(Vec<&'static str>),
    List(Box<Type>),
    Map(Box<Type>),
    Of(&'static str),
}

/// How nothing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// Always written, whatever it is.
    Written,
    /// Left out when it is nothing.
    LeftOut,
    /// Left out when it was never said: a pointer in Go.
    Unsaid,
    /// Left out when it is nothing, even an object.
    Dropped,
}

/// How a patch treats a list or an object that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    /// A list is replaced, an object merged.
    Usual,
    /// Members of a list are matched by this key.
    By(&'static str),
    /// A list is a set.
    Set,
    /// An object is replaced.
    Replace,
}

/// A field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) nothing: Nothing,
    pub(crate) required: bool,
    pub(crate) of: Type,
    pub(crate) merge: Merge,
    /// A patch names the keys that are kept; the others go.
    pub(crate) retain: bool,
    /// In protobuf; zero where the field is not there.
    pub(crate) number: u64,
    pub(crate) default: Option<Value>,
}

/// A type with fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Struct {
    pub(crate) name: &'static str,
    pub(crate) fields: Vec<Field>,
    /// Types whose fields are among the own ones in JSON, and their numbers in protobuf.
    pub(crate) embedded: Vec<(u64, &'static str)>,
}

impl Struct {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// All types of one table.
pub(crate) type Table = BTreeMap<&'static str, Struct>;

/// The native types.
pub(crate) fn natives() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| read(include_str!("native.txt")))
}

/// The types of custom kinds.
pub(crate) fn customs() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| read(include_str!("custom.txt")))
}

/// The table that a kind's fields are in.
pub(crate) fn of(custom: bool) -> &'static Table {
    if custom { customs() } else { natives() }
}

fn read(text: &'static str) -> Table {
    let mut table = Table::new();
    let mut last = Struct::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(' ') {
            for word in line.split_whitespace() {
                match word.strip_prefix('@') {
                    Some(embedded) => last.embedded.extend(numbered(embedded)),
                    None => last.fields.extend(field(word)),
                }
            }
            continue;
        }
        let done = std::mem::replace(&mut last, Struct { name: line, ..Struct::default() });
        table.insert(done.name, done);
    }
    table.insert(last.name, last);
    // What stood before the first name.
    table.remove("");
    table
}

/// A word and its number behind `#`.
fn numbered(text: &'static str) -> Option<(u64, &'static str)> {
    let (word, number) = text.split_once('#')?;
    Some((number.parse().ok()?, word))
}

fn field(text: &'static str) -> Option<Field> {
    let (number, text) = numbered(text).unwrap_or((0, text));
    let (name, rest) = text.split_once(':')?;
    let mut field = Field {
        name: name.trim_end_matches(['?', '*', '0', '!']),
        nothing: match name.chars().last()? {
            '?' => Nothing::LeftOut,
            '*' => Nothing::Unsaid,
            '0' => Nothing::Dropped,
            _ => Nothing::Written,
        },
        required: name.ends_with('!'),
        of: Type::Any,
        merge: Merge::Usual,
        retain: rest.contains('^'),
        number,
        default: None,
    };
    let rest = match rest.split_once('=') {
        Some((rest, default)) => {
            field.default = serde_json::from_str(default).ok();
            rest
        }
        None => rest,
    };
    let rest = rest.trim_end_matches('^');
    let (of, merge) = match rest.split_once('~') {
        Some((of, "")) => (of, Merge::Set),
        Some((of, key)) => (of, Merge::By(key.trim_end_matches('^'))),
        None if rest.ends_with('!') => (rest.trim_end_matches('!'), Merge::Replace),
        None => (rest, Merge::Usual),
    };
    field.of = type_of(of);
    field.merge = merge;
    Some(field)
}

fn type_of(text: &'static str) -> Type {
    let inner = |open: char, close: char| text.strip_prefix(open)?.strip_suffix(close);
    if let Some(of) = inner('[', ']') {
        return Type::List(Box::new(type_of(of)));
    }
    if let Some(of) = inner('{', '}') {
        return Type::Map(Box::new(type_of(of)));
    }
    if let Some(words) = inner('(', ')') {
        return Type::Choice(words.split('|').collect());
    }
    match text {
        "string" => Type::Text,
        "bool" => Type::Flag,
        "int32" | "int64" | "int" | "uint16" => Type::Whole(text),
        "float64" => Type::Number,
        "time" | "micro" => Type::Time,
        "bytes" => Type::Bytes,
        "quantity" => Type::Quantity,
        "intstr" => Type::WholeOrText,
        "any" => Type::Any,
        "object" => Type::Object,
        "empty" => Type::Empty,
        of => Type::Of(of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::store::KINDS;

    #[test]
    fn every_kind_and_every_named_type_is_there() {
        for facts in KINDS {
            let kind = of(facts.custom).get(facts.name);
            assert!(kind.is_some_and(|kind| kind.field("metadata").is_some()), "{}", facts.name);
        }
        for (text, table) in
            [(include_str!("native.txt"), natives()), (include_str!("custom.txt"), customs())]
        {
            let named = text.lines().filter(|line| !line.starts_with([' ', '#']));
            assert_eq!(named.count(), table.len(), "two types of one name");
        }
        for table in [natives(), customs()] {
            for (name, fields) in table {
                for field in &fields.fields {
                    let mut of = &field.of;
                    while let Type::List(inner) | Type::Map(inner) = of {
                        of = inner;
                    }
                    let known = match of {
                        Type::Of("ObjectMeta") => natives().contains_key("ObjectMeta"),
                        Type::Of(of) => table.contains_key(of),
                        _ => true,
                    };
                    assert!(known, "{name}.{}", field.name);
                }
            }
        }
    }

    #[test]
    fn marks_are_read() {
        let spec = &natives()["PodSpec"];
        let containers = spec.field("containers").unwrap();
        assert_eq!(containers.merge, Merge::By("name"));
        assert_eq!(containers.of, Type::List(Box::new(Type::Of("Container"))));
        assert_eq!(natives()["DeploymentSpec"].field("replicas").unwrap().nothing, Nothing::Unsaid);
        assert_eq!(natives()["Volume"].embedded, [(2, "VolumeSource")]);
        assert_eq!(containers.number, 2);
        assert_eq!(
            natives()["PodDisruptionBudgetSpec"].field("selector").unwrap().merge,
            Merge::Replace
        );
        let port = customs()["Port"].field("protocol").unwrap();
        assert_eq!(port.default, Some(Value::from("TCP")));
        assert!(customs()["Port"].field("containerPort").unwrap().required);
    }
}
