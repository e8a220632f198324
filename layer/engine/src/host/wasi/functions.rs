//! All functions of WASI preview 1 (and WasmEdge's sockets, which are refused), with their parameters.
//!
//! Form: <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md>.

use async_wasi::snapshots::WasiCtx;
use async_wasi::snapshots::common::error::Errno;
use async_wasi::snapshots::common::memory::WasmPtr;
use async_wasi::snapshots::preview_1 as preview1;
use wasmedge_sdk::error::CoreError;
use wasmedge_sdk::{CallingFrame, Instance, ValType, WasmValue};

use super::call::{Done, SharedWorld, enter};
use super::memory::GuestMemory;
use super::poll::poll;
use crate::host::function::HostFunction;

/// The type of a parameter or result.
macro_rules! kind {
    (Number) => {
        ValType::I32
    };
    (Long) => {
        ValType::I64
    };
}

/// `name(kinds) => |context, memory, arguments| call;` for functions of async-wasi.
macro_rules! functions {
    ($($name:literal ($($kind:ident)*) => |$world:pat_param, $memory:pat_param, $a:pat_param| $call:expr;)*) => {
        pub(in crate::host) const FUNCTIONS: &[HostFunction<SharedWorld>] = &[$({
            fn enter_one(
                world: &mut SharedWorld,
                _instance: &mut Instance,
                frame: &mut CallingFrame,
                values: Vec<WasmValue>,
            ) -> Result<Vec<WasmValue>, CoreError> {
                enter($name, world, frame, &values, |$world, $memory, $a| $call)
            }
            HostFunction {
                name: $name,
                parameters: &[$(kind!($kind)),*],
                results: if matches!($name.as_bytes(), b"proc_exit") { &[] } else { &[ValType::I32] },
                enter: enter_one,
            }
        }),*];
    };
}

