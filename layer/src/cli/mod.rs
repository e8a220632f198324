//! The command line: what was typed → configuration → a trigger or a tool; and the exit codes, all in one place.

mod batch;
mod bench;
mod compile;
mod engine_args;
mod eval;
mod exit;
mod front;
mod function;
mod function_arg;
mod health;
mod lambda;
mod logging;
mod run;
mod scf;
mod serve;
mod trigger;

pub use engine_args::EngineArgs;
pub use exit::Exit;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

use crate::console;
use crate::secrets;
use crate::system_limits::{self, Files};
use engine_args::Start;
use exit::Failure;
use logging::LogArgs;

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
    /// Answer events of AWS Lambda's runtime API until SIGTERM
    Lambda(lambda::LambdaArgs),
    /// Answer over HTTP, with a page, until SIGTERM
    Serve(serve::ServeArgs),
    /// Answer for many photos: a folder, a list or a bucket in, a table out
    Batch(Box<batch::BatchArgs>),
    /// Ask `vision serve` on this machine whether it does well (for containers)
    Health(health::HealthArgs),
    /// Compile a module ahead of time: native code beside the wasm, in one file
    Compile(compile::CompileArgs),
    /// Put a model and its labels into a function, without a compiler of Rust
    Function(Box<function::FunctionArgs>),
    /// Measure warm events on this machine
    Bench(bench::BenchArgs),
    /// Run labelled pictures through the function and print its accuracy
    Eval(eval::EvalArgs),
    /// The process that workers are copies of, for programs that start it themselves (standard input is its channel)
    #[command(hide = true)]
    Nursery,
}

/// The program, from the command line to the exit code.
pub fn main() -> ExitCode {
    // What follows would not get as far as to say so.
    match system_limits::check_stack() {
        Ok(()) => run(),
        Err(too_little) => {
            console::tell(format_args!("vision: {too_little}"));
            ExitCode::from(Exit::Usage as u8)
        }
    }
}

#[inline(never)]
fn run() -> ExitCode {
    let files = Files::raise();
    worker::outlive_full_files();
    // Before all else: neither the arguments nor the environment, which may hold keys, have been read yet. Where no worker is
    // needed, the nursery ends with the program.
    let nursery = worker::fork();
    // Nobody of the same user looks into the half that has the keys.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    cli.log.install();
    let start = || {
        system_limits::check_memory().and_then(|()| files.check(1)).map_err(Failure::usage)?;
        match nursery {
            Ok(nursery) => Ok(Start { nursery, log_level: cli.log.level(), files }),
            Err(error) => Err(Failure::failed(anyhow::anyhow!("no process for workers: {error}"))),
        }
    };
    let outcome = match cli.command {
        Command::Run(arguments) => start().and_then(|start| run::run(start, &arguments)),
        Command::Scf(arguments) => start().and_then(|start| scf::run(start, arguments)),
        Command::Lambda(arguments) => start().and_then(|start| lambda::run(start, arguments)),
        Command::Serve(arguments) => start().and_then(|start| serve::run(start, arguments)),
        Command::Batch(arguments) => start().and_then(|start| batch::run(start, *arguments)),
        Command::Health(arguments) => health::run(&arguments),
        Command::Compile(arguments) => start().and_then(|start| compile::run(start, &arguments)),
        Command::Function(arguments) => start().and_then(|start| function::run(start, &arguments)),
        Command::Bench(arguments) => start().and_then(|start| bench::run(start, &arguments)),
        Command::Eval(arguments) => start().and_then(|start| eval::run(start, &arguments)),
        Command::Nursery => match worker::serve_on_standard_input() {
            Ok(_) => Ok(Exit::Answered),
            Err(error) => Err(Failure::failed(error)),
        },
    };
    let exit = outcome.unwrap_or_else(|failure| {
        // The alternate form prints the chain of causes on one line.
        let message = format!("vision: {:#}", failure.error);
        console::tell(format_args!("{}", secrets::hidden(&message)));
        failure.exit
    });
    ExitCode::from(exit as u8)
}

/// What was typed can't be, or help was asked for.
fn refused(error: &clap::Error) -> ExitCode {
    lambda::tell_of_usage(error);
    let message = error.to_string();
    let shown = secrets::hidden(&message);
    if shown == message {
        error.exit();
    }
    if error.use_stderr() {
        console::tell(format_args!("{}", shown.trim_end()));
    } else {
        // Help goes where other programs read it; whoever closed that has seen enough.
        let _ = console::print(shown.trim_end());
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8))
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
