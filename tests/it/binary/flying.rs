//! Acting: what is pressed, what is asked, what is sent.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Shop, canary};
use crate::pty_rig::Rig;
use crate::wire::stub::{Asked, Reply};

/// Opens the promote dialog of the only rollout.
fn ask_to_promote(rig: &Rig) {
    rig.wait_for_text("checkout");
    rig.send("\r");
    rig.wait_for_text("gate");
    rig.send("P");
    rig.wait_for_text("PROMOTE");
}

pub(super) fn journal(shop: &Shop) -> Vec<Value> {
    let directory = shop.home.path().join(".local/state/waveoff/journal");
    let Ok(files) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut lines = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        lines.extend(text.lines().map(|l| serde_json::from_str(l).unwrap()));
    }
    lines
}

#[test]
fn promote_is_shown_confirmed_sent_once_and_journalled() {
    let shop = Shop::open(canary());
    let mut rig = shop.fly((80, 24));
    ask_to_promote(&rig);
    rig.wait_for_text("ready");
    assert!(shop.patches().is_empty(), "nothing is sent before it is confirmed");
    rig.send("\r");
    rig.wait_for("the patch", || !shop.patches().is_empty());
    // The controller never moves here: whoever presses on presses in vain.
    for _ in 0..20 {
        rig.send("P");
        rig.wait_for_text("already sent");
        rig.send("\r");
    }
    assert_eq!(shop.patches().len(), 1);
    let patch = &shop.patches()[0];
    assert!(patch.target.ends_with("/rollouts/checkout/status?fieldManager=waveoff"));
    let operations: Vec<Value> = serde_json::from_str(&patch.body).unwrap();
    let tests = operations.iter().take_while(|o| o["op"] == "test").count();
    assert!(tests >= 6, "{operations:?}");
    assert_eq!(operations.len(), tests + 1);
    assert_eq!(operations[tests]["op"], "remove");
    assert_eq!(operations[tests]["path"], "/status/pauseConditions");

    let lines = journal(&shop);
    let reports: Vec<&str> = lines.iter().map(|l| l["report"].as_str().unwrap()).collect();
    assert_eq!(reports, ["intent", "answer"]);
    assert_eq!(lines[1]["word"], "accepted");
    assert_eq!(lines[0]["verb"], "promote");
    rig.send("q");
    rig.wait_for_exit();
}

#[test]
fn escape_sends_nothing() {
    let shop = Shop::open(canary());
    let mut rig = shop.fly((80, 24));
    ask_to_promote(&rig);
    rig.send("\u{1b}");
    rig.wait_for_text("nothing was sent");
    rig.send("q");
    assert_eq!(rig.wait_for_exit().exit_code(), 0);
    assert!(shop.patches().is_empty());
    assert!(journal(&shop).is_empty());
}

#[test]
fn what_is_pasted_never_acts() {
    let shop = Shop::open(canary());
    let mut rig = shop.fly((80, 24));
    rig.wait_for_text("checkout");
    rig.send("\r");
    rig.wait_for_text("gate");
    // With the terminal's marks, and as one burst without them.
    rig.send("\u{1b}[200~P\rA\rU\r\u{1b}[201~");
    rig.send("P\rA\rF\r");
    rig.wait_for_text("burst");
    rig.send("q");
    rig.wait_for_exit();
    assert!(shop.patches().is_empty());
}

#[test]
fn an_answer_that_is_lost_is_read_back_and_not_sent_again() {
    let rollout = canary();
    let shop = Shop::scripted(move |asked: &Asked| match asked.method.as_str() {
        "PATCH" => Reply::Slam,
        _ => super::ordinary(asked, &rollout),
    });
    let mut rig = shop.fly((80, 24));
    ask_to_promote(&rig);
    rig.wait_for_text("ready");
    rig.send("\r");
    // The state still is what was asserted: it may be on its way, then it never arrived.
    rig.wait_for_text("nothing has arrived so far");
    rig.wait_for_text("not done");
    assert_eq!(shop.patches().len(), 1);
    rig.send("q");
    rig.wait_for_exit();
    let words: Vec<String> =
        journal(&shop).iter().map(|l| l["word"].as_str().unwrap().to_owned()).collect();
    assert_eq!(words, ["", "unknown", "refused"]);
}

#[test]
fn a_server_that_falls_silent_is_called_stale_within_15_seconds() {
    let rollout = canary();
    let mute = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let switch = std::sync::Arc::clone(&mute);
    let shop = Shop::scripted(move |asked: &Asked| {
        if switch.load(std::sync::atomic::Ordering::SeqCst) {
            return Reply::Mute;
        }
        super::ordinary(asked, &rollout)
    });
    let mut rig = shop.fly((80, 24));
    rig.wait_for_text("LIVE");
    rig.send("\r");
    rig.wait_for_text("gate");
    mute.store(true, std::sync::atomic::Ordering::SeqCst);
    let began = Instant::now();
    rig.wait_for_text("STALE");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    // Forward is locked on old data; the screen stays.
    rig.send("P");
    rig.wait_for_text("locked");
    assert!(rig.contents().contains("checkout"));
    mute.store(false, std::sync::atomic::Ordering::SeqCst);
    rig.wait_for_text("LIVE");
    rig.send("q");
    rig.wait_for_exit();
    assert!(shop.patches().is_empty());
}
