//! How to sign in: by reference, read anew for each request, never printed.
//!
//! Tokens on disk are exchanged while the program runs, so nothing is kept. Called by `direct`.

use std::fmt;
use std::path::PathBuf;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::error::PromError;
use crate::domain::text::SafeText;
use crate::web::{Secret, SecretError};

/// What a server wants to be shown, and what is trusted of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// `Authorization: Bearer`.
    pub bearer: Option<Secret>,
    /// `Authorization: Basic`: user and password. Not beside a bearer.
    pub basic: Option<(String, Secret)>,
    /// Headers with secret values.
    pub headers: Vec<(String, Secret)>,
    /// Headers with values that are no secret, such as `X-Scope-OrgID`.
    pub plain: Vec<(String, String)>,
    /// Certificates (PEM) that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
}

/// Shows no value, not even of the plain headers: somebody will write a token there.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain: Vec<&String> = self.plain.iter().map(|(name, _)| name).collect();
        f.debug_struct("Access")
            .field("bearer", &self.bearer)
            .field("basic", &self.basic)
            .field("headers", &self.headers)
            .field("plain", &plain)
            .field("ca_file", &self.ca_file)
            .finish()
    }
}

/// Headers of one request, and what must not be repeated from an answer to it.
#[derive(Default)]
pub(super) struct Signature {
    pub(super) headers: HeaderMap,
    pub(super) secrets: Vec<String>,
}

impl Access {
    /// Whether it can be used at all; values are not looked at yet.
    pub(super) fn check(&self) -> Result<(), PromError> {
        if self.bearer.is_some() && self.basic.is_some() {
            return Err(wrong("bearer and basic", "are both given: take one"));
        }
        if self.basic.as_ref().is_some_and(|(user, _)| user.contains(':')) {
            return Err(wrong("the user", "has a colon in it, which ends a user"));
        }
        for (name, value) in &self.plain {
            header_name(name)?;
            header_value(&format!("header {name}"), value)?;
        }
        self.headers.iter().try_for_each(|(name, _)| header_name(name).map(drop))
    }

    /// Reads all values.
    pub(super) async fn sign(&self, client: &reqwest::Client) -> Result<Signature, PromError> {
        let mut signature = Signature::default();
        for (name, value) in &self.plain {
            let value = header_value(&format!("header {name}"), value)?;
            signature.headers.append(header_name(name)?, value);
        }
        for (name, secret) in &self.headers {
            let value = secret.read().await?;
            let header = header_value(&secret.place(), &value)?;
            signature.secrets.push(value);
            signature.headers.insert(header_name(name)?, hidden(header));
        }
        if let Some(secret) = &self.bearer {
            let token = secret.read().await?;
            let header = header_value(&secret.place(), &format!("Bearer {token}"))?;
            signature.secrets.push(token);
            signature.headers.insert(AUTHORIZATION, hidden(header));
        }
        if let Some((user, secret)) = &self.basic {
            let password = secret.read().await?;
            let header = basic(client, user, &password)
                .ok_or_else(|| wrong("user and password", "cannot be written as a header"))?;
            // In both forms in which an answer could repeat it.
            let encoded = header.to_str().ok().and_then(|text| text.strip_prefix("Basic "));
            signature.secrets.extend(encoded.map(str::to_owned));
            signature.secrets.push(password);
            signature.headers.insert(AUTHORIZATION, hidden(header));
        }
        Ok(signature)
    }
}

/// The header of user and password, as the HTTP client writes it.
fn basic(client: &reqwest::Client, user: &str, password: &str) -> Option<HeaderValue> {
    let request = client.get("http://unsent").basic_auth(user, Some(password)).build().ok()?;
    request.headers().get(AUTHORIZATION).cloned()
}

fn hidden(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn header_name(name: &str) -> Result<HeaderName, PromError> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| wrong(&format!("header {name:?}"), "is no name of a header"))
}

fn header_value(what: &str, value: &str) -> Result<HeaderValue, PromError> {
    HeaderValue::from_str(value)
        .map_err(|_| wrong(what, "holds characters that no header can carry"))
}

fn wrong(what: &str, cause: &str) -> PromError {
    PromError::Secret { what: SafeText::new(what), cause: SafeText::new(cause) }
}

impl From<SecretError> for PromError {
    fn from(error: SecretError) -> Self {
        wrong(&error.what, &error.cause)
    }
}
