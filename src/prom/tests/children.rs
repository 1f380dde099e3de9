//! What depends on the environment: these tests run again in a process with another one.

use std::process::{Command, Output};

use super::scripted::{Play, Scripted};
use super::secure::{Authority, trusting};
use super::{now, one};
use crate::prom::{Access, PromError, Server};

const PROXY: &str = "a_proxy_is_used_but_not_for_this_machine";
const STORE: &str = "plain_http_needs_no_certificates";

const REPLACED: &str = "a_file_of_authorities_replaces_those_of_the_system";

/// Tells a test that it is the other process, and where a server is.
const CHILD: &str = "WAVEOFF_PROM_CHILD";

/// Runs one test of this file in a process with these variables and no other proxy.
async fn child(test: &str, url: &str, variables: &[(&str, String)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let module = module_path!().split_once("::").unwrap().1;
    command.args(["--exact", "--nocapture", &format!("{module}::{test}")]);
    command.env(CHILD, url).envs(variables.iter().map(|(name, value)| (name, value)));
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn passed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}\n{errors}");
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[tokio::test]
async fn a_file_of_authorities_replaces_those_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    if !is_child() {
        let system = Authority::new("system");
        let acceptor = system.acceptor("127.0.0.1");
        let scripted = Scripted::with_tls(Some(acceptor), |_, _| Play::json(one())).await;
        let url = format!("https://{}", scripted.address());
        let store = folder.path().join("store");
        std::fs::write(&store, system.pem()).unwrap();
        let store = ("SSL_CERT_FILE", store.display().to_string());
        passed(&child(REPLACED, &url, &[store]).await);
        assert_eq!(scripted.heard().len(), 1);
        return;
    }
    let url = std::env::var(CHILD).unwrap();
    Server::direct(&url, &Access::default()).unwrap().ask(&now()).await.unwrap();
    let access = trusting(folder.path(), "other", &Authority::new("other").pem());
    let error = Server::direct(&url, &access).unwrap().ask(&now()).await.unwrap_err();
    assert!(error.to_string().starts_with("TLS: its certificate is signed by nobody"), "{error}");
}

#[tokio::test]
async fn a_proxy_is_used_but_not_for_this_machine() {
    let scripted = Scripted::always(Play::json(one())).await;
    if !is_child() {
        let proxy = ("HTTP_PROXY", scripted.url());
        passed(&child(PROXY, "", &[proxy, ("NO_PROXY", "10.0.0.0/8".into())]).await);
        let heard = scripted.heard();
        let targets: Vec<&str> = heard.iter().map(|heard| heard.target.as_str()).collect();
        assert_eq!(
            targets,
            ["http://prometheus.test:9090/api/v1/query?query=up&time=1000&timeout=8000ms"]
        );
        return;
    }
    let far = Server::direct("http://prometheus.test:9090", &Access::default()).unwrap();
    far.ask(&now()).await.unwrap();
    // Asked without the proxy, or it would have heard it.
    let near = Server::direct(&scripted.url(), &Access::default()).unwrap();
    near.ask(&now()).await.unwrap();
    assert_eq!(scripted.heard().len(), 1);
}

#[tokio::test]
async fn plain_http_needs_no_certificates() {
    if !is_child() {
        let none = "/nonexistent".to_owned();
        // Nothing listens on port 1.
        let proxy = ("HTTP_PROXY", "http://127.0.0.1:1".to_owned());
        let store = [("SSL_CERT_FILE", none.clone()), ("SSL_CERT_DIR", none), proxy];
        passed(&child(STORE, "", &store).await);
        return;
    }
    let plain = Server::direct("http://prometheus.test:9090", &Access::default()).unwrap();
    let error = plain.ask(&now()).await.unwrap_err();
    let words = "connection refused (HTTP_PROXY is set): \
                 Prometheus cannot be reached at http://prometheus.test:9090";
    assert_eq!(error.to_string(), words);
    let error = Server::direct("https://prometheus.test:9090", &Access::default()).unwrap_err();
    assert!(matches!(error, PromError::Trust { .. }), "{error:?}");
    assert!(error.to_string().contains("No CA certificates"), "{error}");
}
