//! `wasi_snapshot_preview1`: the implementation of the crate async-wasi, without sockets, with sleeping bounded by the
//! event's deadline, and with arguments checked that async-wasi trusts (`guarded`).
//!
//! The guest runs on a plain thread, so the functions that async-wasi makes asynchronous are replaced here.

mod guarded;

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_wasi::snapshots::WasiCtx;
use wasmedge_sys::r#async::module::AsyncWasiModule;
use wasmedge_sys::instance::function::AsFunc;
use wasmedge_sys::{self as sys, AsInstance};
use wasmedge_types::error::{CoreError, FuncError, WasmEdgeError};
use wasmedge_types::{FuncType, ValType};

use super::function::ImportError;
use super::memory;

pub(super) const MODULE: &str = "wasi_snapshot_preview1";

/// When the event must be answered; set for each event.
pub type Deadline = Rc<Cell<Option<Instant>>>;

/// WASI's error numbers (wasi_snapshot_preview1, `errno`).
const ERRNO_SUCCESS: u16 = 0;
const ERRNO_BADF: u16 = 8;
const ERRNO_FAULT: u16 = 21;
const ERRNO_INVAL: u16 = 28;
const ERRNO_NAMETOOLONG: u16 = 37;
const ERRNO_NOTSUP: u16 = 58;

/// Functions that would reach the network; a guest that calls one gets `notsup`.
const REFUSED: [&str; 16] = [
    "sock_open",
    "sock_bind",
    "sock_listen",
    "sock_accept",
    "sock_connect",
    "sock_recv",
    "sock_recv_from",
    "sock_send",
    "sock_send_to",
    "sock_shutdown",
    "sock_getpeeraddr",
    "sock_getlocaladdr",
    "sock_getsockopt",
    "sock_setsockopt",
    "sock_lookup_ip",
    "sock_getaddrinfo",
];

/// Every function that a guest may import.
pub(super) const NAMES: [&str; 58] = [
    "args_get",
    "args_sizes_get",
    "environ_get",
    "environ_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "random_get",
    "fd_prestat_get",
    "fd_prestat_dir_name",
    "fd_renumber",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_seek",
    "fd_sync",
    "fd_datasync",
    "fd_tell",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_read",
    "fd_pread",
    "fd_write",
    "fd_pwrite",
    "fd_readdir",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "proc_exit",
    "proc_raise",
    "sched_yield",
    "poll_oneoff",
    "sock_open",
    "sock_bind",
    "sock_listen",
    "sock_accept",
    "sock_connect",
    "sock_recv",
    "sock_recv_from",
    "sock_send",
    "sock_send_to",
    "sock_shutdown",
    "sock_getpeeraddr",
    "sock_getlocaladdr",
    "sock_getsockopt",
    "sock_setsockopt",
    "sock_lookup_ip",
    "sock_getaddrinfo",
];

/// WASI for one instance.
pub(super) struct WasiImports {
    module: AsyncWasiModule,
    /// What the replaced functions are bound to; must outlive the module's functions.
    _bound: Vec<Box<dyn Any>>,
}

impl WasiImports {
    /// WASI in this context; `folders` are the names of those that were granted in it, in order.
    pub(super) fn new(
        context: WasiCtx,
        folders: guarded::FolderNames,
        deadline: &Deadline,
    ) -> Result<Self, ImportError> {
        let mut imports =
            Self { module: AsyncWasiModule::create_from_wasi_context(context)?, _bound: Vec::new() };
        for name in REFUSED {
            imports.replace(name, Box::new(()), refuse)?;
        }
        for (name, function) in guarded::FUNCTIONS {
            imports.guard(name, &imports.type_of(name)?, function)?;
        }
        for (name, parameters, function) in guarded::RETYPED {
            imports.guard(name, &FuncType::new(parameters.to_vec(), vec![ValType::I32]), function)?;
        }
        imports.replace("fd_prestat_dir_name", Box::new(folders), guarded::fd_prestat_dir_name)?;
        imports.replace("poll_oneoff", Box::new(Rc::clone(deadline)), poll_oneoff)?;
        Ok(imports)
    }

    pub(super) fn instance(&self) -> &impl AsInstance {
        self.module.as_ref()
    }

    pub(super) fn exit_code(&self) -> u32 {
        self.module.exit_code()
    }

