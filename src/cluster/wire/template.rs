//! AnalysisTemplates and `ClusterAnalysisTemplates`, and how rollouts refer to them.

use super::analysis::metrics_of;
use super::meta::Meta;
use super::node::Node;
use crate::domain::analysis::template::{AnalysisTemplate, Arg, ArgValue, TemplateName};

/// A template; `cluster` when it is one of the whole cluster.
pub(super) fn template(object: Node<'_>, cluster: bool) -> Option<AnalysisTemplate> {
    let name = Meta::of(object)?.id().name;
    let spec = object.at("spec");
    Some(AnalysisTemplate {
        name: TemplateName { name, cluster },
        args: args(spec),
        metrics: metrics_of(spec),
        templates: template_names(spec),
    })
}

/// Names under `templates`.
pub(super) fn template_names(node: Node<'_>) -> Vec<TemplateName> {
    let name = |node: Node<'_>| {
        let name = node.text("templateName")?;
        Some(TemplateName { name, cluster: node.flag("clusterScope") })
    };
    node.list("templates").filter_map(name).collect()
}

/// `args`.
pub(super) fn args(node: Node<'_>) -> Vec<Arg> {
    let arg = |node: Node<'_>| Some(Arg { name: node.text("name")?, value: value(node) });
    node.list("args").filter_map(arg).collect()
}

fn value(node: Node<'_>) -> Option<ArgValue> {
    if let Some(text) = node.written("value") {
        return Some(ArgValue::Text(text));
    }
    let from = node.at("valueFrom");
    if from.part("secretKeyRef").is_some() {
        return Some(ArgValue::Secret);
    }
    if let Some(path) = from.at("fieldRef").text("fieldPath") {
        return Some(ArgValue::Field(path));
    }
    match from.str("podTemplateHashValue")? {
        "Latest" => Some(ArgValue::LatestHash),
        "Stable" => Some(ArgValue::StableHash),
        _ => None,
    }
}
