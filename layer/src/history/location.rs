//! Where a history is kept.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// A file or a server.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite.
    File(PathBuf),
    /// The URL of a PostgreSQL database.
    Server(String),
}

/// Never the URL of a server: it may hold a password.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Server(_) => f.write_str("Server(…)"),
        }
    }
}

/// A place where no history can be kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("accepted are a file of SQLite and postgres://USER:PASSWORD@HOST/DATABASE")]
pub struct LocationError;

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Server(text.to_owned())),
            Some(_) => Err(LocationError),
            None if text.is_empty() => Err(LocationError),
            None => Ok(Self::File(text.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_file_or_a_server_of_postgresql() {
        assert_eq!("./a b.sqlite".parse(), Ok(Location::File("./a b.sqlite".into())));
        assert_eq!("postgres://u:p@h/d".parse(), Ok(Location::Server("postgres://u:p@h/d".into())));
        for text in ["", "mysql://h/d", "https://example.org"] {
            assert_eq!(text.parse::<Location>(), Err(LocationError), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let location: Location = "postgres://u:secret@h/d".parse().unwrap();
        assert!(!format!("{location:?}").contains("secret"));
    }
}
