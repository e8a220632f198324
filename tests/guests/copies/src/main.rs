//! Answers the picture that it was given: as it is, `files=N` times, with `pad=BYTES` behind it. `refuse=` refuses it.

use kit::{Answer, ErrorCode, Event, File, Format, FunctionError};

fn main() -> std::process::ExitCode {
    kit::run_as("copy", copies)
}

fn copies(event: &Event<'_>) -> Result<Answer, FunctionError> {
    let picture = event.picture()?;
    if let Some(reason) = event.option("refuse") {
        return Err(FunctionError::new(ErrorCode::UndecodableImage, reason));
    }
    let content_type = if picture.format() == Format::Png { "image/png" } else { "image/jpeg" };
    let mut bytes = picture.bytes().to_vec();
    bytes.resize(bytes.len() + event.number("pad", 0..=64_000_000)?.unwrap_or(0_usize), 0);
    let Some(count) = event.number("files", 0..=9_u32)? else {
        let answer = Answer::bytes(content_type, bytes);
        return Ok(match event.option("suffix") {
            Some(suffix) => answer.with_suffix(suffix),
            None => answer,
        });
    };
    let file = |number| File { suffix: format!(".copy-{number}.jpg"), content_type, bytes: bytes.clone() };
    Ok(Answer::files((1..=count).map(file).collect()))
}
