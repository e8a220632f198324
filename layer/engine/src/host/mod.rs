//! The functions that a guest imports: a thin, total translation from guest pointers to safe slices and from Rust
//! errors to the ABI's numbers. What they do is in [`crate::image`] and [`crate::inference`].
//!
//! No argument of a guest makes a function here trap or panic; each failure has its number.

#![deny(clippy::indexing_slicing)]

mod data_image;
mod function;
mod handles;
mod image;
mod memory;
mod pages;
mod state;
mod tensorflow_lite;
mod wasi;
pub(crate) mod write_guard;

pub use state::{HostTimings, Resources, SharedResources};
pub use wasi::Deadline;

pub(crate) use data_image::DataImage;
pub(crate) use function::{ImportError, SharedState};
pub(crate) use memory::SYSTEM_PAGE_BYTES;
pub(crate) use pages::KeptPages;
pub(crate) use state::HostState;

use std::collections::HashMap;

use async_wasi::snapshots::WasiCtx;
use wasmedge_sdk::config::Config;
use wasmedge_sdk::vm::SyncInst;
use wasmedge_sdk::{FuncType, ImportObject, Store};

use function::HostFunction;

/// The import modules of one instance. They must live as long as the instance does.
pub(crate) struct Imports {
    wasi: wasi::WasiImports,
    image: ImportObject<SharedState>,
    tensorflow_lite: ImportObject<SharedState>,
}

impl Imports {
    /// Makes the imports of one instance, which ends when it `has_printed_too_much`.
    pub(crate) fn new(
        context: WasiCtx,
        deadline: &Deadline,
        state: &SharedState,
        has_printed_too_much: Box<dyn Fn() -> bool>,
    ) -> Result<Self, ImportError> {
        let of_state = |module, functions: &[HostFunction<SharedState>]| {
            function::import_module(module, functions, SharedState::clone(state))
        };
        Ok(Self {
            wasi: wasi::WasiImports::new(context, deadline, has_printed_too_much)?,
            image: of_state(image::MODULE, &image::FUNCTIONS)?,
            tensorflow_lite: of_state(tensorflow_lite::MODULE, &tensorflow_lite::FUNCTIONS)?,
        })
    }

    /// A store that has them, from which a module can be instantiated.
    pub(crate) fn store(&mut self, config: &Config) -> Result<Store<'_, dyn SyncInst>, ImportError> {
        let mut modules: HashMap<String, &mut (dyn SyncInst + '_)> = HashMap::new();
        modules.insert(wasi::MODULE.to_owned(), &mut self.wasi.module);
        modules.insert(image::MODULE.to_owned(), &mut self.image);
        modules.insert(tensorflow_lite::MODULE.to_owned(), &mut self.tensorflow_lite);
        Store::new(Some(config), modules)
    }

    /// Tells the code that the guest gave to `proc_exit`, 0 before.
    pub(crate) fn exit_code(&self) -> impl Fn() -> u32 + 'static {
        self.wasi.exit_code()
    }
}

/// A function that guests may import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Its module.
    pub module: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its parameters and results.
    pub func_type: FuncType,
}

/// Every function that is offered.
pub fn offered() -> Vec<Offered> {
    fn of<Data>(module: &'static str, functions: &'static [HostFunction<Data>]) -> Vec<Offered> {
        let offered = |function: &HostFunction<Data>| Offered {
            module,
            name: function.name,
            func_type: function.func_type(),
        };
        functions.iter().map(offered).collect()
    }
    [
        of(image::MODULE, &image::FUNCTIONS),
        of(tensorflow_lite::MODULE, &tensorflow_lite::FUNCTIONS),
        of(wasi::MODULE, wasi::FUNCTIONS),
    ]
    .concat()
}

/// The names of the import modules, for messages.
pub fn offered_modules() -> [&'static str; 3] {
    [wasi::MODULE, image::MODULE, tensorflow_lite::MODULE]
}
