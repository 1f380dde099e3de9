//! Credential plugins (`exec` in a kubeconfig), kept away from the terminal.
//!
//! Never lets one read the keyboard or write on the screen, and never shows its environment. Used
//! by `connect`, and by `call` for what went wrong.
//!
//! With `interactiveMode: Never` kube gives the plugin a closed standard input and collects its
//! standard error. The terminal itself (`/dev/tty`) can only be denied by a new session, and kube
//! sets no time limit on a refresh, so the command is run by `setsid` and `timeout` where those
//! are installed.

use std::path::{Path, PathBuf};

use kube::client::AuthError;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};

use crate::domain::text::SafeText;

/// Seconds a plugin may take.
pub(crate) const PLUGIN_SECONDS: u64 = 30;

/// Longest part of a plugin's own words in a message.
const MOST_WORDS: usize = 400;

/// Makes the user's plugin harmless; refuses one that is not installed.
pub(crate) fn tame(user: &mut AuthInfo, path: Option<&std::ffi::OsStr>) -> Result<(), String> {
    let Some(exec) = user.exec.as_mut() else {
        return Ok(());
    };
    let Some(command) = exec.command.clone().filter(|c| !c.is_empty()) else {
        return Err("the kubeconfig names no command for its credential plugin".into());
    };
    if find(&command, path).is_none() {
        let hint = exec.install_hint.as_deref().map(str::trim).unwrap_or_default();
        return Err(if hint.is_empty() {
            format!("credential plugin {command} is not installed")
        } else {
            format!("credential plugin {command} is not installed: {hint}")
        });
    }
    exec.interactive_mode = Some(ExecInteractiveMode::Never);
    let limit = PLUGIN_SECONDS.to_string();
    if find("timeout", path).is_some() {
        prefix(exec, "timeout", &[limit.as_str()]);
    }
    if find("setsid", path).is_some() {
        prefix(exec, "setsid", &[]);
    }
    Ok(())
}

/// Puts another program in front of the command.
fn prefix(exec: &mut ExecConfig, program: &str, words: &[&str]) {
    let mut args: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
    args.extend(exec.command.replace(program.to_owned()));
    args.extend(exec.args.take().unwrap_or_default());
    exec.args = Some(args);
}

/// Where a command is: a path as it is, a name by `$PATH`.
fn find(command: &str, path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    if command.contains('/') {
        return Some(PathBuf::from(command)).filter(|p| p.is_file());
    }
    std::env::split_paths(path?).map(|dir| dir.join(command)).find(|file| Path::is_file(file))
}

/// Why a request could not be signed, in words that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unsigned(pub(crate) SafeText);

/// What went wrong with credentials, if that is what went wrong, without what may be secret: kube's
/// own text repeats the plugin's whole environment.
pub(crate) fn explain(error: &(dyn std::error::Error + 'static)) -> Option<SafeText> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(auth) = inner.downcast_ref::<AuthError>() {
            return Some(words_of(auth));
        }
        if let Some(Unsigned(words)) = inner.downcast_ref::<Unsigned>() {
            return Some(words.clone());
        }
        cause = inner.source();
    }
    None
}

/// What is said of a plugin that was not done by then.
pub(crate) fn too_slow(seconds: u64) -> SafeText {
    format!("the credential plugin took longer than {seconds} s").into()
}

fn words_of(error: &AuthError) -> SafeText {
    match error {
        AuthError::AuthExecRun { out, .. } => {
            let words = String::from_utf8_lossy(&out.stderr);
            let words: String = words.trim().chars().take(MOST_WORDS).collect();
            match (out.status.code(), words.is_empty()) {
                (Some(124), _) => too_slow(PLUGIN_SECONDS),
                (_, true) => format!("the credential plugin failed ({})", out.status).into(),
                (_, false) => {
                    format!("the credential plugin failed ({}): {words}", out.status).into()
                }
            }
        }
        AuthError::AuthExecParse(_) => {
            "the credential plugin did not print an ExecCredential".into()
        }
        other => SafeText::new(&super::kubeconfig::chain(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(command: &str) -> AuthInfo {
        AuthInfo {
            exec: Some(ExecConfig {
                command: Some(command.into()),
                args: Some(vec!["get-token".into()]),
                install_hint: Some("see https://example.org".into()),
                ..ExecConfig::default()
            }),
            ..AuthInfo::default()
        }
    }

    #[test]
    fn a_plugin_never_meets_the_terminal() {
        let mut user = plugin("sh");
        tame(&mut user, Some("/usr/bin:/bin".as_ref())).unwrap();
        let exec = user.exec.unwrap();
        assert_eq!(exec.interactive_mode, Some(ExecInteractiveMode::Never));
        let words = exec.args.unwrap();
        assert!(words.ends_with(&["sh".into(), "get-token".into()]) || words == ["get-token"]);
    }

    #[test]
    fn a_missing_plugin_says_how_to_get_it() {
        let refused = tame(&mut plugin("no-such-plugin"), Some("/usr/bin".as_ref()));
        let text = refused.unwrap_err();
        assert!(text.contains("no-such-plugin is not installed: see https"), "{text}");
    }
}
