//! From an answer to a verdict. Exact: a value is the wanted one or it is not.
//!
//! A word that contains another is not that word. What cannot be read whole is unknown. Pure.
//! Called by `runtime`, once for each answer.

use super::answer::{Answer, Body};
use super::json::{self, Json};
use super::profile::Profile;
use super::{Check, Pointer, Verdict};
use crate::domain::text::SafeText;

/// Bytes of a body that are kept as evidence.
const EXCERPT: usize = 200;

/// A verdict with what of the answer it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What became of it.
    pub verdict: Verdict,
    /// Beginning of the body.
    pub excerpt: Option<SafeText>,
    /// The value that was looked at.
    pub pointer: Option<Pointer>,
}

/// Judges an answer to a check that asks.
pub fn judge(check: Check, profile: &Profile, answer: &Answer) -> Judged {
    let excerpt = excerpt(answer);
    let (verdict, pointer) = match body_of(check, answer) {
        Err(verdict) => (verdict, None),
        Ok(body) => match check {
            Check::Pods
            | Check::Preview
            | Check::Active
            | Check::Availability
            | Check::Health
            | Check::Load => (Verdict::Passed, None),
            Check::Version => version(answer, body),
            Check::Smoke => valued(body, &profile.smoke_pointer, &profile.smoke_value),
            Check::Database => valued(body, &profile.database_pointer, &profile.database_value),
            Check::Dependencies => dependencies(body, &profile.dependencies_value),
        },
    };
    Judged { verdict, excerpt, pointer }
}

fn failed(text: impl Into<SafeText>) -> Verdict {
    Verdict::Failed(text.into())
}

/// The body that is to be judged, or the verdict where it does not come to that.
fn body_of(check: Check, answer: &Answer) -> Result<&[u8], Verdict> {
    match answer.status {
        200..=299 => {}
        300..=399 => {
            let to = answer.location.as_deref().unwrap_or("nowhere");
            let text = format!("redirected ({}) to {to}, which is not followed", answer.status);
            return Err(failed(text));
        }
        401 => return Err(failed("answered 401: it wants a login, and the gate has none")),
        403 => return Err(failed("answered 403: it forbids this to everybody without a login")),
        status => return Err(failed(format!("answered {status}"))),
    }
    if check == Check::Health {
        // Up is what it says by its status alone.
        return Ok(&[]);
    }
    if let Some(encoding) = answer.encoding.as_ref().filter(|e| !e.eq_ignore_ascii_case("identity"))
    {
        let text = format!("the body is {encoding}-coded, which nobody asked for");
        return Err(Verdict::Unknown(text.into()));
    }
    let Body::Whole(body) = &answer.body else {
        return Err(Verdict::Unknown("body larger than 64 KiB".into()));
    };
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(failed(format!("answered {} without a body", answer.status)));
    }
    if is_page(answer) {
        return Err(failed(format!("answered {} with a page (HTML)", answer.status)));
    }
    Ok(body)
}

fn labelled(answer: &Answer, kind: &str) -> bool {
    let label = answer.content_type.as_deref().unwrap_or_default();
    label.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(kind)
}

fn is_page(answer: &Answer) -> bool {
    labelled(answer, "text/html") || labelled(answer, "application/xhtml+xml")
}

fn excerpt(answer: &Answer) -> Option<SafeText> {
    let Body::Whole(body) = &answer.body else { return None };
    let cut = body.get(..body.len().min(EXCERPT)).unwrap_or_default();
    let text = String::from_utf8_lossy(cut);
    let one_line: Vec<&str> = text.split_whitespace().collect();
    let shown = SafeText::new(&one_line.join(" "));
    // What is made visible is longer than it was.
    let end = (0..=EXCERPT.min(shown.len())).rev().find(|end| shown.is_char_boundary(*end));
    let kept = shown.get(..end.unwrap_or(0)).unwrap_or_default();
    (!kept.is_empty()).then(|| SafeText::new(kept))
}

/// A value as it is shown: JSON, cut.
fn shown(value: Option<&Json>) -> SafeText {
    let Some(value) = value else { return "nothing".into() };
    let text = value.to_string();
    let cut: String = text.chars().take(80).collect();
    if cut.len() < text.len() { format!("{cut}...").into() } else { cut.into() }
}

fn kind_of(value: Option<&Json>) -> &'static str {
    match value {
        None => "missing",
        Some(Json::Null) => "null",
        Some(Json::Bool(_)) => "a boolean",
        Some(Json::Number(_)) => "a number",
        Some(Json::Text(_)) => "a string",
        Some(Json::List(_)) => "an array",
        Some(Json::Table(_)) => "an object",
    }
}

/// Whether a value is exactly this string; where it is not, why.
fn is_exactly(found: Option<&Json>, path: &str, wanted: &str) -> Verdict {
    match found {
        Some(Json::Text(text)) if text == wanted => Verdict::Passed,
        Some(Json::Text(_)) => failed(format!("{path} is {}, wanted {wanted:?}", shown(found))),
        _ => failed(format!("{path} is {}, wanted the string {wanted:?}", kind_of(found))),
    }
}

