//! `wasi_snapshot_preview1`: the implementation of the crate async-wasi, without sockets, and with sleeping bounded
//! by the event's deadline.
//!
//! Its functions are bound here and not by WasmEdge's SDK, which checks too little of what guests pass ([`memory`]), has
//! two of them with other parameters than WASI's, and makes some asynchronous, while our guests run on plain threads.

mod call;
mod functions;
mod memory;
mod poll;

use std::cell::RefCell;
use std::rc::Rc;

use async_wasi::snapshots::WasiCtx;
use wasmedge_sdk::ImportObject;

use super::function::{self, ImportError, Imported};
use call::{SharedWorld, World};

pub use call::Deadline;
pub(super) use functions::FUNCTIONS;

pub(super) const MODULE: &str = "wasi_snapshot_preview1";

/// WASI for one instance.
pub(super) struct WasiImports {
    pub(super) module: ImportObject<SharedWorld>,
    world: SharedWorld,
}

impl WasiImports {
    pub(super) fn new(
        context: WasiCtx,
        deadline: &Deadline,
        imported: &Imported,
        has_printed_too_much: Box<dyn Fn() -> bool>,
    ) -> Result<Self, ImportError> {
        let world =
            Rc::new(RefCell::new(World { context, deadline: Rc::clone(deadline), has_printed_too_much }));
        Ok(Self {
            module: function::import_module(MODULE, FUNCTIONS.iter(), imported, Rc::clone(&world))?,
            world,
        })
    }

    /// Tells the code that the guest gave to `proc_exit`, 0 before, also after the imports were lent.
    pub(super) fn exit_code(&self) -> impl Fn() -> u32 + 'static {
        let world = Rc::clone(&self.world);
        move || world.borrow().context.exit_code
    }
}
