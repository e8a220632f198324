//! Text from strangers (names in a module, of files and objects, headers, what a worker says) as terminals and logs may
//! show it.

use std::borrow::Cow;

/// `text` with escapes such as `\u{1b}` and `\n` for what a terminal would act on and for what nobody would see, such as
/// marks that turn the direction of writing. Letters of every script, quotes, backslashes and spaces stay as they are.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_shown) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_shown(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_debug());
        }
    }
    shown.into()
}

/// The same, with spaces for the ends of lines and tabs: what reads like one line is one.
pub fn in_one_line(text: &str) -> String {
    printable(&text.replace(['\n', '\r', '\t'], " ")).into_owned()
}

fn is_shown(character: char) -> bool {
    match character {
        '\'' | '"' | '\\' => true,
        // These end a line for some.
        '\u{2028}' | '\u{2029}' => false,
        _ if character.is_control() => false,
        _ if character.is_whitespace() => true,
        // Behind a letter, where marks that combine with it are text.
        _ => String::from_iter(['a', character]).escape_debug().count() == 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_of_every_script_stay_and_need_no_copy() {
        for text in [
            "西红柿 番茄，“好”",
            "e\u{301}te\u{301}",
            "C:\\it's \"a\"",
            "全角\u{3000}空格",
            "Привет",
            "🍅",
            "",
        ] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn what_a_terminal_acts_on_and_what_nobody_sees_is_escaped() {
        for (text, shown) in [
            ("env.x\0\u{1b}[2J", "env.x\\0\\u{1b}[2J"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("a\r\nERROR forged", "a\\r\\nERROR forged"),
            ("a\u{2028}b\u{85}c", "a\\u{2028}b\\u{85}c"),
            ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
        ] {
            assert_eq!(printable(text), shown);
        }
        assert_eq!(in_one_line("a\nb\tc\u{1b}"), "a b c\\u{1b}");
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_acts_on_is_left(text in any::<String>()) {
            prop_assert!(!printable(&text).contains(char::is_control));
            prop_assert!(!in_one_line(&text).contains(char::is_control));
            let shown = printable(&text);
            prop_assert_eq!(printable(&shown), shown.as_ref());
        }
    }
}
