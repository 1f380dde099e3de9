//! The API server's own memory: who is known, what was written, what is wrong.
//!
//! Never holds objects. Made with a simulation; changed by drills.

use super::access::Person;
use super::audit::Audit;
use super::fault::Faults;

/// The desk.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) persons: Vec<Person>,
    pub(crate) audit: Audit,
    pub(crate) faults: Faults,
    /// Host and port, as discovery tells them.
    pub(crate) address: String,
}

impl Desk {
    /// A desk that knows these persons.
    pub(crate) fn new(persons: Vec<Person>) -> Self {
        Self { persons, ..Self::default() }
    }

    /// Somebody by name, to change what this person may do.
    pub(crate) fn person_mut(&mut self, name: &str) -> Option<&mut Person> {
        self.persons.iter_mut().find(|person| person.name == name)
    }
}
