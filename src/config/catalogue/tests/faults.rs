//! Every kind of fault: its place, its words, and what it costs.

use super::{load, said};
use crate::config::catalogue::FaultKind;

/// One service that is whole, up to where the lines are put in.
fn service(lines: &str) -> String {
    format!("services:\n  - name: pay\n    type: critical_apis\n    risk: high\n{lines}")
}

fn environment(lines: &str) -> String {
    let head = "    environments:\n      - name: live\n        namespace: shop\n        workload: \
                {kind: Rollout, name: pay}\n";
    service(&format!("{head}{lines}"))
}

#[track_caller]
fn only(text: &str, wanted: &str) {
    let loaded = load(text);
    assert_eq!(said(&loaded), [wanted], "{text}");
}

#[test]
fn faults_of_a_service() {
    let cases = [
        ("    ownr: me\n", "5:5: unknown key `ownr` in services.pay (did you mean `owner`?)"),
        ("    zzz: 1\n", "5:5: unknown key `zzz` in services.pay"),
        ("    owner: 5\n", "5:12: `owner` must be a string, not a number: put it in quotes"),
        ("    owner: [a]\n", "5:12: `owner` must be a string, not a list"),
        ("    owner:\n", "5:10: `owner` must be a string, not nothing"),
        (
            "    runbook: wiki/payment\n",
            "5:14: `runbook` cannot be \"wiki/payment\": it is an address such as \
             https://HOST/PATH",
        ),
        ("    strategy: canary\n", "2:5: `reason` is missing in services.pay"),
        ("    reason: because\n", "2:5: `strategy` is missing in services.pay"),
        (
            "    strategy: bluegreen\n    reason: x\n",
            "5:15: `strategy` cannot be \"bluegreen\": it is rolling, blue-green, canary, recreate \
             or maintenance-window (did you mean `blue-green`?)",
        ),
        (
            "    tests: {smoke_test: {junit: x}}\n",
            "5:13: unknown key `smoke_test` in services.pay.tests (did you mean `smoke_tests`?)",
        ),
        (
            "    tests: {smoke_tests: {}}\n",
            "5:26: services.pay.tests.smoke_tests has one of `junit`, `k6` and `job`",
        ),
        (
            "    tests: {smoke_tests: {junit: a, k6: b}}\n",
            "5:26: services.pay.tests.smoke_tests has one of `junit`, `k6` and `job`",
        ),
        (
            "    tests: {smoke_tests: {junit: a, max_age: 24}}\n",
            "5:46: `max_age` cannot be \"24\": write a time above zero with its unit, such as 90s, \
             5m or 1h30m",
        ),
        ("    environments: live\n", "5:19: `environments` must be a list of maps, not a string"),
        ("    environments: [live]\n", "5:20: `environments` must be a map, not a string"),
    ];
    for (lines, wanted) in cases {
        only(&service(lines), &format!("w.yaml:{wanted}"));
    }
}

#[test]
fn types_and_risks_that_no_matrix_has() {
    only(
        "services:\n  - {name: a, type: critical_api, risk: low}\n",
        "w.yaml:2:21: `type` cannot be \"critical_api\": it is stateless_web_services, \
         stateful_databases, critical_apis or background_services (did you mean `critical_apis`?)",
    );
    only(
        "services:\n  - {name: a, type: critical_apis, risk: severe}\n",
        "w.yaml:2:42: `risk` cannot be \"severe\": it is low_risk, medium_risk or high_risk",
    );
    let loaded = load("services:\n  - {}\n");
    assert_eq!(
        said(&loaded),
        ["name", "type", "risk"].map(|key| {
            let within = if key == "name" { "services" } else { "services.?" };
            format!("w.yaml:2:5: `{key}` is missing in {within}")
        })
    );
    only(
        "services:\n  - {name: a b, type: critical_apis, risk: low}\n",
        "w.yaml:2:12: `name` cannot be \"a b\": it is 1 to 100 letters, digits and any of - _ . : \
         / @",
    );
}

