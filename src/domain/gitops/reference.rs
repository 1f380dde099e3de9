//! An image reference, taken apart: `registry.example.com:5000/shop/checkout:1.4.2@sha256:…`.
//!
//! Stricter than registries are: what is not plainly a reference is refused, since it is written
//! into a file that a cluster obeys. Never asks a registry. Called by `gitops`; its parts alone,
//! good or not, by `manifest` and `cluster`.

use std::fmt;

use crate::domain::text::SafeText;

/// Longest reference: a name has 255 characters at most, a tag 128, a digest 135 (`distribution`,
/// `reference/regexp.go`).
const LONGEST: usize = 520;

/// Longest tag (the same source).
const LONGEST_TAG: usize = 128;

/// Digits of a digest that tell versions apart.
const SHORT_DIGEST: usize = 12;

/// An image reference that is one beyond doubt.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    text: String,
    /// Where the name ends.
    name: usize,
    /// Where the tag ends; where the name ends if there is none.
    tag: usize,
}

/// What an image is named by, as far as it says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'t> {
    /// Registry and path.
    pub name: &'t str,
    /// `1.4.2`.
    pub tag: Option<&'t str>,
    /// `sha256:…`.
    pub digest: Option<&'t str>,
}

/// Takes `registry:5000/name:tag@sha256:…` apart, whether its parts are good or not.
pub fn parts(image: &str) -> Parts<'_> {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash is that of the registry's port.
    let last = rest.rfind('/').map_or(0, |slash| slash + 1);
    let colon = rest.get(last..).and_then(|word| word.find(':')).map(|at| last + at);
    let (name, tag) = match colon {
        Some(at) => (rest.get(..at).unwrap_or(rest), rest.get(at + 1..)),
        None => (rest, None),
    };
    Parts { name, tag, digest }
}

/// Why a text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no image reference: {cause}")]
pub struct ReferenceError {
    /// The text.
    pub text: SafeText,
    /// What is wrong with it.
    pub cause: &'static str,
}

impl Reference {
    /// Takes `name[:tag][@algorithm:hex]`.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |cause| ReferenceError { text: SafeText::new(text), cause };
        if text.len() > LONGEST {
            return Err(wrong("it is too long"));
        }
        let Parts { name, tag, digest } = parts(text);
        if !is_name(name) {
            return Err(wrong("its name is not made of words between slashes"));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(wrong("its tag is not one word of letters, digits, '.', '_' and '-'"));
        }
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(wrong("its digest is not an algorithm, ':' and hexadecimal digits"));
        }
        let end = name.len() + tag.map_or(0, |tag| tag.len() + 1);
        Ok(Self { text: text.to_owned(), name: name.len(), tag: end })
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The repository: `registry.example.com:5000/shop/checkout`.
    pub fn repository(&self) -> &str {
        self.text.get(..self.name).unwrap_or_default()
    }

    /// The last word of the repository: `checkout`.
    pub fn word(&self) -> &str {
        let name = self.repository();
        name.rsplit('/').next().unwrap_or(name)
    }

    /// The tag: `1.4.2`.
    pub fn tag(&self) -> Option<&str> {
        self.text.get(self.name + 1..self.tag)
    }

    /// The digest: `sha256:…`.
    pub fn digest(&self) -> Option<&str> {
        self.text.get(self.tag + 1..)
    }

    /// What tells it from other versions of the same image: its tag, or some digits of its digest.
    pub fn version(&self) -> &str {
        let hex = self.digest().and_then(|digest| digest.split_once(':')).map(|(_, hex)| hex);
        let short = hex.map(|hex| hex.get(..SHORT_DIGEST).unwrap_or(hex));
        self.tag().or(short).unwrap_or("latest")
    }
}

/// Words between slashes; the first may be a host with a port.
fn is_name(name: &str) -> bool {
    let mut words = name.split('/');
    let first = words.next().unwrap_or_default();
    let is_single = !name.contains('/');
    let host = match first.split_once(':') {
        Some((host, port)) if !is_single => {
            let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
            is_port.then_some(host)
        }
        _ => Some(first),
    };
    host.is_some_and(is_word) && words.all(is_word)
}

fn is_word(word: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    word.bytes().all(inner) && edge(word.bytes().next()) && edge(word.bytes().next_back())
}

fn is_tag(tag: &str) -> bool {
    let first = tag.bytes().next();
    let begins = first.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    begins && tag.len() <= LONGEST_TAG && tag.bytes().all(inner)
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let named = !algorithm.is_empty() && algorithm.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    named && (32..=128).contains(&hex.len()) && hex.bytes().all(is_hex)
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex() -> String {
        "0f".repeat(32)
    }

    #[test]
    fn a_reference_is_taken_apart() {
        let digest = format!("sha256:{}", hex());
        let all = format!("reg.example.com:5000/shop/checkout:1.4.2@{digest}");
        let parts = |text: &str| {
            let it = Reference::parse(text).unwrap();
            let own = |part: Option<&str>| part.unwrap_or("-").to_owned();
            (it.repository().to_owned(), own(it.tag()), own(it.digest()))
        };
        let wanted = |name: &str, tag: &str, digest: &str| (name.into(), tag.into(), digest.into());
        assert_eq!(parts(&all), wanted("reg.example.com:5000/shop/checkout", "1.4.2", &digest));
        assert_eq!(parts("redis:7"), wanted("redis", "7", "-"));
        assert_eq!(parts("redis"), wanted("redis", "-", "-"));
        assert_eq!(parts(&format!("a/b@{digest}")), wanted("a/b", "-", &digest));
        assert_eq!(parts("localhost:5000/b"), wanted("localhost:5000/b", "-", "-"));
        let it = Reference::parse(&all).unwrap();
        assert_eq!((it.word(), it.version(), it.as_str()), ("checkout", "1.4.2", all.as_str()));
        assert_eq!(Reference::parse("redis").unwrap().version(), "latest");
    }

    #[test]
    fn parts_are_told_whether_they_are_good_or_not() {
        let cases = [
            ("web", "web", None, None),
            ("registry:5000/web", "registry:5000/web", None, None),
            ("registry:5000/shop/web:1.2", "registry:5000/shop/web", Some("1.2"), None),
            ("web:1.2@sha256:ab", "web", Some("1.2"), Some("sha256:ab")),
            ("ghcr.io/web@nothing", "ghcr.io/web", None, Some("nothing")),
            ("web:", "web", Some(""), None),
        ];
        for (image, name, tag, digest) in cases {
            assert_eq!(parts(image), Parts { name, tag, digest }, "{image}");
        }
    }

    #[test]
    fn what_is_plainly_none_is_refused() {
        let long = "a".repeat(600);
        let tag = format!("a:{}", "b".repeat(129));
        for text in [
            "",
            " ",
            "a b",
            "a:",
            ":1",
            "a:1:2",
            "a//b",
            "/a",
            "a/",
            "a@sha256:12",
            "a@sha256",
            "a@b@c",
            "-x",
            "a:-x",
            "a\n- name: evil",
            "a:1 # x",
            "a:1\"",
            "a:1'",
            "a:${TAG}",
            "a:$(id)",
            "a:{{ .Values.tag }}",
            "a:1\u{202e}",
            "\u{430}:1",
            "h:port/a:1",
            "../a:1",
            &long,
            &tag,
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?}");
        }
    }
}
