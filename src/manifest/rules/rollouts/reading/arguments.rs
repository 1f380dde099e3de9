//! Arguments of analyses, and what `{{args.NAME}}` becomes.
//!
//! Source: Argo Rollouts `utils/analysis/helpers.go` (`MergeArgs`, `flattenArgs`) and
//! `BuildArgumentsForRolloutAnalysisRun`. Never reads a Secret. Called by the reader of analyses.

use std::collections::BTreeMap;

use crate::domain::analysis::template::fill_with;
use crate::manifest::bundle::Object;
use crate::manifest::tree::Spot;

/// What an argument's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// This text.
    Text(String),
    /// The pod hash of the new version, or of the stable one.
    Hash {
        /// `podTemplateHashValue: Latest`.
        latest: bool,
        /// The hash that it is now, where the Rollout's status says it.
        now: Option<String>,
    },
    /// Something that only the running cluster knows: a Secret, a field of the status.
    Later,
}

/// An argument that a template or a Rollout names.
#[derive(Debug, Clone)]
pub(crate) struct Argument<'b> {
    /// `name`.
    pub(crate) name: &'b str,
    /// Its value; none where a template leaves it to the Rollout.
    pub(crate) value: Option<Value>,
}

/// The arguments that the list here names. `rollout` is the object that field references read.
pub(crate) fn arguments<'b>(spot: &Spot<'b>, rollout: Option<&Object>) -> Vec<Argument<'b>> {
    let argument = |spot: Spot<'b>| {
        let name = spot.key("name").text()?;
        Some(Argument { value: value(&spot, rollout), name })
    };
    spot.elements().into_iter().filter_map(argument).collect()
}

fn value(spot: &Spot<'_>, rollout: Option<&Object>) -> Option<Value> {
    let from = spot.key("valueFrom");
    if from.is_absent() {
        return spot.key("value").node().map(|node| Value::Text(node.to_string()));
    }
    Some(match from.key("podTemplateHashValue").text() {
        Some("Latest") => Value::Hash { latest: true, now: status(rollout, "currentPodHash") },
        Some("Stable") => Value::Hash { latest: false, now: status(rollout, "stableRS") },
        _ => {
            let path = from.keys(&["fieldRef", "fieldPath"]).text();
            path.zip(rollout)
                .and_then(|(path, rollout)| field(path, rollout))
                .map_or(Value::Later, Value::Text)
        }
    })
}

/// A field of the status, which only what is live has.
fn status(rollout: Option<&Object>, key: &str) -> Option<String> {
    rollout?.root().keys(&["status", key]).text().map(str::to_owned)
}

/// What `metadata.name`, `metadata.labels['region']` and their kin are.
fn field(path: &str, rollout: &Object) -> Option<String> {
    let metadata = rollout.root().key("metadata");
    let inner = path.strip_prefix("metadata.")?;
    let spot = match inner.split_once("['") {
        Some((list, key)) => metadata.key(list).key(key.strip_suffix("']")?),
        None => metadata.key(inner),
    };
    spot.text().map(str::to_owned)
}

/// The arguments of one analysis after its templates' own and the Rollout's were merged.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    values: BTreeMap<String, Option<Value>>,
    /// Names that two templates give different values of their own.
    pub(crate) at_odds: Vec<String>,
}

impl Arguments {
    /// Takes a template's own argument. Its value stands unless another template said one before.
    pub(crate) fn declare(&mut self, argument: &Argument<'_>) {
        match self.values.get_mut(argument.name) {
            None => {
                self.values.insert(argument.name.to_owned(), argument.value.clone());
            }
            Some(value @ None) => value.clone_from(&argument.value),
            Some(Some(Value::Text(one))) => {
                if matches!(&argument.value, Some(Value::Text(other)) if one != other) {
                    self.at_odds.push(argument.name.to_owned());
                }
            }
            Some(Some(_)) => {}
        }
    }

    /// Takes a Rollout's argument: it wins, and is dropped where no template declares it. One
    /// without a value is empty text.
    pub(crate) fn give(&mut self, argument: &Argument<'_>) {
        let value = argument.value.clone().unwrap_or(Value::Text(String::new()));
        if let Some(known) = self.values.get_mut(argument.name) {
            *known = Some(value);
        }
    }

    /// Names that nobody gives a value.
    pub(crate) fn open(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.as_str())
    }

    /// A template declares it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Its value.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)?.as_ref()
    }

    /// Its value, where it is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            Value::Hash { .. } | Value::Later => None,
        }
    }

    /// Its value now: a hash is that of the version that is there.
    fn now(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Hash { now, .. } => now.as_deref(),
            Value::Text(text) => Some(text),
            Value::Later => None,
        }
    }

    /// A text with `{{args.NAME}}` filled in, as it would be asked now.
    ///
    /// # Errors
    /// The name of the first argument whose text is not known here.
    pub(crate) fn fill(&self, text: &str) -> Result<String, String> {
        fill_with(text, |name| self.now(name).map(str::to_owned).ok_or_else(|| name.to_owned()))
    }
}
