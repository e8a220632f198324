//! Every function that a module can import, with what it answers when nothing was granted. Calls are as a module would
//! make them that wants something: descriptor 3 would be the first granted folder, the path is `etc/passwd`.

use std::collections::BTreeMap;

use wasmedge_sdk::ValType;

use crate::interfaces;
use crate::memory_layout::{
    IMAGE_NAME, LIST, MODEL, MODEL_BYTES, OUT, OUTPUT_NAME, PATH, PICTURE, PICTURE_BYTES, PIXELS,
    PIXELS_BYTES, SUBSCRIPTION,
};

/// A parameter: what it is, and what it is in an ordinary call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parameter {
    /// Address in the module's memory.
    Pointer(u32),
    /// Length of what the pointer before it points to; for lists, the number of entries.
    Length(u32),
    /// Anything else.
    Number(u32),
    /// Anything else, of 64 bits.
    Long(u64),
}

use Parameter::{Length as L, Long as N64, Number as N, Pointer as P};

/// A function with an ordinary call of it.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) result: Option<ValType>,
    /// What the ordinary call answers, 0 where it has no result.
    pub(crate) answer: u32,
}

impl Function {
    /// What the module's functions answer to a pointer that leads out of the memory.
    pub(crate) fn outside(&self) -> u32 {
        match self.module {
            WASI => FAULT,
            IMAGE | SSVM_IMAGE | NN => 1,
            _ if self.is_older() => 0,
            _ => 3,
        }
    }

    /// Whether it is of the interfaces that know no failures but an answer of 0.
    pub(crate) fn is_older(&self) -> bool {
        self.name.starts_with("wasmedge_") || self.name.starts_with("ssvm_")
    }

    /// The ordinary calls that it needs before it, by module and name.
    pub(crate) fn needs(&self) -> Vec<(&'static str, &'static str)> {
        let needed = match self.module {
            TENSORFLOW_LITE if !self.is_older() => vec![(TENSORFLOW_LITE, "create_session")],
            TENSORFLOW_LITE | TENSORFLOW if self.is_older() => vec![
                (TENSORFLOW_LITE, "wasmedge_tensorflowlite_create_session"),
                (TENSORFLOW_LITE, "wasmedge_tensorflowlite_get_output_tensor"),
            ],
            SSVM_TENSORFLOW_LITE | SSVM_TENSORFLOW => vec![
                (SSVM_TENSORFLOW_LITE, "ssvm_tensorflowlite_create_session"),
                (SSVM_TENSORFLOW_LITE, "ssvm_tensorflowlite_get_output_tensor"),
            ],
            NN => vec![(NN, "load"), (NN, "init_execution_context")],
            _ => vec![],
        };
        needed.into_iter().take_while(|needed| *needed != (self.module, self.name)).collect()
    }
}

pub(crate) const WASI: &str = "wasi_snapshot_preview1";
pub(crate) const IMAGE: &str = "wasmedge_image";
pub(crate) const TENSORFLOW_LITE: &str = "wasmedge_tensorflowlite";
pub(crate) const TENSORFLOW: &str = "wasmedge_tensorflow";
pub(crate) const NN: &str = "wasi_ephemeral_nn";
pub(crate) const SSVM_IMAGE: &str = "ssvm_image";
pub(crate) const SSVM_TENSORFLOW_LITE: &str = "ssvm_tensorflowlite";
pub(crate) const SSVM_TENSORFLOW: &str = "ssvm_tensorflow";

// WASI's error numbers (`errno` of wasi_snapshot_preview1).
const DONE: u32 = 0;
const BADF: u32 = 8;
pub(crate) const FAULT: u32 = 21;
pub(crate) const INVAL: u32 = 28;
const NOSYS: u32 = 52;
const NOTSUP: u32 = 58;
const SPIPE: u32 = 70;

/// The session that a module makes first.
const SESSION: u32 = 1;

/// Descriptors: the streams, and the first folder that would be granted.
const STDIN: Parameter = N(0);
const STDOUT: Parameter = N(1);
const FOLDER: Parameter = N(3);

fn wasi(name: &'static str, parameters: &[Parameter], answer: u32) -> Function {
    let result = (name != "proc_exit").then_some(ValType::I32);
    Function { module: WASI, name, parameters: parameters.to_vec(), result, answer }
}

fn tensorflow_lite(name: &'static str, parameters: &[Parameter], answer: u32) -> Function {
    of_i32(TENSORFLOW_LITE, name, parameters, answer)
}

