//! The form of drill files, and that the built-in ones have it.

use super::*;

#[test]
fn every_built_in_drill_is_well_formed() {
    let mut count = 0;
    for name in Drill::names() {
        let drill = Drill::built_in(name).unwrap_or_else(|error| panic!("{error}"));
        let file = &drill.file;
        assert!(!file.goals.is_empty(), "{name} counts nothing");
        assert!(!file.pilot.is_empty(), "{name} has no pilot for a headless play");
        assert!(!file.notice.is_empty(), "{name} teaches nothing");
        count += 1;
    }
    assert!(count >= 12);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let head = "schema = 1\ntitle = 'x'\nstory = 'x'\nlength = '5m'\n";
    let service = "[[service]]\nname = 'a'\nstrategy = 'canary'\nversion = '1'\n";
    let cases = [
        ("title = ".to_owned(), "line 1"),
        (head.replace("= 1", "= 2"), "schema is 2"),
        (head.replace("'5m'", "5"), "line 4"),
        (head.replace("'5m'", "'5 minutes'"), "write 90s"),
        (format!("{head}colour = 'red'\n"), "line 5: unknown field `colour`"),
        (format!("{head}{service}{service}"), "service a is there twice"),
        (format!("{head}{service}steps = ['wait 3']\n"), "is no step of a canary"),
        (
            format!("{head}[[event]]\nrelease = {{ service = 'b', tag = '2' }}\n"),
            "no service \"b\"",
        ),
        (
            format!("{head}{service}[[goal]]\ntitle = 'g'\npoints = 100\n"),
            "neither reach nor never",
        ),
        (
            format!("{head}{service}[[goal]]\ntitle = 'g'\npoints = 30\nnever.service = 'a'\n"),
            "not 100",
        ),
        (format!("{head}{service}[[pilot]]\ndo = 'fly'\nservice = 'a'\n"), "\"fly\" is no verb"),
        (format!("{head}[[event]]\nnode = {{ name = 'x', is = 'bad' }}\n"), "no node \"x\""),
        (format!("{head}[[event]]\ndeny = 'everything'\n"), "is no right"),
        (format!("{head}[[hint]]\nsince = 'e'\nafter = '1s'\ntext = 't'\n"), "no event \"e\""),
    ];
    for (text, says) in cases {
        let error = Drill::read("mine.toml", &text).unwrap_err().to_string();
        assert!(error.starts_with("mine.toml: ") && error.contains(says), "{error}");
    }
    assert!(matches!(Drill::built_in("shpo"), Err(DrillError::Unknown { .. })));
}
