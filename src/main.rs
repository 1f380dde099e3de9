//! The thin binary: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use waveoff::config::args::Args;

fn main() -> ExitCode {
    waveoff::runtime::run(Args::parse()).into()
}
