//! Values as instants: what hour, what day it is, in UTC.
//!
//! Called through the functions.

use chrono::{DateTime, Datelike, Timelike, Utc};

use super::{Evaluation, Failure, Node, Sample, Tags};

/// What a function reads from an instant.
pub(super) type Calendar = fn(DateTime<Utc>) -> u32;

/// The function of this name.
pub(super) fn named(name: &str) -> Option<Calendar> {
    let work: Calendar = match name {
        "day_of_month" => |at| at.day(),
        "day_of_week" => |at| at.weekday().num_days_from_sunday(),
        "day_of_year" => |at| at.ordinal(),
        "days_in_month" => |at| u32::from(at.num_days_in_month()),
        "hour" => |at| at.hour(),
        "minute" => |at| at.minute(),
        "month" => |at| at.month(),
        "year" => |at| u32::try_from(at.year()).unwrap_or(0),
        _ => return None,
    };
    Some(work)
}

/// Reads each value of the argument as seconds since 1970; without one, the instant of evaluation.
pub(super) fn value(
    of: &Evaluation,
    argument: Option<&Node>,
    work: Calendar,
    at: i64,
) -> Result<Vec<Sample>, Failure> {
    let read = |seconds: i64| {
        DateTime::from_timestamp(seconds, 0).map_or(f64::NAN, |at| f64::from(work(at)))
    };
    let Some(argument) = argument else {
        let value = read(at.div_euclid(1_000));
        return Ok(vec![Sample { tags: Tags::default(), value }]);
    };
    #[expect(clippy::cast_possible_truncation, reason = "cut off towards zero, as in Go")]
    let seconds = |value: f64| value as i64;
    let samples = of.vector(argument, at)?.into_iter();
    let worked =
        samples.map(|one| Sample { tags: one.tags.nameless(), value: read(seconds(one.value)) });
    Ok(worked.collect())
}
