//! How names, labels and their values must look, and what is said when they do not.
//!
//! Each answer is a list of complaints; none when all is well. Called by selectors and validation.

const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start \
                         and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
                         '123-abc', regex used for validation is \
                         '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// A key of a label or an annotation.
pub(crate) fn qualified(key: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let parts: Vec<&str> = key.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                complaints.push("prefix part must be non-empty".to_owned());
            } else {
                complaints.extend(subdomain(prefix).iter().map(|c| format!("prefix part {c}")));
            }
            *name
        }
        _ => {
            return vec![format!(
                "a qualified name {QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. \
                 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        complaints.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        complaints.push(format!("name part {}", too_long(63)));
    }
    if !is_word(name, |b| matches!(b, b'-' | b'_' | b'.')) {
        complaints.push(format!("name part {QUALIFIED}"));
    }
    complaints
}

/// A value of a label.
pub(crate) fn label_value(value: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if value.len() > 63 {
        complaints.push(too_long(63));
    }
    if !value.is_empty() && !is_word(value, |b| matches!(b, b'-' | b'_' | b'.')) {
        complaints.push(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', \
             '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  \
             or 'my_value',  or '12345', regex used for validation is \
             '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
                .to_owned(),
        );
    }
    complaints
}

/// The name of most objects (RFC 1123 subdomain).
pub(crate) fn subdomain(name: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if name.len() > 253 {
        complaints.push(too_long(253));
    }
    let fits = !name.is_empty() && name.split('.').all(is_label);
    if !fits {
        complaints.push(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \
             '-' or '.', and must start and end with an alphanumeric character (e.g. \
             'example.com', regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                .to_owned(),
        );
    }
    complaints
}

/// The name of a namespace, of a container (RFC 1123 label).
pub(crate) fn label(name: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if name.len() > 63 {
        complaints.push(too_long(63));
    }
    if !is_label(name) {
        complaints.push(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \
             '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or \
             '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
                .to_owned(),
        );
    }
    complaints
}

/// The name of a service (RFC 1035 label).
pub(crate) fn service(name: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if name.len() > 63 {
        complaints.push(too_long(63));
    }
    if !is_label(name) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        complaints.push(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start \
             with an alphabetic character, and end with an alphanumeric character (e.g. \
             'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
                .to_owned(),
        );
    }
    complaints
}

fn too_long(most: usize) -> String {
    format!("must be no more than {most} characters")
}

fn is_label(name: &str) -> bool {
    let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = [name.bytes().next(), name.bytes().last()];
    ends.into_iter().all(|b| b.is_some_and(lower)) && name.bytes().all(|b| lower(b) || b == b'-')
}

fn is_word(text: &str, inner: fn(u8) -> bool) -> bool {
    let outer = |b: u8| b.is_ascii_alphanumeric();
    let ends = [text.bytes().next(), text.bytes().last()];
    ends.into_iter().all(|b| b.is_some_and(outer)) && text.bytes().all(|b| outer(b) || inner(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_fit_and_names_that_do_not() {
        for name in ["a", "a-b", "a.b", "1a", "app.kubernetes.io"] {
            assert!(subdomain(name).is_empty(), "{name}");
        }
        for name in ["", "A", "a_b", "-a", "a-", "a..b", ".a", "ä"] {
            assert!(!subdomain(name).is_empty(), "{name}");
        }
        assert!(!label("a.b").is_empty() && label("1a").is_empty());
        assert!(!service("1a").is_empty() && service("a1").is_empty());
        for key in ["a", "A_b.c", "app.kubernetes.io/name"] {
            assert!(qualified(key).is_empty(), "{key}");
        }
        for key in ["", "a_", "a b", "/a", "a/b/c", "A.b/c", "a/"] {
            assert!(!qualified(key).is_empty(), "{key}");
        }
        assert!(label_value("").is_empty() && !label_value("b_").is_empty());
        assert_eq!(label_value(&"x".repeat(64)), ["must be no more than 63 characters"]);
    }
}
