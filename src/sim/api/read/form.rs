//! In which form an answer is wanted: the object itself, a table of it, or its metadata alone.
//!
//! Called for every answer that holds objects.

use crate::sim::api::refusals;
use crate::sim::api::request::Request;
use crate::sim::store::Refusal;

/// The form of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Form {
    #[default]
    Whole,
    /// `Table` of `meta.k8s.io`.
    Table(Version),
    /// `PartialObjectMetadata` of `meta.k8s.io`.
    Metadata(Version),
}

/// A version of `meta.k8s.io`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Version {
    #[default]
    V1,
    V1Beta1,
}

impl Version {
    pub(crate) fn api_version(self) -> &'static str {
        match self {
            Self::V1 => "meta.k8s.io/v1",
            Self::V1Beta1 => "meta.k8s.io/v1beta1",
        }
    }
}

/// The first form that is accepted and can be given.
pub(crate) fn accepted(request: &Request) -> Result<Form, Refusal> {
    let header = request.header("accept");
    if header.trim().is_empty() {
        return Ok(Form::Whole);
    }
    header.split(',').find_map(one).ok_or_else(refusals::not_acceptable)
}

fn one(range: &str) -> Option<Form> {
    let mut pieces = range.split(';').map(str::trim);
    let media = pieces.next()?;
    let known = ["application/json", "application/yaml", "application/*", "*/*"];
    if !known.contains(&media) {
        return None;
    }
    let (mut of, mut group, mut version) = ("", "", "");
    for (name, value) in pieces.filter_map(|piece| piece.split_once('=')) {
        match name {
            "as" => of = value,
            "g" => group = value,
            "v" => version = value,
            _ => {}
        }
    }
    if of.is_empty() {
        return Some(Form::Whole);
    }
    let version = match (group, version) {
        ("meta.k8s.io", "v1") => Version::V1,
        ("meta.k8s.io", "v1beta1") => Version::V1Beta1,
        _ => return None,
    };
    match of {
        "Table" => Some(Form::Table(version)),
        "PartialObjectMetadata" | "PartialObjectMetadataList" => Some(Form::Metadata(version)),
        _ => None,
    }
}

/// Whether any form of natives is accepted at all. Their server looks at that before anything else.
pub(crate) fn spoken(request: &Request) -> Result<(), Refusal> {
    let header = request.header("accept");
    let media = |range: &str| range.split(';').next().unwrap_or_default().trim().to_owned();
    let known = ["", "application/json", "application/yaml", "application/*", "*/*"];
    if header.split(',').any(|range| known.contains(&media(range).as_str())) {
        return Ok(());
    }
    Err(refusals::nothing_spoken())
}

/// Whether YAML is wanted rather than JSON.
pub(crate) fn wants_yaml(request: &Request) -> bool {
    let first = request.header("accept").split([',', ';']).next().unwrap_or_default().trim();
    first == "application/yaml"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_can_be_given() {
        let cases = [
            ("", Some(Form::Whole)),
            ("*/*", Some(Form::Whole)),
            ("application/vnd.kubernetes.protobuf,application/json", Some(Form::Whole)),
            (
                "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
                Some(Form::Table(Version::V1)),
            ),
            ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", Some(Form::Whole)),
            (
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
                Some(Form::Metadata(Version::V1)),
            ),
            ("application/json;as=Nonsense;v=v1;g=meta.k8s.io", None),
            ("application/xml", None),
            ("text/html", None),
        ];
        for (accept, form) in cases {
            let mut request = Request::new("GET", "/");
            request.headers.push(("accept".to_owned(), accept.to_owned()));
            assert_eq!(accepted(&request).ok(), form, "{accept}");
        }
    }
}
