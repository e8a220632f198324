//! From what the handler says to what the sender of an event is told.

use bytes::Bytes;
use contract::{HttpAnswer, HttpForm, Outcome};

use contract::ErrorCode;
use worker::answer::{Answer, CallError};

/// In which form a sender expects to be told of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A function URL, API gateway or load balancer: a failure has to be an HTTP answer, as it writes one.
    Http(HttpForm),
    /// Anything else: a failure is one.
    Bare,
}

/// What becomes of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// It was answered (an HTTP answer with an error status is one, too).
    Answer(Bytes),
    /// It failed.
    Failure { code: ErrorCode, message: String },
}

impl Reply {
    pub(super) fn from_call(result: Result<Answer, CallError>, form: Form) -> Self {
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, "the module did not answer");
                return Self::failed(form, error.code(), error.to_string());
            }
        };
        let (code, message) = match answer.outcome() {
            Outcome::Refused { code, message } => (code, message.to_owned()),
            Outcome::Broken { message } => (ErrorCode::Internal, message.into_owned()),
            Outcome::Answer { .. } => return Self::Answer(answer.stdout.into()),
        };
        Self::failed(form, code, message)
    }

    /// A failure in the form that the sender understands.
    pub(super) fn failed(form: Form, code: ErrorCode, message: String) -> Self {
        match form {
            Form::Http(form) => Self::Answer(HttpAnswer::error(code, message).to_json(form).into()),
            Form::Bare => Self::Failure { code, message },
        }
    }

    /// The same, unless the sender would not take so many bytes.
    pub(super) fn within(self, limit: usize, form: Form) -> Self {
        match self {
            Self::Answer(answer) if answer.len() > limit => {
                let message = format!(
                    "the answer has {} bytes (a picture is a third larger in base64), the platform takes up to {limit}; a smaller \
                     picture fits, for example by size=1024 or format=jpeg, if the function has these options",
                    answer.len()
                );
                Self::failed(form, ErrorCode::TooLarge, message)
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::time::Duration;

    fn answer(exit_code: u32, stdout: &str, stderr: &str) -> Result<Answer, CallError> {
        Ok(Answer { stdout: stdout.into(), stderr: stderr.into(), exit_code, ..Answer::default() })
    }

    fn trap() -> Result<Answer, CallError> {
        Err(CallError::Trap {
            reason: "unreachable".to_owned(),
            memory_mib: 1,
            memory_limit_mib: 256,
            stderr: String::new(),
        })
    }

    fn status(reply: &Reply) -> u64 {
        let Reply::Answer(answer) = reply else { panic!("{reply:?}") };
        let answer: Value = serde_json::from_slice(answer).unwrap();
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert!(body["error"]["message"].is_string());
        answer["statusCode"].as_u64().unwrap()
    }

    #[test]
    fn what_the_module_prints_is_the_answer_byte_for_byte() {
        assert_eq!(
            Reply::from_call(answer(0, "Lemon: 97.00%\n", ""), Form::Bare),
            Reply::Answer("Lemon: 97.00%\n".into())
        );
        // What a gateway makes of headers is not for the runtime to say, other than in a service of its own.
        let http = r#"{"statusCode": 200, "body": "", "headers": {"set-cookie": "a=b", "location": "/"}}"#;
        assert_eq!(
            Reply::from_call(answer(0, http, ""), Form::Http(HttpForm::Rest)),
            Reply::Answer(http.into())
        );
    }

    #[test]
    fn a_web_client_behind_a_load_balancer_is_told_in_the_balancers_form() {
        let reply = Reply::from_call(trap(), Form::Http(HttpForm::BalancerLists));
        let Reply::Answer(answer) = &reply else { panic!("{reply:?}") };
        let answer: Value = serde_json::from_slice(answer).unwrap();
        assert_eq!(answer["statusDescription"], "500 Internal Server Error");
        assert!(answer["multiValueHeaders"].is_object() && answer.get("headers").is_none(), "{answer}");
    }

    #[test]
    fn a_bare_event_that_the_module_refuses_fails_with_its_code_and_message() {
        let reply = Reply::from_call(answer(15, "", "found GIF, accepted are JPEG and PNG\n"), Form::Bare);
        let message = "found GIF, accepted are JPEG and PNG".to_owned();
        assert_eq!(reply, Reply::Failure { code: ErrorCode::UnsupportedImage, message });
        let reply = Reply::from_call(answer(1, "", "the event is empty\n"), Form::Bare);
        let message = "the event is empty".to_owned();
        assert_eq!(reply, Reply::Failure { code: ErrorCode::BadRequest, message });
    }

    #[test]
    fn what_is_the_functions_own_fault_is_internal_not_a_bad_request() {
        let reply = Reply::from_call(answer(70, "", "the function failed: …\n"), Form::Bare);
        assert!(matches!(reply, Reply::Failure { code: ErrorCode::Internal, .. }), "{reply:?}");
    }

    #[test]
    fn a_web_client_gets_504_for_a_timeout_and_500_for_a_trap() {
        let timeout = Err(CallError::Timeout { limit: Duration::from_secs(2) });
        assert_eq!(status(&Reply::from_call(timeout, Form::Http(HttpForm::Rest))), 504);
        assert_eq!(status(&Reply::from_call(trap(), Form::Http(HttpForm::Rest))), 500);
    }

    #[test]
    fn a_trap_over_a_bare_event_goes_to_the_error_endpoint() {
        assert!(matches!(
            Reply::from_call(trap(), Form::Bare),
            Reply::Failure { code: ErrorCode::Internal, .. }
        ));
    }

    #[test]
    fn an_empty_answer_is_a_failure() {
        assert_eq!(status(&Reply::from_call(answer(0, "", ""), Form::Http(HttpForm::Rest))), 500);
        assert!(matches!(Reply::from_call(answer(0, "", ""), Form::Bare), Reply::Failure { .. }));
        assert!(matches!(Reply::from_call(answer(7, "", ""), Form::Bare), Reply::Failure { .. }));
    }

    #[test]
    fn an_answer_over_the_limit_says_both_sizes() {
        let large = || Reply::Answer(vec![b'x'; 11].into());
        let reply = large().within(10, Form::Bare);
        let Reply::Failure { code: ErrorCode::TooLarge, message } = reply else { panic!("{reply:?}") };
        assert!(message.starts_with("the answer has 11 bytes"), "{message}");
        assert!(message.contains("the platform takes up to 10; a smaller picture fits"), "{message}");
        assert_eq!(status(&large().within(10, Form::Http(HttpForm::Rest))), 413);
        assert_eq!(large().within(11, Form::Bare), large());
    }
}
