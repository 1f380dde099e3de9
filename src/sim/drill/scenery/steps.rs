//! Canary steps as drill files write them.
//!
//! ```text
//! weight 25        pause        pause 30s        analysis judge-errors
//! scale 50%        scale 2      scale match      header beta      mirror 20%
//! ```
//! Called by `objects`.

use serde_json::{Value, json};

use super::objects::judged_by;

/// Reads one step.
pub(in crate::sim::drill) fn read(service: &str, text: &str) -> Result<Value, String> {
    let (word, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let rest = rest.trim();
    let step = match (word, rest) {
        ("weight", rest) => json!({"setWeight": whole(rest, text)?}),
        ("pause", "") => json!({"pause": {}}),
        ("pause", length) => json!({"pause": {"duration": length}}),
        ("analysis", names) if !names.is_empty() => {
            let names: Vec<String> = names.split(',').map(|n| n.trim().to_owned()).collect();
            json!({"analysis": judged_by(service, &names)})
        }
        ("scale", "match") => json!({"setCanaryScale": {"matchTrafficWeight": true}}),
        ("scale", amount) => match amount.strip_suffix('%') {
            Some(percent) => json!({"setCanaryScale": {"weight": whole(percent, text)?}}),
            None => json!({"setCanaryScale": {"replicas": whole(amount, text)?}}),
        },
        ("header", name) if !name.is_empty() => json!({"setHeaderRoute": {
            "name": name,
            "match": [{"headerName": "x-canary", "headerValue": {"exact": name}}],
        }}),
        ("mirror", percent) => json!({"setMirrorRoute": {
            "name": "mirror",
            "percentage": whole(percent.trim_end_matches('%'), text)?,
            "match": [{"path": {"prefix": "/"}}],
        }}),
        _ => return Err(format!("{text:?} is no step of a canary")),
    };
    Ok(step)
}

fn whole(number: &str, step: &str) -> Result<u32, String> {
    number.trim().parse().map_err(|_| format!("step {step:?} needs a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_step() {
        let cases = [
            ("weight 25", json!({"setWeight": 25})),
            ("pause", json!({"pause": {}})),
            ("pause 90s", json!({"pause": {"duration": "90s"}})),
            ("scale 50%", json!({"setCanaryScale": {"weight": 50}})),
            ("scale 2", json!({"setCanaryScale": {"replicas": 2}})),
            ("scale match", json!({"setCanaryScale": {"matchTrafficWeight": true}})),
        ];
        for (text, step) in cases {
            assert_eq!(read("a", text), Ok(step), "{text}");
        }
        let analysis = read("a", "analysis x, y").unwrap();
        assert_eq!(analysis["analysis"]["templates"][1]["templateName"], "y");
        for wrong in ["weight", "weight x", "wait 3", "analysis", ""] {
            assert!(read("a", wrong).is_err(), "{wrong}");
        }
    }
}