fn image(name: &'static str) -> Function {
    let target = [N(32), N(32), N(0), P(PIXELS), L(PIXELS_BYTES)];
    let parameters = [&[P(PICTURE), L(PICTURE_BYTES)], target.as_slice()].concat();
    of_i32(IMAGE, name, &parameters, DONE)
}

fn of_i32(module: &'static str, name: &'static str, parameters: &[Parameter], answer: u32) -> Function {
    Function { module, name, parameters: parameters.to_vec(), result: Some(ValType::I32), answer }
}

/// All of them. In the calls of TensorFlow Lite the session is 1 and was just made.
pub(crate) fn all() -> Vec<Function> {
    let path = [P(PATH), L(10)];
    let with_path = |before: &[Parameter], after: &[Parameter]| [before, &path, after].concat();
    let list = [P(LIST), L(1)];
    let with_list = |before: &[Parameter], after: &[Parameter]| [before, &list, after].concat();
    let name = |at: u32, length: u32| [N(SESSION), P(at), L(length)];
    let mut functions = vec![
        wasi("args_get", &[P(OUT), P(OUT + 64)], DONE),
        wasi("args_sizes_get", &[P(OUT), P(OUT + 64)], DONE),
        wasi("environ_get", &[P(OUT), P(OUT + 64)], DONE),
        wasi("environ_sizes_get", &[P(OUT), P(OUT + 64)], DONE),
        wasi("clock_res_get", &[N(0), P(OUT)], DONE),
        wasi("clock_time_get", &[N(0), N64(1), P(OUT)], DONE),
        wasi("random_get", &[P(OUT), L(16)], DONE),
        wasi("fd_prestat_get", &[FOLDER, P(OUT)], BADF),
        wasi("fd_prestat_dir_name", &[FOLDER, P(OUT), L(16)], BADF),
        wasi("fd_renumber", &[STDOUT, N(2)], NOTSUP),
        wasi("fd_advise", &[STDIN, N64(0), N64(0), N(0)], DONE),
        wasi("fd_allocate", &[STDOUT, N64(0), N64(1)], BADF),
        wasi("fd_close", &[FOLDER], DONE),
        wasi("fd_seek", &[STDIN, N64(0), N(0), P(OUT)], SPIPE),
        wasi("fd_sync", &[STDOUT], DONE),
        wasi("fd_datasync", &[STDOUT], DONE),
        wasi("fd_tell", &[STDIN, P(OUT)], SPIPE),
        wasi("fd_fdstat_get", &[STDOUT, P(OUT)], DONE),
        wasi("fd_fdstat_set_flags", &[STDOUT, N(1)], BADF),
        wasi("fd_fdstat_set_rights", &[STDOUT, N64(0), N64(0)], BADF),
        wasi("fd_filestat_get", &[STDOUT, P(OUT)], DONE),
        wasi("fd_filestat_set_size", &[STDOUT, N64(0)], BADF),
        wasi("fd_filestat_set_times", &[STDOUT, N64(0), N64(0), N(0)], BADF),
        wasi("fd_read", &with_list(&[STDIN], &[P(OUT)]), DONE),
        wasi("fd_pread", &with_list(&[STDIN], &[N64(0), P(OUT)]), SPIPE),
        wasi("fd_write", &with_list(&[STDOUT], &[P(OUT)]), DONE),
        wasi("fd_pwrite", &with_list(&[STDOUT], &[N64(0), P(OUT)]), SPIPE),
        wasi("fd_readdir", &[FOLDER, P(OUT), L(64), N64(0), P(OUT + 64)], BADF),
        wasi("path_create_directory", &with_path(&[FOLDER], &[]), BADF),
        wasi("path_filestat_get", &with_path(&[FOLDER, N(0)], &[P(OUT)]), BADF),
        wasi("path_filestat_set_times", &with_path(&[FOLDER, N(0)], &[N64(0), N64(0), N(0)]), NOSYS),
        wasi("path_link", &with_path(&[FOLDER, N(0), P(PATH), L(10), FOLDER], &[]), NOSYS),
        wasi("path_open", &with_path(&[FOLDER, N(0)], &[N(0), N64(2), N64(0), N(0), P(OUT)]), BADF),
        wasi("path_readlink", &with_path(&[FOLDER], &[P(OUT), L(64), P(OUT + 64)]), NOSYS),
        wasi("path_remove_directory", &with_path(&[FOLDER], &[]), BADF),
        wasi("path_rename", &with_path(&[FOLDER, P(PATH), L(10), FOLDER], &[]), BADF),
        wasi("path_symlink", &with_path(&[P(PATH), L(10), FOLDER], &[]), NOSYS),
        wasi("path_unlink_file", &with_path(&[FOLDER], &[]), BADF),
        wasi("proc_exit", &[N(10)], DONE),
        wasi("proc_raise", &[N(9)], NOSYS),
        wasi("sched_yield", &[], NOSYS),
        wasi("poll_oneoff", &[P(SUBSCRIPTION), P(OUT), L(1), P(OUT + 64)], DONE),
        wasi("sock_open", &[N(1), N(2), P(OUT)], NOTSUP),
        wasi("sock_bind", &[FOLDER, P(OUT), N(80)], NOTSUP),
        wasi("sock_listen", &[FOLDER, N(1)], NOTSUP),
        wasi("sock_accept", &[FOLDER, P(OUT)], NOTSUP),
        wasi("sock_connect", &[FOLDER, P(OUT), N(80)], NOTSUP),
        wasi("sock_recv", &with_list(&[FOLDER], &[N(0), P(OUT), P(OUT + 64)]), NOTSUP),
        wasi("sock_recv_from", &with_list(&[FOLDER], &[P(OUT), N(0), P(OUT), P(OUT), P(OUT)]), NOTSUP),
        wasi("sock_send", &with_list(&[FOLDER], &[N(0), P(OUT)]), NOTSUP),
        wasi("sock_send_to", &with_list(&[FOLDER], &[P(OUT), N(80), N(0), P(OUT)]), NOTSUP),
        wasi("sock_shutdown", &[FOLDER, N(1)], NOTSUP),
        wasi("sock_getpeeraddr", &[FOLDER, P(OUT), P(OUT), P(OUT)], NOTSUP),
        wasi("sock_getlocaladdr", &[FOLDER, P(OUT), P(OUT), P(OUT)], NOTSUP),
        wasi("sock_getsockopt", &[FOLDER, N(0), N(0), P(OUT), P(OUT)], NOTSUP),
        wasi("sock_setsockopt", &[FOLDER, N(0), N(0), P(OUT), L(4)], NOTSUP),
        wasi("sock_lookup_ip", &[P(PATH), L(10), N(4), P(OUT), L(16), P(OUT + 64)], NOTSUP),
        wasi(
            "sock_getaddrinfo",
            &[P(PATH), L(10), P(PATH), L(10), P(OUT), P(OUT), N(1), P(OUT + 64)],
            NOTSUP,
        ),
        image("load_jpg"),
        image("load_png"),
    ];
    functions.extend([
        tensorflow_lite("create_session", &[P(MODEL), L(MODEL_BYTES), P(OUT)], DONE),
        tensorflow_lite("delete_session", &[N(SESSION)], DONE),
        tensorflow_lite("run_session", &[N(SESSION)], 5),
        tensorflow_lite(
            "append_input",
            &[&name(IMAGE_NAME, 5), [P(PIXELS), L(192 * 192 * 3)].as_slice()].concat(),
            DONE,
        ),
        tensorflow_lite("get_output_tensor", &[&name(OUTPUT_NAME, 13), [P(OUT)].as_slice()].concat(), DONE),
        tensorflow_lite("get_tensor_len", &[N(SESSION), N(0), P(OUT)], DONE),
        tensorflow_lite("get_tensor_data", &[N(SESSION), N(0), P(PIXELS), L(81), P(OUT)], 5),
    ]);
    functions.extend(interfaces::graphs());
    functions.extend(interfaces::nn());
    functions.extend(interfaces::older(SSVM_IMAGE, SSVM_TENSORFLOW_LITE, SSVM_TENSORFLOW, "ssvm"));
    functions.extend(interfaces::older(IMAGE, TENSORFLOW_LITE, TENSORFLOW, "wasmedge"));
    functions
}

#[test]
fn all_functions_that_are_offered_are_here_with_their_parameters() {
    let type_of = |parameter: &Parameter| match parameter {
        N64(_) => ValType::I64,
        P(_) | L(_) | N(_) => ValType::I32,
    };
    let described: BTreeMap<_, (Vec<ValType>, Vec<ValType>)> = all()
        .iter()
        .map(|function| {
            let parameters = function.parameters.iter().map(type_of).collect();
            ((function.module, function.name), (parameters, function.result.into_iter().collect()))
        })
        .collect();
    let offered: BTreeMap<_, (Vec<ValType>, Vec<ValType>)> = engine::host::offered()
        .into_iter()
        .map(|function| {
            let types = (function.func_type.args().to_vec(), function.func_type.returns().to_vec());
            ((function.module, function.name), types)
        })
        .collect();
    assert_eq!(described.len(), all().len(), "each once");
    assert_eq!(described, offered);
}
