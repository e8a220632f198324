//! `vision`: see `vision --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    vision::cli::main()
}
