//! What the caller asks for: `background`, `format`, `size` and `subject`.

use kit::{Event, FunctionError};

/// What the person stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Nothing.
    None,
    /// What is there, blurred.
    Blur,
    /// Red, green and blue.
    Colour([u8; 3]),
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A PNG; with alpha where there is no background.
    Png,
    /// A JPEG.
    Jpeg,
    /// Alpha alone, as a grey PNG.
    Mask,
}

/// What is cut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// People with a face.
    Person,
    /// Whatever stands out as people do.
    Any,
}

/// All of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where nothing is said: none.
    pub background: Background,
    /// Where nothing is said: a PNG without a background, otherwise a JPEG.
    pub format: Format,
    /// The longer side of the result at most. Where nothing is said: 2,048.
    pub size: u32,
    /// Where nothing is said: a person.
    pub subject: Subject,
}

const DEFAULT_SIZE: u32 = 2048;
/// More would not fit into an answer.
const MAX_SIZE: u32 = 4096;
const MIN_SIZE: u32 = 16;

const FORMATS: [(&str, Format); 4] =
    [("png", Format::Png), ("jpeg", Format::Jpeg), ("mask", Format::Mask), ("jpg", Format::Jpeg)];
const SUBJECTS: [(&str, Subject); 2] = [("person", Subject::Person), ("any", Subject::Any)];

/// The basic colours of the web (CSS Level 1), and what photos of people are often put on.
const NAMED: [(&str, [u8; 3]); 19] = [
    ("white", [255, 255, 255]),
    ("black", [0, 0, 0]),
    ("grey", [128, 128, 128]),
    ("gray", [128, 128, 128]),
    ("silver", [192, 192, 192]),
    ("red", [255, 0, 0]),
    ("maroon", [128, 0, 0]),
    ("orange", [255, 165, 0]),
    ("yellow", [255, 255, 0]),
    ("olive", [128, 128, 0]),
    ("lime", [0, 255, 0]),
    ("green", [0, 128, 0]),
    ("aqua", [0, 255, 255]),
    ("teal", [0, 128, 128]),
    ("lightblue", [173, 216, 230]),
    ("blue", [0, 0, 255]),
    ("navy", [0, 0, 128]),
    ("fuchsia", [255, 0, 255]),
    ("purple", [128, 0, 128]),
];

impl Options {
    /// Those of an event.
    ///
    /// # Errors
    /// `bad_request` names what was found and what is accepted.
    pub fn of(event: &Event<'_>) -> Result<Self, FunctionError> {
        let background = event.option("background").map(|value| value.trim().to_ascii_lowercase());
        let background = background.map_or(Ok(Background::None), |value| background_of(&value))?;
        let format = event.choice("format", &FORMATS)?;
        if background == Background::None && format == Some(Format::Jpeg) {
            return Err(FunctionError::bad_request(
                "a JPEG can't be transparent: format=jpeg goes with background=blur or a colour",
            ));
        }
        let by_default = if background == Background::None { Format::Png } else { Format::Jpeg };
        Ok(Self {
            background,
            format: format.unwrap_or(by_default),
            size: event.number("size", MIN_SIZE..=MAX_SIZE)?.unwrap_or(DEFAULT_SIZE),
            subject: event.choice("subject", &SUBJECTS)?.unwrap_or(Subject::Person),
        })
    }
}

fn background_of(value: &str) -> Result<Background, FunctionError> {
    match value {
        "none" | "transparent" => return Ok(Background::None),
        "blur" => return Ok(Background::Blur),
        _ => {}
    }
    let named = NAMED.iter().find(|(name, _)| *name == value).map(|(_, colour)| *colour);
    // A # in a query begins what browsers keep for themselves, so it may be left out.
    let colour = named.or_else(|| hexadecimal(value.strip_prefix('#').unwrap_or(value)));
    colour.map(Background::Colour).ok_or_else(|| {
        let found: String = value.chars().take(40).collect();
        let accepted = "none, blur, #rrggbb, and names such as white, black, grey, lightblue, green, red";
        FunctionError::bad_request(format!("background is {found:?}, accepted are {accepted}"))
    })
}

/// `rrggbb` or `rgb`.
fn hexadecimal(digits: &str) -> Option<[u8; 3]> {
    let digits: Vec<u8> =
        digits.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    match digits[..] {
        [red, green, blue] => Some([red, green, blue].map(|digit| digit * 17)),
        [r, red, g, green, b, blue] => Some([r * 16 + red, g * 16 + green, b * 16 + blue]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(fields: &serde_json::Value) -> Result<Options, FunctionError> {
        let mut read = None;
        let mut fields = fields.clone();
        fields["body"] = json!("aGk=");
        let event = fields.to_string();
        kit::respond(event.as_bytes(), &mut |event| {
            read = Some(Options::of(event));
            Ok(kit::Answer::text("read"))
        });
        read.unwrap_or_else(|| panic!("{event} is no event"))
    }

    #[test]
    fn nothing_said_is_a_transparent_png() {
        let expected = Options {
            background: Background::None,
            format: Format::Png,
            size: 2048,
            subject: Subject::Person,
        };
        assert_eq!(read(&json!({"body": "aGk="})), Ok(expected));
    }

    #[test]
    fn they_come_from_a_query_or_from_fields() {
        let expected =
            Options { background: Background::Blur, format: Format::Mask, size: 100, subject: Subject::Any };
        let fields = json!({"background": "blur", "format": "mask", "size": 100, "subject": "any"});
        assert_eq!(read(&fields), Ok(expected));
        let query =
            json!({"httpMethod": "POST", "queryString": "background=Blur&format=MASK&size=100&subject=any"});
        assert_eq!(read(&query), Ok(expected));
    }

    #[test]
    fn colours_have_names_and_numbers() {
        for (value, colour) in [
            ("white", [255; 3]),
            (" Navy", [0, 0, 128]),
            ("#1a2B3c", [0x1A, 0x2B, 0x3C]),
            ("1a2b3c", [0x1A, 0x2B, 0x3C]),
            ("#f0a", [255, 0, 170]),
        ] {
            let options = read(&json!({"background": value})).unwrap();
            assert_eq!(
                (options.background, options.format),
                (Background::Colour(colour), Format::Jpeg),
                "{value}"
            );
        }
        assert_eq!(read(&json!({"background": "blur", "format": "png"})).unwrap().format, Format::Png);
        assert_eq!(read(&json!({"background": "transparent"})).unwrap().background, Background::None);
    }

    #[test]
    fn what_is_not_known_is_named_with_what_is() {
        for (name, value, part) in [
            ("background", "bluish", r#"background is "bluish", accepted are none, blur, #rrggbb"#),
            ("background", "#12345", "#12345"),
            ("background", "", "accepted are none"),
            ("format", "webp", r#"format is "webp", accepted are png, jpeg, mask"#),
            ("format", "jpeg", "a JPEG can't be transparent"),
            ("size", "9000", r#"size is "9000", accepted are 16 to 4096"#),
            ("size", "-1", "accepted are 16 to 4096"),
            ("subject", "cat", r#"subject is "cat", accepted are person, any"#),
        ] {
            let error = read(&json!({name: value})).unwrap_err();
            assert!(error.message().contains(part), "{error}");
        }
    }
}
