//! Models that are ready to run, by content.

use std::rc::Rc;

use super::backend::{Backend, Content, Model};
use super::error::InferenceError;
use super::policy::ModelPolicy;
use crate::limits::MODEL_BYTES;
use crate::sealed_file::SealedPart;

/// Models kept compiled; a function has one, a module of several steps a few.
const MAX_MODELS: usize = 4;
/// Each worker names so many refused models in the log: enough to help, too little to fill it.
const MAX_REFUSALS_LOGGED: usize = 8;

/// The models of one worker thread that are ready to run, the latest used first.
#[derive(Debug)]
pub struct ModelCache<M: ?Sized = dyn Model, B: ?Sized = dyn Backend<M>> {
    pub(super) backend: Box<B>,
    pub(super) policy: ModelPolicy,
    vouches_for_parts: bool,
    pub(super) models: Vec<Rc<M>>,
    refusals: usize,
}

impl<M: Content + ?Sized, B: Backend<M> + ?Sized> ModelCache<M, B> {
    /// A cache of models that `policy` lets run, by this backend.
    pub fn new(backend: Box<B>, policy: ModelPolicy) -> Self {
        Self { backend, policy, vouches_for_parts: false, models: Vec::new(), refusals: 0 }
    }

    /// Lets models run whatever the policy says where they are part of a sealed file, which is the module: who vouches for
    /// a module does so for all that is in it.
    pub fn vouching_for_parts(self, vouches_for_parts: bool) -> Self {
        Self { vouches_for_parts, ..self }
    }

    /// The model in `bytes`, ready to run; `part` is where a sealed file has the same bytes, if one does.
    ///
    /// A model that was compiled from that part is found without a look at the bytes. Others are compared byte by byte:
    /// for 4 MB that takes a fraction of a millisecond, and unlike a hash it can't be fooled.
    ///
    /// # Errors
    /// [`InferenceError::NotAModel`], [`InferenceError::TooLarge`], [`InferenceError::NotAllowed`] and what else compiling may bring.
    pub fn load(&mut self, bytes: &[u8], part: Option<SealedPart>) -> Result<Rc<M>, InferenceError> {
        let is_vouched_for = self.vouches_for_parts && part.is_some();
        self.find_or_compile(bytes, part, is_vouched_for)
    }

    /// The same for a model that is no part of the module, though it may be one of a sealed file.
    ///
    /// # Errors
    /// As for [`Self::load`].
    pub fn load_file(&mut self, bytes: &[u8], part: Option<SealedPart>) -> Result<Rc<M>, InferenceError> {
        self.find_or_compile(bytes, part, false)
    }

    fn find_or_compile(
        &mut self,
        bytes: &[u8],
        part: Option<SealedPart>,
        is_vouched_for: bool,
    ) -> Result<Rc<M>, InferenceError> {
        let is_of_part = |model: &Rc<M>| part.is_some() && model.part() == part.as_ref();
        let known = self.models.iter().position(is_of_part);
        let known = known.or_else(|| self.models.iter().position(|model| model.bytes() == bytes));
        let model = match known {
            Some(position) => self.models.remove(position),
            None => self.compile(bytes, part, is_vouched_for)?,
        };
        self.models.insert(0, Rc::clone(&model));
        self.evict();
        Ok(model)
    }

    /// Verifies the model before it is hashed: that is quicker, and tells more of one that is damaged.
    fn compile(
        &mut self,
        bytes: &[u8],
        part: Option<SealedPart>,
        is_vouched_for: bool,
    ) -> Result<Rc<M>, InferenceError> {
        let compiled = self.verified(bytes, part, is_vouched_for);
        self.tell_if_refused(&compiled);
        compiled
    }

    pub(super) fn tell_if_refused<T>(&mut self, made: &Result<T, InferenceError>) {
        if let Err(error) = made {
            self.refusals += 1;
            if self.refusals <= MAX_REFUSALS_LOGGED {
                tell_refusal(error);
            }
        }
    }

    fn verified(
        &self,
        bytes: &[u8],
        part: Option<SealedPart>,
        is_vouched_for: bool,
    ) -> Result<Rc<M>, InferenceError> {
        if bytes.len() > MODEL_BYTES {
            return Err(InferenceError::TooLarge { found: bytes.len(), limit: MODEL_BYTES });
        }
        self.backend.verify(bytes)?;
        if !is_vouched_for {
            self.policy.check(bytes).map_err(InferenceError::NotAllowed)?;
        }
        self.backend.load(bytes, part)
    }

    /// Models that are compiled now.
    pub fn compiled(&self) -> usize {
        self.models.len()
    }

    fn evict(&mut self) {
        self.models.truncate(MAX_MODELS);
        while self.models.len() > 1
            && self.models.iter().map(|model| model.bytes().len()).sum::<usize>() > MODEL_BYTES
        {
            self.models.pop();
        }
    }
}

/// The guest only gets a number.
fn tell_refusal(error: &InferenceError) {
    match error {
        InferenceError::NotAllowed(digest) => tracing::warn!(
            "the module asked for a model that is not known; to let it run: --allow-model {digest} (or \
             --allow-any-model, where you trust the module and all that it reads)"
        ),
        error => tracing::warn!(%error, "the module asked for a model that can't be run"),
    }
}
