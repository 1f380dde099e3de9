//! The words of each check, by what was measured.

use unicode_width::UnicodeWidthStr;

use super::*;
use crate::app::access::Access;
use crate::app::session::Scope;
use crate::app::theme::ColorDepth;
use crate::domain::plan::Permission;
use crate::domain::time::Span;

fn text(check: &Check) -> String {
    let advice = check.advice.as_ref().map_or(String::new(), |advice| format!(" > {advice}"));
    format!("{} {}: {}{advice}", check.state.word(), check.what, check.found)
}

fn fits(text: &str) {
    for line in text.lines() {
        assert!(line.width() <= WIDTH, "{} columns: {line}", line.width());
    }
}

#[test]
fn lines_are_eighty_columns_whatever_is_in_them() {
    let long = format!("read /{} and 世界世界 {}", "d".repeat(200), "word ".repeat(40));
    let check = Check::new(State::Fail, "configuration", long.as_str()).advise(long.as_str());
    let line = doctor_line(&check);
    fits(&line);
    assert!(line.starts_with("FAIL  configuration  read\n"), "{line}");
    // Nothing is lost but blanks.
    let joined = |text: &str| text.split_whitespace().collect::<String>();
    let (found, advice) = line.split_once('>').unwrap();
    assert_eq!(joined(found), joined(&format!("FAIL configuration {long}")));
    assert_eq!(joined(advice), joined(&long));
    let empty = doctor_line(&Check::new(State::Ok, "log", ""));
    assert_eq!(empty, format!("{:<21}\n", "ok    log"));
}

#[test]
fn the_verdict_is_the_worst_that_counts() {
    let check = |state| Check::new(state, "x", "y");
    let fine = [check(State::Ok), check(State::Warn), check(State::Skip)];
    assert_eq!(Verdict::of(&fine, true), Verdict::Ready);
    assert_eq!(Verdict::of(&[check(State::Fail)], true), Verdict::Failing);
    // Without a cluster, what else fails does not matter.
    assert_eq!(Verdict::of(&[check(State::Fail)], false), Verdict::Unreachable);
    assert_eq!(
        doctor_closing(&fine, Verdict::Ready),
        "ready to fly (1 ok, 1 warn, 0 FAIL, 1 skip)\n"
    );
    for verdict in [Verdict::Ready, Verdict::Failing, Verdict::Unreachable] {
        fits(&doctor_closing(&fine, verdict));
    }
    let json = doctor_json(&fine, Verdict::Ready);
    assert_eq!((&json["schema"], &json["verdict"]), (&1.into(), &"ready".into()));
    assert_eq!(json["checks"][1]["state"], "warn");
    assert_eq!(json["checks"][0]["advice"], Value::Null);
    assert_eq!((&json["ok"], &json["fail"]), (&1.into(), &0.into()));
}

#[test]
fn a_clock_may_be_off_by_two_seconds() {
    for (ms, state, words) in [
        (0, State::Ok, "agrees"),
        (-499, State::Ok, "agrees"),
        (1900, State::Ok, "1.9s ahead of ours"),
        (-2100, State::Warn, "2.1s behind ours"),
        (30_000, State::Warn, "30s"),
        (-3_600_000, State::Fail, "1h00m behind"),
    ] {
        let check = clock(Some(Span::milliseconds(ms)));
        assert_eq!(check.state, state, "{ms}");
        assert!(check.found.contains(words), "{ms}: {}", check.found);
        assert_eq!(check.advice.is_some(), state != State::Ok);
    }
    assert_eq!(clock(None).state, State::Skip);
}

#[test]
fn an_address_without_tls_is_said() {
    let chosen = |server: &str, insecure, seconds| {
        kubeconfig(&Chosen {
            context: "prod".into(),
            server: server.into(),
            user: "ann".into(),
            namespace: "shop".into(),
            insecure,
            proxy: Some("http://proxy:3128".into()),
            source: "/home/ann/.kube/config".into(),
            took: Span::seconds(seconds),
        })
    };
    let good = chosen("https://10.0.0.1:6443", false, 1);
    assert_eq!(
        text(&good),
        "ok kubeconfig: context prod: https://10.0.0.1:6443 as user ann, namespace shop, \
         certificate checked, through the proxy http://proxy:3128; from /home/ann/.kube/config"
    );
    assert!(text(&chosen("https://x", true, 1)).contains("certificate NOT checked"));
    assert!(text(&chosen("http://x", true, 1)).starts_with("warn"));
    assert!(text(&chosen("https://x", false, 9)).contains("took 9s"));
}

