//! Chance that can be repeated: every roll is named by what it is for.
//!
//! A roll depends on the seed and on its names alone, never on what was rolled before: an extra
//! request of a client changes nothing that happens elsewhere. Called by everything in this room.

use super::hash;

/// What Kubernetes draws the suffixes of generated names from: no vowels, no look-alikes.
const SUFFIX: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The dice of a world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice {
    seed: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// 64 even bits for this purpose.
    pub(crate) fn roll(self, names: &[&str]) -> u64 {
        let mut state = self.seed;
        for name in names {
            state = mix(state ^ hash::fnv1a_64(name.as_bytes()));
        }
        mix(state)
    }

    /// The same for the `number`th roll of a purpose.
    pub(crate) fn nth(self, names: &[&str], number: u64) -> u64 {
        mix(self.roll(names) ^ mix(number))
    }

    /// Evenly from 0 to below 1.
    pub(crate) fn share(self, names: &[&str], number: u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let share = (self.nth(names, number) >> 11) as f64 / (1u64 << 53) as f64;
        share
    }

    /// Evenly from `low` to `high`, both included.
    pub(crate) fn between(self, names: &[&str], number: u64, low: i64, high: i64) -> i64 {
        let width = high.abs_diff(low).saturating_add(1);
        low.saturating_add_unsigned(self.nth(names, number) % width)
    }

    /// A suffix as generated names have it, such as `x7k2p`.
    pub(crate) fn suffix(self, names: &[&str], number: u64, length: u64) -> String {
        let letter = |at: u64| {
            let roll = self.nth(names, number.wrapping_mul(31).wrapping_add(at));
            let index = usize::try_from(roll % SUFFIX.len() as u64).unwrap_or(0);
            char::from(SUFFIX.get(index).copied().unwrap_or(b'x'))
        };
        (0..length).map(letter).collect()
    }

    /// A version 4 UUID.
    pub(crate) fn uid(self, names: &[&str], number: u64) -> String {
        let (high, low) = (self.nth(names, number), self.nth(names, !number));
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 50),
            low & 0xffff_ffff_ffff,
        )
    }
}

/// Spreads a number over all 64 bits (the finalizer of splitmix64).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_names_give_the_same_roll() {
        let (one, other) = (Dice::new(7), Dice::new(8));
        assert_eq!(one.roll(&["a", "b"]), one.roll(&["a", "b"]));
        assert_ne!(one.roll(&["a", "b"]), one.roll(&["b", "a"]));
        assert_ne!(one.roll(&["a"]), other.roll(&["a"]));
        assert_ne!(one.nth(&["a"], 0), one.nth(&["a"], 1));
    }

    #[test]
    fn rolls_are_even_and_inside() {
        let dice = Dice::new(1);
        let mut seen = [0u32; 6];
        for number in 0..6_000 {
            let value = dice.between(&["die"], number, 1, 6);
            seen[usize::try_from(value - 1).unwrap()] += 1;
            assert!((0.0..1.0).contains(&dice.share(&["share"], number)));
        }
        assert!(seen.iter().all(|count| (800..1_200).contains(count)), "{seen:?}");
    }

    #[test]
    fn names_have_the_form_of_the_real_ones() {
        let dice = Dice::new(3);
        let suffix = dice.suffix(&["pod"], 4, 5);
        assert!(suffix.len() == 5 && suffix.bytes().all(|b| SUFFIX.contains(&b)), "{suffix}");
        let uid = dice.uid(&["pod", "x"], 1);
        assert_eq!(uid.len(), 36, "{uid}");
        assert_eq!(uid.as_bytes()[14], b'4', "{uid}");
        assert!(matches!(uid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{uid}");
    }
}
