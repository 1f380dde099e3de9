//! The analyses that a Rollout asks for: whether their templates are there, and whether runs can be
//! made of them.
//!
//! Called by the validation.

use serde_json::{Value, json};

use super::{Check, Fault, invalid};
use crate::sim::control::analysis::draft::{self, Draft};
use crate::sim::control::rollout::analysis::provisional_arguments;
use crate::sim::control::rollout::spec::{Analysis, Rollout};
use crate::sim::object::Document;
use crate::sim::store::{Key, Kind, Object, Store};

/// An analysis, the field of its templates, and these.
pub(super) struct Asked<'r> {
    field: String,
    analysis: &'r Analysis,
    background: bool,
    templates: Vec<Object>,
}

/// All analyses with their templates; the first that is missing.
pub(super) fn find<'r>(rollout: &'r Rollout, store: &Store) -> Result<Vec<Asked<'r>>, Fault> {
    let mut asked = Vec::new();
    for (field, analysis, background) in named(rollout) {
        let mut templates = Vec::new();
        collect(rollout, store, &field, &analysis.templates, &mut templates)?;
        asked.push(Asked { field, analysis, background, templates });
    }
    Ok(asked)
}

fn named(rollout: &Rollout) -> Vec<(String, &Analysis, bool)> {
    let mut named = Vec::new();
    if let Some(blue_green) = rollout.blue_green() {
        let both = [
            ("prePromotionAnalysis", &blue_green.pre_promotion_analysis),
            ("postPromotionAnalysis", &blue_green.post_promotion_analysis),
        ];
        for (field, analysis) in both {
            if let Some(analysis) = analysis {
                let field = format!("spec.strategy.blueGreen.{field}.templates");
                named.push((field, analysis, false));
            }
        }
    } else if let Some(canary) = rollout.canary() {
        for (index, step) in canary.steps.iter().enumerate() {
            if let Some(analysis) = &step.analysis {
                let field = format!("spec.strategy.canary.steps[{index}].analysis.templates");
                named.push((field, analysis, false));
            }
        }
        if let Some(analysis) = &canary.analysis {
            named.push(("spec.strategy.canary.analysis.templates".into(), analysis, true));
        }
    }
    named
}

/// The templates that are named, and those that these name, each once.
fn collect(
    rollout: &Rollout,
    store: &Store,
    field: &str,
    references: &[Value],
    found: &mut Vec<Object>,
) -> Check {
    for reference in references {
        let kind = if reference.flag("/clusterScope") {
            Kind::ClusterAnalysisTemplate
        } else {
            Kind::AnalysisTemplate
        };
        let name = reference.text("/templateName");
        let key = Key::new(kind, rollout.namespace(), name);
        let Some(template) = store.get(&key) else {
            let why = format!("{} '{name}' not found", kind.facts().name);
            return Err(invalid(field, name, why));
        };
        if found.iter().any(|known| known.uid() == template.uid()) {
            continue;
        }
        found.push(template.clone());
        collect(rollout, store, "spec.templates", template.items("/spec/templates"), found)?;
    }
    Ok(())
}

/// Whether runs can be made of the analyses.
pub(super) fn check(rollout: &Rollout, store: &Store, asked: &[Asked<'_>]) -> Check {
    for asked in asked {
        let names: Vec<&str> = asked.templates.iter().map(|template| template.name()).collect();
        let names = format!("templateNames: [{}]", names.join(" "));
        let args = provisional_arguments(&asked.analysis.args, rollout);
        let with = |dry_run, retention| Draft {
            namespace: rollout.namespace(),
            templates: &asked.analysis.templates,
            args: args.clone(),
            dry_run,
            retention,
            labels: json!({}),
            annotations: json!({}),
            ..Draft::default()
        };
        let fault = |why: String| invalid(&asked.field, names.as_str(), why);
        draft::run(store, &with(&[], &[])).map_err(fault)?;
        for step in rollout.steps() {
            if let Some(analysis) = &step.analysis {
                let draft = with(&analysis.dry_run, &analysis.measurement_retention);
                draft::run(store, &draft).map_err(fault)?;
            }
        }
        for template in &asked.templates {
            if asked.background {
                check_background(rollout, &asked.field, template)?;
            } else {
                check_ends(&asked.field, template)?;
            }
        }
    }
    Ok(())
}

/// An analysis that something waits for has to end by itself.
fn check_ends(field: &str, template: &Object) -> Check {
    let name = template.name();
    for metric in template.items("/spec/metrics") {
        let counted = metric.get("count").is_some_and(|count| !count.is_null());
        if !counted && !metric.text("/interval").is_empty() {
            let why = format!(
                "AnalysisTemplate {name} has metric {} which runs indefinitely. Invalid value for \
                 count: <nil>",
                metric.text("/name")
            );
            return Err(invalid(field, name, why));
        }
    }
    Ok(())
}

/// The analysis beside the steps has to be given all its arguments.
fn check_background(rollout: &Rollout, field: &str, template: &Object) -> Check {
    let given = rollout.canary().and_then(|canary| canary.analysis.as_ref());
    let given = given.map(|analysis| analysis.args.as_slice()).unwrap_or_default();
    for argument in template.items("/spec/args") {
        let name = argument.text("/name");
        if argument.get("value").is_some() || argument.get("valueFrom").is_some() {
            continue;
        }
        if given.is_empty() {
            let why = "missing analysis arguments in rollout spec";
            return Err(invalid(field, template.name(), why));
        }
        if !given.iter().any(|given| given.name == name) {
            return Err(invalid(field, template.name(), name));
        }
    }
    Ok(())
}
