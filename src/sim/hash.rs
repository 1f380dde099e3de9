//! Hashes as names carry them.
//!
//! The values differ from those of a real cluster, which hashes Go's own form of the template; the
//! algorithm, the alphabet and what makes two templates equal are the same. Called by controllers.

use serde_json::Value;

/// FNV-1a, 32 bits.
pub(crate) fn fnv1a_32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// FNV-1a, 64 bits.
pub(crate) fn fnv1a_64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A number as Kubernetes writes it into names (`rand.SafeEncodeString`): each digit by one of
/// `4-9`, `b`, `c`, `d`, `f`.
pub(crate) fn encode(number: u32) -> String {
    let letter = |digit: u8| match digit {
        b'0'..=b'5' => char::from(digit + 4),
        b'6' => 'b',
        b'7' => 'c',
        b'8' => 'd',
        _ => 'f',
    };
    number.to_string().bytes().map(letter).collect()
}

/// The hash of a pod template, or of a list of steps; `collisions` makes another one of it.
pub(crate) fn of_document(document: &Value, collisions: Option<i64>) -> String {
    let mut bytes = document.to_string().into_bytes();
    if let Some(collisions) = collisions {
        bytes.extend(collisions.to_le_bytes());
    }
    encode(fnv1a_32(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn known_values() {
        assert_eq!(fnv1a_32(b""), 0x811c_9dc5);
        assert_eq!(fnv1a_32(b"foobar"), 0xbf9c_f968);
        assert_eq!(fnv1a_64(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(encode(123_456_789), "56789bcdf");
        assert_eq!(encode(0), "4");
    }

    #[test]
    fn only_what_differs_makes_a_difference() {
        let (one, other) = (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}));
        assert_eq!(of_document(&one, None), of_document(&other, None));
        assert_ne!(of_document(&one, None), of_document(&one, Some(1)));
        assert_ne!(of_document(&one, None), of_document(&json!({"a": 1, "b": 3}), None));
    }
}
