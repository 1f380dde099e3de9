//! One call of git: by arguments, never through a shell; without a terminal, without hooks, with a
//! limit of time and of output.
//!
//! What the user configured stays (identity, credential helpers, `core.sshCommand`, signing). What
//! stands in a repository is never run. Never knows what is asked. Called by `desk`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::Git;
use crate::domain::gitops::without_secrets;
use crate::domain::text::SafeText;

/// Most of an answer that is read, of each of its two streams.
pub(super) const MOST: u64 = 1024 * 1024;

/// How long what git has started may go on writing after git has ended.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// Most characters of what git says that are told.
const WORDS: usize = 600;

/// Settings that hold whatever the configuration says: no hooks, no helpers of the file system, no
/// transports that run programs, nothing tidied up, nothing added to what is read.
const SETTINGS: [&str; 22] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "core.sparseCheckout=false",
    "core.quotePath=false",
    "protocol.ext.allow=never",
    "protocol.fd.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    "push.recurseSubmodules=no",
    "push.followTags=false",
    "submodule.recurse=false",
    "log.showSignature=false",
    "color.ui=false",
    "color.grep=false",
    "color.push=false",
    "color.remote=false",
    "color.transport=false",
    "i18n.commitEncoding=UTF-8",
    "user.useConfigOnly=true",
];

/// A helper for HTTP that outlives its git gives up by itself when nothing comes.
const SLOW: [&str; 2] = ["http.lowSpeedLimit=1", "http.lowSpeedTime=30"];

/// Variables of git that are the user's to set; all others would lead us elsewhere.
const KEPT: [&str; 14] = [
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_HTTP_USER_AGENT",
];

/// The same, by how they begin.
const KEPT_FAMILIES: [&str; 3] = ["GIT_SSL_", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"];

/// What git answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its exit code; nothing when a signal ended it.
    pub(super) code: Option<i32>,
    /// What it wrote.
    pub(super) out: Vec<u8>,
    /// What it said of itself.
    pub(super) said: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// It cannot be started, or its streams broke.
    Broken(std::io::Error),
    /// It did not end within its limit.
    Silent,
    /// It wrote more than is read.
    Long,
}

impl Answer {
    /// Whether it did what it was asked for.
    pub(super) fn is_ok(&self) -> bool {
        self.code == Some(0)
    }

    /// What it wrote, as text without the end of the last line.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).trim_end_matches(['\n', '\r']).to_owned()
    }

    /// What it says of itself in one line, without hints and without what is secret.
    pub(super) fn words(&self) -> SafeText {
        let lines = self.said.lines().map(str::trim_end);
        words(lines.filter(|line| !line.starts_with("hint:")), self.code)
    }

    /// What the other side says in it; nothing where it says nothing.
    pub(super) fn remote_words(&self) -> Option<SafeText> {
        let lines: Vec<&str> = self.remote_lines().collect();
        (!lines.is_empty()).then(|| words(lines.into_iter(), self.code))
    }

    /// The lines of the other side.
    pub(super) fn remote_lines(&self) -> impl Iterator<Item = &str> {
        let lines = self.said.lines().filter_map(|line| line.strip_prefix("remote:"));
        lines.map(str::trim).filter(|line| !line.is_empty())
    }
}

fn words<'l>(lines: impl Iterator<Item = &'l str>, code: Option<i32>) -> SafeText {
    let lines: Vec<&str> = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = without_secrets(&lines.join("; "));
    let short: String = text.chars().take(WORDS).collect();
    match (short.is_empty(), code) {
        (false, _) => SafeText::new(&short),
        (true, Some(code)) => SafeText::from(format!("git ended with {code} and said nothing")),
        (true, None) => "git was ended by a signal".into(),
    }
}

/// Runs git in `folder` with these variables and arguments.
pub(super) async fn run(
    git: &Git,
    folder: &Path,
    variables: &[(&str, OsString)],
    arguments: &[&OsStr],
    within: Duration,
) -> Result<Answer, NoAnswer> {
    let mut command = command(git, folder);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.args(arguments);
    let started = command.spawn();
    let mut child = started.map_err(NoAnswer::Broken)?;
    // Dropped at the limit, the child is ended.
    match timeout(within, answer(&mut child)).await {
        Ok(answer) => answer,
        Err(_) => Err(NoAnswer::Silent),
    }
}

fn command(git: &Git, folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("--no-pager").arg("--literal-pathspecs").arg("--no-replace-objects");
    for setting in SETTINGS.iter().chain(&SLOW) {
        command.arg("-c").arg(setting);
    }
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let kept =
            KEPT.contains(&&*text) || KEPT_FAMILIES.iter().any(|family| text.starts_with(family));
        if text.starts_with("GIT_") && !kept {
            command.env_remove(&name);
        }
    }
    command
        // Nothing asks a person: the screen is ours, and nobody would see the question. Without a
        // terminal for gpg, only an agent that knows the key or has a window of its own signs.
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "false")
        .env("SSH_ASKPASS", "false")
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env("GCM_INTERACTIVE", "never")
        .env_remove("GPG_TTY")
        // Nothing is written that was not asked for, and everything is said in the same words.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .env_remove("LANGUAGE")
        .envs(git.env.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

async fn answer(child: &mut Child) -> Result<Answer, NoAnswer> {
    let (out, said) = (child.stdout.take(), child.stderr.take());
    let (mut wrote, mut told) = (Vec::new(), Vec::new());
    let status: ExitStatus = {
        let reading = async { tokio::join!(read(out, &mut wrote), read(said, &mut told)) };
        tokio::pin!(reading);
        let status = tokio::select! {
            status = child.wait() => {
                // What git has started may keep the streams open for as long as it lives.
                let _ = timeout(AFTERWARDS, &mut reading).await;
                status
            }
            read = &mut reading => {
                if !(read.0 && read.1) {
                    return Err(NoAnswer::Long);
                }
                child.wait().await
            }
        };
        status.map_err(NoAnswer::Broken)?
    };
    if wrote.len() as u64 > MOST || told.len() as u64 > MOST {
        return Err(NoAnswer::Long);
    }
    let said = String::from_utf8_lossy(&told).into_owned();
    Ok(Answer { code: status.code(), out: wrote, said })
}

/// Reads to the end or past the limit; whether it stayed within.
async fn read(stream: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> bool {
    let Some(stream) = stream else { return true };
    // A stream that breaks is at its end; the exit code tells.
    let _ = stream.take(MOST + 1).read_to_end(into).await;
    into.len() as u64 <= MOST
}
