//! The built binary: in a pseudo-terminal and on the command line, against a scripted API server.
//!
//! The server is the wire tests' own: a canary at a manual gate, everything permitted. No real
//! cluster is needed.

mod alerts;
mod commands;
mod doctor;
mod duties;
mod flying;
mod life;
mod readiness;
mod ways;

use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pty_rig::{Rig, Setup};
use crate::wire::stub::{Asked, Ending, Reply, Stub};

/// The program under test.
const WAVEOFF: &str = env!("CARGO_BIN_EXE_waveoff");

/// A recorded canary at its manual gate, 5 %.
pub(crate) fn canary() -> Value {
    serde_json::from_str(include_str!("../wire/rollout_paused.json")).unwrap()
}

/// A shop with one canary at a gate.
pub(crate) struct Shop {
    pub(crate) stub: Stub,
    home: TempDir,
    pub(crate) kubeconfig: String,
    /// Ends the server's thread when it is dropped.
    _lifeline: tokio::sync::oneshot::Sender<()>,
}

impl Shop {
    /// Opens one in which the rollout is `rollout`.
    pub(crate) fn open(rollout: Value) -> Self {
        Self::scripted(move |asked| ordinary(asked, &rollout))
    }

    /// Opens one that answers as told.
    fn scripted(script: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let (ready, started) = mpsc::channel();
        let (lifeline, end) = tokio::sync::oneshot::channel::<()>();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                ready.send(Stub::start(script).await).unwrap();
                let _ = end.await;
            });
        });
        let stub = started.recv().unwrap();
        let home = tempfile::tempdir().unwrap();
        let kubeconfig = home.path().join("config");
        let url = &stub.url;
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: stub\n\
             clusters: [{{name: stub, cluster: {{server: '{url}'}}}}]\n\
             contexts: [{{name: stub, context: {{cluster: stub, user: u, namespace: shop}}}}]\n\
             users: [{{name: u, user: {{token: t}}}}]\n"
        );
        std::fs::write(&kubeconfig, text).unwrap();
        let kubeconfig = kubeconfig.display().to_string();
        Self { stub, home, kubeconfig, _lifeline: lifeline }
    }

    pub(crate) fn home(&self) -> String {
        self.home.path().display().to_string()
    }

    /// The cockpit in a terminal of this size.
    fn fly(&self, size: (u16, u16)) -> Rig {
        self.fly_with(size, &[])
    }

    /// The same with more of an environment.
    fn fly_with(&self, size: (u16, u16), more: &[(&str, &str)]) -> Rig {
        let home = self.home();
        let mut env = vec![
            ("HOME", home.as_str()),
            ("KUBECONFIG", self.kubeconfig.as_str()),
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/bin:/bin"),
        ];
        env.extend(more);
        Rig::spawn(&Setup { program: WAVEOFF, args: &[], env: &env, size })
    }

    /// Every change that was asked for, rights and identity aside.
    fn patches(&self) -> Vec<Asked> {
        self.stub.asked().into_iter().filter(|a| a.method == "PATCH").collect()
    }
}

/// What a quiet API server would answer.
fn ordinary(asked: &Asked, rollout: &Value) -> Reply {
    let target = asked.target.as_str();
    if target == "/readyz" {
        return Reply::Json(200, "ok".into());
    }
    if asked.method == "POST" && target.contains("selfsubjectaccessreviews") {
        return Reply::Json(201, json!({"status": {"allowed": true}}).to_string());
    }
    if asked.method == "POST" {
        return Reply::Json(201, json!({"status": {"userInfo": {"username": "ann"}}}).to_string());
    }
    if asked.method == "PATCH" {
        return Reply::Json(200, rollout.to_string());
    }
    if asked.is_watch() {
        return Reply::Stream(Vec::new(), Ending::Open);
    }
    if asked.is_list() {
        let items = if target.contains("/rollouts?") { vec![rollout.clone()] } else { Vec::new() };
        let list = json!({"metadata": {"resourceVersion": "10"}, "items": items});
        return Reply::Json(200, list.to_string());
    }
    if target.contains("/rollouts/checkout") {
        return Reply::Json(200, rollout.to_string());
    }
    Reply::Json(200, json!({"metadata": {"name": "shop"}}).to_string())
}
