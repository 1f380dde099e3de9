//! How long a container takes to stop: what its `preStop` waits, and the time it gives its open
//! requests.
//!
//! Reads what is written and nothing else; what cannot be read is said to be unknown. Called by
//! `stopping`.

use crate::domain::time::{Span, parse_go_duration};
use crate::manifest::bundle::{Bundle, Object};
use crate::manifest::tree::Spot;
use crate::manifest::workload::Container;

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "ksh", "zsh", "busybox"];

/// Longest bare number that is taken for seconds; a larger one may be milliseconds.
const LONGEST_BARE: i64 = 3600;

/// A `preStop` handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PreStop {
    /// What it waits at least.
    pub(super) waits: Span,
    /// It does nothing but wait.
    pub(super) only_waits: bool,
    /// It needs a shell, or a program `sleep`, in the image.
    pub(super) needs_shell: bool,
}

/// The time that a container gives its open requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Drain {
    /// It says it, by this variable.
    Said(Span, String),
    /// It has a variable for it that cannot be read: why.
    Unreadable(String),
    /// It says nothing of it.
    Silent,
}

/// Reads `lifecycle.preStop`; none where nothing is called.
pub(super) fn pre_stop(spot: &Spot<'_>) -> Option<PreStop> {
    if let Some(seconds) = spot.keys(&["sleep", "seconds"]).int() {
        let waits = Span::try_seconds(seconds).unwrap_or(Span::MAX);
        return Some(PreStop { waits, only_waits: true, needs_shell: false });
    }
    if spot.key("httpGet").node().or(spot.key("tcpSocket").node()).is_some() {
        return Some(PreStop { waits: Span::zero(), only_waits: false, needs_shell: false });
    }
    let command = spot.keys(&["exec", "command"]).elements();
    let words: Vec<&str> = command.iter().map(|word| word.text().unwrap_or_default()).collect();
    exec(&words)
}

fn exec(words: &[&str]) -> Option<PreStop> {
    let (program, rest) = words.split_first()?;
    let program = base(program);
    if program == "sleep" {
        return Some(PreStop { needs_shell: true, ..script(&words.join(" ")) });
    }
    if !SHELLS.contains(&program) {
        return Some(PreStop { waits: Span::zero(), only_waits: false, needs_shell: false });
    }
    let is_flag = |word: &&str| word.starts_with('-') && word.ends_with('c');
    let text = rest.iter().skip_while(|word| !is_flag(word)).nth(1).copied();
    // Without -c it runs a file of the image, and nobody can say for how long.
    let unread = PreStop { waits: Span::zero(), only_waits: false, needs_shell: true };
    Some(text.map_or(unread, |text| PreStop { needs_shell: true, ..script(text) }))
}

/// The commands of a script, one after the other: what those that only wait add up to.
fn script(text: &str) -> PreStop {
    let mut found = PreStop { waits: Span::zero(), only_waits: true, needs_shell: false };
    for command in text.split([';', '\n', '&', '|']) {
        let mut words = command.split_whitespace().peekable();
        words.next_if_eq(&"exec");
        let Some(program) = words.next() else { continue };
        let lengths: Option<Vec<Span>> = words.map(sleep_length).collect();
        match lengths {
            Some(lengths) if base(program) == "sleep" => {
                let all = lengths.iter().try_fold(found.waits, |all, one| all.checked_add(one));
                found.waits = all.unwrap_or(Span::MAX);
            }
            _ if matches!(program, "true" | ":" | "echo" | "set") => {}
            _ => found.only_waits = false,
        }
    }
    found
}

/// An argument of `sleep`: seconds, or a number with `s`, `m`, `h` or `d`.
fn sleep_length(word: &str) -> Option<Span> {
    let word = word.trim_matches(['"', '\'']);
    let (number, unit) = match word.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, word.get(number.len()..).unwrap_or_default()),
        None => (word, "s"),
    };
    let seconds: f64 = match unit {
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => 1.0,
    };
    let number: f64 = number.parse().ok()?;
    let length = std::time::Duration::try_from_secs_f64(number * seconds).ok()?;
    Span::from_std(length).ok()
}

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Reads the longest time that the variables of a container give open requests.
pub(super) fn drain(container: &Container<'_>, bundle: &Bundle, object: &Object) -> Drain {
    let mut found = Drain::Silent;
    for variable in container.spot.key("env").elements() {
        let name = variable.key("name").text().unwrap_or_default();
        if !is_drain(name) {
            continue;
        }
        let read = match value(&variable, bundle, object) {
            Some(text) => length(name, text.trim()).ok_or(format!("{name} is {text:?}")),
            None => Err(format!("{name} comes from elsewhere")),
        };
        match (read, &found) {
            (Ok(span), Drain::Said(longest, _)) if span <= *longest => {}
            (Ok(span), _) => found = Drain::Said(span, name.to_owned()),
            (Err(why), Drain::Silent) => found = Drain::Unreadable(why),
            (Err(_), _) => {}
        }
    }
    found
}

