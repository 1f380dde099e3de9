//! Calls of git in one place: a folder, the variables that say where its parts are, and errors that
//! name both.
//!
//! Never knows what is asked. Called by `desk` and whatever works on it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::Git;
use super::error::GitError;
use super::run::{self, Answer, NoAnswer};
use crate::domain::text::SafeText;

/// Where git is called.
#[derive(Debug)]
pub(super) struct Caller<'g> {
    pub(super) git: &'g Git,
    /// Where relative addresses begin.
    pub(super) folder: PathBuf,
    /// Where git finds its parts.
    pub(super) variables: Vec<(&'static str, OsString)>,
    /// The clone, or the remote, for sentences.
    pub(super) place: SafeText,
}

impl Caller<'_> {
    /// A setting of git's configuration; the first where there are several.
    pub(super) async fn setting(&self, key: &str) -> Result<Option<String>, GitError> {
        let asked = words(&["config", "--null", "--get-all", key]);
        let answer = self.local("reading the configuration", &asked).await?;
        let text = String::from_utf8_lossy(&answer.out).into_owned();
        Ok(answer.is_ok().then(|| text.split('\0').next().unwrap_or_default().to_owned()))
    }

    /// Runs what needs no network.
    pub(super) async fn local(
        &self,
        step: &'static str,
        arguments: &[&OsStr],
    ) -> Result<Answer, GitError> {
        self.run(step, arguments, self.git.limits.local).await
    }

    /// Runs what asks the remote.
    pub(super) async fn ask(
        &self,
        step: &'static str,
        arguments: &[&OsStr],
    ) -> Result<Answer, GitError> {
        self.run(step, arguments, self.git.limits.remote).await
    }

    /// Runs what needs no network and cannot fail by itself.
    pub(super) async fn must(
        &self,
        step: &'static str,
        arguments: &[&OsStr],
    ) -> Result<Answer, GitError> {
        let answer = self.local(step, arguments).await?;
        if answer.is_ok() {
            return Ok(answer);
        }
        Err(GitError::Step { step, place: self.place.clone(), words: answer.words() })
    }

    /// Runs git here.
    pub(super) async fn run(
        &self,
        step: &'static str,
        arguments: &[&OsStr],
        within: Duration,
    ) -> Result<Answer, GitError> {
        let place = self.place.clone();
        let ran = run::run(self.git, &self.folder, &self.variables, arguments, within).await;
        match ran {
            Ok(answer) if !answer.is_ok() && is_locked(&answer.said) => {
                Err(GitError::Locked { place, words: answer.words() })
            }
            Ok(answer) => Ok(answer),
            Err(NoAnswer::Broken(error)) => {
                Err(GitError::Program { cause: SafeText::from(error.to_string()) })
            }
            Err(NoAnswer::Silent) => Err(GitError::Silent { step, place, within }),
            Err(NoAnswer::Long) => Err(GitError::Long { step, place }),
        }
    }
}

/// Arguments that are text.
pub(super) fn words<'a>(arguments: &[&'a str]) -> Vec<&'a OsStr> {
    arguments.iter().map(|argument| OsStr::new(*argument)).collect()
}

/// A lock of this machine's repository; those of the remote come in lines of its own.
fn is_locked(said: &str) -> bool {
    let mut lines = said.lines().filter(|line| !line.starts_with("remote:"));
    lines.any(|line| line.contains(".lock': File exists"))
}
