//! `waveoff guard`: which workloads, with which limits, for how long.

use std::time::Duration;

use clap::Args as Arguments;

use super::{Print, Target, duration};
use crate::config::profile::{number, requests, share, time};
use crate::domain::guard::rule::{Signal, Terms};
use crate::domain::time::Span;

/// Which workloads to guard, and how. What is not said is the configuration's `[guard]`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, PartialEq, Arguments)]
pub struct Guard {
    /// NAME or KIND/NAME, such as checkout, rollout/checkout or deploy/catalog; one or more.
    #[arg(value_name = "NAME", required = true)]
    pub targets: Vec<Target>,
    /// How long it stands.
    #[arg(long = "for", value_name = "TIME", value_parser = time, help_heading = "Limits")]
    pub expires: Option<Span>,
    /// Most errors, as a share of requests, such as 1%.
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "Limits")]
    pub errors: Option<f64>,
    /// For how long they have to be over it.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Limits")]
    pub errors_for: Option<Span>,
    /// Most at the 99th percentile of durations, such as 2s.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Limits")]
    pub p99: Option<Span>,
    /// For how long it has to be over it.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Limits")]
    pub p99_for: Option<Span>,
    /// Least ready pods of the version, as a share of those that are wanted, such as 80%.
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "Limits")]
    pub healthy: Option<f64>,
    /// For how long there have to be fewer.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Limits")]
    pub healthy_for: Option<Span>,
    /// A value that must not fall: PromQL with {{hash}}, {{service}}, {{name}}, {{namespace}}.
    #[arg(long, value_name = "PROMQL", requires = "business_least", help_heading = "Limits")]
    pub business: Option<String>,
    /// The least it may be.
    #[arg(long, value_name = "NUMBER", requires = "business", value_parser = number,
          allow_negative_numbers = true, help_heading = "Limits")]
    pub business_least: Option<f64>,
    /// For how long it has to be below.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Limits")]
    pub business_for: Option<Span>,
    /// Fire at once on 14.4 times the errors.
    #[arg(long, help_heading = "Limits")]
    pub fast: bool,
    /// Samples over a limit, at least, before it fires.
    #[arg(long, value_name = "NUMBER", help_heading = "Limits",
          value_parser = clap::value_parser!(u32).range(1..=100))]
    pub consecutive: Option<u32>,
    /// Between two questions to Prometheus, in whole seconds.
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "Limits")]
    pub every: Option<Span>,
    /// Between two looks at the pods, in whole seconds.
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "Limits")]
    pub pods_every: Option<Span>,
    /// Requests in the window of a question below which its answer says nothing.
    #[arg(long, value_name = "NUMBER", value_parser = requests,
          allow_negative_numbers = true, help_heading = "Limits")]
    pub least_requests: Option<f64>,
    /// How long a new pod may take to become ready.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Limits")]
    pub grace: Option<Span>,
    /// Only these rules: errors, errors-fast, p99, pods, business.
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = signal)]
    pub only: Vec<Signal>,
    /// Only say what it would do.
    #[arg(long)]
    pub shadow: bool,
    /// Stay, and guard each new version that comes.
    #[arg(long)]
    pub follow: bool,
    /// How long to wait until every rule has data; then it is refused.
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration)]
    pub wait: Duration,
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
    /// How to print.
    #[command(flatten)]
    pub print: Print,
}

impl Guard {
    /// These terms, with what the flags say laid over them.
    pub fn terms(&self, of_file: &Terms) -> Terms {
        let own = of_file.clone();
        let business = self.business.as_ref().zip(self.business_least);
        Terms {
            errors: self.errors.unwrap_or(own.errors),
            errors_for: self.errors_for.unwrap_or(own.errors_for),
            latency: self.p99.unwrap_or(own.latency),
            latency_for: self.p99_for.unwrap_or(own.latency_for),
            healthy: self.healthy.unwrap_or(own.healthy),
            healthy_for: self.healthy_for.unwrap_or(own.healthy_for),
            business: business
                .map(|(query, least)| (query.as_str().into(), least))
                .or(own.business),
            business_for: self.business_for.unwrap_or(own.business_for),
            fast: self.fast || own.fast,
            consecutive: self.consecutive.unwrap_or(own.consecutive),
            every: self.every.unwrap_or(own.every),
            pods_every: self.pods_every.unwrap_or(own.pods_every),
            least_requests: self.least_requests.unwrap_or(own.least_requests),
            grace: self.grace.unwrap_or(own.grace),
            expires: self.expires.unwrap_or(own.expires),
        }
    }
}

fn seconds(text: &str) -> Result<Span, String> {
    let span = time(text)?;
    if span == Span::seconds(span.num_seconds()) {
        Ok(span)
    } else {
        Err("write a time of whole seconds, such as 30s".to_owned())
    }
}

fn signal(text: &str) -> Result<Signal, String> {
    Signal::of_word(text).ok_or_else(|| {
        let words = ["errors", "errors-fast", "p99", "pods", "business"];
        let near = crate::config::nearest(text, words);
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        format!("the rules are {}{near}", words.join(", "))
    })
}
