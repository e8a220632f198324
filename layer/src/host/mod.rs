//! The functions that a guest imports: a thin, total translation from guest pointers to safe slices and from Rust
//! errors to the ABI's numbers. What they do is in [`crate::image`] and [`crate::inference`].
//!
//! No argument of a guest makes a function here trap or panic; each failure has its number.

mod data_image;
mod function;
mod image;
mod memory;
mod page_map;
mod pages;
mod state;
mod tensorflow_lite;
mod wasi;

pub use state::{HostTimings, Resources, SharedResources};
pub use wasi::Deadline;

pub(crate) use data_image::DataImage;
pub(crate) use function::{ImportError, SharedState};
pub(crate) use memory::SYSTEM_PAGE_BYTES;
pub(crate) use pages::prepare_pages;
pub(crate) use state::HostState;

use async_wasi::snapshots::WasiCtx;
use wasmedge_sys as sys;
use wasmedge_types::FuncType;

use function::Importable;

/// The import modules of one instance. They must live as long as the instance does.
pub(crate) struct Imports {
    wasi: wasi::WasiImports,
    image: function::ImportModule,
    tensorflow_lite: function::ImportModule,
}

impl Imports {
    /// Makes the imports of one instance.
    pub(crate) fn new(
        context: WasiCtx,
        deadline: &Deadline,
        state: &SharedState,
    ) -> Result<Self, ImportError> {
        Ok(Self {
            wasi: wasi::WasiImports::new(context, deadline)?,
            image: image::import_module(state)?,
            tensorflow_lite: tensorflow_lite::import_module(state)?,
        })
    }

    /// Registers the imports in `store`.
    pub(crate) fn register(
        &self,
        executor: &mut sys::Executor,
        store: &mut sys::Store,
    ) -> Result<(), ImportError> {
        executor.register_import_module(store, self.wasi.instance())?;
        executor.register_import_module(store, &self.image)?;
        executor.register_import_module(store, &self.tensorflow_lite)?;
        Ok(())
    }

    /// The code that the guest gave to `proc_exit`, 0 before.
    pub(crate) fn exit_code(&self) -> u32 {
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
    pub kind: FuncType,
}

/// Every function that is offered.
pub fn offered() -> Vec<Offered> {
    let wasi = wasi::offered().map(|(name, kind)| Offered { module: wasi::MODULE, name, kind });
    let of = |module: &'static str, functions: &'static [&dyn Importable]| {
        functions.iter().map(move |function| Offered { module, name: function.name(), kind: function.kind() })
    };
    of(image::MODULE, &image::FUNCTIONS)
        .chain(of(tensorflow_lite::MODULE, &tensorflow_lite::FUNCTIONS))
        .chain(wasi)
        .collect()
}

/// The names of the import modules, for messages.
pub fn offered_modules() -> [&'static str; 3] {
    [wasi::MODULE, image::MODULE, tensorflow_lite::MODULE]
}
