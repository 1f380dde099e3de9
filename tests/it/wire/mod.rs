//! The wire: recorded objects into records, and the watch machine and writes against a scripted
//! server on loopback.

mod bench;
mod connecting;
mod recorded;
mod signing_in;
pub(crate) mod stub;
mod watching;
mod writing;

use std::path::PathBuf;
use std::sync::Arc;

use waveoff::cluster::{Connection, Environment, Now, Options, connect};
use waveoff::domain::time::{Span, Timestamp, parse_rfc3339};

/// A connection to a server on loopback, made the way the program makes one.
async fn connection(url: &str) -> Arc<Connection> {
    let dir = std::env::temp_dir().join(format!("waveoff-wire-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let port = url.rsplit(':').next().unwrap();
    let file: PathBuf = dir.join(format!("{port}.kubeconfig"));
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: stub\n\
         clusters: [{{name: stub, cluster: {{server: '{url}'}}}}]\n\
         contexts: [{{name: stub, context: {{cluster: stub, user: u, namespace: shop}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\n"
    );
    std::fs::write(&file, text).unwrap();
    let options = Options {
        kubeconfig: Some(file.clone()),
        context: None,
        environment: Environment::default(),
    };
    let live = connect(&options).await.unwrap();
    std::fs::remove_file(file).unwrap();
    Arc::clone(live.connection())
}

/// A clock that follows the real one from a fixed instant.
fn clock() -> Now {
    let began = tokio::time::Instant::now();
    let start: Timestamp = parse_rfc3339("2026-11-23T10:00:00Z").unwrap();
    Arc::new(move || start + Span::from_std(began.elapsed()).unwrap())
}
