//! The command line, taken and refused.

use super::*;
use clap::CommandFactory;
use clap::error::ErrorKind;

fn parse(line: &str) -> Result<Args, clap::Error> {
    Args::try_parse_from(line.split_whitespace())
}

fn act(name: &str) -> Act {
    Act {
        target: name.parse().unwrap(),
        print: Print { output: Output::Text },
        dry_run: false,
        timeout: Duration::from_secs(5 * 60),
        yes: false,
        reason: None,
    }
}

fn drill() -> Drill {
    Drill {
        name: None,
        list: false,
        seed: 1,
        speed: 1,
        headless: false,
        script: None,
        serve: false,
        print: Print { output: Output::Text },
    }
}

#[test]
fn the_definition_holds() {
    Args::command().debug_assert();
}

#[test]
fn without_a_command_it_is_the_cockpit() {
    let args = parse("waveoff -n shop -n search --theme light --ascii --utc").unwrap();
    assert_eq!(args.command, None);
    assert_eq!(args.global.namespaces, ["shop", "search"]);
    assert_eq!(args.global.theme.as_deref(), Some("light"));
    assert!(args.global.ascii && args.global.utc && !args.global.read_only);
}

#[test]
fn what_holds_for_all_is_taken_on_both_sides_of_the_command() {
    for line in [
        "waveoff --context eu -n shop status checkout",
        "waveoff status --context eu -n shop checkout",
        "waveoff status checkout -n shop --context eu",
    ] {
        let args = parse(line).unwrap();
        assert_eq!(args.global.context.as_deref(), Some("eu"), "{line}");
        assert_eq!(args.global.namespaces, ["shop"], "{line}");
    }
}

#[test]
fn verbs_and_their_flags() {
    for (line, command) in [
        (
            "promote checkout",
            Command::Promote {
                full: false,
                without_gate: false,
                check_after: false,
                act: act("checkout"),
            },
        ),
        (
            "promote --full ro/checkout --check-after",
            Command::Promote {
                full: true,
                without_gate: false,
                check_after: true,
                act: act("rollout/checkout"),
            },
        ),
        (
            "promote checkout --without-gate --reason hotfix",
            Command::Promote {
                full: false,
                without_gate: true,
                check_after: false,
                act: Act { reason: Some("hotfix".to_owned()), ..act("checkout") },
            },
        ),
        (
            "preflight checkout --url http://127.0.0.1:8080 --after --timeout 90s -o json",
            Command::Preflight(Preflight {
                target: act("checkout").target,
                url: Some("http://127.0.0.1:8080".into()),
                port_forward: false,
                after: true,
                print: Print { output: Output::Json },
                timeout: Duration::from_secs(90),
            }),
        ),
        ("pause deploy/catalog", Command::Pause(act("deployment/catalog"))),
        ("resume checkout", Command::Resume(act("checkout"))),
        ("abort checkout -y", Command::Abort(Act { yes: true, ..act("checkout") })),
        (
            "undo checkout --to-revision 7 --dry-run",
            Command::Undo { to_revision: Some(7), act: Act { dry_run: true, ..act("checkout") } },
        ),
        (
            "retry checkout --timeout 90s",
            Command::Retry(Act { timeout: Duration::from_secs(90), ..act("checkout") }),
        ),
        (
            "restart checkout --reason oom",
            Command::Restart(Act { reason: Some("oom".to_owned()), ..act("checkout") }),
        ),
        ("list -o json", Command::List(Print { output: Output::Json })),
        ("keys", Command::Keys),
        ("drill", Command::Drill(drill())),
        ("demo", Command::Drill(drill())),
        (
            "drill gitops --seed 7 --speed 10",
            Command::Drill(Drill { name: Some("gitops".into()), seed: 7, speed: 10, ..drill() }),
        ),
        (
            "drill --headless --script my.toml -o json",
            Command::Drill(Drill {
                headless: true,
                script: Some("my.toml".into()),
                print: Print { output: Output::Json },
                ..drill()
            }),
        ),
    ] {
        assert_eq!(parse(&format!("waveoff {line}")).unwrap().command, Some(command), "{line}");
    }
}

#[test]
fn wrong_use_is_code_two_and_names_the_right_word() {
    for (line, hint) in [
        ("waveoff promot checkout", "promote"),
        ("waveoff --read-onli", "--read-only"),
        ("waveoff status", "<NAME>"),
        ("waveoff list -o jsn", "json"),
        ("waveoff abort checkout --timeout 5", "90s"),
        ("waveoff abort checkout --timeout 0s", "above zero"),
        ("waveoff undo checkout --to-revision seven", "seven"),
        ("waveoff status pod/checkout", "rollout/NAME"),
        ("waveoff status ../secrets", "kind"),
        ("waveoff drill --speed 61", "1..60"),
        ("waveoff drill --speed 0", "1..60"),
        ("waveoff drill --seed x", "--seed"),
        ("waveoff drill --script my.toml", "--headless"),
        ("waveoff drill --headless --serve", "--serve"),
        ("waveoff drill shop --list", "--list"),
        ("waveoff status rollout/a/b", "not a name"),
        ("waveoff status Checkout", "not a name"),
        ("waveoff guard checkout --errors 1", "with its sign"),
        ("waveoff guard checkout --least-requests nan", "0 or more"),
        ("waveoff guard checkout --least-requests -1", "0 or more"),
        ("waveoff guard checkout --business up --business-least NaN", "write a number"),
        ("waveoff guard checkout --business up --business-least inf", "write a number"),
    ] {
        let error = parse(line).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
        assert!(error.to_string().contains(hint), "{line}: {error}");
    }
    assert_eq!(parse("waveoff --help").unwrap_err().exit_code(), 0);
    assert_eq!(parse("waveoff --version").unwrap_err().kind(), ErrorKind::DisplayVersion);
}
