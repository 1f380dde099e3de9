//! What a hostile or a careless file does: nothing worse than faults.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{load, said};

#[test]
fn text_of_a_file_never_obeys_in_a_complaint() {
    let text = "services:\n  - {name: a, type: \"\\e[2Jx\", risk: low, \"o\\u202ewner\": 1}\n";
    for fault in said(&load(text)) {
        assert!(fault.chars().all(crate::domain::text::is_printable), "{fault:?}");
    }
}

#[test]
fn ten_thousand_services_on_one_workload_are_read_in_a_straight_line() {
    let mut text = String::from("services:\n");
    for n in 0..10_000 {
        text.push_str(&format!(
            "- {{name: s{n}, type: critical_apis, risk: high, environments: [{{name: e, namespace: \
             shop, workload: {{kind: Rollout, name: w}}}}]}}\n"
        ));
    }
    #[expect(clippy::disallowed_methods, reason = "a test that holds a time")]
    let start = Instant::now();
    let loaded = load(&text);
    assert_eq!((loaded.faults.len(), loaded.catalogue.services.len()), (9_999, 0));
    // Quadratic would be minutes; this leaves much room for a slow machine.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_text_is_read_or_complained_of_with_its_place(
        lines in proptest::collection::vec(
            proptest::sample::select(vec![
                "services:", "- name: a", "  type: critical_apis", "  risk: high", "  risk: 5",
                "  environments:", "  - name: e", "    namespace: shop", "    gate: {timeout: 5}",
                "    workload: {kind: Rollout, name: w}", "    workload: [", "waivers: {}",
                "deployment_strategies: 5", "deployment_quality_gates: {a: b}", "---", "  token: x",
                "guard_profiles: {a: {errors: 1}}", "\t", "{", "? a", "&a b: *a", "'",
            ]),
            0..12,
        ),
    ) {
        let text = lines.join("\n");
        let loaded = load(&text);
        for fault in &loaded.faults {
            prop_assert!(fault.place.line >= 1 && fault.place.column >= 1);
            prop_assert!(!fault.message.is_empty());
        }
        for name in &loaded.catalogue.disabled {
            prop_assert!(loaded.catalogue.service(name).is_none());
        }
    }
}
