//! `waveoff doctor`: over a served drill, over a scripted API server, and without any.

use std::collections::BTreeSet;
use std::process::Output;

use serde_json::{Value, json};

use super::{Shop, WAVEOFF, canary, ordinary};
use crate::drills::{Hangar, Served};
use crate::pty_rig::{Rig, Setup};
use crate::wire::stub::{Asked, Reply};

/// Every check, in order.
const CHECKS: [&str; 13] = [
    "configuration",
    "kubeconfig",
    "server",
    "clock",
    "scope",
    "argo",
    "rights",
    "controller",
    "prometheus",
    "journal",
    "log",
    "themes",
    "terminal",
];

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The text without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What it says to people: fits, says nothing twice, complains of nothing beside it.
fn examine(hangar: &Hangar, args: &[&str], code: i32) -> String {
    let output = hangar.command(&[&["doctor"], args].concat()).output().unwrap();
    said(&output, code)
}

fn said(output: &Output, code: i32) -> String {
    let text = words(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{text}{}", words(&output.stderr));
    assert_eq!(words(&output.stderr), "");
    let mut heads = BTreeSet::new();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        let is_head = !line.starts_with(' ') && !line.contains("see above");
        assert!(!is_head || heads.insert(line.to_owned()), "twice: {line}\n{text}");
    }
    text
}

