//! How the program ends: the exit codes, and which failure has which.

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

/// A failure that ends the program: the exit code and what to say.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) error: anyhow::Error,
}

impl Failure {
    pub(super) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    pub(super) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Failed, error: error.into() }
    }
}

/// What a command comes to.
pub(super) type Outcome = Result<Exit, Failure>;
