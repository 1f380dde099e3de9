//! Somebody at the keys: reads what is on the screen, presses, types, hesitates, and is sometimes
//! a cat.

use std::time::Duration;

use crate::app::dialog::{Dialog, Field};
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::sim::serve::tests::storm::{Chance, Fault};

/// Keys that act, the likelier the more often.
const VERBS: &str = "PPPPAAAFHHUURRRSWW";

/// Keys that look and move.
const LOOKS: [Key; 16] = [
    Key::Char('j'),
    Key::Char('j'),
    Key::Char('k'),
    Key::Char('G'),
    Key::Char('g'),
    Key::Enter,
    Key::Esc,
    Key::Esc,
    Key::Char('1'),
    Key::Char('2'),
    Key::Tab,
    Key::Char('x'),
    Key::Char('t'),
    Key::Char('i'),
    Key::Char('!'),
    Key::Char('r'),
];

/// What a cat pastes.
const PASTES: [&str; 4] = ["\n", "A\nP\ny\n", "checkout abort now\n", "\u{1b}[200~PPPP\r\r"];

/// Somebody.
#[derive(Debug)]
pub(super) struct Person {
    chance: Chance,
    /// What is wrong at the terminal.
    pub(super) noise: Vec<Fault>,
}

fn key(key: Key) -> Msg {
    Msg::Key { key, burst: false }
}

impl Person {
    pub(super) fn new(seed: u64) -> Self {
        Self { chance: Chance::new(seed, 30), noise: Vec::new() }
    }

    /// How long until the next key.
    pub(super) fn hesitates(&mut self, model: &Model) -> Duration {
        let most = if model.dialog.is_some() { 500 } else { 1_200 };
        Duration::from_millis(self.chance.between(60, most))
    }

    /// What comes from the terminal now; and which fault it was, if it was one.
    pub(super) fn act(&mut self, model: &Model) -> (Vec<Msg>, Option<Fault>) {
        if !self.noise.is_empty() && self.chance.percent(60) {
            let fault = *self.chance.one(&self.noise);
            return (self.disturb(fault), Some(fault));
        }
        (vec![self.press(model)], None)
    }

    fn disturb(&mut self, fault: Fault) -> Vec<Msg> {
        match fault {
            Fault::Pasted => vec![Msg::Paste((*self.chance.one(&PASTES)).to_owned())],
            Fault::Resized => (0..20)
                .map(|_| {
                    let columns = self.chance.between(1, 300);
                    let rows = self.chance.between(1, 100);
                    Msg::Resize(u16::try_from(columns).unwrap(), u16::try_from(rows).unwrap())
                })
                .collect(),
            _ => (0..self.chance.between(2, 12))
                .map(|_| {
                    let verb = self.chance.place(VERBS.len());
                    let letter = Key::Char(char::from(VERBS.as_bytes()[verb]));
                    let any = if self.chance.percent(50) { letter } else { Key::Enter };
                    Msg::Key { key: any, burst: true }
                })
                .collect(),
        }
    }

    fn press(&mut self, model: &Model) -> Msg {
        match &model.dialog {
            Some(Dialog::Confirm(dialog)) => {
                if dialog.refused.is_some() && self.chance.percent(60) {
                    return key(Key::Esc);
                }
                match dialog.missing() {
                    Some(field) if field != dialog.field => key(Key::Tab),
                    Some(Field::Token) => {
                        let typed = dialog.typed.value().chars().count();
                        let token = dialog.token.as_ref().map_or("", |token| token.as_str());
                        key(token.chars().nth(typed).map_or(Key::Backspace, Key::Char))
                    }
                    Some(_) => key(Key::Char('y')),
                    None if self.chance.percent(8) => key(Key::Esc),
                    // Some look for a while, and the world goes on.
                    None if self.chance.percent(15) => Msg::Tick,
                    None => key(Key::Enter),
                }
            }
            Some(Dialog::PickRevision(_)) => {
                key(*self.chance.one(&[Key::Enter, Key::Enter, Key::Enter, Key::Down, Key::Esc]))
            }
            Some(Dialog::Arm(_) | Dialog::Disarm(_) | Dialog::Revert(_) | Dialog::Quit) => {
                key(Key::Esc)
            }
            None if self.chance.percent(65) => {
                let verb = self.chance.place(VERBS.len());
                key(Key::Char(char::from(VERBS.as_bytes()[verb])))
            }
            None => key(*self.chance.one(&LOOKS)),
        }
    }
}
