//! The functions of TensorFlow's C library that are called, as tensorflow/c/c_api.h declares them.

use std::ffi::{c_char, c_int, c_void};

/// A handle of the library's own.
pub(super) type Handle = *mut c_void;

/// `TF_Buffer`: bytes that a function is given.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) data: *const c_void,
    pub(super) length: usize,
    pub(super) deallocator: Option<unsafe extern "C" fn(*mut c_void, usize)>,
}

/// `TF_Output` and `TF_Input`: one of an operation's outputs.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    pub(super) operation: Handle,
    pub(super) index: c_int,
}

macro_rules! functions {
    ($($name:ident($($parameter:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions, by their names in the library.
        #[derive(Clone, Copy, Debug)]
        #[expect(non_snake_case, reason = "the library's own names")]
        pub(in crate::inference) struct Functions {
            $(pub(super) $name: unsafe extern "C" fn($($parameter),*) $(-> $result)?,)*
        }

        impl Functions {
            /// Finds all of them.
            pub(super) fn find(library: &libloading::Library) -> Result<Self, libloading::Error> {
                Ok(Self {
                    $(
                        // SAFETY: the type is that of the declaration in c_api.h, which the library keeps stable.
                        $name: unsafe { *library.get(concat!(stringify!($name), "\0").as_bytes())? },
                    )*
                })
            }
        }
    };
}

functions! {
    TF_Version() -> *const c_char;
    TF_NewStatus() -> Handle;
    TF_DeleteStatus(Handle);
    TF_GetCode(Handle) -> c_int;
    TF_Message(Handle) -> *const c_char;
    TF_NewGraph() -> Handle;
    TF_DeleteGraph(Handle);
    TF_NewImportGraphDefOptions() -> Handle;
    TF_DeleteImportGraphDefOptions(Handle);
    TF_GraphImportGraphDef(Handle, *const Buffer, Handle, Handle);
    TF_GraphOperationByName(Handle, *const c_char) -> Handle;
    TF_GraphNextOperation(Handle, *mut usize) -> Handle;
    TF_GraphGetTensorNumDims(Handle, Output, Handle) -> c_int;
    TF_GraphGetTensorShape(Handle, Output, *mut i64, c_int, Handle);
    TF_OperationName(Handle) -> *const c_char;
    TF_OperationOpType(Handle) -> *const c_char;
    TF_OperationNumOutputs(Handle) -> c_int;
    TF_OperationOutputType(Output) -> c_int;
    TF_OperationOutputNumConsumers(Output) -> c_int;
    TF_GraphNumFunctions(Handle) -> c_int;
    TF_NewSessionOptions() -> Handle;
    TF_SetConfig(Handle, *const c_void, usize, Handle);
    TF_DeleteSessionOptions(Handle);
    TF_NewSession(Handle, Handle, Handle) -> Handle;
    TF_LoadSessionFromSavedModel(
        Handle, *const Buffer, *const c_char, *const *const c_char, c_int, Handle, *mut Buffer, Handle
    ) -> Handle;
    TF_CloseSession(Handle, Handle);
    TF_DeleteSession(Handle, Handle);
    TF_SessionRun(
        Handle, *const Buffer, *const Output, *const Handle, c_int, *const Output, *mut Handle, c_int, *const Handle, c_int,
        *mut Buffer, Handle
    );
    TF_AllocateTensor(c_int, *const i64, c_int, usize) -> Handle;
    TF_DeleteTensor(Handle);
    TF_TensorType(Handle) -> c_int;
    TF_NumDims(Handle) -> c_int;
    TF_Dim(Handle, c_int) -> i64;
    TF_TensorByteSize(Handle) -> usize;
    TF_TensorData(Handle) -> *mut c_void;
}