#[test]
fn faults_of_an_environment() {
    let cases = [
        ("        autopromotion: true\n", "9:9: unknown key `autopromotion` in services.pay.live"),
        ("        production: nope\n", "9:21: `production` must be true or false, not a string"),
        (
            "        container: Pay\n",
            "9:20: `container` cannot be \"Pay\": it is lower-case letters, digits, `-` and `.`, \
             at most 253",
        ),
        (
            "        services: {stable: a, canary: a}\n",
            "9:39: `canary` cannot be \"a\": the old version has this Service already",
        ),
        (
            "        services: {stabel: a}\n",
            "9:20: unknown key `stabel` in services.pay.live.services (did you mean `stable`?)",
        ),
        ("        git: {branch: main}\n", "9:14: `path` is missing in services.pay.live.git"),
        (
            "        git: {path: /etc}\n",
            "9:21: `path` cannot be \"/etc\": it is a path from the root of the repository",
        ),
        (
            "        git: {path: a/../b}\n",
            "9:21: `path` cannot be \"a/../b\": it is a path from the root of the repository",
        ),
        (
            "        git: {path: a, remote: --upload-pack=x}\n",
            "9:32: `remote` cannot be \"--upload-pack=x\": it does not begin with `-`",
        ),
        (
            "        metrics: {label: a, stable: b}\n",
            "9:18: `canary` is missing in services.pay.live.metrics",
        ),
        (
            "        metrics: {label: a, stable: b, canary: b}\n",
            "9:48: `canary` cannot be \"b\": the old version has this value already",
        ),
        (
            "        metrics: {label: a, selector: b}\n",
            "9:18: `selector` and `label` exclude each other: give one of them",
        ),
        (
            "        metrics: {prometheus: prom}\n",
            "9:31: `prometheus` cannot be \"prom\": it is an address such as \
             https://HOST:PORT/PATH, without a password in it",
        ),
        (
            "        approvals: {from: [ana], count: 2}\n",
            "9:41: `count` cannot be \"2\": there are only 1 who could agree",
        ),
        (
            "        approvals: {count: 2}\n",
            "9:20: `from` is missing in services.pay.live.approvals",
        ),
        (
            "        approvals: {from: [ana], count: 0}\n",
            "9:41: `count` cannot be \"0\": it is a whole number from 1 to 20",
        ),
        (
            "        soak: 10\n",
            "9:15: `soak` cannot be \"10\": write a time above zero with its unit, such as 90s, 5m \
             or 1h30m",
        ),
        (
            "        freeze: [{from: 2026-01-02, until: 2026-01-01, reason: x}]\n",
            "9:44: `until` cannot be \"2026-01-01\": it is not after `from`",
        ),
        (
            "        freeze: [{from: soon, until: 2026-01-01, reason: x}]\n",
            "9:25: `from` cannot be \"soon\": it is a time such as 2026-12-24T00:00:00Z, or a day \
             such as 2026-12-24",
        ),
    ];
    for (lines, wanted) in cases {
        only(&environment(lines), &format!("w.yaml:{wanted}"));
    }
    only(
        &service("    environments: [{name: live, namespace: a}]\n"),
        "w.yaml:5:20: `workload` is missing in services.pay.live",
    );
    only(
        &service(
            "    environments:\n      - {name: e, namespace: a, workload: {kind: Rolout, name: \
             b}}\n",
        ),
        "w.yaml:6:50: `kind` cannot be \"Rolout\": it is Rollout or Deployment (did you mean \
         `Rollout`?)",
    );
}

#[test]
fn faults_of_profiles() {
    let cases = [
        (
            "        gate: strict\n",
            "9:15: `gate` cannot be \"strict\": it is the name of a profile, \
          and there are none",
        ),
        ("        gate: 3\n", "9:15: `gate` must be the name of a profile, or a map, not a number"),
        (
            "        gate: {helth_path: /x}\n",
            "9:16: unknown key `helth_path` in services.pay.live.gate (did you mean \
             `health_path`?)",
        ),
        (
            "        gate: {load_at_once: 101}\n",
            "9:30: `load_at_once` cannot be \"101\": it is a whole number from 1 to 100",
        ),
        (
            "        gate: {health_path: up}\n",
            "9:29: `health_path` cannot be \"up\": it is a path such as /health",
        ),
        (
            "        gate: {skip: [databse]}\n",
            "9:23: `skip` cannot be \"databse\": it is pods, preview, active, availability, \
             health, smoke, version, load, database or dependencies (did you mean `database`?)",
        ),
        (
            "        gate: {timeout: 2h}\n",
            "9:25: `timeout` cannot be \"2h\": it is a time up to an hour, such as 500ms, 3s or 5m",
        ),
        (
            "        guard: {every: 500ms}\n",
            "9:24: `every` cannot be \"500ms\": it is a time of whole seconds, such as 30s",
        ),
        (
            "        guard: {business: sum(x)}\n",
            "9:16: `business_least` is missing in services.pay.live.guard",
        ),
    ];
    for (lines, wanted) in cases {
        only(&environment(lines), &format!("w.yaml:{wanted}"));
    }
    let named = format!(
        "{}guard_profiles:\n  tight: {{fast: true}}\n",
        environment("        guard: tigth\n",)
    );
    only(
        &named,
        "w.yaml:9:16: `guard` cannot be \"tigth\": it is the name of a profile, and there are \
         tight (did you mean `tight`?)",
    );
}

