//! A right as a drill file names it: `patch rollouts/status`, or `patch rollouts/status shop`.
//!
//! Called when a file is checked, and when the right is taken or given back.

use std::fmt;

/// What somebody may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Right {
    pub(crate) verb: String,
    /// Plural, with its subresource.
    pub(crate) resource: String,
    /// Everywhere when absent.
    pub(crate) namespace: Option<String>,
}

/// As in `may patch rollouts/status in shop`.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        self.namespace.as_ref().map_or(Ok(()), |namespace| write!(f, " in {namespace}"))
    }
}

impl Right {
    pub(in crate::sim::drill) fn of(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let (verb, resource) = (words.next()?, words.next()?);
        let namespace = words.next();
        words.next().is_none().then_some(Self { verb, resource, namespace })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_words_or_three() {
        let right = Right::of("patch rollouts/status").unwrap();
        assert_eq!((right.verb.as_str(), right.resource.as_str()), ("patch", "rollouts/status"));
        assert_eq!(right.namespace, None);
        assert_eq!(Right::of("get pods shop").unwrap().namespace.as_deref(), Some("shop"));
        assert_eq!((Right::of("patch"), Right::of(""), Right::of("a b c d")), (None, None, None));
    }
}
