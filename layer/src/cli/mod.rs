//! The command line: what was typed → configuration → a trigger or a tool; and the exit codes, all in one place.

mod bench;
mod compile;
mod engine_args;
mod eval;
mod logging;
mod run;
mod scf;
mod serve;

pub use engine_args::EngineArgs;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use logging::LogArgs;

/// How the program ends.
///
/// 128 + n stands for the end by signal n and is the shell's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All was answered.
    Answered = 0,
    /// An event (or a file to compile, or a picture to evaluate) could not be dealt with.
    Failed = 1,
    /// Usage or configuration: nothing was tried.
    Usage = 2,
}

/// Runs image recognition modules: at a shell prompt, as a cloud function, as a service.
#[derive(Debug, Parser)]
#[command(name = "vision", version, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    log: LogArgs,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 answered, 1 the event could not be answered, 2 usage or configuration, \
128+n ended by signal n.\nAnswers go to standard output, everything else to standard error.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer one event from a file or from standard input
    Run(run::RunArgs),
    /// Answer events of Tencent SCF's custom runtime until SIGTERM
    Scf(scf::ScfArgs),
    /// Answer over HTTP, with a page, until SIGTERM
    Serve(serve::ServeArgs),
    /// Compile a module ahead of time: native code beside the wasm, in one file
    Compile(compile::CompileArgs),
    /// Measure warm events on this machine
    Bench(bench::BenchArgs),
    /// Run labelled pictures through the function and print its accuracy
    Eval(eval::EvalArgs),
}

/// A failure that ends the program: the exit code and what to say.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    pub(crate) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Failed, error: error.into() }
    }
}

type Outcome = Result<Exit, Failure>;

/// The program, from the command line to the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.log.install();
    let outcome = match cli.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Scf(arguments) => scf::run(&arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Compile(arguments) => compile::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        // The alternate form prints the chain of causes on one line.
        eprintln!("vision: {:#}", failure.error);
        failure.exit
    });
    ExitCode::from(exit as u8)
}

/// Runs asynchronous work on this thread; events run on the engine's own threads.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    Ok(runtime.block_on(work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound_and_every_option_has_a_help_text() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        Cli::command().debug_assert();
        check(&Cli::command());
    }
}
