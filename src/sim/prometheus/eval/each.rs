//! Functions of a single value: rounding, logarithms, angles.
//!
//! What is no number stays none, as in Go. Called through the functions.

/// What a function makes of a value; the numbers are its other arguments. Nothing: the series is
/// left out.
pub(super) type Each = fn(f64, &[f64]) -> Option<f64>;

/// The function of this name.
pub(super) fn named(name: &str) -> Option<Each> {
    // These read native histograms, and there are none here.
    if matches!(name, "histogram_count" | "histogram_sum") {
        return Some(|_, _| None);
    }
    rounding(name).or_else(|| growth(name)).or_else(|| angle(name))
}

fn rounding(name: &str) -> Option<Each> {
    let work: Each = match name {
        "abs" => |value, _| Some(value.abs()),
        "ceil" => |value, _| Some(value.ceil()),
        "clamp" => |value, bounds| match bounds {
            [low, high] if high >= low || low.is_nan() || high.is_nan() => {
                Some(larger(*low, smaller(*high, value)))
            }
            _ => None,
        },
        "clamp_max" => |value, bounds| bounds.first().map(|high| smaller(*high, value)),
        "clamp_min" => |value, bounds| bounds.first().map(|low| larger(*low, value)),
        "floor" => |value, _| Some(value.floor()),
        "round" => |value, nearest| {
            let parts = 1.0 / nearest.first().unwrap_or(&1.0);
            Some((value * parts + 0.5).floor() / parts)
        },
        "sgn" => {
            |value, _| Some(if value == 0.0 || value.is_nan() { value } else { value.signum() })
        }
        _ => return None,
    };
    Some(work)
}

fn growth(name: &str) -> Option<Each> {
    let work: Each = match name {
        "exp" => |value, _| Some(value.exp()),
        "ln" => |value, _| Some(value.ln()),
        "log10" => |value, _| Some(value.log10()),
        "log2" => |value, _| Some(value.log2()),
        "sqrt" => |value, _| Some(value.sqrt()),
        _ => return None,
    };
    Some(work)
}

fn angle(name: &str) -> Option<Each> {
    let work: Each = match name {
        "acos" => |value, _| Some(value.acos()),
        "acosh" => |value, _| Some(value.acosh()),
        "asin" => |value, _| Some(value.asin()),
        "asinh" => |value, _| Some(value.asinh()),
        "atan" => |value, _| Some(value.atan()),
        "atanh" => |value, _| Some(value.atanh()),
        "cos" => |value, _| Some(value.cos()),
        "cosh" => |value, _| Some(value.cosh()),
        "deg" => |value, _| Some(value * 180.0 / std::f64::consts::PI),
        "rad" => |value, _| Some(value * std::f64::consts::PI / 180.0),
        "sin" => |value, _| Some(value.sin()),
        "sinh" => |value, _| Some(value.sinh()),
        "tan" => |value, _| Some(value.tan()),
        "tanh" => |value, _| Some(value.tanh()),
        _ => return None,
    };
    Some(work)
}

/// Rust's own `max` and `min` prefer a number to what is none; Go's do not.
fn larger(one: f64, other: f64) -> f64 {
    if one.is_nan() || other.is_nan() { f64::NAN } else { one.max(other) }
}

fn smaller(one: f64, other: f64) -> f64 {
    if one.is_nan() || other.is_nan() { f64::NAN } else { one.min(other) }
}
