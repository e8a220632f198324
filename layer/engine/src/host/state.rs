//! What the host functions of one instance share: its sessions, and the tools of its worker.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::data_image::DataImage;
use super::handles::Handles;
use super::nn::NnHandles;
use super::older::OlderHandles;
use super::tensorflow::NamedOutputs;
use crate::answer::Step;
use crate::config::{DirGrant, EngineConfig, HostFunctions};
use crate::image::Decoder;
use crate::inference::{
    Backend, GraphBackend, GraphCache, Graphs, InferenceError, LiteRt, ModelCache, Session,
};
use crate::limits::SESSIONS_PER_EVENT;
use crate::nn_model::PreloadedModel;
use crate::progress;

/// The tools of one worker, kept from event to event; they hold nothing of an event that a later one could read.
pub struct Resources {
    /// Decoder with its buffers.
    pub decoder: Decoder,
    /// Compiled models by content.
    pub models: ModelCache,
    /// TensorFlow graphs by content.
    pub graphs: GraphCache,
    /// Models with names for WASI-NN.
    pub(super) nn_models: Vec<PreloadedModel>,
    /// The folders that guests were granted.
    pub(super) folders: Vec<DirGrant>,
}

impl Resources {
    /// Makes the tools of a worker that works by this configuration.
    ///
    /// # Errors
    /// LiteRT's reason, where it can't start.
    pub fn new(config: &EngineConfig) -> Result<Self, InferenceError> {
        let litert = LiteRt::new(config.inference_threads)?;
        let graphs: Box<dyn GraphBackend> = Box::new(Graphs::new(litert.clone()));
        let models: Box<dyn Backend> = Box::new(litert);
        let nn_models: Result<_, _> = config.nn_models.iter().map(PreloadedModel::new).collect();
        Ok(Self {
            decoder: Decoder::new(config.limits.picture_bytes()),
            models: ModelCache::new(models, config.models.clone()).vouching_for_parts(config.is_vouched_for),
            graphs: GraphCache::new(graphs, config.models.clone()).vouching_for_parts(config.is_vouched_for),
            nn_models: nn_models?,
            folders: config.dirs.clone(),
        })
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
    /// Of TensorFlow graphs.
    pub(super) graph_sessions: Handles<u32, NamedOutputs>,
    /// Of both, by the older interfaces.
    pub(super) older: OlderHandles,
    /// Of WASI-NN.
    pub(super) nn: NnHandles,
    pub(crate) timings: HostTimings,
    /// What there is for the guest.
    pub(super) host_functions: HostFunctions,
    /// Whether the first picture that is decoded is kept for the answer.
    pub(super) keeps_picture: bool,
    pub(crate) picture: Option<Vec<u8>>,
}

impl HostState {
    pub(crate) fn new(
        resources: &SharedResources,
        data_image: Option<Arc<DataImage>>,
        host_functions: HostFunctions,
        keeps_picture: bool,
    ) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            resources: Rc::clone(resources),
            data_image,
            sessions: Handles::new(SESSIONS_PER_EVENT),
            graph_sessions: Handles::new(SESSIONS_PER_EVENT),
            older: OlderHandles::new(),
            nn: NnHandles::new(),
            timings: HostTimings::default(),
            host_functions,
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
