//! The way back in Git: what the cluster was rolled back to is pushed to the repository that the
//! GitOps tool follows, as the one line that was shown.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::grounds::{shared, tell};
use super::manifests::canary;
use super::stage::Stage;

fn git(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let done = command.output().expect("git runs");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

fn commit(clone: &Path, manifest: &str, subject: &str) {
    let file = clone.join("environments/production/web/rollout.yaml");
    std::fs::create_dir_all(file.parent().expect("it is in a folder")).expect("a folder");
    std::fs::write(file, manifest).expect("it can be written");
    git(clone, &["add", "."]);
    let who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"];
    git(clone, &[&who[..], &["commit", "-q", "-m", subject]].concat());
    git(clone, &["push", "-q", "origin", "main"]);
}

#[test]
#[ignore = "needs the control plane: tests/run"]
fn what_was_rolled_back_in_the_cluster_is_reverted_in_git_by_one_line() {
    let steps = json!({ "steps": [{ "setWeight": 20 }, { "pause": {} }] });
    let mut objects = canary("web", 3, &steps);
    for object in &mut objects {
        object["metadata"]["labels"] = json!({ "argocd.argoproj.io/instance": "shop" });
    }
    let stage = Stage::new(shared(), "git", &objects);
    stage.until_healthy("web");
    let good = stage.get("rollout", "web", ".spec.template.spec.containers[0].image");
    stage.release("rollout", "web", "2", None);
    stage.until_at("web", 1, "Paused");
    let bad = stage.get("rollout", "web", ".spec.template.spec.containers[0].image");
    assert_ne!(good, bad);

    // The repository as it is: somebody brought the bad image in, and comments stand beside it.
    let home = stage.state().with_file_name("git");
    let (remote, clone) = (home.join("remote.git"), home.join("clone"));
    std::fs::create_dir_all(&home).expect("a folder");
    git(&home, &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    git(&home, &["clone", "-q", "remote.git", "clone"]);
    let manifest = |image: &str| {
        format!(
            "# the shop\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: web\n\
             spec:\n  template:\n    spec:\n      containers:\n      \
             - name: app  # it serves\n        image: \"{image}\"   # by the pipeline\n"
        )
    };
    git(&clone, &["checkout", "-q", "-b", "main"]);
    let container = stage.get("rollout", "web", ".spec.template.spec.containers[0].name");
    let manifest = |image: &str| manifest(image).replace("app  #", &format!("{container}  #"));
    commit(&clone, &manifest(&good), "web 1");
    commit(&clone, &manifest(&bad), "web 2: faster");
    let culprit = git(&clone, &["rev-parse", "HEAD"]);

    let config = stage.state().with_file_name("git.toml");
    let text = format!(
        "[gitops.shop]\ncheckout = \"{}\"\npath = \"environments/production/{{name}}\"\n\
         push = \"direct\"\n",
        clone.display()
    );
    std::fs::write(&config, text).expect("the configuration");
    let config = config.display().to_string();
    std::fs::create_dir_all(stage.state().with_file_name("home")).expect("a home");
    std::fs::write(
        stage.state().with_file_name("home").join(".gitconfig"),
        "[user]\n\tname = Oncall\n\temail = oncall@example.com\n",
    )
    .expect("an identity");

    // The way back in the cluster says who will take it away again.
    let status = stage.status("web");
    tell(&format!("way back of what Argo CD owns: {}", status["way_back"]["moves"]));
    stage.works(&["abort"], "web");
    let shown = stage.fly(&["revert", "web", "--dry-run", "--config", &config]).expect(0);
    assert!(shown.out.contains(&culprit) && shown.out.contains("web 2: faster"), "{}", shown.out);
    assert_eq!(git(&remote, &["rev-parse", "main"]), culprit, "nothing is pushed yet");
    stage.fly(&["revert", "web", "--yes", "--config", &config]).expect(0);
    let head = git(&remote, &["rev-parse", "main"]);
    assert_ne!(head, culprit);
    let file = "main:environments/production/web/rollout.yaml";
    assert_eq!(git(&remote, &["show", file]), manifest(&good).trim());
    let log = git(&remote, &["log", "-1", "--format=%an %s%n%b", "main"]);
    assert!(log.starts_with("Oncall ") && log.contains(&culprit), "{log}");
    tell(&format!("reverted in git: {}", log.lines().next().unwrap_or_default()));
    // The clone is as it was, and again is no failure.
    assert_eq!(git(&clone, &["rev-parse", "HEAD"]), culprit);
    assert_eq!(git(&clone, &["status", "--porcelain"]), "");
    stage.fly(&["revert", "web", "--yes", "--config", &config]).expect(0);
    assert_eq!(git(&remote, &["rev-parse", "main"]), head);
    stage.close();
}
