//! Credentials that expire in mid-session: read again, their plugins run again, for the same
//! cluster only.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use waveoff::cluster::{Beat, Connection, Environment, Options, Pulse, connect, heartbeat};

use super::bench::spawn;
use super::clock;
use super::stub::{Asked, Reply, Stub};

/// A server that knows one token, and answers 401 to all else.
async fn guarded() -> Stub {
    Stub::start(|asked: &Asked| match asked.authorization.as_str() {
        "bearer new" => Reply::Json(200, "ok".into()),
        _ => Reply::Json(401, r#"{"kind":"Status","code":401,"reason":"Unauthorized"}"#.into()),
    })
    .await
}

/// A kubeconfig that is written anew in the course of a test, and removed at its end.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let name = format!("waveoff-signing-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn write(&self, server: &str, current: &str, user: &str) -> &Self {
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {current}\n\
             clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n\
             contexts:\n\
             - {{name: shop, context: {{cluster: c, user: u}}}}\n\
             - {{name: other, context: {{cluster: c, user: nobody}}}}\n\
             users: [{{name: u, user: {{{user}}}}}, {{name: nobody, user: {{}}}}]\n"
        );
        std::fs::write(&self.0, text).unwrap();
        self
    }

    async fn connect(&self) -> Arc<Connection> {
        let environment = Environment { path: std::env::var_os("PATH"), ..Environment::default() };
        let options = Options { kubeconfig: Some(self.0.clone()), context: None, environment };
        Arc::clone(connect(&options).await.unwrap().connection())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn beating(conn: Arc<Connection>) -> watch::Receiver<Pulse> {
    let (out, pulse) = watch::channel(Pulse::default());
    let beat = Beat { every: Duration::from_millis(20), ..Beat::default() };
    spawn(heartbeat(conn, beat, clock(), out));
    pulse
}

/// Waits until the server has accepted a token.
async fn accepted(stub: &Stub) {
    let all = async {
        while !stub.authorizations().iter().any(|told| told == "bearer new") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("no good token came");
}

async fn told(pulse: &mut watch::Receiver<Pulse>, words: &str) {
    let told = pulse.wait_for(|p| p.sign_in.as_ref().is_some_and(|text| text.contains(words)));
    let was_told = tokio::time::timeout(Duration::from_secs(20), told).await.is_ok();
    assert!(was_told, "{:?}", pulse.borrow().sign_in);
}

#[tokio::test]
async fn who_logs_in_again_elsewhere_need_not_start_again_here() {
    let stub = guarded().await;
    let file = File::new("login");
    let conn = file.write(&stub.url, "shop", "token: old").connect().await;
    let mut pulse = beating(conn);
    pulse.wait_for(|p| p.beat > 1).await.unwrap();
    assert!(pulse.borrow().alive, "a refusal is an answer");
    // Another context is the current one by now: this session stays where it was.
    file.write(&stub.url, "other", "token: new");
    accepted(&stub).await;
    pulse.wait_for(|p| p.alive && p.sign_in.is_none()).await.unwrap();
}

#[tokio::test]
async fn another_server_is_not_followed() {
    let (stub, elsewhere) = (guarded().await, guarded().await);
    let file = File::new("elsewhere");
    let conn = file.write(&stub.url, "shop", "token: old").connect().await;
    let mut pulse = beating(conn);
    pulse.wait_for(|p| p.beat > 1).await.unwrap();
    file.write(&elsewhere.url, "shop", "token: new");
    told(&mut pulse, "context shop is not what it was").await;
    assert!(elsewhere.authorizations().is_empty());
    std::fs::write(&file.0, "users: [t0psecret").unwrap();
    told(&mut pulse, "waveoff-signing-elsewhere").await;
    assert!(!pulse.borrow().sign_in.as_ref().unwrap().contains("t0psecret"));
}

fn credential(token: &str) -> String {
    serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": { "token": token },
    })
    .to_string()
}

#[tokio::test]
async fn a_plugin_that_named_no_expiry_is_run_again_and_its_words_are_told() {
    let stub = guarded().await;
    let (file, token) = (File::new("plugin"), File::new("token"));
    std::fs::write(&token.0, credential("old")).unwrap();
    let user = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: cat, \
         args: ['{}'], interactiveMode: Never}}",
        token.0.display()
    );
    let conn = file.write(&stub.url, "shop", &user).connect().await;
    let mut pulse = beating(conn);
    pulse.wait_for(|p| p.beat > 1).await.unwrap();
    std::fs::remove_file(&token.0).unwrap();
    told(&mut pulse, "No such file").await;
    std::fs::write(&token.0, credential("new")).unwrap();
    accepted(&stub).await;
    pulse.wait_for(|p| p.sign_in.is_none()).await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_is_slower_than_the_heartbeat_is_run_once_and_is_no_silence() {
    let stub = guarded().await;
    let file = File::new("slow");
    let (token, log, slow) = (File::new("slow-token"), File::new("slow-log"), File::new("slowly"));
    // It is about to expire at all times, so that it is asked for each time.
    let credential = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": { "token": "new", "expirationTimestamp": "2020-01-01T00:00:00Z" },
    });
    std::fs::write(&token.0, credential.to_string()).unwrap();
    let user = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, \
         args: ['-c', 'echo x >>{}; test -e {} && sleep 2; cat {}'], interactiveMode: Never}}",
        log.0.display(),
        slow.0.display(),
        token.0.display()
    );
    let conn = file.write(&stub.url, "shop", &user).connect().await;
    std::fs::write(&slow.0, "").unwrap();
    std::fs::write(&log.0, "").unwrap();
    let (out, mut pulse) = watch::channel(Pulse::default());
    let beat =
        Beat { every: Duration::from_millis(20), limit: Duration::from_secs(1), ..Beat::default() };
    spawn(heartbeat(conn, beat, clock(), out));
    let all = async {
        while !stub.authorizations().iter().any(|told| told == "bearer new") {
            pulse.changed().await.unwrap();
            let pulse = pulse.borrow_and_update().clone();
            assert!(pulse.alive && pulse.sign_in.is_none(), "{pulse:?}");
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("no good token came");
    let runs = std::fs::read_to_string(&log.0).unwrap().lines().count();
    assert!((1..=2).contains(&runs), "{runs} runs");
}

#[tokio::test]
async fn what_is_refused_for_long_is_not_tried_at_every_beat() {
    let stub = guarded().await;
    let (file, token) = (File::new("rests"), File::new("rests-log"));
    let user = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, \
         args: ['-c', 'echo x >>{}; echo no >&2; exit 1'], interactiveMode: Never}}",
        token.0.display()
    );
    // It fails at the start too: so it begins with a token, and gets the plugin later.
    let conn = file.write(&stub.url, "shop", "token: old").connect().await;
    let mut pulse = beating(conn);
    file.write(&stub.url, "shop", &user);
    pulse.wait_for(|p| p.beat > 60).await.unwrap();
    let runs = std::fs::read_to_string(&token.0).unwrap().lines().count();
    // The client runs it twice each time: for a certificate and for a token.
    assert!((4..=20).contains(&runs), "{runs} runs in 60 beats");
}
