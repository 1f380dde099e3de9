//! W01: a template of Helm, of a shell or of a pipeline that nobody has filled in (X58).
//!
//! Where the API server takes any text and the program may want it with braces (commands,
//! variables, annotations), only what can be nothing but Helm or a pipeline counts. Never renders
//! anything. Called by `judge`.

use crate::manifest::bundle::Object;
use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::{Node, Spot, Value};

/// What only Helm says within braces.
const HELM: &[&str] = &[
    ".Values",
    ".Release",
    ".Chart",
    ".Capabilities",
    ".Files",
    "include ",
    "template ",
    "tpl ",
    "toYaml",
];

/// Keys below which braces may be meant for the program, an agent or a shell.
const FREE: &[&str] = &["annotations", "command", "args", "env", "subPathExpr"];

pub(super) fn look(case: &mut Case<'_>) {
    let Some(object) = case.workload.templated else {
        return unread(case);
    };
    let template = object.root().keys(&["spec", "template"]);
    let Some(node) = template.node() else { return };
    if !has_marks(node) {
        return;
    }
    walk(case, object, &template, false);
}

/// Says once, for all rules of pods, that there is no pod template to judge.
fn unread(case: &mut Case<'_>) {
    let reference = case.workload.spec().key("workloadRef");
    let said = Said::of(
        reference.key("name").said(),
        "the object that has the pod template",
        "none of the rules about pods could be judged",
        "check it together with the object that workloadRef names",
    );
    let object = case.workload.object;
    case.unknown(object, &reference, "the pod template is not among what was read", said);
}

fn has_marks(node: &Node) -> bool {
    let marked = |text: &str| text.contains("{{") || text.contains('$');
    match &node.value {
        Value::Text(text) => marked(text),
        Value::List(elements) => elements.iter().any(has_marks),
        Value::Map(entries) => {
            entries.iter().any(|entry| marked(&entry.key) || has_marks(&entry.node))
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    }
}

fn walk(case: &mut Case<'_>, object: &Object, spot: &Spot<'_>, free: bool) {
    let Some(node) = spot.node() else { return };
    match &node.value {
        Value::Text(text) => {
            if let Some(mark) = mark(text, free) {
                found(case, object, spot, text, mark);
            }
        }
        Value::List(_) => {
            for element in spot.elements() {
                walk(case, object, &element, free);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                let below = spot.key(&entry.key);
                if let Some(mark) = mark(&entry.key, false) {
                    found(case, object, &below, &entry.key, mark);
                }
                let image = entry.node.text().filter(|text| {
                    entry.key == "image" && mark(text, free).is_none() && is_template(text)
                });
                if let Some(image) = image {
                    found(case, object, &below, image, "a shell");
                    continue;
                }
                walk(case, object, &below, free || FREE.contains(&entry.key.as_str()));
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}

/// Whose template a text is; none where it is none, or may be meant as it stands.
fn mark(text: &str, free: bool) -> Option<&'static str> {
    if text.contains("${{") {
        return Some("a pipeline");
    }
    if let Some((_, inside)) = text.split_once("{{") {
        let helm = HELM.iter().any(|word| inside.contains(word));
        return (helm || !free).then_some("Helm");
    }
    // Kubernetes itself fills in `$(NAME)`, but only in the places that are free here.
    let shell = ["${", "$("].iter().any(|mark| text.contains(mark));
    (!free && shell).then_some("a shell")
}

fn found(case: &mut Case<'_>, object: &Object, spot: &Spot<'_>, text: &str, whose: &str) {
    let said = Said::of(
        text,
        "the value itself",
        format!("the API server fills in no template of {whose}: it is taken letter by letter"),
        "render the manifests first, and check and apply what comes out",
    );
    case.broken(object, spot, said);
}

/// Whether an image or a label still has a template in it, of any kind: neither may have one of
/// these characters.
pub(super) fn is_template(text: &str) -> bool {
    text.contains(['$', '{', '}'])
}