#[test]
fn shares_have_their_sign_and_times_their_unit() {
    let share = |value: &str| load(&environment(&format!("        guard: {{healthy: {value}}}\n")));
    for good in ["\"70%\"", "70%", "0.7"] {
        let loaded = share(good);
        let healthy = loaded.catalogue.services[0].environments[0].guard.value.healthy;
        assert!((healthy - 0.7).abs() < 1e-12, "{good}");
    }
    for bad in ["70", "1", "1.0", "101%", "-1%", "\"0.7\"", "seventy"] {
        let loaded = share(bad);
        let [fault] = loaded.faults.as_slice() else { panic!("{bad}: {:?}", said(&loaded)) };
        assert_eq!(fault.kind, FaultKind::BadValue, "{bad}");
        let wanted =
            "write a share with its sign, such as 70%, or as a number below 1, such as 0.7";
        assert!(fault.message.ends_with(wanted), "{fault}");
        assert!(loaded.catalogue.services.is_empty());
    }
    only(
        &environment("        guard: {errors_for: 30}\n"),
        "w.yaml:9:29: `errors_for` cannot be \"30\": write a time above zero with its unit, such \
         as 90s, 5m or 1h30m",
    );
}

#[test]
fn faults_of_the_blocks() {
    let types = |row: &str| format!("deployment_strategies:\n  by_service_type:\n    a: {row}\n");
    only(
        &types("{recommended: rolling, rollback_time: 2}"),
        "w.yaml:3:46: `rollback_time` cannot be \"2\": write a time with its unit, such as < 2 \
         minutes or 90s",
    );
    only(
        &types("{recommended: roling, rollback_time: 2m}"),
        "w.yaml:3:22: `recommended` cannot be \"roling\": it is rolling, blue-green, canary, \
         recreate or maintenance-window (did you mean `rolling`?)",
    );
    only(
        &types("{rollback_time: 2m}"),
        "w.yaml:3:8: `recommended` is missing in deployment_strategies.by_service_type.a",
    );
    // What is built in stands where a list has faults.
    let loaded = load(&types("{rollback_time: 2m}"));
    assert_eq!(loaded.catalogue.matrix.types.len(), 4);
    let gate = |row: &str| format!("deployment_quality_gates:\n  g: {{{row}}}\n");
    only(
        &gate("metric: uptime, threshold: 1, blocking: true"),
        "w.yaml:2:6: `comparator` is missing in deployment_quality_gates.g",
    );
    only(
        &gate("metric: lead_time_hours, threshold: many, blocking: true"),
        "w.yaml:2:43: `threshold` must be a number, not a string",
    );
    only(
        &gate("metric: lead_time_hours, threshold: 1, blocking: true, comparator: <"),
        "w.yaml:2:74: `comparator` cannot be \"<\": it is >= or <= (did you mean `<=`?)",
    );
    only(
        "waivers: [{rule: 43, reason: x, until: 2026-01-01}]\n",
        "w.yaml:1:18: `rule` must be a string, not a number: put it in quotes",
    );
    only(
        "waivers: [{rule: W4, reason: x, until: 2026-01-01}]\n",
        "w.yaml:1:18: `rule` cannot be \"W4\": it is a rule such as W43",
    );
    only(
        "waivers: [{rule: W43, service: paymnt, reason: x, until: 2026-01-01}]\n",
        "w.yaml:1:32: `service` cannot be \"paymnt\": it is a service of here",
    );
}

#[test]
fn faults_of_a_file() {
    only(
        "service: []\n",
        "w.yaml:1:1: unknown key `service` in this file (did you mean `services`?)",
    );
    only("- a\n", "w.yaml:1:1: this file must be a map, not a list");
    only(
        "services: []\n---\nb: 1\n",
        "w.yaml:3:1: a second document begins here: a catalogue is \
         one",
    );
    let loaded = load("services: [\n");
    let [fault] = loaded.faults.as_slice() else { panic!("{:?}", said(&loaded)) };
    assert_eq!(fault.kind, FaultKind::Syntax);
    assert!(fault.to_string().starts_with("w.yaml:"), "{fault}");
}

#[test]
fn one_bad_service_costs_nothing_but_itself() {
    let text = "services:\n  - {name: bad, type: nope, risk: low}\n  - {name: good, type: \
                critical_apis, risk: high}\n";
    let loaded = load(text);
    let names: Vec<&str> =
        loaded.catalogue.services.iter().map(|s| s.name.value.as_str()).collect();
    assert_eq!((names, loaded.faults.len()), (vec!["good"], 1));
    assert_eq!(loaded.catalogue.disabled, ["bad"]);
    assert_eq!(loaded.faults[0].service.as_deref(), Some("bad"));
}

