//! Under a shell with job control, and without a terminal at one end.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{KEY_PAUSE, PLAIN, Situation};
use crate::binary::{Shop, WAVEOFF, canary};
use crate::pty_rig::{Rig, Setup};

/// A shell at its prompt, over a shop.
fn shell(shop: &Shop) -> Rig {
    let home = shop.home();
    let rig = Rig::spawn(&Setup {
        program: "/bin/bash",
        args: &["--norc", "--noprofile", "--noediting", "-i"],
        env: &[
            ("HOME", home.as_str()),
            ("KUBECONFIG", shop.kubeconfig.as_str()),
            ("TERM", "xterm"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/bin:/usr/bin"),
            ("PS1", "shell$ "),
        ],
        size: (100, 24),
    });
    rig.wait_for_text("shell$");
    rig
}

/// Starts the cockpit and waits for its fleet.
fn fly(rig: &Rig) {
    rig.send(&format!("{WAVEOFF}\r"));
    wait_for_cockpit(rig);
}

fn wait_for_cockpit(rig: &Rig) {
    rig.wait_until("the fleet", |screen| {
        screen.alternate_screen() && screen.contents().contains("checkout")
    });
    rig.wait_for("raw mode", || rig.is_raw());
}

fn wait_for_shell(rig: &Rig) {
    rig.wait_until("the shell's screen", |screen| !screen.alternate_screen());
    rig.wait_for("a shell that listens", || !rig.is_raw());
    rig.assert_screen_left();
}

fn leave(mut rig: Rig) {
    rig.send("exit\r");
    thread::sleep(KEY_PAUSE);
    rig.send("exit\r");
    rig.wait_for_exit();
    rig.assert_restored();
}

#[test]
fn ctrl_z_and_sigtstp_give_the_terminal_to_the_shell_and_fg_comes_back() {
    let shop = Shop::open(canary());
    let rig = shell(&shop);
    fly(&rig);
    for round in 0..6 {
        if round % 2 == 0 {
            rig.send("\u{1a}");
        } else {
            signal_the_cockpit(&rig, Signal::TSTP);
        }
        wait_for_shell(&rig);
        rig.send("fg\r");
        wait_for_cockpit(&rig);
    }
    rig.send("q");
    wait_for_shell(&rig);
    rig.send("echo code $?\r");
    rig.wait_for_text("code 0");
    leave(rig);
}

#[test]
fn stopped_by_somebody_with_kill_it_comes_back_too() {
    let shop = Shop::open(canary());
    let rig = shell(&shop);
    fly(&rig);
    for _ in 0..3 {
        signal_the_cockpit(&rig, Signal::STOP);
        rig.wait_for("the shell's modes", || !rig.is_raw());
        rig.send("fg\r");
        wait_for_cockpit(&rig);
    }
    rig.send("q");
    wait_for_shell(&rig);
    leave(rig);
}

#[test]
fn in_the_background_it_leaves_the_terminal_alone_and_can_be_ended() {
    let shop = Shop::open(canary());
    for (stop, end, code) in [
        ("\u{1a}", "kill %1\r", 143),
        ("\u{1a}", "bg\rsleep 0.3\rkill %1\r", 143),
        ("", "kill %1\r", 143),
        ("", "kill -HUP %1\r", 129),
    ] {
        let rig = shell(&shop);
        fly(&rig);
        if stop.is_empty() {
            signal_the_cockpit(&rig, Signal::STOP);
            rig.wait_for("the shell's modes", || !rig.is_raw());
        } else {
            rig.send(stop);
            wait_for_shell(&rig);
        }
        for line in end.split_inclusive('\r') {
            rig.send(line);
            thread::sleep(Duration::from_millis(400));
            assert!(!rig.is_raw(), "{end:?} took the terminal from the shell");
        }
        rig.send("wait %1; echo code $?\r");
        rig.wait_for_text(&format!("code {code}"));
        wait_for_shell(&rig);
        leave(rig);
    }
}

/// Sends a signal to the only child of the shell.
fn signal_the_cockpit(rig: &Rig, signal: Signal) {
    let shell = rig.id().as_raw_nonzero();
    let children = format!("/proc/{shell}/task/{shell}/children");
    let text = std::fs::read_to_string(children).unwrap();
    let child: i32 = text.split_whitespace().next().unwrap().parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(child).unwrap(), signal).unwrap();
}

#[test]
fn without_a_terminal_at_both_ends_it_says_what_to_do_instead() {
    let shop = Shop::open(canary());
    for drill in [false, true] {
        let mut command = Command::new(WAVEOFF);
        command.env_clear().env("HOME", shop.home()).env("KUBECONFIG", &shop.kubeconfig);
        if drill {
            command.arg("drill");
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("needs a terminal"), "{said}");
    }
    // In a terminal, but with one end somewhere else.
    for redirected in ["</dev/null", "<&-", "| cat", ">&-", ">/dev/null"] {
        let home = shop.home();
        let script = format!("{WAVEOFF} {redirected}; echo code ${{PIPESTATUS[0]}}");
        let mut rig = Rig::spawn(&Setup {
            program: "/bin/bash",
            args: &["-c", &script],
            env: &[("HOME", &home), ("KUBECONFIG", &shop.kubeconfig), ("PATH", "/usr/bin:/bin")],
            size: (100, 10),
        });
        rig.wait_for_exit();
        let screen = rig.contents();
        assert!(screen.contains("needs a terminal"), "{redirected}: {screen}");
        assert!(screen.contains("code 2"), "{redirected}: {screen}");
        rig.assert_restored();
    }
}

#[test]
fn a_credential_plugin_that_hangs_can_be_interrupted() {
    let shop = Shop::open(canary());
    let text = std::fs::read_to_string(&shop.kubeconfig).unwrap();
    let plugin = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sleep, \
                  args: ['3'], interactiveMode: Never}}";
    std::fs::write(&shop.kubeconfig, text.replace("{token: t}", plugin)).unwrap();
    let codes = [("\u{3}", None, 130), ("", Some(Signal::TERM), 143), ("", Some(Signal::HUP), 129)];
    for (key, signal, code) in codes {
        let mut rig = super::spawn(&shop, Situation::Fleet, PLAIN);
        rig.wait_for_text("waiting for the credentials");
        rig.send(key);
        if let Some(signal) = signal {
            rig.signal(signal);
        }
        assert_eq!(rig.wait_for_code(), code);
        rig.assert_restored();
    }
    let mut rig = super::spawn(&shop, Situation::Fleet, PLAIN);
    rig.wait_for_text("waiting for the credentials");
    rig.hang_up();
    assert_eq!(rig.wait_for_code(), 129);
}
