//! Passwords in settings: a message that quotes a setting must not show them, whatever is wrong with it.

/// The text without user and password of what looks like a URL, and without the value of what looks like
/// `password=VALUE`. It need not be a sound URL: a mistyped one is quoted, too.
pub(crate) fn hidden(text: &str) -> String {
    without_passwords(&without_users(text))
}

/// What ends a setting in a message.
fn is_end(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\'' | '"')
}

fn without_users(text: &str) -> String {
    let mut parts = text.split("//");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let setting = part.split(is_end).next().unwrap_or_default();
        // The last one: a password may have an @ that nobody encoded.
        let user = setting.rfind('@').unwrap_or(0);
        shown.push_str(if user == 0 { "//" } else { "//…" });
        shown.push_str(part.get(user..).unwrap_or_default());
    }
    shown
}

fn without_passwords(text: &str) -> String {
    const NAME: &str = "password";
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.to_ascii_lowercase().find(NAME) {
        let (before, behind) = rest.split_at(at + NAME.len());
        shown.push_str(before);
        rest = behind;
        // libpq takes blanks around the sign, and a value in quotes.
        let Some(value) = behind.trim_start().strip_prefix('=') else { continue };
        shown.push_str("=…");
        let value = value.trim_start();
        rest = match value.strip_prefix('\'').and_then(|quoted| quoted.split_once('\'')) {
            Some((secret, behind)) if !secret.is_empty() => behind,
            _ => value.trim_start_matches(|letter| !is_end(letter) && letter != '&'),
        };
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown_however_a_setting_is_mistyped() {
        for setting in [
            "postgre://user:PGSECRET99@127.0.0.1/db",
            "POSTGRES://user:PGSECRET99@127.0.0.1/db",
            "postgres//user:PGSECRET99@127.0.0.1/db",
            "postgres://user:PG@SECRET99@127.0.0.1/db",
            "http://user:PGSECRET99@127.0.0.1",
            "host=127.0.0.1 Password=PGSECRET99",
            "host=127.0.0.1 password=PGSECRET99&x=1",
            "host=127.0.0.1 password = PGSECRET99",
            "host=127.0.0.1 password='my PGSECRET99'",
            "password = 'PGSECRET99' host=127.0.0.1",
        ] {
            let shown = hidden(&format!("error: invalid value '{setting}' for '--history'"));
            assert!(!shown.contains("SECRET99"), "{shown}");
            assert!(shown.contains("127.0.0.1") && shown.ends_with("' for '--history'"), "{shown}");
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in [
            "",
            "see https://docs.rs/ and a@b",
            "can't open \"//server/share\"",
            "a // b @ c",
            "a wrong password",
            "no password: x",
        ] {
            assert_eq!(hidden(text), text);
        }
    }
}