functions! {
    "args_get"(Number Number) => |w, m, a| preview1::args_get(&w.context, m, a.at(0), a.at(1));
    "args_sizes_get"(Number Number) => |w, m, a| preview1::args_sizes_get(&w.context, m, a.at(0), a.at(1));
    "environ_get"(Number Number) => |w, m, a| preview1::environ_get(&w.context, m, a.at(0), a.at(1));
    "environ_sizes_get"(Number Number) => |w, m, a| preview1::environ_sizes_get(&w.context, m, a.at(0), a.at(1));
    "clock_res_get"(Number Number) => |w, m, a| preview1::clock_res_get(&mut w.context, m, a.number(0), a.at(1));
    "clock_time_get"(Number Long Number) => |w, m, a| {
        preview1::clock_time_get(&w.context, m, a.number(0), a.long(1), a.at(2))
    };
    "random_get"(Number Number) => |w, m, a| preview1::random_get(&mut w.context, m, a.at(0), a.number(1));
    "fd_prestat_get"(Number Number) => |w, m, a| preview1::fd_prestat_get(&mut w.context, m, a.fd(0), a.at(1));
    "fd_prestat_dir_name"(Number Number Number) => |w, m, a| {
        folder_name(&mut w.context, m, a.fd(0), a.at(1), a.number(2))
    };
    "fd_renumber"(Number Number) => |w, m, a| preview1::fd_renumber(&mut w.context, m, a.fd(0), a.fd(1));
    "fd_advise"(Number Long Long Number) => |w, m, a| {
        preview1::fd_advise(&mut w.context, m, a.fd(0), a.long(1), a.long(2), a.number(3) as u8)
    };
    "fd_allocate"(Number Long Long) => |w, m, a| {
        preview1::fd_allocate(&mut w.context, m, a.fd(0), a.long(1), a.long(2))
    };
    "fd_close"(Number) => |w, m, a| preview1::fd_close(&mut w.context, m, a.fd(0));
    "fd_seek"(Number Long Number Number) => |w, m, a| {
        preview1::fd_seek(&mut w.context, m, a.fd(0), a.long(1).cast_signed(), a.number(2) as u8, a.at(3))
    };
    "fd_sync"(Number) => |w, m, a| preview1::fd_sync(&mut w.context, m, a.fd(0));
    "fd_datasync"(Number) => |w, m, a| preview1::fd_datasync(&mut w.context, m, a.fd(0));
    "fd_tell"(Number Number) => |w, m, a| preview1::fd_tell(&mut w.context, m, a.fd(0), a.at(1));
    "fd_fdstat_get"(Number Number) => |w, m, a| preview1::fd_fdstat_get(&mut w.context, m, a.fd(0), a.at(1));
    "fd_fdstat_set_flags"(Number Number) => |w, m, a| {
        preview1::fd_fdstat_set_flags(&mut w.context, m, a.fd(0), a.number(1) as u16)
    };
    "fd_fdstat_set_rights"(Number Long Long) => |w, m, a| {
        preview1::fd_fdstat_set_rights(&mut w.context, m, a.fd(0), a.long(1), a.long(2))
    };
    "fd_filestat_get"(Number Number) => |w, m, a| preview1::fd_filestat_get(&mut w.context, m, a.fd(0), a.at(1));
    "fd_filestat_set_size"(Number Long) => |w, m, a| {
        preview1::fd_filestat_set_size(&mut w.context, m, a.fd(0), a.long(1))
    };
    "fd_filestat_set_times"(Number Long Long Number) => |w, m, a| {
        preview1::fd_filestat_set_times(&mut w.context, m, a.fd(0), a.long(1), a.long(2), a.number(3) as u16)
    };
    "fd_read"(Number Number Number Number) => |w, m, a| {
        preview1::fd_read(&mut w.context, m, a.fd(0), a.at(1), a.number(2), a.at(3))
    };
    "fd_pread"(Number Number Number Long Number) => |w, m, a| {
        preview1::fd_pread(&mut w.context, m, a.fd(0), a.at(1), a.number(2), a.long(3), a.at(4))
    };
    "fd_write"(Number Number Number Number) => |w, m, a| {
        preview1::fd_write(&mut w.context, m, a.fd(0), a.at(1), a.number(2), a.at(3))
    };
    "fd_pwrite"(Number Number Number Long Number) => |w, m, a| {
        preview1::fd_pwrite(&mut w.context, m, a.fd(0), a.at(1), a.number(2), a.long(3), a.at(4))
    };
    "fd_readdir"(Number Number Number Long Number) => |w, m, a| {
        preview1::fd_readdir(&mut w.context, m, a.fd(0), a.at(1), a.number(2), a.long(3), a.at(4))
    };
    "path_create_directory"(Number Number Number) => |w, m, a| {
        preview1::path_create_directory(&mut w.context, m, a.fd(0), a.at(1), a.number(2))
    };
    "path_filestat_get"(Number Number Number Number Number) => |w, m, a| {
        preview1::path_filestat_get(&mut w.context, m, a.fd(0), a.number(1), a.at(2), a.number(3), a.at(4))
    };
    "path_filestat_set_times"(Number Number Number Number Long Long Number) => |_, _, _| NOT_THERE;
    "path_link"(Number Number Number Number Number Number Number) => |_, _, _| NOT_THERE;
    "path_open"(Number Number Number Number Number Long Long Number Number) => |w, m, a| {
        preview1::path_open(
            &mut w.context, m, a.fd(0), a.number(1), a.at(2), a.number(3),
            a.number(4) as u16, a.long(5), a.long(6), a.number(7) as u16, a.at(8),
        )
    };
    "path_readlink"(Number Number Number Number Number Number) => |_, _, _| NOT_THERE;
    "path_remove_directory"(Number Number Number) => |w, m, a| {
        preview1::path_remove_directory(&mut w.context, m, a.fd(0), a.at(1), a.number(2))
    };
    "path_rename"(Number Number Number Number Number Number) => |w, m, a| {
        // async-wasi panics where one of the two is not there.
        is_open(&mut w.context, m, a.fd(0))?;
        is_open(&mut w.context, m, a.fd(3))?;
        preview1::path_rename(
            &mut w.context, m, a.fd(0), a.at(1), a.number(2), a.fd(3), a.at(4), a.number(5),
        )
    };
    "path_symlink"(Number Number Number Number Number) => |_, _, _| NOT_THERE;
    "path_unlink_file"(Number Number Number) => |w, m, a| {
        preview1::path_unlink_file(&mut w.context, m, a.fd(0), a.at(1), a.number(2))
    };
    "proc_exit"(Number) => |w, _, a| {
        w.context.exit_code = a.number(0);
        Ok(())
    };
    "proc_raise"(Number) => |_, _, _| NOT_THERE;
    "sched_yield"() => |_, _, _| NOT_THERE;
    "poll_oneoff"(Number Number Number Number) => |w, m, a| {
        poll(m.0, a.number(0), a.number(1), a.number(2), a.number(3), w.deadline.get())
    };
    "sock_open"(Number Number Number) => |_, _, _| REFUSED;
    "sock_bind"(Number Number Number) => |_, _, _| REFUSED;
    "sock_listen"(Number Number) => |_, _, _| REFUSED;
    "sock_accept"(Number Number) => |_, _, _| REFUSED;
    "sock_connect"(Number Number Number) => |_, _, _| REFUSED;
    "sock_recv"(Number Number Number Number Number Number) => |_, _, _| REFUSED;
    "sock_recv_from"(Number Number Number Number Number Number Number Number) => |_, _, _| REFUSED;
    "sock_send"(Number Number Number Number Number) => |_, _, _| REFUSED;
    "sock_send_to"(Number Number Number Number Number Number Number) => |_, _, _| REFUSED;
    "sock_shutdown"(Number Number) => |_, _, _| REFUSED;
    "sock_getpeeraddr"(Number Number Number Number) => |_, _, _| REFUSED;
    "sock_getlocaladdr"(Number Number Number Number) => |_, _, _| REFUSED;
    "sock_getsockopt"(Number Number Number Number Number) => |_, _, _| REFUSED;
    "sock_setsockopt"(Number Number Number Number Number) => |_, _, _| REFUSED;
    "sock_lookup_ip"(Number Number Number Number Number Number) => |_, _, _| REFUSED;
    "sock_getaddrinfo"(Number Number Number Number Number Number Number Number) => |_, _, _| REFUSED;
}

