//! A request as it came off the wire.
//!
//! Never decides anything. Called by `serve`, which makes it, and by everything in this folder.

/// A request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// In capitals.
    pub(crate) method: String,
    /// As it was sent: still escaped, without the query.
    pub(crate) path: String,
    /// The names and values of the query, in order.
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A request of this method for a path with its query.
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            query: pairs(query),
            ..Self::default()
        }
    }

    /// A header; empty when absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// A value of the query, when there is one.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A flag of the query, as Kubernetes reads them: anything but `false` and `0` is true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.value(name)
            .is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "false" | "0"))
    }

    /// The media type of the body, without its parameters.
    pub(crate) fn content_type(&self) -> &str {
        self.header("content-type").split(';').next().unwrap_or_default().trim()
    }

    /// The parts of the path, unescaped.
    pub(crate) fn parts(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(unescaped).collect()
    }
}

/// The names and values of a query.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    let pair = |piece: &str| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        (unescaped(&name.replace('+', " ")), unescaped(&value.replace('+', " ")))
    };
    pieces.map(pair).collect()
}

/// Resolves `%20` and its like. What is no escape stays as it is.
pub(crate) fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut made = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let coded = digits.filter(|_| *byte == b'%');
        if let Some(value) = coded.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            made.push(value);
            at += 3;
        } else {
            made.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&made).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_taken_apart() {
        let request =
            Request::new("get", "/api/v1/namespaces/a%2Fb/pods?x=1+2&labelSelector=a%3Db&y&z=%zz");
        assert_eq!(request.method, "GET");
        assert_eq!(request.parts(), ["api", "v1", "namespaces", "a/b", "pods"]);
        assert_eq!(request.value("x"), Some("1 2"));
        assert_eq!(request.value("labelSelector"), Some("a=b"));
        assert_eq!((request.value("y"), request.value("z")), (Some(""), Some("%zz")));
        assert!(request.flag("x") && request.flag("y") && !request.flag("w"));
    }
}
