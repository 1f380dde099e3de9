//! A stage: one namespace with its workloads, one person with a journal of their own, and waveoff
//! in that person's hands, without the screen.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::audit;
use super::grounds::{PATIENCE, Plane, tell, text, wait};

/// The program under test.
pub(super) const WAVEOFF: &str = env!("CARGO_BIN_EXE_waveoff");

/// A stage.
pub(super) struct Stage {
    /// The plane it stands on.
    pub(super) plane: &'static Plane,
    /// Its namespace.
    pub(super) namespace: String,
    /// Who flies.
    pub(super) person: &'static str,
    home: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Flown {
    /// Exit code.
    pub(super) code: i32,
    /// Standard output, as JSON where it is JSON.
    pub(super) json: Value,
    /// Standard output.
    pub(super) out: String,
    /// Standard error.
    pub(super) err: String,
}

impl Flown {
    /// Panics unless it ended with this code.
    #[track_caller]
    pub(super) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        self
    }
}

impl Stage {
    /// A new namespace on this plane, flown by `admin`.
    pub(super) fn new(plane: &'static Plane, name: &str, objects: &[Value]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("{name}-{}-{number}", std::process::id());
        plane.kubectl(&["create", "namespace", &namespace]);
        let home = home();
        let stage = Self { plane, namespace, person: "admin", home };
        stage.apply(objects);
        stage
    }

    /// A stage in a namespace of this name, which nobody else uses.
    pub(super) fn in_namespace(plane: &'static Plane, namespace: &str) -> Self {
        plane.kubectl(&["create", "namespace", namespace]);
        Self { plane, namespace: namespace.to_owned(), person: "admin", home: home() }
    }

    /// The same stage in the hands of somebody else, with another journal.
    pub(super) fn flown_by(&self, person: &'static str) -> Self {
        let home = home();
        Self { plane: self.plane, namespace: self.namespace.clone(), person, home }
    }

    /// Applies objects to the namespace.
    pub(super) fn apply(&self, objects: &[Value]) {
        let mut objects = objects.to_vec();
        for object in &mut objects {
            object["metadata"]["namespace"] = json!(self.namespace);
        }
        if !objects.is_empty() {
            self.plane.apply(&objects);
        }
    }

    /// Applies a file as it is.
    pub(super) fn apply_text(&self, text: &str) {
        let file = self.home.path().join("manifest.yaml");
        std::fs::write(&file, text).expect("the home can be written");
        self.plane.kubectl(&["apply", "-f", &file.display().to_string()]);
    }

