//! Where a history is kept.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use thiserror::Error;

/// A file or a server.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite.
    File(PathBuf),
    /// The URL of a PostgreSQL database.
    Server(String),
}

impl Location {
    /// The folder that is written to, if any, and files that are read: certificates that the URL of a server names
    /// (`sslrootcert`, `sslcert`, `sslkey`), and the file of passwords of PostgreSQL's own clients.
    pub fn paths(&self) -> (Option<PathBuf>, Vec<PathBuf>) {
        match self {
            Self::File(path) => {
                let path = path.canonicalize().unwrap_or_else(|_| path.clone());
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                (Some(folder.map_or_else(|| ".".into(), PathBuf::from)), Vec::new())
            }
            Self::Server(url) => {
                let query = url.split_once('?').map_or("", |(_, query)| query);
                let named =
                    query.split('&').filter_map(|pair| pair.split_once('=')).filter_map(|(name, value)| {
                        let is_file = matches!(name, "sslrootcert" | "sslcert" | "sslkey");
                        is_file.then(|| percent_decode_str(value).decode_utf8_lossy().into_owned().into())
                    });
                let passwords = std::env::home_dir().map(|home| home.join(".pgpass"));
                (None, named.chain(passwords).collect())
            }
        }
    }
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
    fn a_location_names_the_paths_that_it_needs() {
        let folder = |text: &str| text.parse::<Location>().unwrap().paths().0.unwrap();
        assert_eq!(folder("nowhere.sqlite"), PathBuf::from("."));
        assert_eq!(folder("/nowhere/of/history.sqlite"), PathBuf::from("/nowhere/of"));
        let server: Location =
            "postgres://u:p@h/d?sslmode=verify-full&sslrootcert=/a%20b/ca.pem".parse().unwrap();
        let (folder, files) = server.paths();
        assert_eq!(folder, None);
        assert!(files.contains(&"/a b/ca.pem".into()), "{files:?}");
    }

    #[test]
    fn a_password_is_not_shown() {
        let location: Location = "postgres://u:secret@h/d".parse().unwrap();
        assert!(!format!("{location:?}").contains("secret"));
    }
}
