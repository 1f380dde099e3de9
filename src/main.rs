//! The thin binary: arguments in, exit code out.

use std::process::ExitCode;

use waveoff::config::args::Args;

/// A drill makes and drops small objects by the million; this one is faster at that than libc's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    waveoff::runtime::run(Args::of_process()).into()
}
