//! Wrong use: what is said, where, and what to do; exit code 2, and nothing is played.

use super::{Hangar, words};

#[test]
fn is_refused_with_the_place_and_the_way_out() {
    let hangar = Hangar::open();
    let good = include_str!("../../../demo/drills/error-ramp.toml");
    let misspelt = hangar.file("misspelt.toml", &good.replace("warm-up", "warmup"));
    let torn = hangar.file("torn.toml", good.split_at(700).0);
    let script = hangar.file("script.toml", "[[pilot]]\ndo = 'abort'\nservice = 'checkuot'\n");
    let (line, _) = good.lines().enumerate().find(|(_, line)| line.starts_with("warm-up")).unwrap();
    let line = format!("misspelt.toml: line {}: unknown field `warmup`", line + 1);
    let cases: [(&[&str], &str); 14] = [
        (&["drill", "shpo", "--headless"], "no drill \"shpo\""),
        (&["drill", "shpo", "--headless"], "did you mean shop?"),
        (&["drill", "./missing.toml", "--headless"], "read drill ./missing.toml: No such file"),
        (&["drill", &misspelt, "--headless"], &line),
        (&["drill", &torn, "--headless"], "torn.toml: line "),
        (&["drill", "error-ramp", "--headless", "--script", &script], "\"checkuot\""),
        (&["drill", "shop", "--headless", "--script", "/none"], "read script /none: No such file"),
        (&["drill", "--context", "prod", "--headless"], "leave --context away"),
        (&["drill", "--kubeconfig", "/x", "--headless"], "leave --kubeconfig away"),
        (&["drill", "--prometheus", "http://x:1", "--headless"], "leave --prometheus away"),
        (&["drill", "--speed", "100"], "1..60"),
        (&["drill", "--script", &script], "--headless"),
        (&["drill", "--headless", "--serve"], "--serve"),
        (&["drill", "--seed", "one"], "--seed"),
    ];
    for (args, says) in cases {
        let output = hangar.run(args);
        let said = words(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(says), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?}: {}", words(&output.stdout));
    }
}

#[test]
fn the_cockpit_needs_a_terminal_and_names_the_way_without_one() {
    let output = Hangar::open().run(&["drill"]);
    let said = words(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--headless"), "{said}");
}
