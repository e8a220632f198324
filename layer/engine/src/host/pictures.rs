//! What our host does with pictures beyond `wasmedge_image`, asked for by a request in the place of a picture
//! (`contract::pictures`, docs/picture-operations.md).

use contract::pictures::{self, Answer, Operation, Request};
use raster::Channels;

use super::image::LoadErrno;
use super::memory;
use super::state::{HostState, timed};
use crate::answer::Step;
use crate::image::{
    Effort, ImageError, Notice, Quality, Raster, decode_upright, describe, encode_jpeg, encode_png, resize,
};

/// Whether a function asks for something there instead of handing over a picture.
pub(super) fn is_request(memory: &[u8], pointer: u32, length: u32) -> bool {
    memory::read(memory, pointer, length).is_some_and(pictures::is_request)
}

/// Does what the request says and writes the results into it.
pub(super) fn answer(
    state: &mut HostState,
    memory: &mut [u8],
    request: (u32, u32),
    out: (u32, u32),
) -> Result<(), LoadErrno> {
    let asked = memory::read(memory, request.0, request.1).and_then(Request::read);
    let asked = asked.ok_or(LoadErrno::Unknown)?;
    let done = operate(state, memory, &asked, out);
    // Into what is there now: an output that lies over the request is the function's own affair.
    if let Some(request) = memory::write(memory, request.0, request.1) {
        match &done {
            Ok(Done { results, notice }) => {
                let note = notice.as_ref().map(Notice::to_string).unwrap_or_default();
                Answer { results: *results, note: &note }.write(request);
            }
            Err(Refusal::Image(error)) => {
                Answer { note: &error.reason(), ..Answer::default() }.write(request);
            }
            Err(Refusal::Arguments(reason)) => Answer { note: reason, ..Answer::default() }.write(request),
        }
    }
    match done {
        Ok(_) => Ok(()),
        Err(Refusal::Image(error)) => {
            tracing::debug!(%error, operation = ?asked.operation, "not done");
            Err(if error.is_limit() { LoadErrno::Limit } else { LoadErrno::Failed })
        }
        Err(Refusal::Arguments(reason)) => {
            tracing::debug!(reason, operation = ?asked.operation, "not done");
            Err(LoadErrno::Failed)
        }
    }
}

/// What becomes of a request.
#[derive(Default)]
struct Done {
    results: [u32; 8],
    notice: Option<Notice>,
}

impl Done {
    fn with<const N: usize>(first: [u32; N]) -> Self {
        let mut results = [0; 8];
        for (result, number) in results.iter_mut().zip(first) {
            *result = number;
        }
        Self { results, notice: None }
    }
}

enum Refusal {
    Image(ImageError),
    Arguments(&'static str),
}

impl From<ImageError> for Refusal {
    fn from(error: ImageError) -> Self {
        Self::Image(error)
    }
}

fn operate(
    state: &mut HostState,
    memory: &mut [u8],
    request: &Request,
    out: (u32, u32),
) -> Result<Done, Refusal> {
    if request.operation == Operation::Version {
        return Ok(Done::with([pictures::VERSION]));
    }
    let (input, out) =
        memory::input_and_output(memory, (request.input_pointer, request.input_length), out)
            .ok_or(Refusal::Arguments("input or output are not in memory, or lie over each other"))?;
    let most_bytes = {
        let resources =
            state.resources.try_borrow().map_err(|_| Refusal::Arguments("called again meanwhile"))?;
        resources.decoder.most_bytes()
    };
    let done = timed(&mut state.timings.image, Step::Image, || with_slices(request, input, out, most_bytes))?;
    if request.operation == Operation::Decode && state.keeps_picture && state.picture.is_none() {
        state.picture = Some(input.to_vec());
    }
    Ok(done)
}

fn with_slices(request: &Request, input: &[u8], out: &mut [u8], most_bytes: usize) -> Result<Done, Refusal> {
    let [width, height, channels, fourth, fifth, ..] = request.parameters;
    let written = |bytes: usize| Done::with([u32::try_from(bytes).unwrap_or(u32::MAX)]);
    let raster = Raster { pixels: input, width, height, channels };
    match request.operation {
        Operation::Version => Ok(Done::with([pictures::VERSION])),
        Operation::Describe => {
            let described = describe(input)?;
            Ok(Done::with([described.size.0, described.size.1, described.has_alpha.into()]))
        }
        Operation::Decode => {
            let notice = decode_upright(input, (width, height), colors(channels)?, out, most_bytes)?;
            Ok(Done { notice, ..Done::default() })
        }
        Operation::Resize => {
            resize(input, (fourth, fifth), (width, height), colors(channels)?, out, most_bytes)?;
            Ok(Done::default())
        }
        Operation::EncodeJpeg => {
            let quality =
                Quality::new(fourth).ok_or(Refusal::Arguments("accepted as quality is 1 to 100"))?;
            Ok(written(encode_jpeg(raster, quality, out, most_bytes)?))
        }
        Operation::EncodePng => {
            let effort = match fourth {
                0 => Effort::Fast,
                1 => Effort::Small,
                _ => return Err(Refusal::Arguments("accepted as effort are 0, fast, and 1, small")),
            };
            Ok(written(encode_png(raster, effort, out, most_bytes)?))
        }
    }
}

fn colors(channels: u32) -> Result<Channels, Refusal> {
    match channels {
        3 => Ok(Channels::Rgb),
        4 => Ok(Channels::Rgba),
        _ => Err(Refusal::Arguments("accepted as channels are 3 and 4")),
    }
}
