//! Functions of async-wasi that trust an argument of the guest, with that argument checked before.
//!
//! - `fd_read`, `fd_pread`, `fd_write`, `fd_pwrite` copy the guest's list of buffers. wasmedge-sys 0.21.1 cuts the
//!   list's size to 32 bits before it compares it with the memory's (`get_slice` in src/async/module.rs), so that
//!   2^29 + 1 buffers pass as one, and 4 GiB are copied from behind the memory. A list that does lie in the memory may
//!   be so long that its copies exceed the memory limit several times.
//! - `fd_filestat_set_size` and `clock_res_get` have wrong types there, so that modules which import them by the
//!   standard's types could not be started.
//! - `path_rename` panics where one of two descriptors is not there (`get2_mut` of the crate slab).
//! - `fd_prestat_dir_name` panics where the buffer is longer than the name (async-wasi 0.2.2), and a panic in a host
//!   function ends the process.

use async_wasi::snapshots::WasiCtx;
use async_wasi::snapshots::common::error::Errno;
use async_wasi::snapshots::common::memory::WasmPtr;
use async_wasi::snapshots::preview_1;
use wasmedge_sys as sys;
use wasmedge_types::ValType;
use wasmedge_types::error::CoreError;

use super::{ERRNO_BADF, ERRNO_FAULT, ERRNO_INVAL, ERRNO_NAMETOOLONG, ERRNO_SUCCESS, memory};

/// Descriptor of the first granted folder: 0 to 2 are the streams.
const FIRST_FOLDER: u32 = 3;

/// The functions that stand in for async-wasi's and call them.
pub(super) const FUNCTIONS: [(&str, sys::SyncFn<WasiCtx>); 5] = [
    ("fd_read", fd_read),
    ("fd_pread", fd_pread),
    ("fd_write", fd_write),
    ("fd_pwrite", fd_pwrite),
    ("path_rename", path_rename),
];

/// The functions that stand in for async-wasi's and have other types, with these.
pub(super) const RETYPED: [(&str, [ValType; 2], sys::SyncFn<WasiCtx>); 2] = [
    ("fd_filestat_set_size", [ValType::I32, ValType::I64], fd_filestat_set_size),
    ("clock_res_get", [ValType::I32, ValType::I32], clock_res_get),
];

/// What POSIX systems take in one call (`IOV_MAX` of Linux, limits.h); C libraries of guests split longer lists.
const MOST_BUFFERS: u32 = 1_024;

type Values = Vec<sys::WasmValue>;

fn fd_read(
    context: &mut WasiCtx,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Values,
) -> Result<Values, CoreError> {
    with_list(frame, &values, |memory, List { fd, buffers, count }, number| {
        preview_1::fd_read(context, memory, fd, buffers.into(), count, number(3).into())
    })
}

fn fd_pread(
    context: &mut WasiCtx,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Values,
) -> Result<Values, CoreError> {
    let offset = values.get(3).map_or(0, sys::WasmValue::to_i64).cast_unsigned();
    with_list(frame, &values, |memory, List { fd, buffers, count }, number| {
        preview_1::fd_pread(context, memory, fd, buffers.into(), count, offset, number(4).into())
    })
}

fn fd_write(
    context: &mut WasiCtx,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Values,
) -> Result<Values, CoreError> {
    with_list(frame, &values, |memory, List { fd, buffers, count }, number| {
        preview_1::fd_write(context, memory, fd, buffers.into(), count, number(3).into())
    })
}

