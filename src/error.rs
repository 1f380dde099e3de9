//! How the program ends.
//!
//! The contract with scripts: the same condition has the same code in every command, and what
//! could not be determined is never success. Called by `main`.

use std::process::ExitCode;

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Done, and seen to be in effect; or nothing to complain about.
    Ok,
    /// A finding: something looked at is not as it should be.
    Finding,
    /// Wrong use: an argument, the configuration, a name that does not exist.
    Usage,
    /// Could not be determined: no data, not reachable, no permission. Never success.
    Undetermined,
    /// Refused by a safety rule, with the reason.
    Refused,
    /// Sent, but the effect was not seen in time.
    TimedOut,
    /// What was to be acted on had changed underneath; nothing was changed.
    Changed,
    /// A fault of the program itself: a panic.
    Panic,
    /// Ended by Ctrl-C.
    Interrupted,
    /// Ended by a signal: 128 and its number, as `terminal::Signal::exit_code` gives it.
    Signal(u8),
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Finding => 1,
            Self::Usage => 2,
            Self::Undetermined => 3,
            Self::Refused => 4,
            Self::TimedOut => 5,
            Self::Changed => 6,
            Self::Panic => 101,
            Self::Interrupted => 130,
            Self::Signal(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn codes_are_the_contract() {
        let codes = [
            (Exit::Ok, 0),
            (Exit::Finding, 1),
            (Exit::Usage, 2),
            (Exit::Undetermined, 3),
            (Exit::Refused, 4),
            (Exit::TimedOut, 5),
            (Exit::Changed, 6),
            (Exit::Panic, 101),
            (Exit::Interrupted, 130),
            (Exit::Signal(143), 143),
        ];
        for (exit, code) in codes {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }
}