#[test]
fn a_server_that_is_slow_or_says_little() {
    let greeting = |version: Option<&str>, ms: Option<i64>, who: Result<&str, &str>| {
        server(&Greeting {
            version: version.map(SafeText::from),
            rtt: ms.map(Span::milliseconds),
            who: who.map(SafeText::from).map_err(SafeText::from),
        })
    };
    let good = greeting(Some("v1.34.1"), Some(12), Ok("ann"));
    assert_eq!(text(&good), "ok server: v1.34.1, answers in 12ms, knows us as ann");
    let old = greeting(Some("v1.27.0"), Some(0), Err("it is older than 1.28"));
    assert_eq!(old.state, State::Ok);
    assert!(text(&old).contains("under 1ms") && text(&old).contains("older than 1.28"));
    assert_eq!(greeting(None, Some(1500), Ok("ann")).state, State::Warn);
    assert_eq!(greeting(Some(""), None, Ok("ann")).state, State::Warn);
}

#[test]
fn what_is_installed_and_what_is_watched() {
    let kinds = |names: &[&str]| names.iter().map(|n| SafeText::new(n)).collect::<Vec<_>>();
    let all = kinds(&["rollouts", "analysisruns", "analysistemplates", "experiments"]);
    assert_eq!(argo(Some(&all)).state, State::Ok);
    assert!(text(&argo(None)).contains("not installed: Deployments only"));
    let some = argo(Some(&all[..3]));
    assert_eq!(some.state, State::Warn);
    assert!(text(&some).contains("without experiments"), "{}", text(&some));

    let two = Scope::Namespaces(vec!["shop".into(), "pay".into()]);
    assert_eq!(text(&scope(&two, &[])), "ok scope: watches namespace shop, pay");
    assert_eq!(scope(&two, &["pay".into()]).state, State::Fail);
    assert!(text(&scope(&Scope::All, &[])).contains("all namespaces"));
}

#[test]
fn a_controller_without_pods_fails() {
    let with = |available, wanted| Controller {
        name: "argo-rollouts/argo-rollouts".into(),
        tag: "v1.8.3".into(),
        wanted,
        available,
    };
    let good = controller(&[with(0, 0), with(1, 2)], true);
    assert_eq!(text(&good), "ok controller: argo-rollouts/argo-rollouts v1.8.3: 1 of 2 available");
    let dead = controller(&[with(0, 1)], true);
    assert_eq!(dead.state, State::Fail);
    assert!(text(&dead).contains("kubectl get pods -n argo-rollouts"), "{}", text(&dead));
    assert_eq!(controller(&[], true).state, State::Warn);
    assert_eq!(controller(&[], false).state, State::Skip);
}

#[test]
fn a_server_that_was_named_has_to_be_there() {
    assert_eq!(no_prometheus("refused", true).state, State::Fail);
    assert_eq!(no_prometheus("none found", false).state, State::Warn);
    let forbidden = no_prometheus("not allowed (403): get services/proxy in monitoring", false);
    assert!(text(&forbidden).contains("ask for this right"));
    let measures = |targets: Result<(u64, u64), &str>, ahead| {
        prometheus(&Measures {
            url: "http://p.m.svc:9090".into(),
            said_by: "--prometheus".into(),
            through: true,
            took: Span::milliseconds(7),
            ahead: Span::milliseconds(ahead),
            targets: targets.map_err(SafeText::from),
        })
    };
    assert_eq!(
        text(&measures(Ok((9, 10)), 120)),
        "ok prometheus: http://p.m.svc:9090 (by --prometheus) through the API server: answers in \
         7ms, its clock agrees with ours, 9 of 10 targets up"
    );
    for odd in [measures(Ok((0, 0)), 0), measures(Err("refused"), 0), measures(Ok((1, 1)), 9000)] {
        assert_eq!(odd.state, State::Warn, "{}", text(&odd));
        assert!(odd.advice.is_some());
    }
}

/// The answers when these are denied, as `VERB RESOURCE/SUBRESOURCE`.
fn answers(session: Session, denied: &[&str]) -> Vec<(Permission, Access)> {
    let wanted = wanted(&session, Some(&"shop".into()));
    let answered = wanted.into_iter().map(|permission| {
        let words = permission.to_string();
        let is_denied = denied.iter().any(|rule| words == format!("{rule} in shop"));
        (permission, if is_denied { Access::Denied } else { Access::Allowed })
    });
    answered.collect()
}

const WHOLE: Session = Session { argo: true, read_only: false, proxy: true };

#[test]
fn rights_are_one_line_when_all_are_there() {
    let all = rights(&answers(WHOLE, &[]));
    assert_eq!(all.iter().map(text).collect::<Vec<_>>(), ["ok rights: all 26 needed in shop"]);
    let everywhere = wanted(&WHOLE, None);
    let everywhere: Vec<_> = everywhere.into_iter().map(|p| (p, Access::Allowed)).collect();
    assert!(text(&rights(&everywhere)[0]).contains("in all namespaces"));
    // What is not needed is not asked for.
    let rules = |session| wanted(&session, None).iter().map(ToString::to_string).collect();
    let few: Vec<String> = rules(Session { argo: false, read_only: true, proxy: false });
    for absent in ["rollouts", "analysis", "patch", "proxy"] {
        assert!(!few.iter().any(|rule| rule.contains(absent)), "{absent}: {few:?}");
    }
    assert!(few.iter().any(|rule| rule.starts_with("get pods/log")));
}