fn examine_json(hangar: &Hangar, args: &[&str]) -> Value {
    let output = hangar.command(&[&["doctor", "-o", "json"], args].concat()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// State and words of one check.
fn check<'j>(json: &'j Value, what: &str) -> (&'j str, &'j str) {
    let checks = json["checks"].as_array().unwrap();
    let one = checks.iter().find(|check| check["what"] == what);
    let one = one.unwrap_or_else(|| panic!("no {what}: {json:#}"));
    (one["state"].as_str().unwrap(), one["found"].as_str().unwrap())
}

/// The tokens of a kubeconfig.
fn tokens(kubeconfig: &str) -> Vec<String> {
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let tokens = text.lines().filter_map(|line| line.trim().strip_prefix("token: "));
    tokens.map(|token| token.trim_matches('"').to_owned()).collect()
}

#[test]
fn over_a_cluster_where_all_is_well() {
    let hangar = Hangar::open();
    let served = Served::start(&hangar, &["drill", "error-ramp"]);
    let keys = served.kubeconfig("operator").to_owned();
    let text = examine(&hangar, &["--kubeconfig", &keys], 0);
    for (line, what) in text.lines().filter(|line| !line.starts_with(' ')).zip(CHECKS) {
        assert!(line.contains(&format!("  {what}")), "{what}: {line}\n{text}");
    }
    assert!(text.contains("FAIL, 1 skip)\n") && text.contains("ready to fly"), "{text}");
    assert!(text.contains("through the API server"), "{text}");
    let tokens = tokens(&keys);
    assert!(tokens.len() == 1 && tokens[0].len() > 8, "{tokens:?}");

    let json = examine_json(&hangar, &["--kubeconfig", &keys]);
    assert_eq!((&json["schema"], &json["verdict"]), (&json!(1), &json!("ready")));
    let checks = json["checks"].as_array().unwrap();
    let whats: Vec<_> = checks.iter().map(|check| check["what"].as_str().unwrap()).collect();
    assert_eq!(whats, CHECKS);
    let counts = ["ok", "warn", "fail", "skip"].map(|state| json[state].as_u64().unwrap());
    assert_eq!(counts.iter().sum::<u64>(), CHECKS.len() as u64, "{counts:?}");
    assert_eq!(check(&json, "server").0, "ok");
    assert!(check(&json, "server").1.contains("knows us as operator"), "{json:#}");
    assert_eq!(check(&json, "clock").0, "ok");
    assert_eq!(check(&json, "prometheus").0, "ok");
    assert_eq!(check(&json, "terminal").0, "skip");
    for said in [text, json.to_string()] {
        assert!(!tokens.iter().any(|token| said.contains(token)), "a token is shown: {said}");
    }
}

#[test]
fn who_may_only_look_is_told_what_is_locked() {
    let hangar = Hangar::open();
    let served = Served::start(&hangar, &["drill", "error-ramp"]);
    let keys = served.kubeconfig("viewer").to_owned();
    let text = examine(&hangar, &["--kubeconfig", &keys], 1);
    for rule in ["patch rollouts/status", "patch rollouts in", "patch deployments"] {
        assert!(text.contains(&format!("FAIL  rights         missing: {rule}")), "{rule}: {text}");
    }
    assert!(text.contains("not ready"), "{text}");
    // Prometheus names the right that it misses; nobody else does.
    assert_eq!(text.matches("services/proxy").count(), 1, "{text}");
    // Without verbs, none of them is missed.
    examine(&hangar, &["--kubeconfig", &keys, "--read-only"], 0);
    let json = examine_json(&hangar, &["--kubeconfig", &keys, "-n", "shpo"]);
    assert_eq!(json["verdict"], "failing");
    assert!(check(&json, "scope").1.contains("no such namespace: shpo"), "{json:#}");
    assert_eq!(check(&json, "rights").0, "skip");
}

#[test]
fn without_a_cluster_it_is_not_known() {
    let hangar = Hangar::open();
    let text = examine(&hangar, &[], 3);
    assert!(text.contains("FAIL  kubeconfig     no kubeconfig found"), "{text}");
    assert!(text.contains("skip  server         needs a connection"), "{text}");
    assert!(text.contains("ok    journal"), "the rest is checked: {text}");
    let text = examine(&hangar, &["--kubeconfig", "/nowhere/config"], 3);
    assert!(text.contains("/nowhere/config"), "{text}");

    let dead = "apiVersion: v1\nkind: Config\ncurrent-context: dead\n\
        clusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]\n\
        contexts: [{name: dead, context: {cluster: c, user: u, namespace: shop}}]\n\
        users: [{name: u, user: {token: s3cret-of-ann}}]\n";
    let keys = hangar.file("dead", dead);
    let text = examine(&hangar, &["--kubeconfig", &keys], 3);
    assert!(text.contains("FAIL  server") && text.contains("https://127.0.0.1:9"), "{text}");
    assert!(text.contains("skip  prometheus     needs the API server"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    let json = examine_json(&hangar, &["--kubeconfig", &keys, "--context", "daed"]);
    assert_eq!((&json["verdict"], &json["fail"]), (&json!("unreachable"), &json!(1)));
    assert!(check(&json, "kubeconfig").1.contains("known: dead"), "{json:#}");
}

/// The program in a shop.
fn in_shop(shop: &Shop, args: &[&str], env: &[(&str, &str)]) -> Output {
    std::process::Command::new(WAVEOFF)
        .arg("doctor")
        .args(args)
        .env_clear()
        .env("HOME", shop.home())
        .env("KUBECONFIG", &shop.kubeconfig)
        .envs(env.iter().copied())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

/// A cluster in which much is wrong, and which says it in control characters.
fn sick(asked: &Asked) -> Reply {
    let target = asked.target.as_str();
    let json = |value: Value| Reply::Json(200, value.to_string());
    match target {
        "/version" => json(json!({"gitVersion": "v1.33.1\u{1b}[2J"})),
        "/readyz" => Reply::With(200, "date: Mon, 01 Jan 2024 00:00:00 GMT".into(), "ok".into()),
        "/apis/argoproj.io/v1alpha1" => json(json!({"resources": [
            {"name": "rollouts"}, {"name": "rollouts/status"}, {"name": "analysisruns"},
        ]})),
        _ if target.starts_with("/apis/apps/v1/deployments") => json(json!({"items": [{
            "metadata": {"namespace": "argo", "name": "argo-rollouts"},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"image": "a:v1.8.3"}]}}},
            "status": {},
        }]})),
        _ if target.contains("/services") => {
            let body = json!({"kind": "Status", "code": 403, "message": "no"});
            Reply::Json(403, body.to_string())
        }
        _ => ordinary(asked, &canary()),
    }
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let shop = Shop::scripted(sick);
    let text = said(&in_shop(&shop, &[], &[]), 1);
    assert!(!text.contains('\u{1b}') && text.contains("v1.33.1"), "{text}");
    for line in [
        "warn kubeconfig context stub",
        "FAIL clock the server's clock is",
        "warn argo argoproj.io/v1alpha1 is without analysistemplates, experiments",
        "ok rights all ",
        "FAIL controller argo/argo-rollouts v1.8.3: 0 of 2 available",
        "warn prometheus not allowed",
    ] {
        assert!(flat(&text).contains(line), "{line}: {text}");
    }
    assert!(flat(&text).contains("behind ours") && text.contains("timedatectl"), "{text}");
    // It only looks: what is posted are questions about oneself.
    for asked in shop.stub.asked() {
        let is_question = asked.method == "POST" && asked.target.contains("selfsubject");
        assert!(asked.method == "GET" || is_question, "{asked:?}");
    }
}

