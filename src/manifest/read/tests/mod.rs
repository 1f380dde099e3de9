//! How texts are read.

mod objects;
mod property;
mod speed;
mod values;

use super::*;
use crate::manifest::tree::Value;

fn all(text: &str) -> Vec<Result<Node, Fault>> {
    documents(text, &Limits::default())
}

fn one(text: &str) -> Node {
    value(text, &Limits::default()).unwrap()
}

fn fault(text: &str) -> Fault {
    value(text, &Limits::default()).unwrap_err()
}

fn at(line: u32, column: u32) -> Place {
    Place { line, column }
}

fn plain(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.clone().into(),
        Value::List(nodes) => nodes.iter().map(plain).collect(),
        Value::Map(entries) => {
            let pair =
                |entry: &crate::manifest::tree::Entry| (entry.key.clone(), plain(&entry.node));
            serde_json::Value::Object(entries.iter().map(pair).collect())
        }
    }
}

fn objects_of(text: &str) -> Read {
    objects(&"shop.yaml".into(), text, &Limits::default())
}
