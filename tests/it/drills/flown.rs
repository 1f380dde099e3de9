//! A drill on the screen, and one that is served.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::{Hangar, json};

#[test]
fn the_shop_opens_on_its_fleet_and_every_screen_says_that_it_is_a_drill() {
    let hangar = Hangar::open();
    for size in [(80, 24), (200, 60)] {
        let mut rig = hangar.fly(&["drill"], "", size);
        rig.wait_for_text("needs a person");
        let screens = [
            ("x", " Why "),
            ("i", " Info "),
            ("t", " Timeline "),
            ("?", " Help "),
            ("!", " Errors "),
            ("1", " Fleet "),
            ("2", " Revisions "),
            ("b", "what counts"),
        ];
        for (key, title) in screens {
            rig.send(key);
            rig.wait_for_text(title);
            assert!(rig.contents().contains("DRILL "), "{key}: {}", rig.contents());
        }
        rig.send("q");
        assert_eq!(rig.wait_for_exit().exit_code(), 0);
        rig.wait_for_text("of 100 points");
        assert!(rig.contents().contains("left before its end"), "{}", rig.contents());
    }
}

#[test]
fn a_bad_release_is_waved_off_and_counts() {
    let hangar = Hangar::open();
    let mut rig = hangar.fly(&["drill", "error-ramp", "--speed", "10"], "", (100, 30));
    // The briefing comes first where a drill is about one workload.
    rig.wait_for_text("what counts");
    rig.send("\r");
    rig.wait_for_text("PagerDuty");
    rig.send("A");
    rig.wait_for_text("ABORT");
    rig.wait_for_text("ready");
    rig.send("\r");
    rig.wait_for_text("in effect");
    rig.send("b");
    rig.wait_for_text("40 points");
    rig.wait_until("a goal that is reached", |screen| screen.contents().contains("after "));
    rig.send("q");
    rig.wait_for_exit();
    rig.wait_for_text("left before its end");
    assert!(rig.contents().contains(" 40 of 40"), "{}", rig.contents());
}

/// A drill that is served, until it is dropped.
pub(crate) struct Served {
    child: Child,
    /// Of each person, in the order of the lines.
    pub(crate) kubeconfigs: Vec<(String, String)>,
}

impl Served {
    pub(crate) fn start(hangar: &Hangar, args: &[&str]) -> Self {
        let mut command = hangar.command(args);
        let mut child = command.arg("--serve").stdout(Stdio::piped()).spawn().unwrap();
        let mut kubeconfigs = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line.starts_with("# Prometheus: http://127.0.0.1:") {
                break;
            }
            if let Some(rest) = line.strip_prefix("export KUBECONFIG=") {
                let (path, person) = rest.split_once("   # as ").unwrap();
                kubeconfigs.push((person.to_owned(), path.to_owned()));
            }
        }
        Self { child, kubeconfigs }
    }

    pub(crate) fn kubeconfig(&self, person: &str) -> &str {
        let of = self.kubeconfigs.iter().find(|(name, _)| name == person);
        of.map_or_else(|| panic!("{:?}", self.kubeconfigs), |(_, path)| path.as_str())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn interrupt(&self) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(id, Signal::INT).unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Nothing is to be done about one that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_served_drill_is_a_cluster_like_another_to_those_who_have_its_kubeconfig() {
    let hangar = Hangar::open();
    let mut served = Served::start(&hangar, &["drill", "error-ramp"]);
    let keys = served.kubeconfig("operator").to_owned();
    for (_, path) in &served.kubeconfigs {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
    let list = json(&hangar.run(&["list", "-A", "--kubeconfig", &keys, "-o", "json"]));
    let names = list["items"].as_array().unwrap().iter().map(|w| w["name"].clone());
    let names: Vec<_> = names.collect();
    assert!(names.contains(&"checkout".into()) && names.contains(&"emails".into()), "{list:#}");
    let words = "abort checkout -n shop --yes --reason drill --timeout 30s -o json";
    let mut args: Vec<&str> = words.split(' ').collect();
    args.extend(["--kubeconfig", &keys]);
    let aborted = hangar.run(&args);
    assert_eq!(aborted.status.code(), Some(0), "{aborted:?}");

    served.interrupt();
    assert_eq!(served.child.wait().unwrap().code(), Some(130));
    assert!(!Path::new(&keys).exists(), "the kubeconfig outlives its cluster");
}
