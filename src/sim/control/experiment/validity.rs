//! What is wrong with an experiment's spec, in the controller's words.
//!
//! Called before an experiment is looked at.

use serde_json::{Value, json};

use super::state;
use crate::sim::object::Document;

/// The first thing that is wrong.
pub(super) fn flaw(experiment: &Value) -> Option<String> {
    let templates = experiment.items("/spec/templates");
    templates.iter().enumerate().find_map(|(index, template)| {
        let (name, own) = (template.text("/name"), experiment.name());
        let repeated = templates.iter().take(index).any(|before| before.text("/name") == name);
        match template.get("selector") {
            None => {
                let field = format!(".Spec.Templates[{index}].Selector");
                Some(format!("Rollout has missing field '{field}'"))
            }
            Some(selector) if *selector == json!({}) => Some(format!(
                "This experiment is selecting all pods at index {index}. A non-empty selector is \
                 required."
            )),
            _ if template.int("/minReadySeconds") > state::deadline(experiment) => Some(format!(
                "MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template \
                 index {index}"
            )),
            _ if name.is_empty() => {
                Some(format!("Experiment {own} has empty template name at index {index}"))
            }
            _ if repeated => {
                Some(format!("Experiment {own} has repeated template name '{name}' in templates"))
            }
            _ => None,
        }
    })
}
