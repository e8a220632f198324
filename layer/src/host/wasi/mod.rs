//! `wasi_snapshot_preview1`: the implementation of the crate async-wasi, without sockets, and with sleeping bounded
//! by the event's deadline.
//!
//! Its functions are bound here and not by WasmEdge's SDK, which checks too little of what guests pass ([`memory`]), has
//! two of them with other parameters than WASI's, and makes some asynchronous, while our guests run on plain threads.

mod functions;
mod memory;
mod poll;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Instant;

use async_wasi::snapshots::WasiCtx;
use async_wasi::snapshots::common::error::Errno;
use wasmedge_sdk::error::{CoreCommonError, CoreError};
use wasmedge_sdk::{CallingFrame, ImportObject, WasmValue};

use super::function::{self, ImportError};
use functions::{Arguments, Call, EXIT, WRITE};
use memory::GuestMemory;

pub(super) use functions::FUNCTIONS;

pub(super) const MODULE: &str = "wasi_snapshot_preview1";

/// When the event must be answered; set for each event.
pub type Deadline = Rc<Cell<Option<Instant>>>;

/// What the functions of one instance act upon.
pub(super) struct World {
    context: WasiCtx,
    deadline: Deadline,
    /// Whether the guest has printed more than it may.
    has_printed_too_much: Box<dyn Fn() -> bool>,
}

pub(super) type SharedWorld = Rc<RefCell<World>>;

/// WASI for one instance.
pub(super) struct WasiImports {
    pub(super) module: ImportObject<SharedWorld>,
    world: SharedWorld,
}

impl WasiImports {
    pub(super) fn new(
        context: WasiCtx,
        deadline: &Deadline,
        has_printed_too_much: Box<dyn Fn() -> bool>,
    ) -> Result<Self, ImportError> {
        let world =
            Rc::new(RefCell::new(World { context, deadline: Rc::clone(deadline), has_printed_too_much }));
        Ok(Self { module: function::import_module(MODULE, FUNCTIONS, Rc::clone(&world))?, world })
    }

    /// Tells the code that the guest gave to `proc_exit`, 0 before, also after the imports were lent.
    pub(super) fn exit_code(&self) -> impl Fn() -> u32 + 'static {
        let world = Rc::clone(&self.world);
        move || world.borrow().context.exit_code
    }
}

/// What WasmEdge calls, with the function to be called. No panic crosses into C++.
fn enter_wasi(
    name: &'static str,
    world: &SharedWorld,
    frame: &mut CallingFrame,
    values: &[WasmValue],
    call: Call,
) -> Result<Vec<WasmValue>, CoreError> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let memory = super::memory::of_guest(frame).unwrap_or_default();
        let mut world = world.try_borrow_mut().map_err(|_| Errno::__WASI_ERRNO_BUSY)?;
        call(&mut world, &mut GuestMemory(memory), &Arguments::new(values))
    }));
    let errno = match result {
        Ok(Ok(())) => 0,
        Ok(Err(errno)) => errno.0,
        Err(_) => {
            tracing::error!(function = name, "a WASI function panicked");
            Errno::__WASI_ERRNO_IO.0
        }
    };
    // There will be no answer, so the guest need not go on.
    let is_over = name == WRITE && world.try_borrow().is_ok_and(|world| (world.has_printed_too_much)());
    if name == EXIT || is_over {
        Err(CoreError::Common(CoreCommonError::Terminated))
    } else {
        function::results(vec![WasmValue::from_i32(errno.into())])
    }
}
