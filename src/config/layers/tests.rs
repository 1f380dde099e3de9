//! Who wins, and who is named.

use proptest::prelude::*;

use super::super::{explain, to_json, to_text};
use super::*;

fn file(text: &str) -> FileConfig {
    FileConfig::parse(std::path::Path::new("/c.toml"), text).unwrap()
}

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().copied().collect()
}

#[test]
fn nobody_said_anything() {
    let none = Variables::default();
    let settings = Settings::resolve(FileConfig::default(), &none, &GlobalArgs::default()).unwrap();
    assert_eq!(settings.namespaces.value, Namespaces::OfContext);
    assert_eq!(settings.log_level.value, LOG_LEVEL);
    assert!(explain(&settings).iter().all(|row| row.origin == Origin::Default));
}

proptest! {
    /// Whatever subset of layers speaks, the last one wins and is named.
    #[test]
    fn the_last_layer_wins(by_file: bool, by_env: bool, by_flag: bool) {
        let config = if by_file { file("theme = 'file'\nutc = false") } else { FileConfig::default() };
        let env = if by_env {
            variables(&[("WAVEOFF_THEME", "env"), ("WAVEOFF_UTC", "no")])
        } else {
            Variables::default()
        };
        let args = GlobalArgs {
            theme: by_flag.then(|| "flag".to_owned()),
            utc: by_flag,
            ..GlobalArgs::default()
        };
        let settings = Settings::resolve(config, &env, &args).unwrap();
        let (theme, origin) = match (by_file, by_env, by_flag) {
            (_, _, true) => (Some("flag"), "--theme"),
            (_, true, _) => (Some("env"), "$WAVEOFF_THEME"),
            (true, ..) => (Some("file"), "/c.toml:1:9"),
            _ => (None, "default"),
        };
        prop_assert_eq!(settings.theme.value.as_deref(), theme);
        prop_assert_eq!(settings.theme.origin.to_string(), origin);
        prop_assert_eq!(settings.utc.value, by_flag);
    }
}

#[test]
fn namespaces_from_each_layer() {
    let args = |names: &[&str], all| GlobalArgs {
        namespaces: names.iter().map(|&name| name.to_owned()).collect(),
        all_namespaces: all,
        ..GlobalArgs::default()
    };
    let resolve = |text, env, args: GlobalArgs| {
        Settings::resolve(file(text), &variables(env), &args)
            .map(|settings| settings.namespaces.value)
    };
    let named =
        |names: &[&str]| Namespaces::Named(names.iter().map(|&name| name.to_owned()).collect());
    let env: &[_] = &[("WAVEOFF_NAMESPACES", "b, a,,a")];
    assert_eq!(resolve("namespaces = ['z']", &[], args(&[], false)).unwrap(), named(&["z"]));
    assert_eq!(resolve("namespaces = ['z']", env, args(&[], false)).unwrap(), named(&["a", "b"]));
    assert_eq!(resolve("", env, args(&["x", "x"], false)).unwrap(), named(&["x"]));
    assert_eq!(resolve("", env, args(&[], true)).unwrap(), Namespaces::All);
    let conflict = resolve("", &[], args(&["x"], true)).unwrap_err();
    assert!(conflict.to_string().contains("exclude each other"), "{conflict}");
    for name in ["../secrets", "Shop", "a.b", "-a", &"a".repeat(64)] {
        let refusal = resolve("", &[], args(&[name], false)).unwrap_err().to_string();
        assert!(refusal.starts_with("--namespace: `namespaces` cannot be "), "{refusal}");
    }
}

#[test]
fn a_variable_that_means_nothing_is_refused_by_name() {
    for (name, value) in [("WAVEOFF_UTC", "maybe"), ("WAVEOFF_GLYPHS", "emoji")] {
        let env = variables(&[(name, value)]);
        let refusal =
            Settings::resolve(FileConfig::default(), &env, &GlobalArgs::default()).unwrap_err();
        let text = refusal.to_string();
        assert!(text.starts_with(&format!("${name}: ")) && text.contains(value), "{text}");
    }
}

#[test]
fn the_explanation_names_everybody() {
    let config = file(
        "context = 'eu'\n[keys]\npromote = 'x'\n[[environment]]\nname = 'lab'\nlevel = 'lab'\ncontexts = ['k*']",
    );
    let env = variables(&[("WAVEOFF_GLYPHS", "unicode")]);
    let args = GlobalArgs { read_only: true, ..GlobalArgs::default() };
    let rows = explain(&Settings::resolve(config, &env, &args).unwrap());
    let text = to_text(&rows);
    for expected in [
        "context                  eu",
        "/c.toml:1:11",
        "$WAVEOFF_GLYPHS",
        "--read-only",
        "environment.lab          lab; contexts k*; namespaces *",
        "gate.health_tries        30",
        "keys.promote",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    let json = to_json(&rows);
    assert_eq!(json["schema"], 1);
    assert_eq!(json["settings"][0]["key"], "context");
    assert_eq!(json["settings"][0]["set_by"], "file");
    assert_eq!(json["settings"][0]["line"], 1);
    assert_eq!(json["settings"][3]["where"], "--read-only");
}

#[test]
fn the_file_is_found_by_flag_variable_or_place() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, theme: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("theme = '{theme}'")).unwrap();
        path
    };
    write("waveoff/config.toml", "usual");
    let env_file = write("env.toml", "by-env");
    let flag_file = write("flag.toml", "by-flag");
    let base = directory.path().to_str().unwrap();
    let theme = |env: &[(&str, &str)], config: Option<PathBuf>| {
        let env = variables(env);
        let args = GlobalArgs { config, ..GlobalArgs::default() };
        Settings::load(&args, &env, &Places::of(&env)).unwrap().theme.value.unwrap()
    };
    let usual = ("XDG_CONFIG_HOME", base);
    let asked = ("WAVEOFF_CONFIG", env_file.to_str().unwrap());
    assert_eq!(theme(&[usual], None), "usual");
    assert_eq!(theme(&[usual, asked], None), "by-env");
    assert_eq!(theme(&[usual, asked], Some(flag_file)), "by-flag");
}

#[test]
fn secrets_are_for_the_server_they_were_written_beside() {
    let text = "[prometheus]\nurl = 'https://a'\nbearer = 'env:T'\n";
    let none = Variables::default();
    let of = |args: &GlobalArgs| Settings::resolve(file(text), &none, args).unwrap().metrics;
    let own = of(&GlobalArgs::default());
    assert_eq!(own.prometheus.value.as_deref(), Some("https://a"));
    assert!(own.sign_in.bearer.is_some());
    let other = GlobalArgs { prometheus: Some("https://b".to_owned()), ..GlobalArgs::default() };
    let other = of(&other);
    assert_eq!(other.prometheus.value.as_deref(), Some("https://b"));
    assert_eq!(other.sign_in, SignInRule::default(), "b is not shown the token of a");
    let wrong = GlobalArgs { prometheus: Some("b:9090".to_owned()), ..GlobalArgs::default() };
    let said = Settings::resolve(file(text), &none, &wrong).unwrap_err().to_string();
    assert!(said.starts_with("--prometheus: ") && said.contains("https://HOST:PORT"), "{said}");
}
