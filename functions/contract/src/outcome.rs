//! From the way a module ended to what that means for the event.

use std::borrow::Cow;

use crate::code::ErrorCode;

/// What a module's end means: its answer, its refusal, or its failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Standard output is the answer, byte for byte (an HTTP answer with an error status is one, too).
    Answer {
        /// What it wrote on standard error beside that.
        notice: Option<&'a str>,
    },
    /// The module could not answer this event and said why; for the caller.
    Refused {
        /// What kind of failure it is, by the exit code.
        code: ErrorCode,
        /// The module's words.
        message: &'a str,
    },
    /// The module failed, or ended in a way that means nothing. For the log: it is no business of the caller's.
    Broken {
        /// What happened, with the module's words.
        message: Cow<'a, str>,
    },
}

impl<'a> Outcome<'a> {
    /// Why there is no answer; None where there is one.
    pub fn failure(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Answer { .. } => None,
            Self::Refused { message, .. } => Some(message.into()),
            Self::Broken { message } => Some(message),
        }
    }
}

/// What it means that a module ended with `exit_code` (0 where it returned from `_start`), having written `stdout` and
/// `stderr`.
pub fn outcome<'a>(exit_code: u32, stdout: &[u8], stderr: &'a str) -> Outcome<'a> {
    let words = stderr.trim();
    let broken = |message: String| Outcome::Broken { message: message.into() };
    match (exit_code, words) {
        (0, _) if stdout.iter().all(u8::is_ascii_whitespace) => {
            let said = if words.is_empty() { String::new() } else { format!(": {words}") };
            broken(format!("the module ended well but printed no answer{said}"))
        }
        (0, "") => Outcome::Answer { notice: None },
        (0, notice) => Outcome::Answer { notice: Some(notice) },
        (code, "") => {
            broken(format!("the module exited with code {code} and said nothing on standard error"))
        }
        (code, message) => match ErrorCode::from_exit_code(code) {
            Some(ErrorCode::Internal) => Outcome::Broken { message: message.into() },
            Some(code) => Outcome::Refused { code, message },
            None => broken(format!("the module exited with code {code}: {message}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_module_prints_is_its_answer_and_what_it_says_beside_it_a_notice() {
        assert_eq!(outcome(0, b"Lemon: 97.00%\n", ""), Outcome::Answer { notice: None });
        assert_eq!(
            outcome(0, b"Lemon: 97.00%\n", "half is missing\n"),
            Outcome::Answer { notice: Some("half is missing") }
        );
    }

    #[test]
    fn the_exit_code_tells_refusals_apart() {
        for (exit_code, code) in
            [(1, ErrorCode::BadRequest), (15, ErrorCode::UnsupportedImage), (13, ErrorCode::TooLarge)]
        {
            assert_eq!(outcome(exit_code, b"", "why\n"), Outcome::Refused { code, message: "why" });
        }
    }

    #[test]
    fn everything_else_is_the_modules_fault() {
        for (exit_code, stdout, stderr, expected) in [
            (0, " \n", "", "the module ended well but printed no answer"),
            (0, "", "no paper\n", "the module ended well but printed no answer: no paper"),
            (70, "", "out of paper\n", "out of paper"),
            (9, "", "why", "the module exited with code 9: why"),
            (1, "", "\n", "the module exited with code 1 and said nothing on standard error"),
        ] {
            let Outcome::Broken { message } = outcome(exit_code, stdout.as_bytes(), stderr) else {
                panic!("{exit_code}")
            };
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn whoever_needs_the_answer_only_is_told_why_there_is_none() {
        assert_eq!(outcome(0, b"Lemon: 97.00%\n", "half is missing\n").failure(), None);
        assert_eq!(outcome(1, b"", "the event is empty\n").failure().as_deref(), Some("the event is empty"));
        assert_eq!(outcome(70, b"half", "out of paper\n").failure().as_deref(), Some("out of paper"));
    }
}