#[test]
fn a_service_that_is_here_twice_is_not_used_at_all() {
    let one = "  - {name: a, type: critical_apis, risk: high}\n";
    let loaded =
        load(&format!("services:\n{one}  - {{name: b, type: critical_apis, risk: low}}\n{one}"));
    assert_eq!(said(&loaded), ["w.yaml:4:12: service \"a\" is here twice: see w.yaml:2:12"]);
    assert_eq!(loaded.catalogue.services.len(), 1);
    assert_eq!(loaded.catalogue.disabled, ["a"]);
    // Nor does the second one stand in for a first one with faults.
    let loaded = load(&format!("services:\n  - {{name: a, type: critical_apis}}\n{one}"));
    assert!(loaded.catalogue.service("a").is_none());
}

fn claims(contexts: [&str; 2]) -> Vec<String> {
    let one = |name: &str, context: &str| {
        let context =
            if context.is_empty() { String::new() } else { format!("context: {context}, ") };
        format!(
            "  - name: {name}\n    type: critical_apis\n    risk: high\n    environments:\n      - \
             {{name: e, {context}namespace: shop, workload: {{kind: Rollout, name: w}}}}\n"
        )
    };
    let loaded = load(&format!("services:\n{}{}", one("a", contexts[0]), one("b", contexts[1])));
    let claimed = loaded.faults.iter().all(|fault| fault.kind == FaultKind::Claimed);
    assert!(claimed && loaded.catalogue.services.is_empty() != loaded.faults.is_empty());
    said(&loaded)
}

#[test]
fn two_services_cannot_have_one_workload() {
    let said = claims(["", ""]);
    assert_eq!(
        said,
        ["w.yaml:11:68: rollout shop/w is claimed by service \"a\" already: a workload has one \
             service and one environment"]
    );
    // A context that is not named is any.
    assert_eq!(claims(["x", ""]).len(), 1);
    assert_eq!(claims(["", "x"]).len(), 1);
    assert_eq!(claims(["x", "x"]).len(), 1);
    assert!(claims(["x", "z"]).is_empty());
}

#[test]
fn environments_of_one_name() {
    let one = "      - {name: e, namespace: shop, workload: {kind: Rollout, name: w}}\n";
    let two = "      - {name: e, namespace: mall, workload: {kind: Rollout, name: w}}\n";
    only(
        &service(&format!("    environments:\n{one}{two}")),
        "w.yaml:7:9: environment \"e\" is in services.pay twice: see line 6",
    );
}

#[test]
fn secrets_are_refused_and_never_repeated() {
    let told = |line: &str, at: &str, key: &str| {
        let loaded = load(&environment(line));
        assert!(loaded.holds_secret() && loaded.catalogue.services.is_empty(), "{line}");
        let secrets: Vec<String> = loaded
            .faults
            .iter()
            .filter(|fault| fault.kind == FaultKind::Secret)
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            secrets,
            [format!(
                "w.yaml:{at}: `{key}` holds a secret itself: write env:NAME, file:PATH or \
                 secret:NAME/KEY, and change the secret, as it was written down"
            )]
        );
        for fault in said(&loaded) {
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    };
    told("        metrics: {token: hunter2}\n", "9:26", "token");
    told("        metrics: {token: 12345}\n", "9:26", "token");
    told("        metrics: {password: hunter2}\n", "9:29", "password");
    told("        git: {path: a, remote: \"https://me:hunter2@host/x\"}\n", "9:32", "remote");
    told("        context: ghp_hunter2\n", "9:18", "context");
    told("        metrics: {prometheus: \"https://me:hunter2@host\"}\n", "9:31", "prometheus");
    told("        gate: {url: \"http://a:hunter2@host\"}\n", "9:21", "url");
    only(
        &environment("        metrics: {prometheus: \"https://host/?key=hunter2\"}\n"),
        "w.yaml:9:31: `prometheus` cannot be \"https://host/\": it is an address such as \
         https://HOST:PORT/PATH, without a password in it",
    );
    for good in ["env:TOKEN", "file:/run/token", "secret:prom/token"] {
        let loaded = load(&environment(&format!("        metrics: {{token: \"{good}\"}}\n")));
        assert!(loaded.faults.is_empty(), "{good}: {:?}", said(&loaded));
    }
    told("        metrics: {token: \"secret:hunter2\"}\n", "9:26", "token");
    assert!(load("gate_profiles: {a: {api_key: hunter2}}\n").holds_secret());
}