fn pointer(path: &str, found: Option<&Json>, wanted: &str) -> Pointer {
    let wanted = Json::Text(wanted.to_owned()).to_string();
    Pointer { path: path.into(), found: shown(found), wanted: wanted.into() }
}

fn valued(body: &[u8], path: &str, wanted: &str) -> (Verdict, Option<Pointer>) {
    let value = match json::read(body) {
        Ok(value) => value,
        Err(why) => return (failed(format!("no JSON: {why}")), None),
    };
    let found = value.pointer(path);
    (is_exactly(found, path, wanted), Some(pointer(path, found, wanted)))
}

/// Dependencies as a list or by name; where they stand under `dependencies`, a status beside that
/// has to be the wanted one too.
fn dependencies(body: &[u8], wanted: &str) -> (Verdict, Option<Pointer>) {
    let value = match json::read(body) {
        Ok(value) => value,
        Err(why) => return (failed(format!("no JSON: {why}")), None),
    };
    let (base, all) = match value.get("dependencies") {
        Some(inner) if matches!(inner, Json::List(_)) || is_table(inner) => {
            ("/dependencies", inner)
        }
        _ => ("", &value),
    };
    if !base.is_empty()
        && let Some(status) = value.get("status")
        && let bad @ Verdict::Failed(_) = is_exactly(Some(status), "/status", wanted)
    {
        return (bad, Some(pointer("/status", Some(status), wanted)));
    }
    let each: Vec<(String, &Json)> = match all {
        Json::List(list) => {
            list.iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect()
        }
        Json::Table(map) => map.iter().map(|(name, one)| (escaped(name), one)).collect(),
        other => {
            let kind = kind_of(Some(other));
            return (failed(format!("the answer is {kind}, wanted a list or an object")), None);
        }
    };
    let Some((first, one)) = each.first() else {
        return (failed("it names no dependency, wanted at least one"), None);
    };
    let path = |name: &str| format!("{base}/{name}/status");
    let bad: Vec<&(String, &Json)> = each
        .iter()
        .filter(|(_, one)| status_of(one).and_then(Json::as_text) != Some(wanted))
        .collect();
    match bad.as_slice() {
        [] => (Verdict::Passed, Some(pointer(&path(first), status_of(one), wanted))),
        [(name, one), others @ ..] => {
            let path = path(name);
            let found = status_of(one);
            let why = match is_exactly(found, &path, wanted) {
                Verdict::Failed(why) => why.to_string(),
                _ => format!("{path} is not {wanted:?}"),
            };
            let more = match others.len() {
                0 => String::new(),
                more => format!("; and {more} more of {}", each.len()),
            };
            (failed(format!("{why}{more}")), Some(pointer(&path, found, wanted)))
        }
    }
}

fn is_table(value: &Json) -> bool {
    let is_one = |(_, value): &(String, Json)| matches!(value, Json::Table(_));
    matches!(value, Json::Table(entries) if entries.iter().all(is_one))
}

fn status_of(dependency: &Json) -> Option<&Json> {
    dependency.get("status")
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A version as plain text, as a JSON string, or as `version` of an object.
fn version(answer: &Answer, body: &[u8]) -> (Verdict, Option<Pointer>) {
    const WANTED: &str = "a semantic version";
    let (path, found) = match json::read(body) {
        Ok(table @ Json::Table(_)) => match table.get("version") {
            Some(Json::Text(text)) => ("/version", text.clone()),
            other => {
                let text = format!("/version is {}, wanted {WANTED}", kind_of(other));
                let found = shown(other);
                let pointer = Pointer { path: "/version".into(), found, wanted: WANTED.into() };
                return (failed(text), Some(pointer));
            }
        },
        Ok(Json::Text(text)) => ("", text),
        Ok(other) => {
            return (failed(format!("it is {}, wanted {WANTED}", kind_of(Some(&other)))), None);
        }
        Err(why) if labelled(answer, "application/json") => {
            return (failed(format!("called JSON, and is none: {why}")), None);
        }
        Err(_) => {
            let Ok(text) = std::str::from_utf8(body) else {
                return (failed("it is neither text nor JSON"), None);
            };
            let text = text.strip_suffix('\n').unwrap_or(text);
            ("", text.strip_suffix('\r').unwrap_or(text).to_owned())
        }
    };
    let value = Json::Text(found.clone());
    let pointer = Pointer { path: path.into(), found: shown(Some(&value)), wanted: WANTED.into() };
    let verdict = if is_semantic_version(&found) {
        Verdict::Passed
    } else {
        failed(format!("{} is no semantic version", shown(Some(&value))))
    };
    (verdict, Some(pointer))
}

/// Whether a text is a version by Semantic Versioning 2.0.0, all of it: `1.4.0`, `1.4.0-rc.1+5f3a`.
pub fn is_semantic_version(text: &str) -> bool {
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (text, None),
    };
    let (core, pre) = match rest.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (rest, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let number = |part: &str| digits(part) && (part == "0" || !part.starts_with('0'));
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(|p| word(p) && (!digits(p) || number(p))))
        && build.is_none_or(|build| build.split('.').all(word))
}
