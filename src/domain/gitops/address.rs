//! The address of a remote, and how it is shown: never with what is secret in it.
//!
//! Never asks the network. Called by `gitops` and by whoever reads a configuration.

use std::fmt;

use crate::domain::text::SafeText;

/// Transports that only reach a repository. `ext::` and other helpers run what they are told.
const TRANSPORTS: [&str; 5] = ["https://", "http://", "ssh://", "git://", "file://"];

/// What stands in place of a secret.
const HIDDEN: &str = "[redacted]";

/// The address of a remote. It is shown without its secrets, by `Debug` as well.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

/// Why a text is no address of a remote. The text is not told: it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing is written.
    #[error("the address of the repository is empty")]
    Empty,
    /// It would be read as an option, or ends the line.
    #[error("the address of the repository begins with '-' or holds a control character")]
    Odd,
    /// Another transport.
    #[error(
        "the address of the repository is none that can be used: https://, ssh://, git://, \
         file://, host:path or a path"
    )]
    Transport,
}

impl Address {
    /// Takes what `git clone` takes, but for transports that run programs (`ext::`, `fd::`).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.starts_with('-') || text.chars().any(char::is_control) {
            return Err(AddressError::Odd);
        }
        // `transport::address` names a helper program; `[::1]:a` is a host.
        let head = text.split('/').next().unwrap_or_default();
        let helper = head.contains("::") && !head.starts_with('[');
        let scheme = helper || text.contains("://");
        if scheme && !TRANSPORTS.iter().any(|transport| text.starts_with(transport)) {
            return Err(AddressError::Transport);
        }
        Ok(Self(text.to_owned()))
    }

    /// As git wants it, secrets included: for its arguments only.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// As it may be shown.
    pub fn shown(&self) -> SafeText {
        SafeText::new(&without_secrets(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown(), f)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown())
    }
}

/// The text with what is secret in the addresses of it taken out: who signs in and by which token
/// (`user:token@`), and what stands behind a `?`.
pub fn without_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(ends_address).unwrap_or(after.len());
        let (address, more) = after.split_at(end);
        push_address(&mut out, address);
        rest = more;
    }
    out.push_str(rest);
    out
}

fn ends_address(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\'' | '"' | '<' | '>' | '`')
}

/// What follows `://`.
fn push_address(out: &mut String, address: &str) {
    let authority = address.find(['/', '?', '#']).unwrap_or(address.len());
    // A token may hold '/': then the last '@' of all tells where it ends.
    let end = match address.get(..authority).and_then(|head| head.rfind('@')) {
        Some(at) => Some(at),
        None => address.rfind('@').filter(|_| address.get(..authority).is_some_and(has_password)),
    };
    let open = match end {
        Some(at) => {
            out.push_str(HIDDEN);
            address.get(at..).unwrap_or_default()
        }
        None => address,
    };
    match open.find('?') {
        Some(at) => {
            out.push_str(open.get(..=at).unwrap_or_default());
            out.push_str(HIDDEN);
        }
        None => out.push_str(open),
    }
}

/// Whether this begins like `user:password`: what follows the colon is no port.
fn has_password(head: &str) -> bool {
    let after = head.split_once(':').map(|(_, after)| after);
    after.is_some_and(|after| !after.is_empty() && !after.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_a_program_or_passes_for_an_option_is_no_address() {
        for text in
            ["https://h/a.git", "ssh://git@h/a", "git@h:a/b.git", "/srv/a.git", "../a", "[::1]:a"]
        {
            assert!(Address::parse(text).is_ok(), "{text}");
        }
        for (text, wrong) in [
            (" ", AddressError::Empty),
            ("--upload-pack=id", AddressError::Odd),
            ("https://h/a\nb", AddressError::Odd),
            ("ext::sh -c id", AddressError::Transport),
            ("fd::3", AddressError::Transport),
            ("ftp://h/a", AddressError::Transport),
            ("x::https://h/a", AddressError::Transport),
        ] {
            assert_eq!(Address::parse(text), Err(wrong), "{text}");
        }
    }

    #[test]
    fn tokens_are_never_shown() {
        for (text, shown) in [
            ("https://h/a.git", "https://h/a.git"),
            ("https://h:8443/a.git", "https://h:8443/a.git"),
            ("https://bot:tok3n@h/a.git", "https://[redacted]@h/a.git"),
            ("https://tok3n@h/a.git", "https://[redacted]@h/a.git"),
            ("https://bot:t/ok3n@h/a.git", "https://[redacted]@h/a.git"),
            ("https://h/a.git?key=tok3n", "https://h/a.git?[redacted]"),
            ("git@h:a/b.git", "git@h:a/b.git"),
            (
                "fatal: 'https://u:tok3n@h/a' and https://v:tok3n@i/b failed",
                "fatal: 'https://[redacted]@h/a' and https://[redacted]@i/b failed",
            ),
            ("https://h/a/@scope", "https://h/a/@scope"),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
        let address = Address::parse("https://bot:tok3n@h/a.git").unwrap();
        assert!(!format!("{address:?} {address}").contains("tok3n"));
        assert!(address.secret().contains("tok3n"));
    }
}
