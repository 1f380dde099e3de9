//! The only clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use crate::domain::time::Timestamp;

/// Backward steps up to this many milliseconds are held: ages and deadlines must not flicker when
/// the time service corrects the clock.
const HOLD_MS: i64 = 5_000;

/// A clock that does not step back for small corrections.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    last_ms: Arc<AtomicI64>,
}

impl Clock {
    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        let wall = Utc::now().timestamp_millis();
        let last = self.last_ms.load(Ordering::Relaxed);
        let ms = if wall < last && last - wall < HOLD_MS { last } else { wall };
        self.last_ms.store(ms, Ordering::Relaxed);
        DateTime::from_timestamp_millis(ms).unwrap_or_default()
    }

    /// The clock as a function, for adapters.
    pub(super) fn as_now(&self) -> crate::cluster::Now {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}
