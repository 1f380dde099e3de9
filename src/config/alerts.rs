//! `[alerts.NAME]`: who is told when nobody is at the screen.
//!
//! Secrets are references to a file or a variable, never values. Called by `file`.

use std::path::PathBuf;

use super::ConfigError;
use super::document::{Entry, Section};
use super::layers::{Origin, Setting};
use super::prometheus::Reference;
use crate::domain::alert::Severity;
use crate::domain::measure::address::Address;

const KEYS: [&str; 10] = [
    "kind",
    "url",
    "url_file",
    "url_env",
    "key_file",
    "key_env",
    "token_file",
    "token_env",
    "ca_file",
    "least",
];

/// Where PagerDuty takes events.
const PAGER_DUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// Whose API a receiver speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiverKind {
    /// `slack`.
    Slack,
    /// `alertmanager`.
    Alertmanager,
    /// `pagerduty`.
    PagerDuty,
    /// `webhook`.
    Webhook,
}

const KINDS: [(&str, ReceiverKind); 4] = [
    ("slack", ReceiverKind::Slack),
    ("alertmanager", ReceiverKind::Alertmanager),
    ("pagerduty", ReceiverKind::PagerDuty),
    ("webhook", ReceiverKind::Webhook),
];

impl ReceiverKind {
    /// Its name in the file.
    pub fn word(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

/// A receiver. `Reference::Text` is an address that is no secret, and stands in `url` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverRule {
    /// Its name.
    pub name: String,
    /// Whose API it speaks.
    pub kind: ReceiverKind,
    /// Where it is.
    pub url: Reference,
    /// Integration key of PagerDuty.
    pub key: Option<Reference>,
    /// Bearer token.
    pub token: Option<Reference>,
    /// Certificates to trust, PEM.
    pub ca_file: Option<PathBuf>,
    /// The least urgent that it is told of.
    pub least: Severity,
}

/// Reads `[alerts.NAME]` for all names.
pub(super) fn receivers(alerts: &Entry<'_>) -> Result<Vec<Setting<ReceiverRule>>, ConfigError> {
    let section = alerts.section()?;
    section.entries().map(|entry| receiver(&entry)).collect()
}

fn receiver(named: &Entry<'_>) -> Result<Setting<ReceiverRule>, ConfigError> {
    let section = named.section()?.under("alerts");
    let (mut kind, mut url, mut key, mut token) = (None, None, None, None);
    let (mut ca_file, mut least) = (None, Severity::Info);
    for entry in section.entries() {
        match entry.key {
            "kind" => kind = Some(Setting { value: kind_of(&entry)?, origin: entry.origin() }),
            "url" => once(&mut url, &entry, Reference::Text)?,
            "url_file" => once(&mut url, &entry, |path| Reference::File(path.into()))?,
            "url_env" => once(&mut url, &entry, Reference::Variable)?,
            "key_file" => once(&mut key, &entry, |path| Reference::File(path.into()))?,
            "key_env" => once(&mut key, &entry, Reference::Variable)?,
            "token_file" => once(&mut token, &entry, |path| Reference::File(path.into()))?,
            "token_env" => once(&mut token, &entry, Reference::Variable)?,
            "ca_file" => ca_file = Some(entry.text()?.into()),
            "least" => least = severity(&entry)?,
            _ => return Err(section.unknown(&entry, KEYS)),
        }
    }
    let kind = kind.ok_or_else(|| section.missing("kind"))?;
    fits(&section, kind.value, url.as_ref(), key.as_ref(), token.as_ref())?;
    let usual = || Reference::Text(PAGER_DUTY.to_owned());
    Ok(kind.map(|kind| ReceiverRule {
        name: named.key.to_owned(),
        kind,
        url: url.map_or_else(usual, |url| url.value),
        key: key.map(|key| key.value),
        token: token.map(|token| token.value),
        ca_file,
        least,
    }))
}

type Given = Setting<Reference>;

/// What a kind needs and what it cannot use.
fn fits(
    section: &Section<'_>,
    kind: ReceiverKind,
    url: Option<&Given>,
    key: Option<&Given>,
    token: Option<&Given>,
) -> Result<(), ConfigError> {
    use ReceiverKind::{Alertmanager, PagerDuty, Slack, Webhook};
    if let Some(Setting { value: Reference::Text(text), origin }) = url {
        if kind == Slack {
            let wanted = "the address of a Slack webhook is a secret: write url_file or url_env";
            return Err(refused(origin, "url", wanted));
        }
        if Address::parse(text, None).is_err() {
            let wanted = "it is an address such as https://HOST:PORT/PATH, without a password or \
                          query in it; one that is a secret goes into url_file or url_env";
            return Err(refused(origin, "url", wanted));
        }
    }
    match (kind, url, key, token) {
        (Slack, None, ..) => Err(section.missing("url_file")),
        (Alertmanager | Webhook, None, ..) => Err(section.missing("url")),
        (PagerDuty, _, None, _) => Err(section.missing("key_file")),
        (Slack | Alertmanager | Webhook, _, Some(key), _) => Err(refused(
            &key.origin,
            "key",
            "only pagerduty has a key; a token goes into token_file",
        )),
        (Slack | PagerDuty, _, _, Some(token)) => {
            Err(refused(&token.origin, "token", "only alertmanager and webhook take a token"))
        }
        _ => Ok(()),
    }
}

/// Takes a reference that may be given in one way only.
fn once(
    into: &mut Option<Given>,
    entry: &Entry<'_>,
    make: impl FnOnce(String) -> Reference,
) -> Result<(), ConfigError> {
    if into.is_some() {
        return Err(refused(&entry.origin(), entry.key, "it is given twice, in two ways"));
    }
    *into = Some(Setting { value: make(entry.text()?), origin: entry.origin() });
    Ok(())
}

/// The value is not repeated: it may be the secret.
fn refused(origin: &Origin, key: &str, wanted: &'static str) -> ConfigError {
    ConfigError::BadValue {
        origin: origin.clone(),
        key: key.to_owned(),
        value: "...".to_owned(),
        wanted,
        nearest: None,
    }
}

fn kind_of(entry: &Entry<'_>) -> Result<ReceiverKind, ConfigError> {
    entry.choice(&KINDS, "it is slack, alertmanager, pagerduty or webhook")
}

fn severity(entry: &Entry<'_>) -> Result<Severity, ConfigError> {
    let all = [Severity::Info, Severity::Warning, Severity::Critical];
    entry.choice(&all.map(|one| (one.word(), one)), "it is info, warning or critical")
}

/// A receiver in words, without what may be secret: of an address only its scheme and host.
pub(super) fn words(rule: &ReceiverRule) -> String {
    let place = |reference: &Reference| match reference {
        Reference::File(path) => format!("file {}", path.display()),
        Reference::Variable(name) => format!("${name}"),
        Reference::Text(url) => {
            let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
            format!("{scheme}://{}", rest.split('/').next().unwrap_or_default())
        }
    };
    let mut words = format!("{}; {}", rule.kind.word(), place(&rule.url));
    for (name, secret) in [("key", &rule.key), ("token", &rule.token)] {
        words.extend(secret.iter().map(|secret| format!("; {name} {}", place(secret))));
    }
    words.push_str(&format!("; {} and above", rule.least.word()));
    words
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::FileConfig;

    fn parse(text: &str) -> Result<Vec<Setting<ReceiverRule>>, ConfigError> {
        FileConfig::parse(Path::new("c.toml"), text).map(|config| config.alerts)
    }

    #[test]
    fn each_receiver_is_taken_with_its_place() {
        let text = "[alerts.am]\nkind = 'alertmanager'\nurl = 'http://am:9093'\ntoken_env = 'T'\n\
                    [alerts.duty]\nkind = 'pagerduty'\nkey_file = '/k'\nleast = 'critical'\n\
                    [alerts.hook]\nkind = 'webhook'\nurl_env = 'U'\n\
                    [alerts.ops]\nkind = 'slack'\nurl_file = '/u'\nleast = 'warning'\n";
        let all = parse(text).unwrap();
        let words: Vec<String> = all.iter().map(|set| super::words(&set.value)).collect();
        assert_eq!(
            words,
            [
                "alertmanager; http://am:9093; token $T; info and above",
                "pagerduty; https://events.pagerduty.com; key file /k; critical and above",
                "webhook; $U; info and above",
                "slack; file /u; warning and above",
            ]
        );
        assert_eq!(all[3].value.name, "ops");
        assert_eq!(all[3].origin.to_string(), "c.toml:13:8");
    }

    #[test]
    fn wrong_ones_are_refused_with_place_and_remedy_and_without_the_secret() {
        for (lines, expected) in [
            ("kind = 'slak'", "c.toml:2:8: `kind` cannot be \"slak\": it is slack, alertmanager"),
            ("kind = 'slak'", "(did you mean `slack`?)"),
            ("ulr = 'x'", "unknown key `ulr` in [alerts.ops] (did you mean `url`?)"),
            ("url_file = 'x'", "`kind` is missing in [alerts.ops]"),
            ("kind = 'slack'", "`url_file` is missing in [alerts.ops]"),
            ("kind = 'slack'\nurl = 'https://s/s3cret'", "write url_file or url_env"),
            ("kind = 'webhook'\nurl = 'https://a:s3cret@s/'", "without a password or query"),
            ("kind = 'webhook'\nurl = 'https://s/?t=s3cret'", "c.toml:3:7: `url` cannot be"),
            ("kind = 'webhook'\nurl = 'https://s/'\nurl_env = 's3cret'", "given twice"),
            ("kind = 'pagerduty'", "`key_file` is missing"),
            ("kind = 'pagerduty'\nkey = 's3cret'", "unknown key `key`"),
            ("kind = 'pagerduty'\nkey_env = 'K'\ntoken_env = 's3cret'", "take a token"),
            ("kind = 'webhook'\nurl = 'https://s/'\nkey_env = 's3cret'", "only pagerduty"),
            ("kind = 'slack'\nurl_env = 'U'\nleast = 'high'", "it is info, warning or critical"),
        ] {
            let said = parse(&format!("[alerts.ops]\n{lines}\n")).unwrap_err().to_string();
            assert!(said.contains(expected), "{lines}: {said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
