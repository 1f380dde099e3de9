//! Words with their meaning: the unit in which selectors speak.
//!
//! A role says what a word is, never how it looks. Called by the other selectors; placed by `view`.

use crate::app::theme::Role;

/// A piece of text and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What it is.
    pub role: Role,
    /// The text.
    pub text: String,
}

/// Pieces of text, read one after the other. Nothing is put between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phrase(pub Vec<Word>);

impl Phrase {
    /// An empty phrase.
    pub fn new() -> Self {
        Self::default()
    }

    /// A phrase of one piece.
    pub fn of(role: Role, text: impl Into<String>) -> Self {
        Self::new().say(role, text)
    }

    /// With one more piece.
    #[must_use]
    pub fn say(mut self, role: Role, text: impl Into<String>) -> Self {
        self.push(role, text);
        self
    }

    /// With one more plain piece.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.say(Role::Text, text)
    }

    /// With one more piece of less weight.
    #[must_use]
    pub fn muted(self, text: impl Into<String>) -> Self {
        self.say(Role::Muted, text)
    }

    /// Adds a piece.
    pub fn push(&mut self, role: Role, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Word { role, text });
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text alone.
    pub fn plain(&self) -> String {
        self.0.iter().map(|word| word.text.as_str()).collect()
    }
}
