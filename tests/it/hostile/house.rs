//! A home, a kubeconfig and a scripted API server around the built binary.
//!
//! What the program may read lies outside its home, so that everything found in it afterwards was
//! written by the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;
use waveoff::domain::id::ResourceKind;

use crate::pty_rig::{Rig, Setup};
use crate::wire::stub::{Asked, Ending, Reply, Stub};

const WAVEOFF: &str = env!("CARGO_BIN_EXE_waveoff");

/// Somebody's machine and the server it talks to.
pub(super) struct House {
    pub(super) url: String,
    home: TempDir,
    keys: TempDir,
    pub(super) env: Vec<(String, String)>,
    /// Ends the server's thread when it is dropped.
    _lifeline: tokio::sync::oneshot::Sender<()>,
}

impl House {
    /// One whose server answers as told.
    pub(super) fn open(script: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let (ready, started) = mpsc::channel();
        let (lifeline, end) = tokio::sync::oneshot::channel::<()>();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                ready.send(Stub::start(script).await.url).unwrap();
                let _ = end.await;
            });
        });
        let url = started.recv().unwrap();
        let (home, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let env = [
            ("HOME", home.path().display().to_string()),
            ("KUBECONFIG", keys.path().join("config").display().to_string()),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
            ("PATH", "/usr/bin:/bin".into()),
            ("WAVEOFF_LOG", "trace".into()),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Self { url, home, keys, env, _lifeline: lifeline }
    }

    /// The same with this for users and for the rest of the cluster's entry.
    pub(super) fn kubeconfig(&self, user: &str, cluster: &str) {
        self.kubeconfig_as("config", user, cluster);
    }

    /// The same in a file of this name; gives its path.
    pub(super) fn kubeconfig_as(&self, name: &str, user: &str, cluster: &str) -> String {
        let url = &self.url;
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: stub\n\
             clusters:\n- name: stub\n  cluster:\n    server: '{url}'\n{cluster}\
             contexts: [{{name: stub, context: {{cluster: stub, user: u, namespace: shop}}}}]\n\
             users:\n- name: u\n  user:\n{user}"
        );
        let file = self.key(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }

    /// A file that the program may read.
    pub(super) fn key(&self, name: &str) -> PathBuf {
        self.keys.path().join(name)
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sets a variable of the environment.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.env.push((name.into(), value.into()));
    }

    /// A command without the screen.
    pub(super) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(WAVEOFF);
        command.args(args).env_clear().stdin(Stdio::null());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.output().unwrap()
    }

    /// The cockpit in a terminal.
    pub(super) fn fly(&self, args: &[&str], size: (u16, u16)) -> Rig {
        let env: Vec<(&str, &str)> =
            self.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Rig::spawn(&Setup { program: WAVEOFF, args, env: &env, size })
    }
}

/// An API server that has these objects and permits everything.
pub(super) fn serving(objects: Vec<(ResourceKind, Value)>) -> impl FnMut(&Asked) -> Reply + Send {
    move |asked| answer(asked, &objects)
}

fn answer(asked: &Asked, objects: &[(ResourceKind, Value)]) -> Reply {
    let target = asked.target.as_str();
    let path = target.split('?').next().unwrap();
    if target == "/readyz" {
        return Reply::Json(200, "ok".into());
    }
    if asked.method == "POST" && target.contains("selfsubjectaccessreviews") {
        return Reply::Json(201, json!({"status": {"allowed": true}}).to_string());
    }
    if asked.method == "POST" {
        return Reply::Json(201, json!({"status": {"userInfo": {"username": "ann"}}}).to_string());
    }
    if asked.is_watch() {
        return Reply::Stream(Vec::new(), Ending::Open);
    }
    if asked.is_list() {
        let is_asked = |kind: &ResourceKind| path.ends_with(&format!("/{}", kind.resource()));
        let items: Vec<&Value> =
            objects.iter().filter(|(kind, _)| is_asked(kind)).map(|(_, object)| object).collect();
        let list = json!({"metadata": {"resourceVersion": "10"}, "items": items});
        return Reply::Json(200, list.to_string());
    }
    let named = objects.iter().find(|(kind, object)| {
        let name = object["metadata"]["name"].as_str().unwrap_or("-");
        path.ends_with(&format!("/{}/{name}", kind.resource()))
    });
    match named {
        Some((_, object)) => Reply::Json(200, object.to_string()),
        None => Reply::Json(200, json!({"metadata": {"name": "shop"}}).to_string()),
    }
}
