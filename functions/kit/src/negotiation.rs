//! Which form and language the caller of an HTTP event wants.

/// Form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/json`
    Json,
    /// `text/plain`
    Text,
}

/// Language of an answer's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// en
    English,
    /// zh
    Chinese,
}

impl Language {
    /// Its tag for `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// By the first part of a language tag: `zh`, `zh-CN`, `zh_Hans` …
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let language = tag.trim().split(['-', '_']).next()?;
        if language.eq_ignore_ascii_case("zh") {
            Some(Self::Chinese)
        } else if language.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }
}

/// Text where `Accept` prefers `text/plain`, else JSON.
pub(crate) fn form(accept: Option<&str>) -> Form {
    let quality = |wanted: &str| {
        let main_type = wanted.split('/').next().unwrap_or_default();
        let mut best: Option<(u8, f32)> = None;
        for (range, quality) in weighted(accept.unwrap_or("*/*")) {
            // The most specific range decides (RFC 9110, 12.5.1).
            let specificity = if range.eq_ignore_ascii_case(wanted) {
                2
            } else if range
                .split_once('/')
                .is_some_and(|(k, s)| s == "*" && k.eq_ignore_ascii_case(main_type))
            {
                1
            } else if range == "*/*" {
                0
            } else {
                continue;
            };
            if best.is_none_or(|(known, _)| specificity > known) {
                best = Some((specificity, quality));
            }
        }
        best.map_or(0.0, |(_, quality)| quality)
    };
    if quality("text/plain") > quality("application/json") { Form::Text } else { Form::Json }
}

/// The first of these wishes, else English.
pub(crate) fn language(wishes: [Option<Language>; 3]) -> Language {
    wishes.into_iter().flatten().next().unwrap_or(Language::English)
}

/// The language with the greatest weight in `Accept-Language`; None where none of ours is accepted.
pub(crate) fn heaviest_language(accept_language: &str) -> Option<Language> {
    let mut best = None;
    for (tag, quality) in weighted(accept_language) {
        if let Some(language) = Language::from_tag(tag) {
            if quality > best.map_or(0.0, |(quality, _)| quality) {
                best = Some((quality, language));
            }
        }
    }
    best.map(|(_, language)| language)
}

/// The members of a header such as `a;q=0.5, b`, with their weights.
fn weighted(header: &str) -> impl Iterator<Item = (&str, f32)> {
    header.split(',').map(|member| {
        let mut parts = member.split(';').map(str::trim);
        let value = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        (value, quality.and_then(|quality| quality.parse().ok()).unwrap_or(1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_the_answer_unless_text_is_preferred() {
        for accept in
            [None, Some("*/*"), Some("application/json"), Some("text/html, */*;q=0.8"), Some("nonsense")]
        {
            assert_eq!(form(accept), Form::Json, "{accept:?}");
        }
        for accept in [
            "text/plain",
            "TEXT/PLAIN",
            "text/*",
            "text/plain, */*;q=0.1",
            "application/json;q=0.5,text/plain",
        ] {
            assert_eq!(form(Some(accept)), Form::Text, "{accept:?}");
        }
        assert_eq!(form(Some("text/plain;q=0.2, application/json;q=0.9")), Form::Json);
    }

    #[test]
    fn the_first_wish_decides_the_language() {
        let (zh, en) = (Some(Language::Chinese), Some(Language::English));
        for (wishes, expected) in [
            ([zh, en, en], Language::Chinese),
            ([en, zh, zh], Language::English),
            ([None, zh, en], Language::Chinese),
            ([None, None, zh], Language::Chinese),
            ([None, None, None], Language::English),
        ] {
            assert_eq!(language(wishes), expected, "{wishes:?}");
        }
        assert_eq!((Language::from_tag("EN-us"), Language::from_tag("fr")), (en, None));
    }

    #[test]
    fn the_heaviest_language_that_we_have_wins() {
        for (header, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Some(Language::Chinese)),
            ("en-US,en;q=0.9,zh-CN;q=0.8", Some(Language::English)),
            ("fr, zh_Hant;q=0.3", Some(Language::Chinese)),
            ("zh;q=0, en;q=0.1", Some(Language::English)),
            ("*", None),
            (";;;,,q=", None),
        ] {
            assert_eq!(heaviest_language(header), expected, "{header}");
        }
    }
}
