//! Documents into objects: lists are opened, and what is no object is said to be none.
//!
//! Never judges what an object says. Called by `read`.

use crate::domain::readiness::Place;
use crate::domain::text::SafeText;
use crate::manifest::bundle::Object;
use crate::manifest::tree::{Entry, Node, Spot, Value};

use super::{Fault, Limits, Misread, Read, template};

/// Takes all documents of a file.
pub(super) fn collect(
    source: &SafeText,
    documents: impl Iterator<Item = Result<Node, Fault>>,
    limits: &Limits,
) -> Read {
    let mut read = Read::default();
    for document in documents {
        read.documents += 1;
        let mut taken = match document {
            Ok(node) => open(source, node, limits),
            Err(fault) => (Vec::new(), vec![Wrong::from(fault)]),
        };
        read.objects.append(&mut taken.0);
        let room = limits.faults.saturating_sub(read.faults.len() + read.foreign.len());
        for Wrong { fault, is_foreign } in taken.1.into_iter().take(room) {
            let all = if is_foreign { &mut read.foreign } else { &mut read.faults };
            all.push(Misread { source: source.clone(), fault });
        }
    }
    read
}

/// Why something is no object.
struct Wrong {
    fault: Fault,
    /// It does not even look like one.
    is_foreign: bool,
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self { fault, is_foreign: false }
    }
}

/// The objects of one document, and what is wrong with those that are none.
fn open(source: &SafeText, node: Node, limits: &Limits) -> (Vec<Object>, Vec<Wrong>) {
    let (mut objects, mut faults) = (Vec::new(), Vec::new());
    // Last first, so that they come out in their order. Lists may be within lists.
    let mut left = vec![node];
    while let Some(node) = left.pop() {
        if faults.len() > limits.faults {
            break;
        }
        match items_of(node) {
            Opened::Items(items) => left.extend(items.into_iter().rev()),
            Opened::One(node) => match object(source, node) {
                Ok(object) => objects.push(object),
                Err(wrong) => faults.push(wrong),
            },
        }
    }
    (objects, faults)
}

enum Opened {
    Items(Vec<Node>),
    One(Node),
}

/// The items of a `List`, or of a `DeploymentList` and the like, whose items may leave out what the
/// list says for all.
fn items_of(mut node: Node) -> Opened {
    let root = Spot::root(&node);
    let kind = root.key("kind").text().unwrap_or_default();
    let Some(of) = kind.strip_suffix("List").map(str::to_owned) else { return Opened::One(node) };
    let items = root.key("items");
    let is_list = matches!(items.node().map(|node| &node.value), Some(Value::List(_)));
    let version = root.key("apiVersion").text().unwrap_or_default().to_owned();
    let is_empty = of.is_empty() && version == "v1" && items.is_absent();
    if !is_list && !is_empty {
        return Opened::One(node);
    }
    let Value::Map(entries) = &mut node.value else { return Opened::One(node) };
    let items = entries.iter_mut().find(|entry| entry.key == "items").map(|entry| &mut entry.node);
    let Some(Value::List(mut items)) = items.map(|items| std::mem::replace(items, nothing()).value)
    else {
        return Opened::Items(Vec::new());
    };
    if !of.is_empty() {
        for item in &mut items {
            complete(item, &version, &of);
        }
    }
    Opened::Items(items)
}

fn nothing() -> Node {
    Node::bare(Value::Null)
}

fn complete(item: &mut Node, version: &str, kind: &str) {
    let at = item.at;
    let Value::Map(entries) = &mut item.value else { return };
    for (key, text) in [("kind", kind), ("apiVersion", version)] {
        if !entries.iter().any(|entry| entry.key == key) {
            let node = Node { at, value: Value::Text(text.to_owned()) };
            entries.insert(0, Entry { key: key.to_owned(), at, node });
        }
    }
}

fn object(source: &SafeText, node: Node) -> Result<Object, Wrong> {
    let start = node.at.unwrap_or(Place { line: 1, column: 1 });
    if !matches!(node.value, Value::Map(_)) {
        let message = format!(
            "{} stands where an object with apiVersion, kind and metadata belongs",
            what(&node)
        );
        let is_foreign = matches!(node.value, Value::List(_));
        return Err(Wrong { fault: Fault::new(start, message), is_foreign });
    }
    let root = Spot::root(&node);
    if let Some(fault) = raw_material(source, &root, start) {
        return Err(fault.into());
    }
    let lacks = |key| root.key(key).is_absent();
    let is_foreign = lacks("kind") && lacks("apiVersion");
    text_at(&root, "kind", start).map_err(|fault| Wrong { fault, is_foreign })?;
    text_at(&root, "apiVersion", start)?;
    let metadata = root.key("metadata");
    if metadata.node().is_some_and(|node| !matches!(node.value, Value::Map(_))) {
        let message = format!("`metadata` is {}, where a map belongs", metadata.said());
        return Err(Fault::new(metadata.place().unwrap_or(start), message).into());
    }
    if !metadata.key("namespace").is_absent() {
        text_at(&root, "metadata.namespace", start)?;
    }
    // An object may leave its name to the API server.
    let name = if metadata.key("name").is_absent() && !metadata.key("generateName").is_absent() {
        "metadata.generateName"
    } else {
        "metadata.name"
    };
    text_at(&root, name, start)?;
    let fault = || Wrong::from(Fault::new(start, "there is no `kind`"));
    Object::new(source.clone(), node).ok_or_else(fault)
}

/// Holds a field that says who an object is to being text, and rendered.
fn text_at(root: &Spot<'_>, path: &str, start: Place) -> Result<(), Fault> {
    let spot = root.keys(&path.split('.').collect::<Vec<_>>());
    let at = spot.place().unwrap_or(start);
    match (spot.text(), spot.node()) {
        (Some(text), _) if template::is_marked(text) => Err(template::field(at, path, text)),
        (Some(text), _) if !text.is_empty() => Ok(()),
        (None, Some(node)) => {
            let what = what(node);
            let message = format!("`{path}` is {what}, where text belongs: put it in quotes");
            Err(Fault::new(at, message))
        }
        _ => {
            let message = format!("an object without `{path}`: the API server refuses it");
            Err(Fault::new(at, message))
        }
    }
}

/// What kustomize and Helm make manifests from.
fn raw_material(source: &SafeText, root: &Spot<'_>, start: Place) -> Option<Fault> {
    let file = source.rsplit(['/', '\\']).next().unwrap_or_default();
    let text = |key| root.key(key).text().unwrap_or_default();
    let lacks_kind = root.key("kind").is_absent();
    let kustomize = matches!(file, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
        && (lacks_kind || root.key("metadata").is_absent());
    if kustomize || text("apiVersion").starts_with("kustomize.config.k8s.io/") {
        let what = "what kustomize builds manifests from";
        return Some(template::source(start, what, "build it (kubectl kustomize)"));
    }
    let chart = matches!(text("apiVersion"), "v1" | "v2")
        && !root.key("name").is_absent()
        && !root.key("version").is_absent();
    if lacks_kind && (chart || matches!(file, "Chart.yaml" | "values.yaml" | "values.yml")) {
        let what = "a part of a Helm chart";
        return Some(template::source(start, what, "render the chart (helm template)"));
    }
    None
}

fn what(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => format!("the text {:?}", text.chars().take(60).collect::<String>()),
        Value::Bool(truth) => format!("the truth value {truth}"),
        Value::Int(_) | Value::Float(_) => format!("the number {node}"),
        Value::Null | Value::List(_) | Value::Map(_) => node.to_string(),
    }
}
