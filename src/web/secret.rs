//! Secrets by reference: read anew for each request, never printed.
//!
//! Tokens on disk are exchanged while the program runs, so nothing is kept. Called by the adapters.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt;

/// Largest file that can be a secret, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// In a file; white space at its ends does not belong to it.
    File(PathBuf),
    /// In a variable of the environment.
    Variable(String),
}

/// A file or variable that cannot be used. Says which, never what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretError {
    /// File or variable.
    pub what: String,
    /// What is wrong with it.
    pub cause: String,
}

impl Secret {
    /// Where it is, in words.
    pub fn place(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", path.display()),
            Self::Variable(name) => format!("variable {name}"),
        }
    }

    /// The complaint about it.
    pub fn wrong(&self, cause: impl Into<String>) -> SecretError {
        SecretError { what: self.place(), cause: cause.into() }
    }

    /// Its value of this moment.
    ///
    /// # Errors
    /// Why it cannot be had, or that there is nothing in it.
    pub async fn read(&self) -> Result<String, SecretError> {
        let text = match self {
            Self::File(path) => read_file(path).await.map_err(|error| match error.kind() {
                ErrorKind::NotFound => self.wrong("does not exist"),
                ErrorKind::PermissionDenied => self.wrong("may not be read"),
                ErrorKind::InvalidData => self.wrong("is no text"),
                ErrorKind::FileTooLarge => self.wrong("is too large for a secret"),
                _ => self.wrong(format!("cannot be read: {error}")),
            })?,
            Self::Variable(name) => std::env::var(name).map_err(|error| match error {
                std::env::VarError::NotPresent => self.wrong("is not set"),
                std::env::VarError::NotUnicode(_) => self.wrong("is no text"),
            })?,
        };
        match text.trim() {
            "" => Err(self.wrong("is empty")),
            value => Ok(value.to_owned()),
        }
    }
}

async fn read_file(path: &Path) -> std::io::Result<String> {
    let file = tokio::fs::File::open(path).await?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).await?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    String::from_utf8(bytes).map_err(|_| ErrorKind::InvalidData.into())
}
