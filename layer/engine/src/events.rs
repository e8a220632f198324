//! Answers events one after the other, each in an instance of its own that is made before the event comes.

use std::cell::RefCell;
use std::rc::Rc;

use super::config::{EngineConfig, settings};
use super::error::LoadError;
use super::event::Event;
use super::instance::{Instance, Surroundings};
use super::module::LoadedModule;
use super::sha256_sum::Sha256Sum;
use crate::answer::{Answer, CallError, Step, Thumbnail};
use crate::faults;
use crate::host::{KeptPages, Resources, SharedResources};
use crate::native_stack::GuestStack;
use crate::{image, progress};

/// Longest side of a thumbnail, in pixels.
const THUMBNAIL_SIDE: u16 = 160;

/// Where events come from and answers go.
pub trait Events {
    /// The next instance is ready. Waits for the next event; None after the last.
    fn next(&mut self) -> Option<Event>;

    /// The answer to the last event, and whether a thumbnail is going to follow.
    fn answer(&mut self, answer: Result<Answer, CallError>, thumbnail_follows: bool);

    /// A small copy of the picture that the last event's module had decoded, if thumbnails are wanted and it had one.
    fn thumbnail(&mut self, thumbnail: Result<Thumbnail, String>);
}

/// Answers events until there are no more, on this thread, which must have been started with 24 MiB of stack
/// (`native_stack::STACK_BYTES`).
///
/// # Errors
/// What keeps the first instance from being made. Where a later one can't be made, its event is answered so.
pub fn answer_events(
    module: &LoadedModule,
    config: &EngineConfig,
    events: &mut impl Events,
) -> Result<(), LoadError> {
    let failed = |reason: String| LoadError::Instantiate { reason };
    faults::install();
    let _stack = GuestStack::of_this_thread().map_err(|error| failed(error.to_string()))?;
    let settings = settings(module.run_mode, config.limits).map_err(|error| failed(error.to_string()))?;
    let resources = Resources::new(config).map_err(|error| failed(error.to_string()))?;
    let resources: SharedResources = Rc::new(RefCell::new(resources));
    let mut pages = KeptPages::default();
    let mut is_first = true;
    loop {
        progress::begin(Step::Instantiate);
        let mut surroundings = Surroundings::new(module, config, &resources);
        let mut instance = surroundings
            .as_mut()
            .map_err(|error| error.clone())
            .and_then(|surroundings| Instance::new(module, &settings, surroundings, &mut pages));
        if let (true, Err(error)) = (is_first, &instance) {
            return Err(failed(match error {
                CallError::Instantiate { reason } => reason.clone(),
                other => other.to_string(),
            }));
        }
        is_first = false;
        progress::begin(Step::Idle);
        let Some(event) = events.next() else { return Ok(()) };
        // A picture that got no answer gets no thumbnail either.
        let (answer, picture) = match &mut instance {
            Ok(instance) => instance.run(event),
            Err(error) => (Err(error.clone()), None),
        };
        let picture = picture.filter(|_| answer.is_ok());
        events.answer(answer, picture.is_some());
        if let Some(picture) = picture {
            progress::begin(Step::Thumbnail);
            events.thumbnail(thumbnail(&picture, config.limits.picture_bytes()));
        }
        // The instance is dropped now, not before: giving its memory back takes a while.
    }
}

fn thumbnail(picture: &[u8], picture_bytes: usize) -> Result<Thumbnail, String> {
    let jpeg = image::thumbnail(picture, THUMBNAIL_SIDE, picture_bytes).map_err(|error| error.to_string())?;
    let sha256 = Sha256Sum::of(picture).to_string();
    Ok(Thumbnail { jpeg, sha256 })
}
