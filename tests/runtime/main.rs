//! Running Alembic through `limbec::runtime`, in this process and in a child, on whatever interpreters there are.
//!
//! `LIMBEC_TEST_PYTHONS` lists interpreters with Alembic (`PATH` syntax). Started with `LIMBEC_TEST_JOB`, this binary
//! runs one job instead of the tests: Python can be embedded once in a process, and on its main thread.

#![expect(clippy::print_stdout, reason = "a skipped test says so, and the job's host prints to see the order of lines")]

mod cases;
mod interpreters;
mod interrupts;
mod job;
mod project;
mod pythons;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    if let Some(text) = std::env::var_os(job::VARIABLE) {
        return job::perform(&text.to_string_lossy());
    }
    let tests = cases::all().into_iter().chain(interpreters::all()).collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}
