//! The kinds of faults, and when each comes in a run.

use std::time::Duration;

use super::Chance;

macro_rules! faults {
    ($($name:ident $words:literal $percent:literal $least:literal..$most:literal,)+) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fault { $(
            #[doc = $words]
            $name,
        )+ }

        impl Fault {
            /// Every kind.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            /// What it is.
            pub(crate) fn words(self) -> &'static str {
                match self { $(Self::$name => $words),+ }
            }

            /// How many requests, reads or writes it meets while it lasts, in percent.
            pub(super) fn share(self) -> u64 {
                match self { $(Self::$name => $percent),+ }
            }

            /// How long it lasts, in tenths of a second.
            fn lasts(self) -> (u64, u64) {
                match self { $(Self::$name => ($least, $most)),+ }
            }
        }
    };
}

faults! {
    // On the way: bytes and connections.
    Cut "connections closed" 100 0..0,
    Reset "connections reset in the middle of a text" 100 0..0,
    Blackhole "network swallows everything" 100 30..350,
    DeadStream "one connection swallows everything" 100 50..600,
    OldDead "what was open swallows everything, what is new does not" 100 150..400,
    Refused "nobody listens" 100 10..200,
    OneByte "reads of one byte" 100 10..40,
    Slow "answers late by up to 10 s" 30 50..300,
    Narrow "20 kbit/s" 100 50..200,
    Shuffled "streams out of step" 100 50..400,
    // What the server answers.
    GoneAtOpen "410 as an answer" 60 20..150,
    GoneInStream "410 as an event" 3 20..300,
    GoneInList "410 between two pages" 100 20..600,
    Busy "429 with Retry-After" 50 20..150,
    Internal "500" 40 20..150,
    Unavailable "503" 60 20..150,
    TooLarge "504, too large resource version" 60 20..150,
    Forbidden "403" 40 20..120,
    Expired "401, the token has expired" 100 20..150,
    Garbled "no JSON, from a proxy" 30 20..150,
    Hung "no answer" 20 20..200,
    LostRequest "a write lost on its way" 60 100..600,
    LostAnswer "the answer to a write lost" 60 100..600,
    LateAnswer "a write answered late" 60 100..600,
    LateRequest "a write that arrives late" 60 100..600,
    // What watches say.
    Doubled "events twice" 40 20..600,
    OddEvent "events that are no JSON" 20 20..150,
    Ended "watches ended by the server" 100 0..0,
    Forgotten "history forgotten" 100 0..0,
    Restart "server restarted" 100 10..80,
    Restored "storage restored from a backup" 100 5..30,
    // Our machine.
    Ahead "clock an hour ahead" 100 50..600,
    Behind "clock an hour behind" 100 50..600,
    Stopped "clock stopped" 100 50..600,
    DiskFull "disk full" 100 50..400,
    SyncFails "journal cannot be synced" 100 50..400,
    SlowDisk "disk slow" 100 50..400,
    // Other people.
    Colleague "a second operator" 100 100..600,
    Between "a colleague between frame and write" 60 100..900,
    GitOps "GitOps reverts" 100 900..900,
    Namesake "deleted and made anew" 100 0..0,
    Revoked "right to write taken away" 100 50..300,
    // The terminal.
    Pasted "text pasted" 100 10..300,
    Resized "resize storm" 100 10..100,
    Noise "keys in bursts" 100 10..300,
}

/// A fault at its time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spell {
    pub(crate) fault: Fault,
    /// From the beginning of the storm.
    pub(crate) from: Duration,
    pub(crate) lasts: Duration,
}

impl Spell {
    /// What happens in a storm of this length, in order. Everything is over when it is.
    pub(crate) fn draw(chance: &mut Chance, length: Duration) -> Vec<Self> {
        let count = chance.between(2, 9);
        let mut spells: Vec<Self> = (0..count)
            .map(|_| {
                let fault = *chance.one(Fault::ALL);
                let latest = u64::try_from(length.as_millis()).unwrap() * 9 / 10;
                let from = match fault {
                    Fault::GitOps => Duration::ZERO,
                    _ => Duration::from_millis(chance.between(0, latest)),
                };
                let (least, most) = fault.lasts();
                let lasts = Duration::from_millis(100 * chance.between(least, most));
                Self { fault, from, lasts: lasts.min(length.saturating_sub(from)) }
            })
            .collect();
        spells.sort_by_key(|spell| (spell.from, spell.fault));
        spells
    }
}
