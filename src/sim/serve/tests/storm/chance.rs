//! Chance out of a seed, one roll after the other.
//!
//! Everything in a storm happens in one thread and in one order, so that the order of rolls is that
//! of the seed too.

/// Chance.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The chance of a seed for one purpose.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (purpose << 48));
        chance.roll();
        chance
    }

    /// 64 even bits.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }

    /// Whether something of this probability, in percent, happens.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }

    /// One of them.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.roll() % of.len() as u64).unwrap()]
    }

    /// The same for places.
    pub(crate) fn place(&mut self, count: usize) -> usize {
        usize::try_from(self.roll() % count as u64).unwrap()
    }
}