#[test]
fn a_check_that_hangs_holds_up_no_other() {
    let shop = Shop::scripted(|asked| match asked.target.as_str() {
        "/apis/argoproj.io/v1alpha1" => Reply::Mute,
        _ => ordinary(asked, &canary()),
    });
    let text = said(&in_shop(&shop, &["--no-metrics"], &[]), 0);
    assert!(text.contains("warn  argo") && text.contains("no answer within 5"), "{text}");
    assert!(text.contains("ok    rights") && text.contains("skip  prometheus"), "{text}");
}

#[test]
fn a_journal_without_a_place_and_a_server_that_is_not_there_fail() {
    let shop = Shop::open(canary());
    let file = shop.home.path().join("file");
    std::fs::write(&file, "").unwrap();
    let state = [("XDG_STATE_HOME", file.to_str().unwrap())];
    let text = said(&in_shop(&shop, &["--no-metrics"], &state), 1);
    assert!(text.contains("FAIL  journal        cannot be written in"), "{text}");
    assert!(text.contains("warn  log            no log in"), "{text}");
    said(&in_shop(&shop, &["--no-metrics", "--read-only"], &state), 0);

    let place = shop.home.path().join(".config/waveoff");
    std::fs::create_dir_all(&place).unwrap();
    let config = "[prometheus]\nurl = \"http://127.0.0.1:9\"\nbearer = \"env:PROM_TOKEN\"\n";
    std::fs::write(place.join("config.toml"), config).unwrap();
    let text = said(&in_shop(&shop, &[], &[("PROM_TOKEN", "s3cret-of-prom")]), 1);
    assert!(text.contains("FAIL  prometheus     connection refused"), "{text}");
    assert!(flat(&text).contains("1 by the file"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn a_terminal_is_looked_at_where_there_is_one() {
    let shop = Shop::open(canary());
    let home = shop.home();
    let fly = |size, term| {
        let env = [
            ("HOME", home.as_str()),
            ("KUBECONFIG", shop.kubeconfig.as_str()),
            ("TERM", term),
            ("LANG", "C.UTF-8"),
        ];
        let args = ["doctor", "--no-metrics"];
        let mut rig = Rig::spawn(&Setup { program: WAVEOFF, args: &args, env: &env, size });
        let code = rig.wait_for_exit().exit_code();
        rig.wait_for_text("skip)");
        (code, rig.contents())
    };
    let (code, text) = fly((80, 48), "tmux-256color");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("TERM tmux-256color, 80x48, 256 colours, Unicode"), "{text}");
    assert!(text.contains("set-clipboard on"), "{text}");
    let (code, text) = fly((80, 23), "xterm");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("FAIL  terminal") && text.contains("below 80x24"), "{text}");
}
