//! Why nothing is made: what is wrong, where, and what to do.
//!
//! Never decides: `validate` does. Called by it and by whoever shows it.

use crate::domain::text::SafeText;

/// Why an order is refused. Each says what was given, why that cannot be, and what to give instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `Recreate` is no way to release a service that has users.
    #[error(
        "strategy recreate: it ends every pod before the first new one starts; order rolling, \
         blue-green or canary"
    )]
    Recreate,
    /// A name that Kubernetes does not take (RFC 1035 for Services, RFC 1123 for the others).
    #[error("{what} {given:?}: {wrong}; give lower-case letters, digits and `-`, such as shop-2")]
    Name {
        /// What it names.
        what: &'static str,
        /// What was given.
        given: SafeText,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// A name that is too long for the objects made of it.
    #[error(
        "name {given:?} has {length} characters: {longest} would have {would}, and Kubernetes \
         takes 63; give {most} at most"
    )]
    TooLong {
        /// What was given.
        given: SafeText,
        /// Its characters.
        length: usize,
        /// The longest name that is made of it.
        longest: SafeText,
        /// Its characters.
        would: usize,
        /// How many the name may have.
        most: usize,
    },
    /// An image that is not `repository[:tag]@sha256:…`.
    #[error("image {given:?}: {wrong}; give `repository:tag@sha256:` and 64 hexadecimal digits")]
    Image {
        /// What was given.
        given: SafeText,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// A port of zero, or one port for two things.
    #[error("{what} {given}: {wrong}; give a port from 1 to 65535")]
    Port {
        /// Which port.
        what: &'static str,
        /// What was given.
        given: u16,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// No replicas at all, or more than one object can have.
    #[error("replicas {given} of {namespace}: {wrong}")]
    Replicas {
        /// What was given.
        given: u32,
        /// For which namespace.
        namespace: SafeText,
        /// What is wrong with it, and what to give.
        wrong: &'static str,
    },
    /// Two environments in one namespace.
    #[error(
        "namespace {0:?} is given for two environments: applying one would replace the other; \
         give each its own"
    )]
    SharedNamespace(SafeText),
    /// A host that is no DNS name.
    #[error("host {given:?}: {wrong}; give a DNS name such as shop.example.com")]
    Host {
        /// What was given.
        given: SafeText,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// An address that is not `http://` or `https://`.
    #[error("{what} {given:?}: {wrong}; give an address that begins with http:// or https://")]
    Address {
        /// What it is the address of.
        what: &'static str,
        /// What was given.
        given: SafeText,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// The address holds a password. It is not shown.
    #[error(
        "{what}: the address holds a user or a password, and manifests are read by many; give it \
         without, and let the controller sign in"
    )]
    Secret {
        /// What it is the address of.
        what: &'static str,
    },
    /// A path that is asked for over HTTP.
    #[error("{what} {given:?}: {wrong}; give a path such as /health/ready")]
    Path {
        /// Which path.
        what: &'static str,
        /// What was given.
        given: SafeText,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// Liveness asks what readiness asks.
    #[error(
        "liveness path {0:?} is the readiness path too: a database that is away would restart \
         every pod instead of taking it out of traffic; give a path that only says that the \
         process is alive"
    )]
    SamePath(SafeText),
    /// A check of the preview that cannot be written.
    #[error("check of {path:?}: {wrong}")]
    Check {
        /// The path that it asks.
        path: SafeText,
        /// What is wrong, and what to give.
        wrong: &'static str,
    },
    /// Text for an annotation.
    #[error("{what}: {wrong}")]
    Words {
        /// Which text.
        what: &'static str,
        /// What is wrong, and what to give.
        wrong: &'static str,
    },
    /// Less than nothing of something.
    #[error("resources: {0}")]
    Resources(&'static str),
    /// A ladder that does not climb.
    #[error("ladder {given}: give weights that rise from 1 to 99, such as 5, 25, 50")]
    Ladder {
        /// What was given.
        given: SafeText,
    },
    /// Not one pause for each weight.
    #[error("pauses: {pauses} are given for {weights} weights; give one for each")]
    Pauses {
        /// How many pauses.
        pauses: usize,
        /// How many weights.
        weights: usize,
    },
    /// A limit or a share that is none.
    #[error("{what} {given}: {wrong}")]
    Limit {
        /// Which.
        what: &'static str,
        /// What was given.
        given: SafeText,
        /// What is wrong, and what to give.
        wrong: &'static str,
    },
    /// A time that is no whole number of seconds, or none at all.
    #[error("{what} {given}: give whole seconds, from 1s to 24h")]
    Time {
        /// Which time.
        what: &'static str,
        /// What was given.
        given: SafeText,
    },
    /// A weight that is passed before it was judged.
    #[error(
        "pause of {held} at {weight} %: the analysis needs {needs} for a verdict, so this weight \
         would be passed unjudged; give {needs} at least"
    )]
    Unjudged {
        /// The weight, in percent.
        weight: i64,
        /// How long it is held.
        held: SafeText,
        /// How long a verdict takes.
        needs: SafeText,
    },
    /// The old version is gone before a breach can be seen.
    #[error(
        "the old version is kept for {kept}: the guard and the analysis after the switch need \
         {needs} to see a breach, and by then there is nothing warm to go back to; give {needs} \
         at least"
    )]
    GoneTooSoon {
        /// How long it is kept.
        kept: SafeText,
        /// How long it has to be.
        needs: SafeText,
    },
    /// Queries that look at too little.
    #[error(
        "query window {window}: Prometheus scrapes every {scrape}, and a rate over fewer than four \
         scrapes comes and goes with each one that is missed; give {needs} at least"
    )]
    Window {
        /// What was given.
        window: SafeText,
        /// Between two scrapes.
        scrape: SafeText,
        /// What it has to be.
        needs: SafeText,
    },
}
