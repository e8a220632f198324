//! What the host functions of one instance share: its sessions, and the tools of its worker.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::data_image::DataImage;
use super::handles::Handles;
use crate::answer::Step;
use crate::image::Decoder;
use crate::inference::{
    Backend, GraphBackend, GraphCache, InferenceError, LiteRt, ModelCache, ModelPolicy, NoGraphs, Session,
};
use crate::limits::SESSIONS_PER_EVENT;
use crate::progress;

/// The tools of one worker, kept from event to event; they hold nothing of an event that a later one could read.
pub struct Resources {
    /// Decoder with its buffers.
    pub decoder: Decoder,
    /// Compiled models by content.
    pub models: ModelCache,
    /// TensorFlow graphs by content.
    pub graphs: GraphCache,
}

impl Resources {
    /// Makes the tools; models that `policy` lets run do so on `threads` threads, as do all within a module that somebody
    /// vouches for; decoding a picture takes at most `picture_bytes`.
    ///
    /// # Errors
    /// LiteRT's reason, where it can't start.
    pub fn new(
        threads: NonZeroUsize,
        policy: ModelPolicy,
        is_module_vouched_for: bool,
        picture_bytes: usize,
    ) -> Result<Self, InferenceError> {
        let backend: Box<dyn Backend> = Box::new(LiteRt::new(threads)?);
        let graphs: Box<dyn GraphBackend> = Box::new(NoGraphs);
        let graphs = GraphCache::new(graphs, policy.clone()).vouching_for_parts(is_module_vouched_for);
        let models = ModelCache::new(backend, policy).vouching_for_parts(is_module_vouched_for);
        Ok(Self { decoder: Decoder::new(picture_bytes), models, graphs })
    }
}

/// Tools shared by the instances of one worker.
pub type SharedResources = Rc<RefCell<Resources>>;

/// Time spent in host functions during one event.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostTimings {
    /// Decoding and resizing.
    pub image: Duration,
    /// Creating sessions.
    pub session: Duration,
    /// Running models.
    pub inference: Duration,
}

/// State of one instance.
pub(crate) struct HostState {
    pub(super) resources: SharedResources,
    /// What the instance's memory held at first, where it is shared with other instances.
    pub(super) data_image: Option<Arc<DataImage>>,
    /// Of TensorFlow Lite models.
    pub(super) sessions: Handles<u32, Box<dyn Session>>,
    pub(crate) timings: HostTimings,
    /// Whether the first picture that is decoded is kept for the answer.
    pub(super) keeps_picture: bool,
    pub(crate) picture: Option<Vec<u8>>,
}

impl HostState {
    pub(crate) fn new(
        resources: &SharedResources,
        data_image: Option<Arc<DataImage>>,
        keeps_picture: bool,
    ) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            resources: Rc::clone(resources),
            data_image,
            sessions: Handles::new(SESSIONS_PER_EVENT),
            timings: HostTimings::default(),
            keeps_picture,
            picture: None,
        }))
    }
}

/// Adds the time that `work` takes to `total`, and tells that it is done meanwhile.
pub(super) fn timed<T>(total: &mut Duration, step: Step, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let before = progress::present();
    progress::begin(step);
    let result = work();
    progress::begin(before);
    *total += started.elapsed();
    result
}
