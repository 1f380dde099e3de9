//! The file, read and refused.

use std::path::Path;

use super::*;
use crate::config::{Origin, Reference};
use crate::domain::measure::panel::Unit;
use crate::domain::time::Span;

const WHOLE: &str = r#"
theme = "light"
glyphs = "ascii"
namespaces = ["shop", "search"]
context = "eu-1"
utc = true
read_only = true
log_level = "debug"

[[environment]]
name = "staging"
contexts = ["eu-*"]
namespaces = ["*-staging"]
level = "lab"

[[environment]]
name = "production"

[keys]
promote = "ctrl-p"
"#;

fn parse(text: &str) -> Result<FileConfig, ConfigError> {
    FileConfig::parse(Path::new("c.toml"), text)
}

fn complaint(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn every_key_is_taken_with_its_place() {
    let config = parse(WHOLE).unwrap();
    let theme = config.theme.unwrap();
    assert_eq!(
        (theme.value.as_str(), theme.origin.to_string()),
        ("light", "c.toml:2:9".to_owned())
    );
    assert_eq!(config.glyphs.unwrap().value, Glyphs::Ascii);
    assert_eq!(config.namespaces.unwrap().value, ["shop", "search"]);
    assert_eq!(config.context.unwrap().value, "eu-1");
    assert!(config.utc.unwrap().value);
    assert!(config.read_only.unwrap().value);
    assert_eq!(config.log_level.unwrap().value, "debug");
    assert_eq!(config.keys["promote"].value, "ctrl-p");
    assert!(matches!(&config.keys["promote"].origin, Origin::File(place) if place.line == 20));

    let [staging, production] = config.environments.as_slice() else {
        panic!("{:?}", config.environments);
    };
    assert_eq!(staging.value.environment.name.as_str(), "staging");
    assert_eq!(staging.value.environment.level, Level::Lab);
    assert_eq!(staging.value.contexts, ["eu-*"]);
    // Not said to be harmless, so it is not.
    assert_eq!(production.value.environment.level, Level::Production);
}

#[test]
fn wrong_files_are_refused_with_place_and_remedy() {
    for (text, expected) in [
        ("them = 'dark'", "c.toml:1:1: unknown key `them` in this file (did you mean `theme`?)"),
        ("utc = true\n  password = 'x'", "c.toml:2:3: unknown key `password` in this file"),
        ("utc = 'yes'", "c.toml:1:7: `utc` must be true or false, not string"),
        ("namespaces = 'shop'", "c.toml:1:14: `namespaces` must be a list of strings, not string"),
        (
            "namespaces = ['a', 2]",
            "c.toml:1:20: `namespaces` must be a list of strings, not integer",
        ),
        (
            "glyphs = 'asci'",
            "c.toml:1:10: `glyphs` cannot be \"asci\": it is auto, ascii or unicode (did you mean `ascii`?)",
        ),
        ("[[environment]]\nlevel = 'lab'", "c.toml: `name` is missing in [environment]"),
        (
            "[[environment]]\nname = 'x'\nlevel = 'prod'",
            "c.toml:3:9: `level` cannot be \"prod\": it is production or lab",
        ),
        (
            "[[environment]]\nname = 'x'\ncontext = ['a']",
            "c.toml:3:1: unknown key `context` in [environment] (did you mean `contexts`?)",
        ),
        (
            "[environment]\nname = 'x'",
            "c.toml:1:1: `environment` must be a list of tables, not table",
        ),
        ("keys = 3", "c.toml:1:8: `keys` must be a table, not integer"),
    ] {
        assert_eq!(complaint(text), expected);
    }
}

#[test]
fn broken_toml_names_its_place() {
    let complaint = complaint("utc = true\ntheme = \n");
    assert!(complaint.starts_with("c.toml:2:"), "{complaint}");
    assert!(parse("theme = 'a'\ntheme = 'b'").is_err(), "a key given twice");
}

#[test]
fn nothing_in_a_message_is_a_command_to_the_terminal() {
    for text in ["\"a\\u001b[2J\" = 1", "glyphs = \"\\u001b[2J\"", "level\u{1b}[2J = 1"] {
        let complaint = complaint(text);
        assert!(!complaint.chars().any(|c| c.is_control() && c != '\n'), "{complaint:?}");
    }
}

#[test]
fn a_file_that_is_not_there_says_nothing_unless_it_was_asked_for() {
    let path = Path::new("/nonexistent/waveoff.toml");
    assert_eq!(FileConfig::load(path, false).unwrap(), FileConfig::default());
    let complaint = FileConfig::load(path, true).unwrap_err().to_string();
    assert!(complaint.starts_with("read /nonexistent/waveoff.toml: "), "{complaint}");
}

#[test]
fn prometheus_is_named_with_references_to_its_secrets() {
    let config = parse(
        "[prometheus]\nurl = \"https://prom.example.com/x\"\nuser = \"ann\"\npassword = \"env:PW\"\n\
         ca_file = \"/ca.pem\"\nheaders = { \"X-Org\" = \"text:shop\", \"X-Key\" = \"file:/key\" }\n",
    );
    let rule = config.unwrap().prometheus;
    assert_eq!(rule.url.unwrap().value, "https://prom.example.com/x");
    let sign_in = rule.sign_in;
    assert_eq!(sign_in.password, Some(Reference::Variable("PW".into())));
    let headers = [
        ("X-Key".to_owned(), Reference::File("/key".into())),
        ("X-Org".to_owned(), Reference::Text("shop".into())),
    ];
    let mut found = sign_in.headers;
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, headers);
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let url = "[prometheus]\nurl = \"https://p\"\n";
    for line in ["bearer = \"s3cret\"", "bearer = \"text:s3cret\"", "headers = { a = \"s3cret\" }"]
    {
        let said = complaint(&format!("{url}{line}\n"));
        assert!(said.contains("file:PATH or env:NAME"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    let cases = [
        ("[prometheus]\nbearer = \"env:T\"\n", "`url` is missing"),
        ("[prometheus]\nurl = \"https://p\"\nuser = \"a\"\n", "`password` is missing"),
        ("[prometheus]\nurl = \"https://a:b@p\"\n", "without a password"),
        ("[prometheus]\nurl = \"prom:9090\"\n", "it is an address"),
        ("[prometheus]\nulr = \"x\"\n", "did you mean `url`"),
    ];
    for (text, wanted) in cases {
        assert!(complaint(text).contains(wanted), "{text}: {}", complaint(text));
    }
}

#[test]
fn queries_have_a_name_a_unit_and_a_limit() {
    let config = parse(
        "[[metric]]\nname = \"orders\"\nquery = \"orders{ns=\\\"{{namespace}}\\\"}\"\nunit = \"share\"\n\
         good = \">= 0.9\"\nworkloads = [\"check*\"]\n",
    );
    let query = &config.unwrap().queries[0].value;
    assert_eq!((query.title.as_str(), query.unit), ("orders", Unit::Share));
    assert_eq!(query.good.as_deref(), Some("result[0] >= 0.9"));
    let cases = [
        ("[[metric]]\nquery = \"x\"\n", "`name` is missing"),
        ("[[metric]]\nname = \"x\"\n", "`query` is missing"),
        ("[[metric]]\nname = \"x\"\nquery = \"x\"\ngood = \"0.9\"\n", "it is a comparison"),
        ("[[metric]]\nname = \"x\"\nquery = \"x\"\nunit = \"sec\"\n", "seconds"),
    ];
    for (text, wanted) in cases {
        assert!(complaint(text).contains(wanted), "{text}: {}", complaint(text));
    }
}

#[test]
fn what_a_guard_is_armed_with() {
    let parse = |text: &str| FileConfig::parse(Path::new("/c.toml"), text);
    let read = parse(
        "[guard]\nerrors = '0.5%'\nerrors_for = '2m'\np99 = '800ms'\nhealthy = '90%'\nfast = true\n\
         consecutive = 4\nevery = '10s'\nleast_requests = 5.5\nbusiness = 'sum(x)'\nbusiness_least = 0.98",
    )
    .unwrap();
    let terms = &read.guard.terms;
    assert_eq!((terms.errors, terms.healthy, terms.consecutive), (0.005, 0.9, 4));
    assert_eq!((terms.errors_for, terms.every), (Span::minutes(2), Span::seconds(10)));
    assert_eq!(terms.latency, Span::milliseconds(800));
    assert_eq!((terms.fast, terms.least_requests), (true, 5.5));
    assert_eq!(terms.business, Some(("sum(x)".into(), 0.98)));
    assert_eq!(terms.rules().len(), 5);
    assert_eq!(read.guard.set["errors"].to_string(), "/c.toml:2:10");
    for (text, place, words) in [
        ("errors = 1", "2:10", "a string"),
        ("errors = '1'", "2:10", "a share with its sign"),
        ("errors = '101%'", "2:10", "a share with its sign"),
        ("errors_for = '5'", "2:14", "a time with its unit"),
        ("every = '500ms'", "2:9", "whole seconds"),
        ("consecutive = 0", "2:15", "a number of samples from 1 to 100"),
        ("consecutive = 4.0", "2:15", "must be a whole number"),
        ("least_requests = nan", "2:18", "a decimal number"),
        ("least_requests = -1", "2:18", "0 or more"),
        ("erors = '1%'", "2:1", "did you mean `errors`"),
        ("business = 'x'", "", "business_least"),
    ] {
        let error = parse(&format!("[guard]\n{text}")).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(words), "{text}: {error}");
    }
}
