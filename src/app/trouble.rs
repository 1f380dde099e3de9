//! What went wrong in this session: kept until read, counted in the header.

use std::collections::VecDeque;

use crate::domain::text::SafeText;
use crate::domain::time::Timestamp;

/// Most entries kept.
const KEPT: usize = 200;

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// When it last happened.
    pub at: Timestamp,
    /// Where: a source, a verb, a file.
    pub source: SafeText,
    /// What: cause first.
    pub text: SafeText,
    /// How often in a row.
    pub count: u32,
}

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Troubles {
    list: VecDeque<Trouble>,
    unread: usize,
}

impl Troubles {
    /// Notes one. The same trouble again only counts up.
    pub fn note(&mut self, at: Timestamp, source: impl Into<SafeText>, text: impl Into<SafeText>) {
        let (source, text) = (source.into(), text.into());
        if let Some(same) = self.list.iter_mut().find(|t| t.source == source && t.text == text) {
            same.at = at;
            same.count += 1;
            return;
        }
        self.unread += 1;
        self.list.push_front(Trouble { at, source, text, count: 1 });
        self.list.truncate(KEPT);
    }

    /// How many have not been looked at.
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// They have been looked at.
    pub fn read(&mut self) {
        self.unread = 0;
    }

    /// Newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Trouble> {
        self.list.iter()
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