    /// Where the person's state is kept.
    pub(super) fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// The environment of the program: nothing of this machine's.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let below = |name: &str| self.home.path().join(name).display().to_string();
        vec![
            ("PATH", "/usr/bin:/bin".into()),
            ("HOME", below("home")),
            ("XDG_STATE_HOME", below("state")),
            ("XDG_CONFIG_HOME", below("config")),
            ("KUBECONFIG", self.plane.kubeconfig(self.person).display().to_string()),
            ("LANG", "C.UTF-8".into()),
            ("TERM", "xterm-256color".into()),
        ]
    }

    /// Runs waveoff in the namespace and waits for its end.
    pub(super) fn fly(&self, arguments: &[&str]) -> Flown {
        let mut all = arguments.to_vec();
        all.extend(["-n", &self.namespace]);
        self.run(&all)
    }

    /// Runs waveoff as it is told.
    pub(super) fn run(&self, arguments: &[&str]) -> Flown {
        let mut command = Command::new(WAVEOFF);
        command.args(arguments).env_clear().envs(self.environment()).stdin(Stdio::null());
        let done = command.output().expect("waveoff runs");
        let out = String::from_utf8_lossy(&done.stdout).into_owned();
        Flown {
            code: done.status.code().unwrap_or(-1),
            json: serde_json::from_str(&out).unwrap_or_default(),
            out,
            err: String::from_utf8_lossy(&done.stderr).into_owned(),
        }
    }

    /// Carries a verb out and follows it.
    pub(super) fn act(&self, verb: &[&str], name: &str) -> Flown {
        let tail = [name, "-o", "json", "--yes", "--reason", "story", "--timeout", "100s"];
        // Fake nodes run no service that a gate could ask.
        let past: &[&str] =
            if verb.first() == Some(&"promote") { &["--without-gate"] } else { &[] };
        self.fly(&[verb, past, &tail].concat())
    }

    /// Carries a verb out, sees its effect, and returns the receipt.
    #[track_caller]
    pub(super) fn works(&self, verb: &[&str], name: &str) -> Value {
        let legal = &self.status(name)["legal"][key_of(verb)];
        assert_eq!(legal["allowed"], true, "{verb:?}: {legal}");
        let flown = self.act(verb, name).expect(0);
        let receipt = &flown.json;
        assert_eq!(receipt["in_effect"], true, "{verb:?} {name}: {receipt}");
        let times = ["accepted_ms", "observed_ms", "ended_ms"].map(|t| receipt[t].as_i64());
        let [Some(accepted), Some(observed), Some(ended)] = times else {
            panic!("a receipt without a time: {receipt}");
        };
        assert!(0 <= accepted && accepted <= observed && observed <= ended, "{receipt}");
        tell(&format!("{} {name}: {}", self.namespace, receipt["receipt"]));
        flown.json
    }

    /// Is refused the verb by waveoff itself, by the table and by the command; nothing is written.
    #[track_caller]
    pub(super) fn refused(&self, verb: &[&str], name: &str, because: &str) {
        let before = audit::writes(self.plane, self.person, &self.namespace).len();
        let legal = &self.status(name)["legal"][key_of(verb)];
        assert_eq!(legal["allowed"], false, "{verb:?}: {legal}");
        let reason = legal["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(because), "{verb:?}: {reason:?} does not say {because:?}");
        let flown = self.act(verb, name).expect(4);
        assert!(flown.err.contains(because), "{}", flown.err);
        let after = audit::writes(self.plane, self.person, &self.namespace).len();
        assert_eq!(before, after, "{verb:?} was refused, but something was written");
    }

    /// `status -o json`, without what is measured: that takes another second.
    #[track_caller]
    pub(super) fn status(&self, name: &str) -> Value {
        self.fly(&["status", name, "-o", "json", "--no-metrics"]).expect(0).json
    }

    /// The same with what is measured.
    #[track_caller]
    pub(super) fn measured(&self, name: &str) -> Value {
        self.fly(&["status", name, "-o", "json"]).expect(0).json
    }

    /// Waits until the status satisfies a claim, and returns it.
    #[track_caller]
    pub(super) fn until(&self, name: &str, what: &str, claim: impl Fn(&Value) -> bool) -> Value {
        self.until_read(name, what, PATIENCE, || self.status(name), claim)
    }

    /// Waits so long until a reading of the status satisfies a claim, and returns it.
    #[track_caller]
    pub(super) fn until_read(
        &self,
        name: &str,
        what: &str,
        patience: Duration,
        read: impl Fn() -> Value,
        claim: impl Fn(&Value) -> bool,
    ) -> Value {
        wait(
            what,
            patience,
            || Some(read()).filter(|status| claim(status)),
            || {
                let now = self.fly(&["status", name]);
                let object = self.get("rollouts", name, ".status");
                format!("{}{}\n{object}", now.out, now.err)
            },
        )
    }

    /// Waits until it is complete and quiet.
    #[track_caller]
    pub(super) fn until_healthy(&self, name: &str) -> Value {
        self.until(name, "Healthy, and one version only", |s| {
            let one = s["current"]["hash"] == s["stable"]["hash"];
            s["phase"] == "Healthy" && (one || s["kind"] == "Deployment")
        })
    }

    /// Waits until it stands at this step (from 0) in this phase.
    #[track_caller]
    pub(super) fn until_at(&self, name: &str, index: u64, phase: &str) -> Value {
        self.until(name, &format!("{phase} at step index {index}"), |s| {
            s["step"]["index"] == index && s["phase"] == phase
        })
    }

    /// A `JSONPath` of an object, empty when it is not there.
    pub(super) fn get(&self, resource: &str, name: &str, path: &str) -> String {
        let path = format!("jsonpath={{{path}}}");
        let mut command = self.plane.tool("kubectl", "operator");
        command.args(["-n", &self.namespace, "get", resource, name, "-o", &path]);
        let done = command.output().expect("kubectl");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// A merge patch by the operator.
    pub(super) fn patch(&self, resource: &str, name: &str, status: bool, body: &Value) {
        let body = body.to_string();
        let mut arguments = vec!["-n", &self.namespace, "patch", resource, name];
        arguments.extend(["--type", "merge", "-p", &body]);
        if status {
            arguments.extend(["--subresource", "status"]);
        }
        self.plane.kubectl(&arguments);
    }

    /// A new version, made by the operator: another image, and pods that fail as told.
    pub(super) fn release(&self, resource: &str, name: &str, tag: &str, fault: Option<&str>) {
        let image = format!("registry.example/{name}:{tag}");
        let containers = json!([{
            "name": "main",
            "image": image,
            "ports": [{ "name": "http", "containerPort": 8080 }],
        }]);
        let mut template = json!({ "spec": { "containers": containers } });
        // A null takes the annotation of an earlier, failing version away.
        template["metadata"]["annotations"] = match fault {
            Some(fault) => json!({ "waveoff.demo/fault": fault }),
            None => Value::Null,
        };
        self.patch(resource, name, false, &json!({ "spec": { "template": template } }));
    }

    /// The other operator, with the plugin: `kubectl argo rollouts ARGUMENTS`.
    pub(super) fn plugin(&self, arguments: &[&str]) -> String {
        let mut command = self.plane.tool("kubectl-argo-rollouts", "operator");
        command.args(arguments).args(["-n", &self.namespace]);
        let done = command.output().expect("kubectl-argo-rollouts");
        assert!(done.status.success(), "plugin {arguments:?}: {}", text(&done));
        text(&done)
    }

    /// The weight that the nginx router really has.
    pub(super) fn ingress_weight(&self, name: &str) -> i64 {
        let canary = format!("{name}-{name}-canary");
        let annotation = r".metadata.annotations.nginx\.ingress\.kubernetes\.io/canary-weight";
        self.get("ingresses", &canary, annotation).parse().unwrap_or(0)
    }

    /// Names of the ReplicaSets.
    pub(super) fn replica_sets(&self) -> Vec<String> {
        let mut command = self.plane.tool("kubectl", "operator");
        command.args(["-n", &self.namespace, "get", "replicasets", "-o", "name"]);
        let done = command.output().expect("kubectl");
        String::from_utf8_lossy(&done.stdout).lines().map(str::to_owned).collect()
    }

    /// Holds the audit log against the journal, ends the stage, and returns the number of writes.
    #[track_caller]
    pub(super) fn close(self) -> usize {
        let writes = audit::assert_equal(self.plane, &self.state(), self.person, &self.namespace);
        self.sweep();
        writes
    }

    fn sweep(&self) {
        let namespace = self.namespace.as_str();
        self.plane.kubectl(&["delete", "namespace", namespace, "--wait=false"]);
    }
}

/// A home directory that is there, and nothing in it.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(home.path().join("home")).expect("a directory");
    home
}

/// The verb's key in `legal`.
fn key_of<'a>(verb: &[&'a str]) -> &'a str {
    match verb {
        ["promote", "--full"] => "promote-full",
        ["off"] => "wave-off",
        [verb, ..] => verb,
        [] => "",
    }
}

/// The journal's end lines of a stage: verb, word.
pub(super) fn ends(state: &Path) -> Vec<(String, String)> {
    let lines = audit::journal(state);
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    lines
        .iter()
        .filter(|l| l["report"] == "end")
        .map(|l| (text(&l["verb"]), text(&l["word"])))
        .collect()
}

/// Time for something that must not happen.
pub(super) fn stays(what: &str, during: Duration, claim: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while started.elapsed() < during {
        assert!(claim(), "it did not stay: {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
