//! Texts that many objects share, kept once: namespaces, nodes, images, owners, reasons.
//!
//! Never grows beyond a limit and never keeps a text alive that nothing uses once it is emptied.
//! Owned by a connection, used while objects are decoded.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::text::SafeText;

/// Most texts kept: a large cluster has five thousand nodes and some ten thousand owners.
const MOST: usize = 1 << 16;

/// Longest text that is kept, in bytes: an image with its digest. Longer ones are sentences.
const LONGEST: usize = 200;

/// Texts kept so far. Clones are handles of the same pool.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<HashSet<SafeText>>>);

impl Pool {
    /// The text, as a copy of the one that is kept.
    pub(crate) fn take(&self, raw: &str) -> SafeText {
        if raw.len() > LONGEST {
            return SafeText::new(raw);
        }
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = texts.get(raw) {
            return kept.clone();
        }
        let text = SafeText::new(raw);
        if texts.len() >= MOST {
            // What is in use lives on where it is used.
            texts.clear();
        }
        // A text that was made safe is found by what it became, not by what it was: it is rare.
        texts.insert(text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_the_pool_has_an_end() {
        let pool = Pool::default();
        let (one, two) = (pool.take("node-1"), pool.take("node-1"));
        assert!(std::ptr::eq(one.as_str(), two.as_str()));
        assert_eq!(pool.take("a\u{1b}b"), "a␛b");
        pool.take(&"x".repeat(LONGEST + 1));
        assert_eq!(pool.0.lock().unwrap().len(), 2);
        for number in 0..2 * MOST {
            pool.take(&number.to_string());
        }
        assert!(pool.0.lock().unwrap().len() <= MOST);
        assert_eq!(pool.take("node-1"), one);
    }
}
