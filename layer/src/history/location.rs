//! Where a history is kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use thiserror::Error;

use super::error::HistoryError;
use super::sql;

/// Stands for the file in the user's folder; no argument and no variable can have this character.
pub const OF_USER: &str = "\0";

/// A file or a server.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite.
    File(PathBuf),
    /// The URL of a PostgreSQL database.
    Server(String),
}

impl Location {
    /// Makes the file, for its owner alone, where there is none; to be called before the process gives up its files.
    ///
    /// # Errors
    /// It can't be made or written.
    pub fn prepare(&self) -> Result<(), HistoryError> {
        let Self::File(path) = self else { return Ok(()) };
        if of_user().is_some_and(|of_user| of_user == *path) {
            sql::make_folder(path)?;
        }
        sql::prepare(path)
    }

    /// The path of a file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }

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

/// The file in the user's data folder (XDG Base Directory Specification); None where the user has no such folder.
fn of_user() -> Option<PathBuf> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let of = |data: Option<PathBuf>, home: Option<PathBuf>| data.or_else(|| Some(home?.join(".local/share")));
    let folder = of(named("XDG_DATA_HOME"), named("HOME"))?;
    folder.is_absolute().then(|| folder.join("wasm-vision/history.sqlite"))
}

/// A place where no history can be kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LocationError {
    /// Neither a file nor a server that is known.
    #[error("accepted are a file of SQLite and postgres://USER:PASSWORD@HOST/DATABASE")]
    Unknown,
    /// What PostgreSQL's own programs take. It is not told back, for it may hold a password.
    #[error(
        "that is a connection string in words; accepted is it as a URL: postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    Words,
    /// What other programs of SQLite take.
    #[error("{0:?} is not the path of a file, which is needed to keep anything; ./{0} would be one")]
    NoFile(String),
    /// Neither XDG_DATA_HOME nor HOME is an absolute path.
    #[error(
        "there is no folder of the user's (neither XDG_DATA_HOME nor HOME is an absolute path): name a file"
    )]
    NoFolder,
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_in_words(text) {
            return Err(LocationError::Words);
        }
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Server(text.to_owned())),
            None if text == OF_USER => of_user().map(Self::File).ok_or(LocationError::NoFolder),
            // SQLite would keep it in memory, or read options out of it.
            _ if text == ":memory:" || text.starts_with("file:") || text.starts_with("sqlite:") => {
                Err(LocationError::NoFile(text.to_owned()))
            }
            Some(_) => Err(LocationError::Unknown),
            None if text.is_empty() => Err(LocationError::Unknown),
            None => Ok(Self::File(text.into())),
        }
    }
}

/// Whether a text is `host=… dbname=… password=…`, as libpq takes it: the path of a file that begins so is written `./host=…`.
/// <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>
fn is_in_words(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "application_name",
        "connect_timeout",
        "dbname",
        "host",
        "hostaddr",
        "options",
        "passfile",
        "password",
        "port",
        "service",
        "sslmode",
        "user",
    ];
    let first = text.split_once('=').map_or("", |(name, _)| name.trim());
    WORDS.iter().any(|word| first.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_file_or_a_server_of_postgresql() {
        assert_eq!("./a b.sqlite".parse(), Ok(Location::File("./a b.sqlite".into())));
        assert_eq!("postgres://u:p@h/d".parse(), Ok(Location::Server("postgres://u:p@h/d".into())));
        for text in ["", "mysql://h/d", "https://example.org"] {
            assert_eq!(text.parse::<Location>(), Err(LocationError::Unknown), "{text}");
        }
        for text in
            [":memory:", "file:history.sqlite?mode=memory", "file::memory:", "sqlite::memory:", "sqlite://x"]
        {
            assert_eq!(text.parse::<Location>(), Err(LocationError::NoFile(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_connection_string_in_words_is_no_file_and_is_not_told_back() {
        for text in
            ["host=db password=secret", "password = 'secret' host=db", " dbname=photos", "HOST=db", "user=u"]
        {
            let error = text.parse::<Location>().unwrap_err();
            assert_eq!(error, LocationError::Words, "{text}");
            assert!(
                !error.to_string().contains("secret") && error.to_string().contains("postgres://"),
                "{error}"
            );
        }
        for text in ["./host=db", "a=b.sqlite", "/srv/user=1/history.sqlite"] {
            assert_eq!(text.parse(), Ok(Location::File(text.into())));
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
