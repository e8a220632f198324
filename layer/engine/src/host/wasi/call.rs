//! How a function of WASI is called: what it acts upon, its arguments, and what the guest gets of it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Instant;

use async_wasi::snapshots::WasiCtx;
use async_wasi::snapshots::common::error::Errno;
use async_wasi::snapshots::common::memory::WasmPtr;
use wasmedge_sdk::error::{CoreCommonError, CoreError};
use wasmedge_sdk::{CallingFrame, WasmValue};

use super::memory::GuestMemory;
use crate::host::{function, memory};

/// When the event must be answered; set for each event.
pub type Deadline = Rc<Cell<Option<Instant>>>;

/// What the functions of one instance act upon.
pub(in crate::host) struct World {
    pub(super) context: WasiCtx,
    pub(super) deadline: Deadline,
    /// Whether the guest has printed more than it may.
    pub(super) has_printed_too_much: Box<dyn Fn() -> bool>,
}

pub(in crate::host) type SharedWorld = Rc<RefCell<World>>;

pub(super) type Done = Result<(), Errno>;

/// What one of the functions does with its arguments.
pub(super) type Call = fn(&mut World, &mut GuestMemory<'_>, &Arguments) -> Done;

/// The one function that does not return; all others return an error number.
const EXIT: &str = "proc_exit";

/// The one function that prints.
const WRITE: &str = "fd_write";

/// The arguments of a call, the shorter ones with zeros before them.
pub(super) struct Arguments(Vec<u64>);

impl Arguments {
    fn new(values: &[WasmValue]) -> Self {
        Self(values.iter().map(function::number).collect())
    }

    pub(super) fn long(&self, index: usize) -> u64 {
        self.0.get(index).copied().unwrap_or_default()
    }

    /// The low half: numbers are not longer, and WASI's narrower ones keep their low bits.
    pub(super) fn number(&self, index: usize) -> u32 {
        self.long(index) as u32
    }

    pub(super) fn fd(&self, index: usize) -> i32 {
        self.number(index).cast_signed()
    }

    pub(super) fn at<T>(&self, index: usize) -> WasmPtr<T> {
        WasmPtr::from(self.number(index) as usize)
    }
}

/// What WasmEdge calls, with the function to be called. No panic crosses into C++.
pub(super) fn enter(
    name: &'static str,
    world: &SharedWorld,
    frame: &mut CallingFrame,
    values: &[WasmValue],
    call: Call,
) -> Result<Vec<WasmValue>, CoreError> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let memory = memory::of_guest(frame).unwrap_or_default();
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
