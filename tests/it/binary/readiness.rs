//! `waveoff check` and `waveoff new` as a person meets them: exit codes, broken input, what is
//! written and what never is. No cluster is needed, and none is asked.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::WAVEOFF;

const IMAGE: &str = "registry.example.com/web:1@sha256:\
                     abababababababababababababababababababababababababababababababab";

fn run(home: &TempDir, args: &[&str], input: &str) -> Output {
    let mut command = Command::new(WAVEOFF);
    command.args(args).env_clear().env("HOME", home.path()).current_dir(home.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn rules(output: &Output) -> Vec<String> {
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

const BAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  \
                   replicas: 3\n  selector: {matchLabels: {app: web}}\n  template:\n    \
                   metadata: {labels: {app: web}}\n    spec:\n      containers:\n      \
                   - name: app\n        image: web:latest\n        ports: [{containerPort: 80}]\n";

#[test]
fn what_is_made_is_ready_and_is_never_written_over() {
    let home = tempfile::tempdir().unwrap();
    for strategy in ["rolling", "blue-green", "canary"] {
        for (name, more) in [("plain", &[][..]), ("layered", &["--kustomize"][..])] {
            let place = format!("{strategy}-{name}");
            let order = [
                "new",
                strategy,
                "web",
                "--image",
                IMAGE,
                "--out",
                &place,
                "--host",
                "w.example",
                "--prometheus",
                "http://prometheus.monitoring:9090",
                "--server-minor",
                "34",
            ];
            let made = run(&home, &[&order[..], more].concat(), "");
            assert_eq!(code(&made), 0, "{place}: {}", err(&made));
            let listed: Vec<String> = out(&made).lines().map(str::to_owned).collect();
            assert!(listed.len() >= 3 && listed.iter().all(|f| home.path().join(f).is_file()));
            // What kustomize builds from is no manifest, and is said not to be one.
            let judged = listed.iter().map(String::as_str);
            let judged: Vec<&str> = judged.filter(|f| !f.contains("kustomization")).collect();
            let check = ["check", "--fail-on", "warning", "--server-minor", "34"];
            let check = run(&home, &[&check[..], &judged[..]].concat(), "");
            assert_eq!(code(&check), 0, "{place}: {}{}", out(&check), err(&check));
            let before = fs::read(home.path().join(&listed[0])).unwrap();
            let again = run(&home, &[&order[..], more].concat(), "");
            assert_eq!(code(&again), 4, "{}", err(&again));
            assert!(err(&again).contains("is there already"), "{}", err(&again));
            assert_eq!(fs::read(home.path().join(&listed[0])).unwrap(), before);
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_in_words_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    for (args, word) in [
        (&["new", "canary", "web", "--image", "web:1"][..], "digest"),
        (&["new", "canary", "Web", "--image", IMAGE][..], "Web"),
        (&["new", "rolling", "web", "--image", IMAGE, "--port", "0"][..], "port"),
        (&["new", "recreate", "web", "--image", IMAGE][..], "rolling"),
    ] {
        let refused = run(&home, args, "");
        assert_eq!(code(&refused), 2, "{args:?}: {}", err(&refused));
        assert!(err(&refused).contains(word), "{args:?}: {}", err(&refused));
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    let long = "w".repeat(70);
    let refused = run(&home, &["new", "rolling", &long, "--image", IMAGE], "");
    assert!(code(&refused) == 2 && err(&refused).contains("63"), "{}", err(&refused));
}

#[test]
fn findings_have_a_place_and_an_exit_code_for_each_bar() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("web.yaml"), BAD).unwrap();
    let text = run(&home, &["check", "web.yaml"], "");
    assert_eq!(code(&text), 1, "{}", err(&text));
    let line = out(&text).lines().find(|line| line.contains("W02")).unwrap().to_owned();
    assert!(line.starts_with("web.yaml:13:"), "{line}");
    let stdin = run(&home, &["check", "-", "-o", "json"], BAD);
    assert_eq!(code(&stdin), 1);
    let found = rules(&stdin);
    for rule in ["W02", "W03", "W04", "W05", "W08", "W11", "W16"] {
        assert!(found.iter().any(|id| id == rule), "{rule} of {found:?}");
    }
    let only = run(&home, &["check", "web.yaml", "-o", "json", "--only", "W11"], "");
    assert_eq!(rules(&only), ["W11"]);
    let wrong = run(&home, &["check", "web.yaml", "--only", "W99"], "");
    assert!(code(&wrong) == 2 && err(&wrong).contains("no such rule"), "{}", err(&wrong));
    let sarif = run(&home, &["check", "web.yaml", "-o", "sarif"], "");
    let sarif: Value = serde_json::from_slice(&sarif.stdout).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let first = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(first["artifactLocation"]["uri"], "web.yaml", "{first}");
    let junit = out(&run(&home, &["check", "web.yaml", "-o", "junit"], ""));
    assert!(junit.starts_with("<?xml") && junit.contains("<failure"), "{junit}");
}

/// Broken files are said, and what stands beside them is judged all the same.
#[test]
fn broken_input_is_named_and_the_rest_is_judged() {
    let home = tempfile::tempdir().unwrap();
    let bombs = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
                 c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
                 e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                 g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n";
    let listed =
        format!("apiVersion: v1\nkind: List\nitems:\n- {}", BAD.trim_end().replace('\n', "\n  "));
    let dos = BAD.replace('\n', "\r\n");
    let between = format!("---\n---\n# nothing\n---\n{BAD}---\nspec: [\n---\n{BAD}");
    let cases: [(&str, &[u8], i32, bool); 8] = [
        ("crlf.yaml", dos.as_bytes(), 1, true),
        ("list.yaml", listed.as_bytes(), 1, true),
        ("between.yaml", between.as_bytes(), 2, true),
        ("bomb.yaml", bombs.as_bytes(), 2, false),
        ("binary.yaml", &[0, 159, 146, 150, 0, 1, 2], 2, false),
        ("helm.yaml", b"{{- if .Values.on }}\nkind: Deployment\n{{- end }}\n", 2, false),
        ("tabs.yaml", b"kind:\n\t- x\n", 2, false),
        ("unknown.yaml", b"apiVersion: x/v1\nkind: Whatever\nmetadata: {name: a}\n", 3, false),
    ];
    for (name, bytes, wanted, finds) in cases {
        fs::write(home.path().join(name), bytes).unwrap();
        let output = run(&home, &["check", name, "-o", "json"], "");
        assert_eq!(code(&output), wanted, "{name}: {}{}", out(&output), err(&output));
        assert_eq!(!rules(&output).is_empty(), finds, "{name}: {}", out(&output));
    }
    // All together: nothing hides what is beside it.
    let all = run(&home, &["check", ".", "-o", "json"], "");
    assert_eq!(code(&all), 2);
    let document: Value = serde_json::from_slice(&all.stdout).unwrap();
    let sources: Vec<&str> = document["unreadable"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|fault| fault["source"].as_str())
        .collect();
    for name in ["between.yaml", "bomb.yaml", "binary.yaml", "helm.yaml", "tabs.yaml"] {
        assert!(sources.iter().any(|source| source.ends_with(name)), "{name}: {sources:?}");
    }
    assert!(rules(&all).iter().filter(|rule| *rule == "W02").count() >= 3);
    let absent = run(&home, &["check", "nothing-here"], "");
    assert!(code(&absent) == 2 && out(&absent).contains("No such file"), "{}", out(&absent));
}

/// Nothing that was judged is no success, and what is no manifest is only one where it was named.
#[test]
fn what_is_not_judged_is_said() {
    let home = tempfile::tempdir().unwrap();
    let only = ["-o", "json", "--only", "W45"];
    let empty = run(&home, &[&["check", "-"][..], &only].concat(), "");
    assert_eq!(code(&empty), 3, "{}", err(&empty));
    assert!(err(&empty).contains("nothing was judged"), "{}", err(&empty));

    fs::write(home.path().join("web.yaml"), BAD).unwrap();
    fs::write(home.path().join("package.json"), "{\"name\": \"web\"}\n").unwrap();
    fs::write(home.path().join("waveoff.yaml"), CATALOGUE).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", home.path().join("out.yaml")).unwrap();
    let found = run(&home, &[&["check", "."][..], &only].concat(), "");
    assert_eq!(code(&found), 0, "{}{}", out(&found), err(&found));
    for (name, why) in [
        ("package.json", "an object without `kind`"),
        ("waveoff.yaml", "an object without `kind`"),
        ("out.yaml", "a link that leads out"),
    ] {
        let said = |line: &str| line.contains(&format!("left out: ./{name}")) && line.contains(why);
        assert!(err(&found).lines().any(said), "{name}: {}", err(&found));
    }
    let named = run(&home, &[&["check", "web.yaml", "package.json"][..], &only].concat(), "");
    assert_eq!(code(&named), 2, "{}", err(&named));

    // A service with faults is judged by other numbers than its own: that is no success either.
    let odd = CATALOGUE.replace("risk: low", "risk: tiny").replace("rule: W11", "rule: W99");
    fs::write(home.path().join("waveoff.yaml"), odd).unwrap();
    let marred = run(&home, &[&["check", "web.yaml"][..], &only].concat(), "");
    assert_eq!(code(&marred), 2, "{}", err(&marred));
    assert!(err(&marred).contains("W99: there is no such rule"), "{}", err(&marred));
    let new = ["new", "rolling", "ledger", "--image", IMAGE];
    let refused = run(&home, &new, "");
    assert!(code(&refused) == 2 && err(&refused).contains("faults"), "{}", err(&refused));
}

#[test]
fn a_file_of_fifty_megabytes_ends_in_words() {
    let home = tempfile::tempdir().unwrap();
    let mut text = String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata:\n");
    for line in 0..600_000 {
        text.push_str(&format!("  key-{line}: \"{}\"\n", "x".repeat(70)));
    }
    assert!(text.len() > 50_000_000);
    fs::write(home.path().join("big.yaml"), text).unwrap();
    fs::write(home.path().join("web.yaml"), BAD).unwrap();
    let output = run(&home, &["check", ".", "-o", "json"], "");
    assert!(matches!(code(&output), 1 | 2), "{}", err(&output));
    assert!(rules(&output).iter().any(|rule| rule == "W02"), "the one beside it is judged");
}

/// What is read is never run: neither by a tag, nor by a name, nor by a link.
#[test]
fn nothing_that_is_read_is_run() {
    let home = tempfile::tempdir().unwrap();
    let mark = home.path().join("mark");
    let evil =
        format!("apiVersion: v1\nkind: $(touch {})\nmetadata: {{name: x}}\n", mark.display());
    fs::write(home.path().join("$(touch mark).yaml"), &evil).unwrap();
    let tagged = format!("!!python/object/apply:os.system [\"touch {}\"]\n", mark.display());
    fs::write(home.path().join("tag.yaml"), tagged).unwrap();
    run(&home, &["check", "."], "");
    assert!(!Path::new(&mark).exists());
}

const CATALOGUE: &str = "services:
  - name: payment
    type: critical_apis
    risk: high
    owner: team-pay
    runbook: https://runbooks.example.com/payment
    environments:
      - name: production
        namespace: shop
        workload: {kind: Rollout, name: payment}
  - name: ledger
    type: stateful_databases
    risk: low
    environments:
      - name: production
        namespace: shop
        workload: {kind: Deployment, name: ledger}
waivers:
  - rule: W11
    service: payment
    reason: its pods are slow to tell
    until: 2099-01-01T00:00:00Z
";

#[test]
fn a_plan_says_the_strategy_its_rule_and_what_an_empty_cell_means() {
    let home = tempfile::tempdir().unwrap();
    let matrix = run(&home, &["plan", "-o", "json"], "");
    assert_eq!(code(&matrix), 0, "{}", err(&matrix));
    let matrix: Value = serde_json::from_slice(&matrix.stdout).unwrap();
    let cells = matrix["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 12);
    let empty = cells.iter().filter(|cell| cell["candidates"].as_array().unwrap().is_empty());
    assert_eq!(empty.count(), 3);

    fs::write(home.path().join("waveoff.yaml"), CATALOGUE).unwrap();
    let plan = run(&home, &["plan", "payment"], "");
    assert_eq!(code(&plan), 0, "{}{}", out(&plan), err(&plan));
    let said = out(&plan);
    assert!(said.contains("canary") && said.contains("team-pay"), "{said}");
    let plan = run(&home, &["plan", "payment", "-o", "json"], "");
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!((&plan["strategy"], &plan["rollback_seconds"]), (&"canary".into(), &60.into()));
    let origin = |key: &str| {
        let values = plan["values"].as_array().unwrap().iter();
        let mut found = values.filter(|value| value["key"] == key);
        found.next().unwrap()["origin"].as_str().unwrap().to_owned()
    };
    assert_eq!(origin("risk"), "waveoff.yaml:4:11");
    let none = run(&home, &["plan", "ledger"], "");
    assert_eq!(code(&none), 1, "{}", out(&none));
    let unknown = run(&home, &["plan", "paymant"], "");
    assert!(code(&unknown) == 2 && err(&unknown).contains("payment"), "{}", err(&unknown));
    let kind = run(&home, &["plan", "--type", "background_services", "--risk", "high"], "");
    assert_eq!(code(&kind), 1, "{}", out(&kind));
}

#[test]
fn a_fault_of_the_catalogue_has_its_place_and_leaves_the_other_services() {
    let home = tempfile::tempdir().unwrap();
    let broken = CATALOGUE.replace("risk: low", "risk: tiny").replace("owner:", "ownr:");
    fs::write(home.path().join("services.yaml"), &broken).unwrap();
    let args = ["plan", "ledger", "--catalogue", "services.yaml"];
    let plan = run(&home, &args, "");
    assert_eq!(code(&plan), 2);
    let said = err(&plan);
    assert!(
        said.contains("services.yaml:5:5: ") && said.contains("did you mean `owner`"),
        "{said}"
    );
    assert!(said.contains("services.yaml:13:11: "), "{said}");
    let secret = CATALOGUE.replace(
        "        workload: {kind: Rollout, name: payment}\n",
        "        workload: {kind: Rollout, name: payment}\n        metrics: {token: abcdef0123456789}\n",
    );
    fs::write(home.path().join("services.yaml"), secret).unwrap();
    let refused = run(&home, &["plan", "payment", "--catalogue", "services.yaml"], "");
    assert_eq!(code(&refused), 4, "{}", err(&refused));
    assert!(!err(&refused).contains("abcdef0123456789"), "{}", err(&refused));
    let absent = run(&home, &["plan", "--catalogue", "nothing.yaml"], "");
    assert!(code(&absent) == 2 && err(&absent).contains("nothing.yaml"), "{}", err(&absent));
}

#[test]
fn a_waiver_of_the_catalogue_keeps_a_finding_in_view_and_out_of_the_exit_code() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("waveoff.yaml"), CATALOGUE).unwrap();
    let mine = BAD.replace("name: web\n", "name: payment\n  namespace: shop\n");
    let only = ["check", "-", "-o", "json", "--only", "W11", "--fail-on", "note"];
    let waived = run(&home, &only, &mine);
    assert_eq!(code(&waived), 0, "{}{}", out(&waived), err(&waived));
    let document: Value = serde_json::from_slice(&waived.stdout).unwrap();
    assert_eq!(document["findings"][0]["standing"], "waived", "{document}");
    assert_eq!(document["findings"][0]["reason"], "its pods are slow to tell");
    let other = run(&home, &only, BAD);
    assert_eq!(code(&other), 1, "it is for that service alone");
}