/// What async-wasi does not have.
const NOT_THERE: Done = Err(Errno::__WASI_ERRNO_NOSYS);

/// What would reach the network.
const REFUSED: Done = Err(Errno::__WASI_ERRNO_NOTSUP);

/// Syncing does nothing to folders and streams, and tells whether the descriptor is there.
fn is_open(context: &mut WasiCtx, memory: &mut GuestMemory<'_>, fd: i32) -> Done {
    match preview1::fd_sync(context, memory, fd) {
        Err(Errno::__WASI_ERRNO_BADF) => Err(Errno::__WASI_ERRNO_BADF),
        _ => Ok(()),
    }
}

/// async-wasi panics where the buffer is longer than the name, so it gets as much of the buffer as the name needs.
fn folder_name(
    context: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: i32,
    name: WasmPtr<u8>,
    length: u32,
) -> Done {
    /// `prestat`: a tag and the length of the name.
    #[repr(align(8))]
    struct Prestat([u8; 8]);
    let mut prestat = Prestat([0; 8]);
    preview1::fd_prestat_get(context, &mut GuestMemory(&mut prestat.0), fd, WasmPtr::from(0))?;
    let [_, _, _, _, needed @ ..] = prestat.0;
    preview1::fd_prestat_dir_name(context, memory, fd, name, length.min(u32::from_le_bytes(needed)))
}
