//! What can go wrong between this program and a cluster, named after the phase that failed.
//!
//! Texts are lower case: what, where, what to do. Never holds a token, a certificate or the
//! environment of a credential plugin. Made in this room, shown by `app`.

use crate::domain::text::SafeText;

/// A failure of this room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// No configuration anywhere.
    #[error("no kubeconfig found; tried {tried}; give one with --kubeconfig or set KUBECONFIG")]
    NoConfig {
        /// The places, in order.
        tried: SafeText,
    },
    /// A configuration that cannot be used.
    #[error("read kubeconfig {file}: {cause}")]
    Config {
        /// File, or files.
        file: SafeText,
        /// What is wrong with it.
        cause: SafeText,
    },
    /// The context does not exist, or none is chosen.
    #[error("{problem}; {hint}")]
    Context {
        /// What is wrong.
        problem: SafeText,
        /// Nearest names first, then all.
        hint: SafeText,
    },
    /// A credential plugin is missing, fails or hangs.
    #[error("get credentials for {user}: {cause}")]
    Credentials {
        /// User entry of the kubeconfig.
        user: SafeText,
        /// What happened.
        cause: SafeText,
    },
    /// The server refused the credentials (401).
    #[error("{server} refused the credentials (401): they may have expired, log in again")]
    Unauthorized {
        /// Address.
        server: SafeText,
    },
    /// A client could not be made for this server (TLS, proxy).
    #[error("prepare the connection to {server}: {cause}")]
    Connect {
        /// Address.
        server: SafeText,
        /// What is wrong.
        cause: SafeText,
    },
    /// The server did not answer.
    #[error("{action}: no answer from {server}: {cause}")]
    Unreachable {
        /// What was asked.
        action: SafeText,
        /// Address.
        server: SafeText,
        /// What happened.
        cause: SafeText,
    },
    /// The user may not do it (403); the missing rule.
    #[error("not allowed: {rule}; ask for this permission")]
    Forbidden {
        /// Such as `list rollouts in shop`.
        rule: SafeText,
    },
    /// It does not exist (404).
    #[error("{what} does not exist")]
    NotFound {
        /// Kind and name.
        what: SafeText,
    },
    /// The answer could not be read.
    #[error("{action}: the answer cannot be read: {cause}")]
    Decode {
        /// What was asked.
        action: SafeText,
        /// Why.
        cause: SafeText,
    },
    /// Any other refusal of the server.
    #[error("{action}: the server answered {code}: {message}")]
    Server {
        /// What was asked.
        action: SafeText,
        /// HTTP status.
        code: u16,
        /// Its words.
        message: SafeText,
    },
}

/// What a caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The person has to change arguments or files.
    Usage,
    /// The person has to log in or to ask for rights.
    Denied,
    /// It is not there.
    Gone,
    /// Trying again later may help.
    Retry,
    /// An answer that should not be: ours or the server's fault.
    Bug,
}

impl ClusterError {
    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoConfig { .. }
            | Self::Config { .. }
            | Self::Context { .. }
            | Self::Connect { .. } => ErrorKind::Usage,
            Self::Credentials { .. } | Self::Unauthorized { .. } | Self::Forbidden { .. } => {
                ErrorKind::Denied
            }
            Self::NotFound { .. } => ErrorKind::Gone,
            Self::Unreachable { .. } => ErrorKind::Retry,
            Self::Server { code, .. } if *code == 429 || *code >= 500 => ErrorKind::Retry,
            Self::Decode { .. } | Self::Server { .. } => ErrorKind::Bug,
        }
    }
}
