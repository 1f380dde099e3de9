//! Where a file names the image of a container, and setting it to another by replacing the bytes
//! of exactly that value.
//!
//! Everything else stays byte for byte: comments, ends of lines, the style of quotes. What cannot
//! be changed alone (anchors, block scalars, a value that is written twice) is refused. Never reads
//! a file. Called by `find` and `history`.

mod forms;
mod plain;
mod tree;

use std::ops::Range;

use granit_parser::ScalarStyle;

use crate::domain::gitops::Reference;

pub(super) use forms::{Form, Site, sites};

/// Why a file cannot be read or changed, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {cause}")]
pub(super) struct Refusal {
    /// From 1.
    pub(super) line: usize,
    /// From 1, in characters.
    pub(super) column: usize,
    /// Why, and what to do.
    pub(super) cause: String,
}

/// Which part of an image a value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// The tag.
    Tag,
    /// The digest.
    Digest,
}

/// A value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// Which part it holds.
    pub(super) part: Part,
    /// Its bytes, quotes included.
    range: Range<usize>,
    /// How it is quoted.
    style: ScalarStyle,
    /// Which event of the file it is.
    event: usize,
}

/// The file with the image of `site` set to `to`.
pub(super) fn set(text: &str, site: &Site, to: &Reference) -> Result<String, Refusal> {
    let refuse = |cause: String| Refusal { line: site.line, column: site.column, cause };
    let mut wanted = Vec::new();
    for scalar in site.scalars.as_deref().map_err(Clone::clone)? {
        let value = value(site, scalar.part, to).map_err(refuse)?;
        wanted.push((scalar, value));
    }
    if site.form != Form::Container {
        fits(site, to).map_err(refuse)?;
    }
    let mut after = text.to_owned();
    wanted.sort_by_key(|(scalar, _)| std::cmp::Reverse(scalar.range.start));
    for (scalar, value) in &wanted {
        if after.get(scalar.range.clone()).is_none() {
            return Err(refuse("the value is not where it was".into()));
        }
        after.replace_range(scalar.range.clone(), &quoted(scalar.style, value));
    }
    let events: Vec<(usize, &str)> =
        wanted.iter().map(|(scalar, value)| (scalar.event, *value)).collect();
    if !tree::differ_only_in(text, &after, &events)? {
        return Err(refuse(
            "setting this value alone would change others as well; change it by hand".into(),
        ));
    }
    Ok(after)
}

/// What a part becomes.
fn value<'t>(site: &Site, part: Part, to: &'t Reference) -> Result<&'t str, String> {
    let (found, word) = match part {
        Part::Whole => return Ok(to.as_str()),
        Part::Tag => (to.tag(), "tag"),
        Part::Digest => (to.digest(), "digest"),
    };
    found.ok_or_else(|| {
        format!("{} sets a {word}, and {to} has none; change it by hand", site.form.said())
    })
}

/// Whether the parts that stand in the file are all that the image has.
fn fits(site: &Site, to: &Reference) -> Result<(), String> {
    let said = site.form.said();
    if site.repository != to.repository() {
        return Err(format!(
            "{said} is of {}, and the good image of {}; change it by hand",
            site.repository,
            to.repository()
        ));
    }
    let has = |part| site.scalars.iter().flatten().any(|scalar| scalar.part == part);
    if to.digest().is_some() && !has(Part::Digest) {
        return Err(format!("{said} sets no digest, and {to} has one; change it by hand"));
    }
    if to.tag().is_some() && !has(Part::Tag) {
        return Err(format!("{said} sets no tag, and {to} has one; change it by hand"));
    }
    Ok(())
}

/// The value in the quotes of the one before; a plain one gets quotes where it would be read as a
/// number, a date or a truth value. References hold nothing that has to be escaped.
fn quoted(style: ScalarStyle, value: &str) -> String {
    match style {
        ScalarStyle::SingleQuoted => format!("'{value}'"),
        ScalarStyle::Plain if plain::is_text(value) => value.to_owned(),
        _ => format!("\"{value}\""),
    }
}

#[cfg(test)]
mod tests;