/// `GRACEFUL_SHUTDOWN_TIMEOUT`, `DRAIN_SECONDS` and the like.
fn is_drain(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    has(&["GRACEFUL", "SHUTDOWN", "DRAIN"]) && has(&["TIMEOUT", "PERIOD", "DURATION", "SECONDS"])
}

/// The value of a variable, also where it is one of a ConfigMap that was read too.
fn value<'v>(variable: &Spot<'v>, bundle: &'v Bundle, object: &Object) -> Option<String> {
    let own = variable.key("value");
    if !own.is_absent() {
        return Some(own.said());
    }
    let from = variable.keys(&["valueFrom", "configMapKeyRef"]);
    let map = bundle.find("ConfigMap", &object.namespace, from.key("name").text()?)?;
    map.root().keys(&["data", from.key("key").text()?]).text().map(str::to_owned)
}

/// A length as programs take it: `50s`, `1m30s`, `50`, `50000` for a name that says milliseconds.
fn length(name: &str, text: &str) -> Option<Span> {
    let name = name.to_ascii_uppercase();
    let milliseconds = ["_MS", "MILLIS", "MILLISECONDS"].iter().any(|end| name.ends_with(end));
    match text.parse::<i64>() {
        Ok(number) if number < 0 => None,
        Ok(number) if milliseconds => Span::try_milliseconds(number),
        Ok(number) if number <= LONGEST_BARE => Some(Span::seconds(number)),
        Ok(_) => None,
        Err(_) => parse_go_duration(text).filter(|span| *span >= Span::zero()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_what_they_wait() {
        // Words, seconds, only waits, needs a shell.
        let cases: &[(&[&str], i64, bool, bool)] = &[
            (&["/bin/sh", "-c", "sleep 10"], 10, true, true),
            (&["sh", "-ec", "exec sleep 1m 5s"], 65, true, true),
            (&["sleep", "7"], 7, true, true),
            (&["/usr/bin/sleep", "0.5m"], 30, true, true),
            (&["bash", "-c", "echo bye; sleep 5 && sleep 6"], 11, true, true),
            (&["sh", "-c", "sleep 5; nginx -s quit"], 5, false, true),
            (&["sh", "-c", "sleep $WAIT"], 0, false, true),
            (&["sh", "/stop.sh"], 0, false, true),
            (&["/app/stop"], 0, false, false),
        ];
        for (words, seconds, only_waits, needs_shell) in cases {
            let waits = Span::seconds(*seconds);
            let wanted = PreStop { waits, only_waits: *only_waits, needs_shell: *needs_shell };
            assert_eq!(exec(words), Some(wanted), "{words:?}");
        }
        assert_eq!(exec(&[]), None);
        assert!(exec(&["sleep", "1e308"]).is_some_and(|found| !found.only_waits));
    }

    #[test]
    fn variables_that_give_a_time() {
        let cases = [
            ("GRACEFUL_SHUTDOWN_TIMEOUT", "50s", Some(50_000)),
            ("shutdown_timeout", "50", Some(50_000)),
            ("DRAIN_TIMEOUT_MS", "50000", Some(50_000)),
            ("DRAIN_TIMEOUT", "50000ms", Some(50_000)),
            ("SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE", "1m30s", Some(90_000)),
            ("DRAIN_SECONDS", "0", Some(0)),
            ("DRAIN_TIMEOUT", "50000", None),
            ("DRAIN_TIMEOUT", "soon", None),
            ("DRAIN_TIMEOUT", "-5", None),
        ];
        for (name, text, wanted) in cases {
            assert!(is_drain(name), "{name}");
            assert_eq!(length(name, text).map(|span| span.num_milliseconds()), wanted, "{text}");
        }
        for name in ["LOG_LEVEL", "REQUEST_TIMEOUT", "GRACEFUL_SHUTDOWN", "DRAIN_PATH"] {
            assert!(!is_drain(name), "{name}");
        }
    }
}
