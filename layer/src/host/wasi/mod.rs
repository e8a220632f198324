//! `wasi_snapshot_preview1`: the implementation of the crate async-wasi, without sockets, and with sleeping bounded
//! by the event's deadline.
//!
//! Its functions are bound here and not by wasmedge-sys, which checks too little of what guests pass ([`memory`]), has
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
use wasmedge_sys::{self as sys, AsInstance};
use wasmedge_types::error::{CoreCommonError, CoreError};
use wasmedge_types::{FuncType, ValType};

use super::function::{self, ImportError, ImportModule};
use functions::{Arguments, FUNCTIONS, Function, Kind};
use memory::GuestMemory;

pub(super) const MODULE: &str = "wasi_snapshot_preview1";

/// When the event must be answered; set for each event.
pub type Deadline = Rc<Cell<Option<Instant>>>;

/// What the functions of one instance act upon.
struct World {
    context: WasiCtx,
    deadline: Deadline,
}

/// WASI for one instance.
pub(super) struct WasiImports {
    module: ImportModule,
    world: Rc<RefCell<World>>,
}

impl WasiImports {
    pub(super) fn new(context: WasiCtx, deadline: &Deadline) -> Result<Self, ImportError> {
        let world = Rc::new(RefCell::new(World { context, deadline: Rc::clone(deadline) }));
        let mut module = function::module(MODULE)?;
        for function in FUNCTIONS {
            let binding = Binding { function, world: Rc::clone(&world) };
            function::bind(&mut module, function.name, &kind(function), binding, enter)?;
        }
        Ok(Self { module, world })
    }

    pub(super) fn instance(&self) -> &impl AsInstance {
        &self.module
    }

    pub(super) fn exit_code(&self) -> u32 {
        self.world.borrow().context.exit_code
    }
}

/// The functions that a guest may import, by name.
pub(super) fn offered() -> impl Iterator<Item = (&'static str, FuncType)> {
    FUNCTIONS.iter().map(|function| (function.name, kind(function)))
}

/// Parameters and results of `function`.
fn kind(function: &Function) -> FuncType {
    let parameters = function.parameters.iter().map(|kind| match kind {
        Kind::Number => ValType::I32,
        Kind::Long => ValType::I64,
    });
    let results = if function.returns() { vec![ValType::I32] } else { Vec::new() };
    FuncType::new(parameters.collect(), results)
}

struct Binding {
    function: &'static Function,
    world: Rc<RefCell<World>>,
}

/// What WasmEdge calls. No panic crosses into C++.
#[expect(clippy::needless_pass_by_value, reason = "the signature is wasmedge-sys's")]
fn enter(
    Binding { function, world }: &mut Binding,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Vec<sys::WasmValue>,
) -> Result<Vec<sys::WasmValue>, CoreError> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let arguments = Arguments::new(function.parameters, &values);
        let memory = super::memory::of_guest(frame).unwrap_or_default();
        let mut world = world.try_borrow_mut().map_err(|_| Errno::__WASI_ERRNO_BUSY)?;
        (function.call)(&mut world, &mut GuestMemory(memory), &arguments)
    }));
    let errno = match result {
        Ok(Ok(())) => 0,
        Ok(Err(errno)) => errno.0,
        Err(_) => {
            tracing::error!(function = function.name, "a WASI function panicked");
            Errno::__WASI_ERRNO_IO.0
        }
    };
    if function.returns() {
        Ok(vec![sys::WasmValue::from_i32(errno.into())])
    } else {
        Err(CoreError::Common(CoreCommonError::Terminated))
    }
}
