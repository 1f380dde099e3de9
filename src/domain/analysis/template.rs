//! AnalysisTemplates and the arguments that a rollout gives them: what its analysis would ask.
//!
//! Source: `argoproj.io/v1alpha1` AnalysisTemplate, `ClusterAnalysisTemplate`, `RolloutAnalysis`,
//! `AnalysisRunArgument`. A record with the controller's rule for filling in arguments
//! (`utils/analysis/helpers.go`, `ResolveArgs`): a rollout's argument wins over a template's own.

use super::Metric;
use crate::domain::id::{PodHash, WorkloadId};
use crate::domain::text::SafeText;

/// Which template is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TemplateName {
    /// Name.
    pub name: SafeText,
    /// A `ClusterAnalysisTemplate` (`clusterScope`), not one of the rollout's namespace.
    pub cluster: bool,
}

impl TemplateName {
    /// A template of the rollout's own namespace.
    pub fn local(name: impl Into<SafeText>) -> Self {
        Self { name: name.into(), cluster: false }
    }
}

/// Where an argument's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgValue {
    /// Written out.
    Text(SafeText),
    /// `valueFrom.podTemplateHashValue: Latest`.
    LatestHash,
    /// `valueFrom.podTemplateHashValue: Stable`.
    StableHash,
    /// `valueFrom.fieldRef.fieldPath`, such as `metadata.labels['region']`.
    Field(SafeText),
    /// From a Secret, which is never read here.
    Secret,
}

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// Name.
    pub name: SafeText,
    /// Value; nothing when the template leaves it to the rollout.
    pub value: Option<ArgValue>,
}

/// An analysis that a rollout asks for: a step, the background, before or after a switch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RolloutAnalysis {
    /// `templates`.
    pub templates: Vec<TemplateName>,
    /// `args`.
    pub args: Vec<Arg>,
}

impl RolloutAnalysis {
    /// Names of the templates.
    pub fn names(&self) -> Vec<SafeText> {
        self.templates.iter().map(|template| template.name.clone()).collect()
    }
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisTemplate {
    /// Which.
    pub name: TemplateName,
    /// `spec.args` with their own values.
    pub args: Vec<Arg>,
    /// `spec.metrics`, as they are written: arguments are not filled in.
    pub metrics: Vec<Metric>,
    /// `spec.templates`: further ones that it refers to.
    pub templates: Vec<TemplateName>,
}

/// What an argument's value is taken from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The rollout.
    pub workload: &'a WorkloadId,
    /// Its `metadata.labels`.
    pub labels: &'a [(SafeText, SafeText)],
    /// `status.currentPodHash`.
    pub latest: Option<&'a PodHash>,
    /// `status.stableRS`.
    pub stable: Option<&'a PodHash>,
}

/// A text with `{{args.name}}` filled in.
///
/// # Errors
/// The name of the first argument without a value that is known here, with the reason.
pub fn fill(
    text: &str,
    given: &[Arg],
    defaults: &[Arg],
    facts: Facts<'_>,
) -> Result<String, String> {
    fill_with(text, |name| {
        let of = |args: &[Arg]| args.iter().find(|arg| arg.name == *name)?.value.clone();
        match of(given).or_else(|| of(defaults)) {
            Some(value) => resolve(&value, facts).map_err(|why| format!("argument {name}: {why}")),
            None => Err(format!("argument {name} has no value")),
        }
    })
}

/// The same with a function that knows the values. The values are not looked at again.
///
/// # Errors
/// The first one of that function.
pub fn fill_with<E>(text: &str, value: impl Fn(&str) -> Result<String, E>) -> Result<String, E> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, mark)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((inside, after)) = mark.split_once("}}") else {
            rest = mark;
            filled.push_str("{{");
            continue;
        };
        match inside.trim().strip_prefix("args.") {
            Some(name) => filled.push_str(&value(name.trim())?),
            None => filled.push_str(&format!("{{{{{inside}}}}}")),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn resolve(value: &ArgValue, facts: Facts<'_>) -> Result<String, String> {
    let hash = |hash: Option<&PodHash>| {
        hash.map(ToString::to_string).ok_or_else(|| "no such version yet".to_owned())
    };
    match value {
        ArgValue::Text(text) => Ok(text.to_string()),
        ArgValue::LatestHash => hash(facts.latest),
        ArgValue::StableHash => hash(facts.stable),
        ArgValue::Secret => Err("is in a Secret, which is not read".to_owned()),
        ArgValue::Field(path) => {
            field(path, facts).ok_or_else(|| format!("field {path} is not known here"))
        }
    }
}

fn field(path: &str, facts: Facts<'_>) -> Option<String> {
    match path {
        "metadata.name" => return Some(facts.workload.name.to_string()),
        "metadata.namespace" => return Some(facts.workload.namespace.to_string()),
        _ => {}
    }
    let inside = path.strip_prefix("metadata.labels[")?.strip_suffix(']')?;
    let name = inside.trim_matches(['\'', '"']);
    let found = facts.labels.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::WorkloadKind;

    fn arg(name: &str, value: Option<ArgValue>) -> Arg {
        Arg { name: name.into(), value }
    }

    #[test]
    fn arguments_are_filled_in_as_the_controller_does() {
        let id = WorkloadId::new("shop", WorkloadKind::Rollout, "checkout");
        let labels = [("region".into(), "eu".into())];
        let (latest, stable) = ("77bb".into(), "55aa".into());
        let facts =
            Facts { workload: &id, labels: &labels, latest: Some(&latest), stable: Some(&stable) };
        let given = [
            arg("service-name", Some(ArgValue::Text("checkout".into()))),
            arg("hash", Some(ArgValue::LatestHash)),
            arg("before", Some(ArgValue::StableHash)),
            arg("region", Some(ArgValue::Field("metadata.labels['region']".into()))),
            arg("tier", Some(ArgValue::Field("metadata.annotations['tier']".into()))),
            arg("token", Some(ArgValue::Secret)),
            arg("odd", Some(ArgValue::Text("{{args.hash}}".into()))),
        ];
        let defaults = [
            arg("hash", Some(ArgValue::Text("never".into()))),
            arg("window", Some(ArgValue::Text("2m".into()))),
            arg("open", None),
        ];
        let cases = [
            ("x{s=\"{{args.service-name}}\"}", Ok("x{s=\"checkout\"}")),
            ("{{ args.hash }}/{{args.before}}", Ok("77bb/55aa")),
            ("[{{args.window}}] {{args.region}}", Ok("[2m] eu")),
            ("{{args.odd}}", Ok("{{args.hash}}")),
            ("{{steps.x}} {{ left", Ok("{{steps.x}} {{ left")),
            ("{{args.open}}", Err("argument open has no value")),
            ("{{args.none}}", Err("argument none has no value")),
            ("{{args.token}}", Err("argument token: is in a Secret, which is not read")),
            (
                "{{args.tier}}",
                Err("argument tier: field metadata.annotations['tier'] is not known here"),
            ),
        ];
        for (text, wanted) in cases {
            let filled = fill(text, &given, &defaults, facts);
            assert_eq!(filled.as_deref().map_err(String::as_str), wanted, "{text}");
        }
    }
}
