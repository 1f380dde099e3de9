//! Planes: the one that the tests share, and further ones for tests that break theirs.
//!
//! A plane that was started here ends when this process ends, however it ends: a keeper outside
//! watches the process. Sourced figures: `plane env`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for the control plane. Generous: two cores are shared; a test that passes waits
/// for the condition only.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// How long a plane may live when nobody ends it.
const LIFE: &str = "2400";

/// A running control plane.
pub(crate) struct Plane {
    dir: PathBuf,
    env: HashMap<String, String>,
}

/// The plane that all tests share.
pub(crate) fn shared() -> &'static Plane {
    static PLANE: OnceLock<Plane> = OnceLock::new();
    PLANE.get_or_init(|| match std::env::var_os("WAVEOFF_PLANE_DIR") {
        Some(dir) => Plane::at(PathBuf::from(dir)),
        None => Plane::start("shared", &[]),
    })
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plane/plane")
}

impl Plane {
    /// Starts a plane that this process ends with itself.
    pub(crate) fn start(name: &str, flags: &[&str]) -> Self {
        let id = std::process::id();
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("plane-{id}-{name}"));
        keep(&dir);
        let mut command = Command::new(script());
        command.arg("up").arg(&dir).args(["--for", LIFE]).args(flags);
        let started = command.stdin(Stdio::null()).output().expect("tests/plane/plane runs");
        assert!(started.status.success(), "plane up: {}", text(&started));
        Self::at(dir)
    }

    fn at(dir: PathBuf) -> Self {
        let file = dir.join("env");
        let lines = std::fs::read_to_string(&file)
            .unwrap_or_else(|e| panic!("{} is no plane: {e}", file.display()));
        let env = lines.lines().filter_map(|line| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name.to_owned(), value.trim_matches('\'').to_owned()))
        });
        Self { env: env.collect(), dir }
    }

    /// A value of `plane env`.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.env.get(name).map_or_else(|| panic!("plane env has no {name}"), String::as_str)
    }

    /// The kubeconfig of a person.
    pub(crate) fn kubeconfig(&self, person: &str) -> PathBuf {
        self.dir.join(format!("{person}.kubeconfig"))
    }

    /// A tool of the plane, as a person.
    pub(super) fn tool(&self, tool: &str, person: &str) -> Command {
        let mut command = Command::new(Path::new(self.value("PLANE_BIN")).join(tool));
        command.env("KUBECONFIG", self.kubeconfig(person)).stdin(Stdio::null());
        command
    }

    /// `plane SUBCOMMAND DIR ARGUMENTS`.
    pub(super) fn control(&self, subcommand: &str, arguments: &[&str]) {
        let mut command = Command::new(script());
        command.arg(subcommand).arg(&self.dir).args(arguments).stdin(Stdio::null());
        let done = command.output().expect("tests/plane/plane runs");
        assert!(done.status.success(), "plane {subcommand}: {}", text(&done));
    }

    /// What the metrics say about a service, or about one version of it.
    pub(super) fn metric(&self, name: &str, value: &str) {
        self.control("metric", &[name, value]);
    }

    /// How the users of the plane's shops fare: `errors/NAMESPACE/HASH`, `share/NAMESPACE/NAME`.
    pub(super) fn traffic(&self, key: &str, value: &str) {
        self.control("traffic", &[key, value]);
    }

    /// kubectl as the operator, who is not the person under test; panics when it fails.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> String {
        let done = self.tool("kubectl", "operator").args(arguments).output().expect("kubectl");
        assert!(done.status.success(), "kubectl {arguments:?}: {}", text(&done));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Applies objects as the operator.
    pub(super) fn apply(&self, objects: &[Value]) {
        use std::io::Write;
        let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": objects });
        let mut child = self
            .tool("kubectl", "operator")
            .args(["apply", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(list.to_string().as_bytes()).expect("kubectl reads");
        drop(stdin);
        let done = child.wait_with_output().expect("kubectl ends");
        assert!(done.status.success(), "kubectl apply: {}", text(&done));
    }
}

/// Ends the plane in `dir` as soon as this process is gone, by success, panic or kill.
fn keep(dir: &Path) {
    let watch = r#"while kill -0 "$1" 2>/dev/null; do sleep 0.5; done
        [ -d "$2" ] && "$3" down "$2"; rm -rf "$2""#;
    let keeper = Command::new("setsid")
        .args(["sh", "-c", watch, "plane-keeper", &std::process::id().to_string()])
        .arg(dir)
        .arg(script())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    assert!(keeper.is_ok(), "setsid: {keeper:?}");
}

/// What a program said.
pub(super) fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

/// A figure for whoever runs the suite with `--nocapture`, or reads why it failed.
#[expect(clippy::print_stdout, reason = "the test harness keeps it, and shows it on failure")]
pub(crate) fn tell(text: &str) {
    println!("{text}");
}

/// Polls until `look` gives something; panics with what `seen` says when it does not in time.
#[track_caller]
pub(super) fn wait<T>(
    what: &str,
    within: Duration,
    mut look: impl FnMut() -> Option<T>,
    seen: impl FnOnce() -> String,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < within, "waited {within:?} for: {what}\n{}", seen());
        std::thread::sleep(Duration::from_millis(60));
    }
}
