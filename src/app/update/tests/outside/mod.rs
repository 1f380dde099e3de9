//! What is asked of others than the cluster's watches: of Git, and of the rules.

use super::*;

mod catalogued;
mod examined;
mod reverting;