    /// Puts `function` in the place of async-wasi's function of that name, with the same type.
    fn replace<T: 'static>(
        &mut self,
        name: &str,
        mut bound: Box<T>,
        function: sys::SyncFn<T>,
    ) -> Result<(), ImportError> {
        let kind = self.type_of(name)?;
        let data: *mut T = &raw mut *bound;
        // SAFETY: the box is kept in `_bound`, beside the module that owns the function.
        let function = unsafe { sys::Function::create_sync_func(&kind, function, data, 0) }?;
        self._bound.push(bound);
        self.module.as_mut().add_func(name, function);
        Ok(())
    }

    /// Puts `function` in the place of async-wasi's function of that name, with the same context.
    fn guard(
        &mut self,
        name: &str,
        kind: &FuncType,
        function: sys::SyncFn<WasiCtx>,
    ) -> Result<(), ImportError> {
        let context: *mut WasiCtx = self.module.as_mut().get_host_data_mut();
        // SAFETY: the module owns both the context, at a fixed place, and the function; async-wasi's own functions are
        // bound to the same context, and a guest calls one function at a time.
        let function = unsafe { sys::Function::create_sync_func(kind, function, context, 0) }?;
        self.module.as_mut().add_func(name, function);
        Ok(())
    }

    fn type_of(&self, name: &str) -> Result<FuncType, ImportError> {
        let kind = self.module.as_ref().get_func(name)?.ty();
        Ok(kind.ok_or(WasmEdgeError::Func(FuncError::Type))?)
    }
}

fn refuse(
    (): &mut (),
    _instance: &mut sys::Instance,
    _frame: &mut sys::CallingFrame,
    _values: Vec<sys::WasmValue>,
) -> Result<Vec<sys::WasmValue>, CoreError> {
    Ok(vec![sys::WasmValue::from_i32(ERRNO_NOTSUP.into())])
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is wasmedge-sys's")]
fn poll_oneoff(
    deadline: &mut Deadline,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Vec<sys::WasmValue>,
) -> Result<Vec<sys::WasmValue>, CoreError> {
    let numbers: Vec<u32> = values.iter().map(|value| value.to_i32().cast_unsigned()).collect();
    let errno = match (numbers.as_slice(), memory::of_guest(frame)) {
        (&[subscriptions, events, count, count_out], Some(memory)) => {
            match poll(memory, subscriptions, events, count, count_out, deadline.get()) {
                Ok(()) => ERRNO_SUCCESS,
                Err(errno) => errno,
            }
        }
        _ => ERRNO_FAULT,
    };
    Ok(vec![sys::WasmValue::from_i32(errno.into())])
}

/// Sizes and offsets of `subscription` and `event` in wasi_snapshot_preview1.
const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;
/// More than a guest without sockets can need.
const MOST_SUBSCRIPTIONS: u32 = 64;
const TAG_CLOCK: u8 = 0;

/// Streams are always ready; clocks are slept for, never past the deadline.
fn poll(
    memory: &mut [u8],
    subscriptions: u32,
    events: u32,
    count: u32,
    count_out: u32,
    deadline: Option<Instant>,
) -> Result<(), u16> {
    if count == 0 || count > MOST_SUBSCRIPTIONS {
        return Err(ERRNO_INVAL);
    }
    let asked: Vec<Subscription> = memory::read(memory, subscriptions, count * SUBSCRIPTION_BYTES)
        .ok_or(ERRNO_FAULT)?
        .chunks_exact(SUBSCRIPTION_BYTES as usize)
        .map(|bytes| Subscription::read(bytes).ok_or(ERRNO_INVAL))
        .collect::<Result<_, _>>()?;
    let wait = asked.iter().map(|subscription| subscription.wait).min().unwrap_or_default();
    let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    std::thread::sleep(wait.min(left));
    let due: Vec<&Subscription> = asked.iter().filter(|subscription| subscription.wait <= wait).collect();
    let length = u32::try_from(due.len()).map_err(|_| ERRNO_INVAL)?;
    let out = memory::write(memory, events, length * EVENT_BYTES).ok_or(ERRNO_FAULT)?;
    for (event, subscription) in out.chunks_exact_mut(EVENT_BYTES as usize).zip(due) {
        event.fill(0);
        event[..8].copy_from_slice(&subscription.userdata);
        event[10] = subscription.tag;
    }
    memory::store_u32(memory, count_out, length).ok_or(ERRNO_FAULT)
}

struct Subscription {
    userdata: [u8; 8],
    tag: u8,
    wait: Duration,
}

impl Subscription {
    fn read(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let tag = *bytes.get(8)?;
        let wait = if tag == TAG_CLOCK {
            let absolute = bytes.get(40)? & 1 == 1;
            let timeout = Duration::from_nanos(number(24)?);
            if absolute { timeout.saturating_sub(now()) } else { timeout }
        } else {
            Duration::ZERO
        };
        Some(Self { userdata: number(0)?.to_le_bytes(), tag, wait })
    }
}

/// The time since 1970, which async-wasi gives to `clock_time_get` for both of its clocks.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
