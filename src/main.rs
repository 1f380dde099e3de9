//! The thin binary: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use waveoff::config::args::{Args, Command};

/// A drill makes and drops small objects by the million; this one is faster at that than libc's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    if !matches!(args.command, Some(Command::Drill(_))) {
        // The allocator asks for huge pages: a third more memory for a program that mostly waits.
        // Where they cannot be refused, it is that much larger.
        #[cfg(target_os = "linux")]
        let _ = rustix::thread::disable_transparent_huge_pages(true);
    }
    waveoff::runtime::run(args).into()
}
