//! Lengths of time as kubectl shows them: `3m20s`, `2d4h`.
//!
//! Called by the cells of tables.

use crate::sim::time::Span;

/// Two or three figures of a length. A little before now is taken for now.
pub(super) fn short(span: Span) -> String {
    let seconds = span.num_milliseconds() / 1_000;
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let days = hours / 24;
    let two = |big: i64, unit: &str, small: i64, below: &str| match small {
        0 => format!("{big}{unit}"),
        small => format!("{big}{unit}{small}{below}"),
    };
    if seconds < -1 {
        "<invalid>".to_owned()
    } else if seconds < 0 {
        "0s".to_owned()
    } else if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, "m", seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 24 * 8 {
        two(days, "d", hours % 24, "h")
    } else if hours < 24 * 365 * 2 {
        format!("{days}d")
    } else if hours < 24 * 365 * 8 {
        two(days / 365, "y", days % 365, "d")
    } else {
        format!("{}y", days / 365)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_kubectl_shows_them() {
        let cases = [
            (-5, "<invalid>"),
            (-1, "0s"),
            (119, "119s"),
            (120, "2m"),
            (200, "3m20s"),
            (600, "10m"),
            (10_800, "3h"),
            (11_000, "3h3m"),
            (100_000, "27h"),
            (200_000, "2d7h"),
            (86_400 * 30, "30d"),
            (86_400 * 800, "2y70d"),
        ];
        for (seconds, shown) in cases {
            assert_eq!(short(Span::seconds(seconds)), shown);
        }
    }
}