#[test]
fn each_missing_right_is_named_with_what_it_costs() {
    let denied = ["list pods", "watch pods", "watch events", "patch rollouts/status"];
    let checks = rights(&answers(WHOLE, &denied));
    let lines: Vec<String> = checks.iter().map(text).collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].starts_with("FAIL rights: missing: list and watch pods in shop > no pods"));
    assert!(lines[1].starts_with("warn rights: missing: watch events in shop"), "{}", lines[1]);
    assert!(lines[2].starts_with("FAIL rights: missing: patch rollouts/status in shop"));
    assert!(lines[2].contains("no promote, abort and retry") && lines[2].contains("--read-only"));
    assert!(lines[2].contains("API group argoproj.io"));
    for check in &checks {
        fits(&doctor_line(check));
    }
}

#[test]
fn nobody_is_told_sixteen_times_that_nothing_is_allowed() {
    let with = |access: Access| {
        let all = wanted(&WHOLE, None).into_iter().map(|p| (p, access.clone()));
        rights(&all.collect::<Vec<_>>())
    };
    let none = with(Access::Denied);
    assert_eq!((none.len(), none[0].state), (1, State::Fail));
    let unknown = with(Access::Unknown("webhook down".into()));
    assert_eq!((unknown.len(), unknown[0].state), (1, State::Warn));
    assert!(
        text(&unknown[0]).contains("26 in all namespaces could not be asked for: webhook down")
    );
}

#[test]
fn the_configuration_counts_who_set_what() {
    let counts = Counts { file: 2, variables: 0, flags: 1, default: 10 };
    let check = configuration(Some(("/etc/w.toml", true)), counts);
    assert_eq!(
        text(&check),
        "ok configuration: /etc/w.toml; values set: 2 by the file, 1 by flags, 10 by default"
    );
    assert!(text(&configuration(Some(("/x", false)), counts)).contains("no file /x"));
    assert!(text(&configuration(None, counts)).contains("HOME"));
    let none = Counts { default: 12, ..Counts::default() };
    assert!(text(&configuration(None, none)).ends_with("; all 12 values by default"));
}

#[test]
fn a_journal_that_cannot_be_written_locks_the_verbs() {
    let full = || Err("No space left on device".to_owned());
    assert_eq!(journal("/j", full(), false).state, State::Fail);
    assert_eq!(journal("/j", full(), true).state, State::Warn);
    assert_eq!(journal("/j", Ok(()), false).state, State::Ok);
    assert_eq!(log(Some("/l"), None).state, State::Ok);
    assert_eq!(
        text(&log(None, Some("no log in /l: x"))).split(" > ").next().unwrap(),
        "warn log: no log in /l: x"
    );
    assert_eq!(directory(None, Ok(false)).state, State::Skip);
    assert_eq!(directory(Some("/c"), Err("x".into())).state, State::Warn);
    assert_eq!(directory(Some("/c"), Ok(false)).state, State::Ok);
}

#[test]
fn a_terminal_needs_a_size_and_both_ends() {
    let good = Terminal {
        input: true,
        output: true,
        term: Some("tmux-256color".into()),
        depth: ColorDepth::Ansi256,
        no_color: false,
        unicode: true,
        size: Some((80, 24)),
        ssh: true,
        within: Some("tmux"),
        theme: Ok("dark".into()),
    };
    let said = text(&terminal(&good));
    assert!(said.starts_with(
        "ok terminal: TERM tmux-256color, 80x24, 256 colours, Unicode, theme dark, within tmux, \
         over SSH > for `y`"
    ));
    assert!(said.contains("set-clipboard on"), "{said}");
    let state = |change: &dyn Fn(&mut Terminal)| {
        let mut changed = good.clone();
        change(&mut changed);
        terminal(&changed).state
    };
    assert_eq!(state(&|t| t.size = Some((79, 24))), State::Fail);
    assert_eq!(state(&|t| t.size = Some((300, 23))), State::Fail);
    assert_eq!(state(&|t| t.size = None), State::Ok);
    assert_eq!(state(&|t| t.term = None), State::Warn);
    assert_eq!(state(&|t| t.term = Some("dumb".into())), State::Warn);
    assert_eq!(state(&|t| t.output = false), State::Skip);
    assert_eq!(state(&|t| t.theme = Err("no theme \"drak\"".into())), State::Fail);
    let plain = Terminal { no_color: true, depth: ColorDepth::None, unicode: false, ..good };
    assert!(text(&terminal(&plain)).contains("no colours (NO_COLOR), ASCII"));
}