fn fd_pwrite(
    context: &mut WasiCtx,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Values,
) -> Result<Values, CoreError> {
    let offset = values.get(3).map_or(0, sys::WasmValue::to_i64).cast_unsigned();
    with_list(frame, &values, |memory, List { fd, buffers, count }, number| {
        preview_1::fd_pwrite(context, memory, fd, buffers.into(), count, offset, number(4).into())
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is wasmedge-sys's")]
fn path_rename(
    context: &mut WasiCtx,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Values,
) -> Result<Values, CoreError> {
    let number = |place: usize| values.get(place).map_or(0, sys::WasmValue::to_i32).cast_unsigned();
    let Some(mut memory) = frame.memory_mut(0) else { return answer(ERRNO_FAULT) };
    for fd in [number(0), number(3)] {
        // Does nothing to folders and streams, and tells whether the descriptor is there.
        if preview_1::fd_sync(context, &mut *memory, fd.cast_signed()) == Err(Errno(ERRNO_BADF)) {
            return answer(ERRNO_BADF);
        }
    }
    let pointer = |place: usize| number(place) as usize;
    result(preview_1::path_rename(
        context,
        &*memory,
        number(0).cast_signed(),
        pointer(1).into(),
        number(2),
        number(3).cast_signed(),
        pointer(4).into(),
        number(5),
    ))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is wasmedge-sys's")]
fn fd_filestat_set_size(
    context: &mut WasiCtx,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Values,
) -> Result<Values, CoreError> {
    let fd = values.first().map_or(0, sys::WasmValue::to_i32);
    let size = values.get(1).map_or(0, sys::WasmValue::to_i64).cast_unsigned();
    let Some(mut memory) = frame.memory_mut(0) else { return answer(ERRNO_FAULT) };
    result(preview_1::fd_filestat_set_size(context, &mut *memory, fd, size))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is wasmedge-sys's")]
fn clock_res_get(
    context: &mut WasiCtx,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Values,
) -> Result<Values, CoreError> {
    let number = |place: usize| values.get(place).map_or(0, sys::WasmValue::to_i32).cast_unsigned();
    let Some(mut memory) = frame.memory_mut(0) else { return answer(ERRNO_FAULT) };
    let resolution = WasmPtr::from(number(1) as usize);
    result(preview_1::clock_res_get(context, &mut *memory, number(0), resolution))
}

/// The names of the granted folders; the first has descriptor 3.
pub(super) type FolderNames = Vec<String>;

#[expect(clippy::needless_pass_by_value, reason = "the signature is wasmedge-sys's")]
pub(super) fn fd_prestat_dir_name(
    names: &mut FolderNames,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Values,
) -> Result<Values, CoreError> {
    let number = |place: usize| values.get(place).map_or(0, sys::WasmValue::to_i32).cast_unsigned();
    let [fd, buffer, length] = [0, 1, 2].map(number);
    let name = fd.checked_sub(FIRST_FOLDER).and_then(|index| names.get(index as usize));
    let Some(name) = name else { return answer(ERRNO_BADF) };
    let Some(name_length) = u32::try_from(name.len()).ok().filter(|name| *name <= length) else {
        return answer(ERRNO_NAMETOOLONG);
    };
    let memory = memory::of_guest(frame).and_then(|memory| memory::write(memory, buffer, name_length));
    let Some(memory) = memory else { return answer(ERRNO_FAULT) };
    memory.copy_from_slice(name.as_bytes());
    answer(ERRNO_SUCCESS)
}

/// A list of buffers in the guest's memory.
struct List {
    fd: i32,
    buffers: usize,
    count: u32,
}

/// Calls `function` with the memory, the list and a way to the other parameters, if the list is one that may be read.
fn with_list(
    frame: &mut sys::CallingFrame,
    values: &[sys::WasmValue],
    function: impl FnOnce(&mut sys::Memory, List, &dyn Fn(usize) -> usize) -> Result<(), Errno>,
) -> Result<Values, CoreError> {
    let number = |place: usize| values.get(place).map_or(0, sys::WasmValue::to_i32);
    let count = number(2).cast_unsigned();
    if count > MOST_BUFFERS {
        return answer(ERRNO_INVAL);
    }
    let Some(mut memory) = frame.memory_mut(0) else { return answer(ERRNO_FAULT) };
    let list = List { fd: number(0), buffers: number(1).cast_unsigned() as usize, count };
    result(function(&mut memory, list, &|place| number(place).cast_unsigned() as usize))
}

fn result(result: Result<(), Errno>) -> Result<Values, CoreError> {
    answer(result.err().map_or(ERRNO_SUCCESS, |errno| errno.0))
}

fn answer(errno: u16) -> Result<Values, CoreError> {
    Ok(vec![sys::WasmValue::from_i32(errno.into())])
}
