//! The log, its permissions and its troubles.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::config::args::GlobalArgs;
use crate::config::{FileConfig, Variables};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn daily_files_are_private_and_without_credentials() {
    umask(Mode::RWXG | Mode::RWXO);
    let base = tempfile::tempdir().unwrap();
    let directory = base.path().join("state/waveoff/log");
    let (mut writer, worker) = open_daily(&directory).unwrap();
    writer.write_all(b"authorization: Bearer abcdef\n").unwrap();
    drop(worker);
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> =
        fs::read_dir(&directory).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    assert_eq!(mode(file), 0o600);
    assert_eq!(fs::read_to_string(file).unwrap(), "authorization: Bearer [redacted]\n");
}

#[test]
fn a_named_file_is_private_and_grows() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("my.log");
    for line in ["one\n", "two\n"] {
        let (mut writer, worker) = open_file(&path).unwrap();
        writer.write_all(line.as_bytes()).unwrap();
        drop(worker);
    }
    assert_eq!(mode(&path), 0o600);
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
}

#[test]
fn a_log_that_cannot_be_is_a_trouble_and_no_end() {
    let args =
        GlobalArgs { log_file: Some("/nonexistent/waveoff.log".into()), ..GlobalArgs::default() };
    let none = Variables::default();
    let settings = Settings::resolve(FileConfig::default(), &none, &args).unwrap();
    let telemetry = start(&settings, &Places::of(&none));
    assert_eq!(telemetry.log, None);
    let trouble = telemetry.trouble.unwrap();
    assert!(trouble.starts_with("no log in /nonexistent/waveoff.log: "), "{trouble}");
    assert!(open_daily(Path::new("/proc/waveoff")).is_err());
}

#[test]
fn a_level_that_means_nothing_is_named_and_replaced() {
    let (_, trouble) = filter("waveoff=loud");
    assert!(trouble.unwrap().contains("waveoff=loud"));
    assert_eq!(filter(LOG_LEVEL).1, None);
}
