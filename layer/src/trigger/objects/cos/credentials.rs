//! The run role's temporary credentials.

use std::fmt;

/// What a request is signed with. Never logged: `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(super) secret_id: String,
    pub(super) secret_key: String,
    pub(super) token: Option<String>,
}

impl Credentials {
    /// Reads the platform's variables; for every event anew, because temporary credentials run out.
    pub(super) fn from_environment() -> Option<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            secret_id: variable("TENCENTCLOUD_SECRETID")?,
            secret_key: variable("TENCENTCLOUD_SECRETKEY")?,
            token: variable("TENCENTCLOUD_SESSIONTOKEN"),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_everything() {
        let credentials =
            Credentials { secret_id: "id".into(), secret_key: "key".into(), token: Some("token".into()) };
        assert_eq!(format!("{credentials:?}"), "Credentials(hidden)");
    }
}
