//! Whether this guard is the one that acts: its Lease, asked for and renewed while it is on.

use super::tell::note;
use crate::app::effect::{Effect, LeaseOrder};
use crate::app::guard::{LEASE_EVERY, LEASE_FOR, Lease};
use crate::app::model::Model;
use crate::domain::id::Uid;
use crate::domain::timeline::Tone;

/// Takes in how its lease stands.
pub(in crate::app::update) fn leased(model: &mut Model, uid: &Uid, lease: &Lease) -> Vec<Effect> {
    let now = model.now;
    let Some(post) = model.posts.get_mut(uid) else { return Vec::new() };
    let before = std::mem::replace(&mut post.lease, lease.clone());
    let is_other = std::mem::discriminant(&before) != std::mem::discriminant(lease);
    let text = match lease {
        Lease::Ours(_) => "ours: this guard acts".to_owned(),
        Lease::Others(who) => format!("{who} has it: this one only watches"),
        Lease::Refused(why) => format!("none, so it only says what it would do: {why}"),
        Lease::Unasked | Lease::Asked => return Vec::new(),
    };
    // An answer that did not come does not end a lease that still stands.
    if let (Lease::Ours(until), Lease::Refused(_)) = (&before, lease)
        && *until > now
    {
        post.lease = before;
        return Vec::new();
    }
    if is_other { note(model, uid, "lease", text.into(), Tone::Plain) } else { Vec::new() }
}

/// Asks for the lease, or renews it.
pub(super) fn hold(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let now = model.now;
    let Some(post) = model.posts.get_mut(uid) else { return Vec::new() };
    if !post.guard.is_on() || post.guard.arming.shadow {
        return Vec::new();
    }
    if post.lease_asked.is_some_and(|at| now - at < LEASE_EVERY) {
        return Vec::new();
    }
    post.lease_asked = Some(now);
    if post.lease == Lease::Unasked {
        post.lease = Lease::Asked;
    }
    order(model, uid, false)
}

/// Asks for it, or gives it back.
pub(super) fn order(model: &Model, uid: &Uid, release: bool) -> Vec<Effect> {
    let Some(post) = model.posts.get(uid) else { return Vec::new() };
    vec![Effect::Lease(LeaseOrder {
        uid: uid.clone(),
        workload: post.guard.arming.workload.clone(),
        holder: post.holder.clone(),
        lasts: LEASE_FOR,
        release,
    })]
}
