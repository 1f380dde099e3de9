//! From kubeconfigs to connections: what is chosen, what is refused, and how it is said. Nothing
//! here talks to a server.

use std::path::{Path, PathBuf};

use waveoff::cluster::{ClusterError, Environment, ErrorKind, Options, connect};

/// A directory of its own, removed at the end.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("waveoff-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn config(contexts: &[&str], user: &str) -> String {
    let mut text = String::from(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         clusters: [{name: c, cluster: {server: 'http://user:secret@127.0.0.1:1/base', insecure-skip-tls-verify: true}}]\n",
    );
    text.push_str("contexts:\n");
    for name in contexts {
        text.push_str(&format!(
            "- {{name: {name}, context: {{cluster: c, user: u, namespace: shop}}}}\n"
        ));
    }
    text.push_str(&format!("users: [{{name: u, user: {{{user}}}}}]\n"));
    text
}

fn environment() -> Environment {
    Environment { path: std::env::var_os("PATH"), ..Environment::default() }
}

fn of(file: &Path) -> Options {
    Options { kubeconfig: Some(file.into()), context: None, environment: environment() }
}

async fn refusal(options: &Options) -> ClusterError {
    connect(options).await.map(drop).unwrap_err()
}

#[tokio::test]
async fn the_identity_is_spelled_out_without_secrets() {
    let dir = Dir::new("identity");
    let file = dir.file("config", &config(&["dev", "prod"], "token: t0psecret"));
    let live = connect(&Options { context: Some("prod".into()), ..of(&file) }).await.unwrap();
    let conn = live.connection();
    assert!(!conn.is_drill());
    let identity = conn.identity();
    assert_eq!(identity.context.as_str(), "prod");
    assert_eq!(identity.server.as_str(), "http://127.0.0.1:1/base");
    assert_eq!((identity.user.as_str(), identity.namespace.as_str()), ("u", "shop"));
    assert!(identity.insecure_tls && !identity.in_cluster);
    assert!(!format!("{conn:?}").contains("secret"));
}

#[tokio::test]
async fn an_unknown_context_offers_the_nearest() {
    let dir = Dir::new("context");
    let file = dir.file("config", &config(&["dev", "staging", "production"], "token: t"));
    let error = refusal(&Options { context: Some("prodution".into()), ..of(&file) }).await;
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(
        error.to_string(),
        "context prodution does not exist; known: production, dev, staging"
    );
}

#[tokio::test]
async fn several_files_are_one() {
    let dir = Dir::new("merge");
    let first = dir.file("a", "apiVersion: v1\nkind: Config\ncurrent-context: prod\n");
    let second = dir.file("b", &config(&["dev", "prod"], "token: t"));
    let list = std::env::join_paths([first, dir.0.join("absent"), second]).unwrap();
    let environment = Environment { kubeconfig: Some(list), ..environment() };
    let options = Options { environment, ..Options::default() };
    assert_eq!(connect(&options).await.unwrap().connection().identity().context.as_str(), "prod");
}

#[tokio::test]
async fn no_kubeconfig_says_where_it_looked() {
    let home = Some(PathBuf::from("/nonexistent"));
    let options =
        Options { environment: Environment { home, ..environment() }, ..Options::default() };
    let text = refusal(&options).await.to_string();
    assert!(text.contains("/nonexistent/.kube/config"), "{text}");
    assert!(text.contains("--kubeconfig"), "{text}");
}

#[tokio::test]
async fn a_broken_file_is_named_and_not_quoted() {
    let dir = Dir::new("broken");
    let file = dir.file("config", "users: [{name: u, user: {token: t0psecret\nnot: [yaml");
    let text = refusal(&of(&file)).await.to_string();
    assert!(text.contains(&file.display().to_string()), "{text}");
    assert!(!text.contains("t0psecret"), "{text}");
    let absent = refusal(&of(Path::new("/nonexistent/config"))).await.to_string();
    assert!(absent.contains("/nonexistent/config"), "{absent}");
}

fn exec(command: &str) -> String {
    format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{command}', \
         interactiveMode: Always, env: [{{name: CANARY, value: t0psecret}}], installHint: 'see the wiki'}}"
    )
}

fn plugin(dir: &Dir, script: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let file = dir.file("plugin", &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

#[tokio::test]
async fn a_credential_plugin_cannot_reach_the_terminal() {
    let dir = Dir::new("plugin");
    let report = dir.0.join("report");
    // It notes what it could reach, shouts, and then gives a token.
    let script = format!(
        "{{ read -r line; echo \"stdin=$line\"; (: >/dev/tty) 2>/dev/null && echo tty; }} >{}\n\
         echo SHOUT >&2\n\
         echo '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"t\"}}}}'",
        report.display()
    );
    let command = plugin(&dir, &script).display().to_string();
    let file = dir.file("config", &config(&["dev"], &exec(&command)));
    connect(&of(&file)).await.unwrap();
    assert_eq!(std::fs::read_to_string(report).unwrap(), "stdin=\n");
}

#[tokio::test]
async fn a_failing_plugin_is_quoted_without_its_environment() {
    let dir = Dir::new("failing");
    let command =
        plugin(&dir, "printf '\\033[2Jsession expired' >&2; exit 3").display().to_string();
    let file = dir.file("config", &config(&["dev"], &exec(&command)));
    let error = refusal(&of(&file)).await;
    assert_eq!(error.kind(), ErrorKind::Denied);
    let text = error.to_string();
    assert!(text.contains("␛[2Jsession expired"), "{text}");
    assert!(!text.contains("t0psecret") && !text.contains('\u{1b}'), "{text}");

    let file = dir.file("config", &config(&["dev"], &exec("no-such-plugin")));
    let text = refusal(&of(&file)).await.to_string();
    assert!(text.contains("no-such-plugin is not installed: see the wiki"), "{text}");

    let command = plugin(&dir, "echo nonsense").display().to_string();
    let file = dir.file("config", &config(&["dev"], &exec(&command)));
    let text = refusal(&of(&file)).await.to_string();
    assert!(text.contains("did not print an ExecCredential"), "{text}");
}
