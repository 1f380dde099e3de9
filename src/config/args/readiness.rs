//! `waveoff check`, `waveoff new` and `waveoff plan`: what is looked at before a release.

use std::path::PathBuf;

use clap::{Args as Arguments, ValueEnum};

use super::Print;
use crate::config::nearest;
use crate::domain::readiness::Severity;

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One document, `"schema": 1`.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// JUnit, for build servers.
    Junit,
}

/// What to judge.
#[derive(Debug, Clone, PartialEq, Eq, Arguments)]
pub struct Check {
    /// Files and directories of manifests; - is standard input.
    #[arg(value_name = "PATH", required_unless_present = "live")]
    pub paths: Vec<PathBuf>,
    /// Judge what is on the cluster, in the namespaces of -n, or in all with -A.
    #[arg(long, conflicts_with = "paths")]
    pub live: bool,
    /// How to print.
    #[arg(short, long, value_enum, default_value = "text")]
    pub output: Format,
    /// The weight from which a finding is a failure: note, warning or error.
    #[arg(long, value_name = "WEIGHT", default_value = "error", value_parser = severity)]
    pub fail_on: Severity,
    /// Only these rules, such as W04,W16.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Minor version of the API server that the manifests are for, such as 34 of 1.34.
    #[arg(long, value_name = "NUMBER", conflicts_with = "live")]
    pub server_minor: Option<u32>,
}

/// The strategy of a service that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Made {
    /// A Deployment that replaces its pods a few at a time.
    Rolling,
    /// A Rollout with two whole environments and a switch between them.
    BlueGreen,
    /// A Rollout that gives the new version more users step by step.
    Canary,
}

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq, Arguments)]
pub struct New {
    /// How it is released.
    #[arg(value_enum, value_name = "STRATEGY")]
    pub strategy: Made,
    /// Name of the service.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The image with its digest: REPOSITORY:TAG@sha256:...; the tag may be left out.
    #[arg(long, value_name = "IMAGE")]
    pub image: String,
    /// Pods; with --kustomize those of production.
    #[arg(long, value_name = "NUMBER", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub replicas: u32,
    /// Port on which it serves.
    #[arg(long, value_name = "PORT", default_value_t = 8080,
          value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// Port on which Prometheus scrapes it, where that is another.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub metrics_port: Option<u16>,
    /// Host by which users reach it; with it comes an Ingress, or with --gateway an HTTPRoute.
    #[arg(long, value_name = "NAME", help_heading = "Routing")]
    pub host: Option<String>,
    /// Class of the Ingress.
    #[arg(long, value_name = "NAME", default_value = "nginx", help_heading = "Routing")]
    pub ingress_class: String,
    /// Gateway of the HTTPRoute: NAME or NAMESPACE/NAME.
    #[arg(long, value_name = "NAME", requires = "host", help_heading = "Routing")]
    pub gateway: Option<String>,
    /// Who answers for it.
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// Address of what to do when it is ill.
    #[arg(long, value_name = "URL")]
    pub runbook: Option<String>,
    /// A base with overlays for dev, staging and production.
    #[arg(long)]
    pub kustomize: bool,
    /// Minor version of the API server, such as 34 of 1.34.
    #[arg(long, value_name = "NUMBER")]
    pub server_minor: Option<u32>,
    /// Directory to write to; the service's name otherwise.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "stdout")]
    pub out: Option<PathBuf>,
    /// Write nothing, print all.
    #[arg(long)]
    pub stdout: bool,
}

/// What to advise on.
#[derive(Debug, Clone, PartialEq, Eq, Arguments)]
pub struct PlanAsk {
    /// A service of the catalogue; without one the whole matrix is shown.
    #[arg(value_name = "SERVICE", conflicts_with = "kind")]
    pub service: Option<String>,
    /// Its environment; the one that users are on otherwise.
    #[arg(long = "env", value_name = "NAME", requires = "service")]
    pub environment: Option<String>,
    /// Type of a service that the catalogue does not have; without arguments they are all printed.
    #[arg(long = "type", value_name = "TYPE", requires = "risk")]
    pub kind: Option<String>,
    /// Its risk, such as high.
    #[arg(long, value_name = "RISK", requires = "kind")]
    pub risk: Option<String>,
    /// Compare with what runs on the cluster, and take times from there.
    #[arg(long, requires = "service")]
    pub live: bool,
    /// How to print.
    #[command(flatten)]
    pub print: Print,
}

fn severity(text: &str) -> Result<Severity, String> {
    let all = [Severity::Note, Severity::Warning, Severity::Error];
    all.into_iter().find(|severity| severity.word() == text).ok_or_else(|| {
        let near = nearest(text, all.map(Severity::word));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        format!("it is note, warning or error{hint}")
    })
}
