//! The templates of one analysis fit together (W32).
//!
//! Source: Argo Rollouts `utils/analysis/helpers.go` (`FlattenTemplates`, `MergeArgs`) and
//! `utils/template` (`ResolveArgs`). Called through the table of rules.

use std::collections::HashMap;

use crate::manifest::rules::case::{Case, Said};
use crate::manifest::tree::Spot;

use super::reading::{Measured, Use};

/// W32: names of metrics are unique, and every argument has a value.
pub(super) fn fits(case: &mut Case<'_>) {
    for used in case.analyses {
        names(case, used);
        values(case, used);
        fields(case, used);
        if used.cut {
            let said = Said::of("more than 100 templates", "fewer", "they are not all read", "");
            case.unknown(case.workload.object, &used.spot, "more templates than are read", said);
        }
    }
}

fn names(case: &mut Case<'_>, used: &Use<'_>) {
    let mut known: HashMap<&str, &Measured<'_>> = HashMap::new();
    for measured in &used.measured {
        let Some(metric) = measured.metric() else { continue };
        let Some(first) = known.insert(metric.name, measured) else { continue };
        let (name, one) = (metric.name, &first.template.object.name);
        let said = |measured: String| {
            let why = "templates of one analysis are merged; the controller refuses two metrics of \
                       one name";
            Said::of(measured, "names that are unique", why, "another name")
        };
        if std::ptr::eq(first.template.object, measured.template.object) {
            let text = format!("{name} is there twice");
            case.broken(measured.template.object, &metric.spot.key("name"), said(text));
        } else {
            let text = format!("{name} in {one} and in {}", measured.template.object.name);
            case.broken(case.workload.object, &used.spot.key("templates"), said(text));
        }
    }
}

fn values(case: &mut Case<'_>, used: &Use<'_>) {
    let why = "the analysis cannot begin; the controller refuses the Rollout";
    let spot = used.spot.key("args");
    for name in used.args.open() {
        let (measured, fix) = (format!("{name} has no value"), format!("- name: {name}"));
        let said = Said::of(measured, "a value for every argument", why, fix);
        case.broken(case.workload.object, &spot, said);
    }
    for name in &used.args.at_odds {
        let measured = format!("{name} has two values");
        let fix = "the same value in each template, or none";
        let said = Said::of(measured, "one value of the templates' own", why, fix);
        case.broken(case.workload.object, &used.spot.key("templates"), said);
    }
}

/// What a metric names has to be declared by one of the templates.
fn fields(case: &mut Case<'_>, used: &Use<'_>) {
    for measured in &used.measured {
        let named = measured.metric().map(|metric| metric.named.as_slice()).unwrap_or_default();
        let open = named.iter().filter(|(name, _)| !used.args.has(name));
        let open: Vec<&(String, Spot<'_>)> = open.collect();
        for (name, spot) in open {
            let text = format!("{{{{args.{name}}}}}");
            let why = "the text stays as it is written, and the analysis ends with an error";
            let fix = format!("declare {name} in spec.args of the template");
            let said = Said::of(text, "an argument that is declared", why, fix);
            case.broken(measured.template.object, spot, said);
        }
    }
}
