//! A remote and clones of it in a folder of their own, with git's configuration of nobody.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::domain::gitops::{Inside, Push, Reference, Repository, Revert, Source};
use crate::domain::id::{WorkloadId, WorkloadKind};
use crate::gitops::{Git, Limits};

pub(super) const PATH: &str = "environments/production/shop";
pub(super) const FILE: &str = "environments/production/shop/deployment.yaml";
pub(super) const BAD: &str = "shop/checkout:1.4.3";
pub(super) const GOOD: &str = "shop/checkout:1.4.2";

/// A deployment with comments that have to stay.
pub(super) fn deployment(name: &str, image: &str) -> String {
    format!(
        "# Who pages whom: runbook 12\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: \
         {name}\nspec:\n  template:\n    spec:\n      containers:\n        - name: app\n          \
         image: {image} # set by the pipeline\n"
    )
}

/// A folder with a remote and a clone, `clone`, whose person is Ana.
pub(super) struct Ground {
    dir: tempfile::TempDir,
}

impl Ground {
    /// The good image was committed by Ben, then the bad one.
    pub(super) fn new() -> Self {
        let ground = Self::empty();
        ground.commit("seed", FILE, &deployment("checkout", GOOD), "Deploy checkout 1.4.2");
        ground.commit("seed", FILE, &deployment("checkout", BAD), "Deploy checkout 1.4.3");
        ground.git(".", &["clone", "-q", "remote.git", "clone"]);
        ground.person("clone", "Ana");
        ground
    }

    /// A remote without commits, and `seed`, a clone of it, whose person is Ben.
    pub(super) fn empty() -> Self {
        let ground = Self { dir: tempfile::tempdir().unwrap() };
        ground.git(".", &["init", "-q", "--bare", "-b", "main", "remote.git"]);
        ground.git(".", &["clone", "-q", "remote.git", "seed"]);
        ground.git("seed", &["checkout", "-q", "-b", "main"]);
        ground.person("seed", "Ben");
        ground
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Who commits in a clone.
    pub(super) fn person(&self, clone: &str, name: &str) {
        let address = format!("{}@example.com", name.to_lowercase());
        self.git(clone, &["config", "user.name", name]);
        self.git(clone, &["config", "user.email", &address]);
    }

    /// Writes a file, commits it and pushes it from a clone.
    pub(super) fn commit(&self, clone: &str, file: &str, text: &str, message: &str) {
        self.write(&format!("{clone}/{file}"), text);
        self.git(clone, &["add", "--", file]);
        self.git(clone, &["commit", "-q", "-m", message]);
        self.git(clone, &["push", "-q", "origin", "HEAD:main"]);
    }

    /// Many files in one commit of the remote, without a work tree.
    pub(super) fn import(&self, files: impl Iterator<Item = (String, String)>) {
        let mut stream = String::from(
            "commit refs/heads/main\ncommitter Ben <ben@example.com> 1764331200 +0000\ndata 4\nmany\n\
             from refs/heads/main^0\n",
        );
        for (file, text) in files {
            stream.push_str(&format!("M 644 inline {file}\ndata {}\n{text}\n", text.len()));
        }
        self.write("stream", &stream);
        let status = Command::new("git")
            .args(["fast-import", "--quiet"])
            .current_dir(self.path("remote.git"))
            .stdin(std::fs::File::open(self.path("stream")).unwrap())
            .status();
        assert!(status.unwrap().success());
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A script that can be run.
    pub(super) fn script(&self, file: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(file, text);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.path(file), mode).unwrap();
    }

    /// Runs git in a folder; what it wrote.
    pub(super) fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(self.path(folder))
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
            .env("GIT_OPTIONAL_LOCKS", "0")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// What the remote has in a file of a branch.
    pub(super) fn remote_file(&self, branch: &str, file: &str) -> String {
        // The last line's end is git's to give.
        self.git("remote.git", &["cat-file", "blob", &format!("{branch}:{file}")])
    }

    /// The room, with the same configuration of nobody.
    pub(super) fn room(&self) -> Git {
        let mut git = Git::new(self.path("state"));
        git.env = vec![
            ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()),
            ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ];
        git
    }

    /// The same, with other settings of git for everything.
    pub(super) fn room_with(&self, settings: &str) -> Git {
        self.write("gitconfig", settings);
        let mut git = self.room();
        git.env[0].1 = self.path("gitconfig").into();
        git
    }

    /// The same, in a hurry.
    pub(super) fn hurried(&self, limit: Duration) -> Git {
        let limits = Limits { local: Duration::from_secs(20), remote: limit, commit: limit };
        Git { limits, ..self.room() }
    }

    /// The clone as a repository that is pushed to directly.
    pub(super) fn repository(&self) -> Repository {
        Repository {
            source: Source::Checkout(self.path("clone")),
            branch: None,
            path: Inside::parse(PATH).unwrap(),
            push: Push::Direct,
        }
    }

    /// Whether nothing of ours is left.
    pub(super) fn is_tidy(&self) -> bool {
        let left = std::fs::read_dir(self.path("state"));
        left.is_ok_and(|mut left| left.next().is_none())
    }

    /// Every file below a folder, `.git` included, and what is in it.
    pub(super) fn all_of(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = BTreeMap::new();
        let mut open = vec![self.path(folder)];
        while let Some(next) = open.pop() {
            for entry in std::fs::read_dir(&next).unwrap() {
                let path: PathBuf = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    all.insert(path.clone(), Vec::new());
                    open.push(path);
                } else {
                    let bytes = std::fs::read(Path::new(&path)).unwrap_or_default();
                    all.insert(path, bytes);
                }
            }
        }
        all
    }
}

/// Checkout in production, from the bad image to the good one.
pub(super) fn revert() -> Revert {
    revert_of("checkout", BAD, GOOD)
}

pub(super) fn revert_of(name: &str, from: &str, to: &str) -> Revert {
    Revert {
        workload: WorkloadId::new("shop", WorkloadKind::Deployment, name),
        container: "app".into(),
        from: Reference::parse(from).unwrap(),
        to: Reference::parse(to).unwrap(),
        environment: "production".into(),
        reason: Some("checkout/1763".into()),
    }
}
