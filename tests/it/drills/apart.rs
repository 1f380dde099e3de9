//! A drill is apart from every real cluster, whatever the environment says.

use crate::binary::{Shop, canary};
use crate::pty_rig::{Rig, Setup};

use super::WAVEOFF;

/// An environment that points at a cluster in every way that is known.
fn tempting(shop: &Shop) -> Vec<(&'static str, String)> {
    let url = shop.stub.url.clone();
    let address = url.trim_start_matches("http://").to_owned();
    let (host, port) = address.split_once(':').unwrap();
    let (host, port) = (host.to_owned(), port.to_owned());
    let mut all = vec![
        ("HOME", shop.home()),
        ("KUBECONFIG", shop.kubeconfig.clone()),
        ("WAVEOFF_CONTEXT", "stub".to_owned()),
        ("KUBERNETES_SERVICE_HOST", host),
        ("KUBERNETES_SERVICE_PORT", port),
        ("WAVEOFF_PROMETHEUS", url.clone()),
        ("TERM", "xterm-256color".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
    ];
    let proxies = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"];
    all.extend(proxies.map(|name| (name, url.clone())));
    all
}

#[test]
fn a_play_without_a_screen_asks_no_cluster() {
    let shop = Shop::open(canary());
    let output = std::process::Command::new(WAVEOFF)
        .args(["drill", "error-ramp", "--headless"])
        .env_clear()
        .envs(tempting(&shop))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(shop.stub.asked().is_empty(), "{:?}", shop.stub.asked());
}

#[test]
fn the_cockpit_of_a_drill_asks_no_cluster() {
    let shop = Shop::open(canary());
    let env = tempting(&shop);
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let args = ["drill", "error-ramp"];
    let mut rig = Rig::spawn(&Setup { program: WAVEOFF, args: &args, env: &env, size: (80, 24) });
    rig.wait_for_text("what counts");
    rig.send("\r");
    rig.wait_for_text("goes on in");
    // Its own Prometheus was found: the one of the environment is nobody's business.
    rig.wait_for_text("prometheus ");
    rig.send("A");
    rig.wait_for_text("ABORT");
    rig.wait_for_text("ready");
    rig.send("\r");
    rig.wait_for_text("in effect");
    rig.send("q");
    rig.wait_for_exit();
    assert!(shop.stub.asked().is_empty(), "{:?}", shop.stub.asked());
}
