//! Compiled models by content.

use std::num::NonZeroUsize;
use std::rc::Rc;

use super::error::InferenceError;
use super::litert::{CompiledModel, Environment};
use super::policy::ModelPolicy;
use super::session::Session;
use super::verify::verify;
use crate::sealed_file::SealedPart;

/// Models kept compiled; a function has one, a module of several steps a few.
const MOST_MODELS: usize = 4;
/// Bytes of all models kept, and of one; compiled they take about twice that.
const MOST_BYTES: usize = 128 << 20;
/// Each worker names so many refused models in the log: enough to help, too little to fill it.
const MOST_REFUSALS_LOGGED: usize = 8;

/// The compiled models of one worker thread, the latest used first.
#[derive(Debug)]
pub struct ModelCache {
    environment: Rc<Environment>,
    threads: NonZeroUsize,
    policy: ModelPolicy,
    vouches_for_parts: bool,
    pub(super) models: Vec<Rc<CompiledModel>>,
    refusals: usize,
}

impl ModelCache {
    /// Starts LiteRT; every model that `policy` lets run does so on `threads` threads.
    ///
    /// # Errors
    /// LiteRT's status, where it can't start.
    pub fn new(threads: NonZeroUsize, policy: ModelPolicy) -> Result<Self, InferenceError> {
        let environment = Rc::new(Environment::new()?);
        Ok(Self { environment, threads, policy, vouches_for_parts: false, models: Vec::new(), refusals: 0 })
    }

    /// Lets models run whatever the policy says where they are part of a sealed file, which is the module: who vouches for
    /// a module does so for all that is in it.
    pub fn vouching_for_parts(self, vouches_for_parts: bool) -> Self {
        Self { vouches_for_parts, ..self }
    }

    /// A new session over the model in `bytes`; `part` is where a sealed file has the same bytes, if one does.
    ///
    /// A model that was compiled from that part is found without a look at the bytes. Others are compared byte by byte:
    /// for 4 MB that takes a fraction of a millisecond, and unlike a hash it can't be fooled.
    ///
    /// # Errors
    /// [`InferenceError::NotAModel`], [`InferenceError::NotAllowed`] and what else compiling may bring.
    pub fn session(&mut self, bytes: &[u8], part: Option<SealedPart>) -> Result<Session, InferenceError> {
        let is_of_part = |model: &Rc<CompiledModel>| part.is_some() && model.part() == part.as_ref();
        let known = self.models.iter().position(is_of_part);
        let known = known.or_else(|| self.models.iter().position(|model| model.bytes() == bytes));
        let model = match known {
            Some(position) => self.models.remove(position),
            None => self.compile(bytes, part)?,
        };
        self.models.insert(0, Rc::clone(&model));
        self.evict();
        Session::new(model)
    }

    /// Verifies the model before it is hashed: that is quicker, and tells more of one that is damaged.
    pub(super) fn compile(
        &mut self,
        bytes: &[u8],
        part: Option<SealedPart>,
    ) -> Result<Rc<CompiledModel>, InferenceError> {
        if bytes.len() > MOST_BYTES {
            let reason = format!("it has {} bytes, accepted are up to {MOST_BYTES}", bytes.len());
            return Err(InferenceError::NotAModel(reason));
        }
        verify(bytes).map_err(|damage| InferenceError::NotAModel(damage.to_string()))?;
        let is_vouched_for = self.vouches_for_parts && part.is_some();
        if !is_vouched_for && let Err(digest) = self.policy.check(bytes) {
            self.refusals += 1;
            if self.refusals <= MOST_REFUSALS_LOGGED {
                tracing::warn!(
                    "the module asked for a model that is not known; to let it run: --allow-model {digest} (or \
                     --allow-any-model, where you trust the module and all that it reads)"
                );
            }
            return Err(InferenceError::NotAllowed(digest));
        }
        CompiledModel::new(&self.environment, bytes, part, self.threads).map(Rc::new)
    }

    /// Models that are compiled now.
    pub fn compiled(&self) -> usize {
        self.models.len()
    }

    fn evict(&mut self) {
        self.models.truncate(MOST_MODELS);
        while self.models.len() > 1
            && self.models.iter().map(|model| model.bytes().len()).sum::<usize>() > MOST_BYTES
        {
            self.models.pop();
        }
    }
}
