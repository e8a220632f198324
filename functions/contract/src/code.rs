//! Error codes, with their HTTP status and exit code.

use serde::Serialize;

/// The kinds of failure that a caller can tell apart, with their HTTP status (docs/architecture.md, "Errors").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The event is not what the contract describes.
    BadRequest,
    /// The picture's format is not one that is accepted.
    UnsupportedImage,
    /// The picture's format is right, its data is not.
    UndecodableImage,
    /// The picture is sound, but nobody is in it.
    NoPerson,
    /// The event, the picture or the answer exceeds a limit.
    TooLarge,
    /// Not for this caller, or not under this name.
    Forbidden,
    /// Nothing is at this address, or no longer.
    NotFound,
    /// The address takes other methods.
    MethodNotAllowed,
    /// The request did not come in time.
    RequestTimeout,
    /// Too much is going on; the same request may be answered a little later.
    Overloaded,
    /// The function ran out of time.
    Timeout,
    /// Anything that is our fault.
    Internal,
}

impl ErrorCode {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::BadRequest,
        Self::UnsupportedImage,
        Self::UndecodableImage,
        Self::NoPerson,
        Self::TooLarge,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Overloaded,
        Self::Timeout,
        Self::Internal,
    ];

    /// Those that a function can tell of its event; the others are of services.
    pub const OF_FUNCTIONS: [Self; 7] = [
        Self::BadRequest,
        Self::UnsupportedImage,
        Self::UndecodableImage,
        Self::NoPerson,
        Self::TooLarge,
        Self::Timeout,
        Self::Internal,
    ];

    /// The code as it stands in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::UnsupportedImage => "unsupported_image",
            Self::UndecodableImage => "undecodable_image",
            Self::NoPerson => "no_person",
            Self::TooLarge => "too_large",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that goes with the code.
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::UnsupportedImage => 415,
            Self::UndecodableImage | Self::NoPerson => 422,
            Self::TooLarge => 413,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Overloaded => 503,
            Self::Timeout => 504,
            Self::Internal => 500,
        }
    }

    /// How a function ends that refuses a bare event for this: 1 for `bad_request`, else by the status, so that nobody
    /// has to look it up: 4xx is its last two digits (`unsupported_image`, 415: 15), 5xx is 7x (`internal`, 500: 70,
    /// which is also EX_SOFTWARE of sysexits.h). `no_person` has its status in common with `undecodable_image`, and the
    /// number behind it. 2 stays what it is everywhere: a command line that makes no sense.
    pub fn exit_code(self) -> u8 {
        match (self, self.status()) {
            (Self::NoPerson, _) => 23,
            (_, 400) => 1,
            (_, status @ 401..=499) => (status - 400) as u8,
            (_, status) => (status % 100) as u8 + 70,
        }
    }

    /// The code of a function of which `exit_code` is the [`exit_code`](Self::exit_code); None for any other number.
    pub fn from_exit_code(exit_code: u32) -> Option<Self> {
        Self::OF_FUNCTIONS.into_iter().find(|code| u32::from(code.exit_code()) == exit_code)
    }

    /// Whether the same event would fail again: what is wrong is wrong with it.
    pub fn is_the_callers(self) -> bool {
        (400..500).contains(&self.status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_same_name_in_json_and_in_logs() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::json!(code), code.name());
        }
    }

    #[test]
    fn every_code_has_an_exit_code_of_its_own_and_those_of_functions_lead_back() {
        for code in ErrorCode::ALL {
            let of_a_function = ErrorCode::OF_FUNCTIONS.contains(&code).then_some(code);
            assert_eq!(ErrorCode::from_exit_code(code.exit_code().into()), of_a_function);
            // 2 is a wrong command line, 101 a panic, 126 and above belong to shells and signals.
            assert!(!matches!(code.exit_code(), 0 | 2 | 101 | 126..), "{code:?}");
        }
        assert_eq!((ErrorCode::BadRequest.exit_code(), ErrorCode::Internal.exit_code()), (1, 70));
        assert_eq!((ErrorCode::UnsupportedImage.exit_code(), ErrorCode::Timeout.exit_code()), (15, 74));
        assert_eq!(ErrorCode::from_exit_code(0), None);
        assert_eq!(ErrorCode::from_exit_code(256 + 1), None);
    }
}
