//! Label selectors: which labels an object must have.
//!
//! Never looks at objects by itself. Called by the controllers of this folder.

use serde_json::{Map, Value};

use crate::sim::object::Document;

/// A selector. One without any demand selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    /// Labels that must be there with this very value.
    exact: Vec<(String, String)>,
    demands: Vec<Demand>,
}

/// One of `matchExpressions`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Demand {
    key: String,
    operator: String,
    values: Vec<String>,
}

impl Selector {
    /// Reads a `metav1.LabelSelector`. Where there is none, nothing is selected.
    pub(crate) fn at(object: &Value, pointer: &str) -> Option<Self> {
        object.at(pointer).filter(|selector| selector.is_object()).map(Self::of)
    }

    /// Reads a `metav1.LabelSelector`.
    fn of(selector: &Value) -> Self {
        let exact = selector.members("/matchLabels").map(pairs).unwrap_or_default();
        let demand = |expression: &Value| Demand {
            key: expression.text("/key").to_owned(),
            operator: expression.text("/operator").to_owned(),
            values: expression.part("/values"),
        };
        let demands = selector.items("/matchExpressions").iter().map(demand).collect();
        Self { exact, demands }
    }

    /// Reads the plain map of labels that Services and nodes are chosen by.
    pub(crate) fn of_map(object: &Value, pointer: &str) -> Option<Self> {
        let exact = object.members(pointer).map(pairs)?;
        Some(Self { exact, demands: Vec::new() })
    }

    /// Whether it demands nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.demands.is_empty()
    }

    /// A label that everything selected has: to find it by.
    pub(crate) fn handle(&self) -> Option<&(String, String)> {
        self.exact.first()
    }

    /// Whether it selects this object.
    pub(crate) fn selects(&self, object: &Value) -> bool {
        let labels = object.members("/metadata/labels");
        let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        self.exact.iter().all(|(key, value)| label(key) == Some(value))
            && self.demands.iter().all(|demand| demand.holds(label(&demand.key)))
    }
}

impl Demand {
    fn holds(&self, label: Option<&str>) -> bool {
        let named = label.is_some_and(|label| self.values.iter().any(|value| value == label));
        match self.operator.as_str() {
            "In" => named,
            "NotIn" => !named,
            "Exists" => label.is_some(),
            "DoesNotExist" => label.is_none(),
            _ => false,
        }
    }
}

fn pairs(map: &Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    map.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn as_the_api_describes_them() {
        let object = json!({"metadata": {"labels": {"app": "shop", "tier": "web"}}});
        let cases = [
            (json!({}), true),
            (json!({"matchLabels": {"app": "shop"}}), true),
            (json!({"matchLabels": {"app": "other"}}), false),
            (json!({"matchLabels": {"app": "shop", "zone": "a"}}), false),
            (expression("tier", "In", &["web", "api"]), true),
            (expression("tier", "NotIn", &["web"]), false),
            (expression("zone", "NotIn", &["a"]), true),
            (expression("tier", "Exists", &[]), true),
            (expression("zone", "DoesNotExist", &[]), true),
            (expression("tier", "Like", &["web"]), false),
        ];
        for (selector, wanted) in cases {
            let read = Selector::at(&json!({"selector": selector}), "/selector").unwrap();
            assert_eq!(read.selects(&object), wanted, "{selector}");
        }
        assert_eq!(Selector::at(&json!({"selector": null}), "/selector"), None);
    }

    fn expression(key: &str, operator: &str, values: &[&str]) -> Value {
        json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]})
    }
}
