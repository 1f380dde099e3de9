//! From the key that confirms to the last byte of the PATCH at the server.
//!
//! The plugin has no keys: a new process is what its user starts, so its start counts.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;
use vt100::Screen;

use crate::figures::Sample;
use crate::objects::{NAMESPACE, TARGET};
use crate::program::{PATIENCE, Session};
use crate::server::Server;

/// Holds the target, again and again; it is let go of by the server in between.
pub(crate) fn holds(session: &Session, server: &Server, count: usize) -> anyhow::Result<Sample> {
    let terminal = &session.terminal;
    let mut sample = Sample::default();
    for _ in 0..count {
        terminal.send("H")?;
        let dialog = |screen: &Screen| {
            let (_, columns) = screen.size();
            let mut rows = screen.rows(0, columns.get());
            rows.any(|row| row.contains("Enter") && row.contains("ready"))
        };
        terminal.wait_for(PATIENCE, Box::new(dialog)).context("the dialog of a hold")?;
        server.take_asked();
        let sent = terminal.send("\r")?;
        sample.push_time(patched(server)?.saturating_duration_since(sent));
        // In effect, or the key stays locked.
        thread::sleep(Duration::from_millis(400));
        let_go(server)?;
        thread::sleep(Duration::from_millis(300));
    }
    Ok(sample)
}

/// The same by `kubectl argo rollouts pause`.
pub(crate) fn pauses(
    plugin: &Path,
    kubeconfig: &Path,
    server: &Server,
    count: usize,
) -> anyhow::Result<Sample> {
    let home = tempfile::tempdir()?;
    let mut sample = Sample::default();
    for _ in 0..count {
        server.take_asked();
        let started = Instant::now();
        let mut child = Command::new(plugin)
            .args(["pause", TARGET, "-n", NAMESPACE])
            .env_clear()
            .env("HOME", home.path())
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let arrived = patched(server);
        ensure!(child.wait()?.success(), "the plugin could not pause");
        sample.push_time(arrived?.saturating_duration_since(started));
        let_go(server)?;
        thread::sleep(Duration::from_millis(100));
    }
    Ok(sample)
}

/// When the next patch had come in.
fn patched(server: &Server) -> anyhow::Result<Instant> {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        let asked = server.take_asked();
        if let Some(patch) = asked.iter().find(|asked| asked.method == "PATCH") {
            return Ok(patch.at);
        }
        thread::sleep(Duration::from_millis(1));
    }
    anyhow::bail!("no PATCH came")
}

fn let_go(server: &Server) -> anyhow::Result<()> {
    let mut rollout = server.object("rollouts", TARGET).context("the target is gone")?;
    if let Some(generation) = rollout.pointer_mut("/metadata/generation") {
        let next = generation.as_u64().unwrap_or(2) + 1;
        *generation = next.into();
        if let Some(observed) = rollout.pointer_mut("/status/observedGeneration") {
            *observed = next.to_string().into();
        }
    }
    if let Some(spec) = rollout.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("paused");
    }
    server.publish("rollouts", rollout);
    Ok(())
}
