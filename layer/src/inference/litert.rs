//! Safe handles over LiteRT's C API: with `host/function.rs` and `host/memory.rs`, where `unsafe` stands.
//!
//! All handles stay on the thread that made them (they hold `Rc` and raw pointers), so LiteRT is never entered twice
//! with the same handle.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_void};
use std::num::NonZeroUsize;
use std::ptr;
use std::rc::Rc;

use litert_sys as sys;

use super::error::InferenceError;

/// What LiteRT's kernels expect of the model's bytes.
const MODEL_ALIGNMENT: usize = 16;
/// `TFL3` at byte 4: the file identifier of TensorFlow Lite's flatbuffer schema.
const IDENTIFIER: &[u8] = b"TFL3";
/// More than any model that this runtime is for.
const MOST_TENSORS: usize = 64;
/// Sets of tensors kept for later sessions.
const MOST_SPARE_BUFFERS: usize = 2;

fn check(action: &'static str, status: sys::LiteRtStatus) -> Result<(), InferenceError> {
    if status == sys::kLiteRtStatusOk { Ok(()) } else { Err(InferenceError::Runtime { action, status }) }
}

/// LiteRT's global state.
#[derive(Debug)]
pub(super) struct Environment(sys::LiteRtEnvironment);

impl Environment {
    pub(super) fn new() -> Result<Self, InferenceError> {
        silence_c_library();
        let mut environment = ptr::null_mut();
        // SAFETY: no options are passed, and the result pointer is valid.
        check("start", unsafe { sys::LiteRtCreateEnvironment(0, ptr::null(), &raw mut environment) })?;
        Ok(Self(environment))
    }
}

unsafe extern "C" {
    /// The C library's standard error stream; glibc lets programs assign to it (manual, "Standard Streams").
    #[link_name = "stderr"]
    static mut C_STDERR: *mut libc::FILE;
}

/// LiteRT 2.1.4 prints a dozen lines at start and has no switch for it (its wheel exports no logger functions, and the
/// environment's severity option has no effect). It prints through C's `stderr`, which nothing of ours uses, so that
/// stream goes to /dev/null; file descriptor 2 stays as it is. With debug logs the lines are welcome.
fn silence_c_library() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    if tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    ONCE.call_once(|| {
        // SAFETY: both strings end with NUL, and null is checked. The assignment happens once, before this process
        // has entered LiteRT; other C code reads the pointer, which is valid before and after.
        unsafe {
            let nowhere = libc::fopen(c"/dev/null".as_ptr(), c"we".as_ptr());
            if !nowhere.is_null() {
                C_STDERR = nowhere;
            }
        }
    });
}

impl Drop for Environment {
    fn drop(&mut self) {
        // SAFETY: made by LiteRtCreateEnvironment; everything made in it holds an Rc to it and is gone.
        unsafe { sys::LiteRtDestroyEnvironment(self.0) }
    }
}

/// An input or output of a model.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    /// Its name in the graph.
    pub(super) name: String,
    /// Its name in the signature, often another one.
    pub(super) signature_name: String,
    /// Its exact size.
    pub(super) bytes: usize,
    kind: sys::LiteRtRankedTensorType,
}

/// A model that is ready to run.
#[derive(Debug)]
pub(super) struct CompiledModel {
    // Dropped by hand in this order: the compiled model, the model, then the bytes it points into.
    compiled: sys::LiteRtCompiledModel,
    model: Model,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    spare: RefCell<Vec<TensorBuffers>>,
    environment: Rc<Environment>,
}

impl CompiledModel {
    pub(super) fn new(
        environment: &Rc<Environment>,
        bytes: &[u8],
        threads: NonZeroUsize,
    ) -> Result<Self, InferenceError> {
        let model = Model::new(bytes)?;
        let signature = model.signature()?;
        let inputs = signature.inputs()?;
        let outputs = signature.outputs()?;
        let options = Options::new(threads)?;
        let mut compiled = ptr::null_mut();
        // SAFETY: all three handles are alive, and the result pointer is valid.
        check("compile the model", unsafe {
            sys::LiteRtCreateCompiledModel(environment.0, model.handle, options.0, &raw mut compiled)
        })?;
        Ok(Self {
            compiled,
            model,
            inputs,
            outputs,
            spare: RefCell::new(Vec::new()),
            environment: Rc::clone(environment),
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.model.bytes.as_slice()
    }

    pub(super) fn inputs(&self) -> &[Tensor] {
        &self.inputs
    }

    pub(super) fn outputs(&self) -> &[Tensor] {
        &self.outputs
    }

    /// Tensors for a session: left by an earlier one, or new.
    pub(super) fn take_buffers(&self) -> Result<TensorBuffers, InferenceError> {
        if let Some(buffers) = self.spare.borrow_mut().pop() {
            return Ok(buffers);
        }
        let make = |tensors: &[Tensor]| {
            tensors
                .iter()
                .map(|tensor| TensorBuffer::new(&self.environment, tensor))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(TensorBuffers { inputs: make(&self.inputs)?, outputs: make(&self.outputs)? })
    }

    pub(super) fn give_back(&self, buffers: TensorBuffers) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < MOST_SPARE_BUFFERS {
            spare.push(buffers);
        }
    }

    pub(super) fn run(&self, buffers: &mut TensorBuffers) -> Result<(), InferenceError> {
        let handles =
            |buffers: &[TensorBuffer]| buffers.iter().map(|buffer| buffer.handle).collect::<Vec<_>>();
        let (mut inputs, mut outputs) = (handles(&buffers.inputs), handles(&buffers.outputs));
        // SAFETY: the buffers were made for this model's tensors, in order, and none is locked.
        check("run the model", unsafe {
            sys::LiteRtRunCompiledModel(
                self.compiled,
                0,
                inputs.len(),
                inputs.as_mut_ptr(),
                outputs.len(),
                outputs.as_mut_ptr(),
            )
        })
    }
}

impl Drop for CompiledModel {
    fn drop(&mut self) {
        self.spare.get_mut().clear();
        // SAFETY: made by LiteRtCreateCompiledModel; sessions hold an Rc to self, so none is left.
        unsafe { sys::LiteRtDestroyCompiledModel(self.compiled) }
    }
}

/// A model that was read, with the bytes that it points into.
#[derive(Debug)]
struct Model {
    handle: sys::LiteRtModel,
    bytes: AlignedBytes,
}

impl Model {
    fn new(bytes: &[u8]) -> Result<Self, InferenceError> {
        if bytes.get(4..8) != Some(IDENTIFIER) {
            let found = String::from_utf8_lossy(bytes.get(4..8).unwrap_or_default());
            return Err(InferenceError::NotAModel(format!("found {found:?} at byte 4, expected \"TFL3\"")));
        }
        let bytes = AlignedBytes::new(bytes);
        let mut handle = ptr::null_mut();
        // SAFETY: the bytes live in `Self` beside the handle, at a fixed place, until after it is destroyed.
        let status = unsafe {
            sys::LiteRtCreateModelFromBuffer(bytes.as_slice().as_ptr().cast(), bytes.length, &raw mut handle)
        };
        check("read the model", status).map_err(|error| InferenceError::NotAModel(error.to_string()))?;
        Ok(Self { handle, bytes })
    }

    /// The first signature, which LiteRT makes up where a model has none.
    fn signature(&self) -> Result<Signature<'_>, InferenceError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the model is alive, and the result pointer is valid.
        check("read the signature", unsafe {
            sys::LiteRtGetModelSignature(self.handle, 0, &raw mut handle)
        })?;
        Ok(Signature { handle, _model: self })
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: made by LiteRtCreateModelFromBuffer, destroyed once.
        unsafe { sys::LiteRtDestroyModel(self.handle) }
    }
}

/// Bytes at a multiple of [`MODEL_ALIGNMENT`].
#[derive(Debug)]
struct AlignedBytes {
    blocks: Box<[u128]>,
    length: usize,
}

impl AlignedBytes {
    fn new(bytes: &[u8]) -> Self {
        let mut blocks = vec![0_u128; bytes.len().div_ceil(MODEL_ALIGNMENT)].into_boxed_slice();
        for (block, chunk) in blocks.iter_mut().zip(bytes.chunks(MODEL_ALIGNMENT)) {
            let mut padded = [0; MODEL_ALIGNMENT];
            padded[..chunk.len()].copy_from_slice(chunk);
            *block = u128::from_ne_bytes(padded);
        }
        Self { blocks, length: bytes.len() }
    }

    fn as_slice(&self) -> &[u8] {
        // SAFETY: the blocks are initialised and have at least `length` bytes; bytes have no alignment.
        unsafe { std::slice::from_raw_parts(self.blocks.as_ptr().cast(), self.length) }
    }
}

struct Signature<'model> {
    handle: sys::LiteRtSignature,
    _model: &'model Model,
}

type CountFn = unsafe extern "C" fn(sys::LiteRtSignature, *mut sys::LiteRtParamIndex) -> sys::LiteRtStatus;
type NameFn = unsafe extern "C" fn(
    sys::LiteRtSignature,
    sys::LiteRtParamIndex,
    *mut *const c_char,
) -> sys::LiteRtStatus;
type TensorFn = unsafe extern "C" fn(
    sys::LiteRtSignature,
    sys::LiteRtParamIndex,
    *mut sys::LiteRtTensor,
) -> sys::LiteRtStatus;

impl Signature<'_> {
    fn inputs(&self) -> Result<Vec<Tensor>, InferenceError> {
        self.tensors(
            sys::LiteRtGetNumSignatureInputs,
            sys::LiteRtGetSignatureInputName,
            sys::LiteRtGetSignatureInputTensorByIndex,
        )
    }

    fn outputs(&self) -> Result<Vec<Tensor>, InferenceError> {
        self.tensors(
            sys::LiteRtGetNumSignatureOutputs,
            sys::LiteRtGetSignatureOutputName,
            sys::LiteRtGetSignatureOutputTensorByIndex,
        )
    }

    fn tensors(&self, count: CountFn, name: NameFn, tensor: TensorFn) -> Result<Vec<Tensor>, InferenceError> {
        let mut length = 0;
        // SAFETY: the signature lives as long as its model, and the result pointer is valid.
        check("count the tensors", unsafe { count(self.handle, &raw mut length) })?;
        if length == 0 || length > MOST_TENSORS {
            let reason = format!("it has {length} inputs or outputs, accepted are 1 to {MOST_TENSORS}");
            return Err(InferenceError::NotAModel(reason));
        }
        (0..length)
            .map(|index| {
                let (mut signature_name, mut handle) = (ptr::null(), ptr::null_mut());
                // SAFETY: the index is below the count, and the result pointers are valid.
                check("name a tensor", unsafe { name(self.handle, index, &raw mut signature_name) })?;
                // SAFETY: as above.
                check("read a tensor", unsafe { tensor(self.handle, index, &raw mut handle) })?;
                Tensor::read(handle, text(signature_name))
            })
            .collect()
    }
}

impl Tensor {
    fn read(handle: sys::LiteRtTensor, signature_name: String) -> Result<Self, InferenceError> {
        let mut name = ptr::null();
        // SAFETY: the handle came from a living model, and the result pointer is valid.
        check("name a tensor", unsafe { sys::LiteRtGetTensorName(handle, &raw mut name) })?;
        let name = text(name);
        let mut kind = sys::LiteRtRankedTensorType::default();
        // SAFETY: as above.
        check("read a tensor's type", unsafe { sys::LiteRtGetRankedTensorType(handle, &raw mut kind) })?;
        let bytes = byte_size(&kind).ok_or_else(|| InferenceError::UnsupportedTensor {
            name: name.clone(),
            reason: format!("element type {} with a shape of unknown size", kind.element_type),
        })?;
        Ok(Self { name, signature_name, bytes, kind })
    }
}

/// None for shapes that are not fixed and for element types without a fixed size.
fn byte_size(kind: &sys::LiteRtRankedTensorType) -> Option<usize> {
    let element: usize = match kind.element_type {
        sys::kLiteRtElementTypeBool | sys::kLiteRtElementTypeInt8 | sys::kLiteRtElementTypeUInt8 => 1,
        sys::kLiteRtElementTypeInt16 | sys::kLiteRtElementTypeUInt16 | sys::kLiteRtElementTypeFloat16 => 2,
        sys::kLiteRtElementTypeInt32 | sys::kLiteRtElementTypeUInt32 | sys::kLiteRtElementTypeFloat32 => 4,
        sys::kLiteRtElementTypeInt64 | sys::kLiteRtElementTypeUInt64 | sys::kLiteRtElementTypeFloat64 => 8,
        _ => return None,
    };
    let rank = kind.layout.rank() as usize;
    let dimensions = kind.layout.dimensions.get(..rank)?;
    dimensions.iter().try_fold(element, |size, &dimension| {
        let dimension = usize::try_from(dimension).ok().filter(|&dimension| dimension > 0)?;
        size.checked_mul(dimension)
    })
}

fn text(name: *const c_char) -> String {
    if name.is_null() {
        return String::new();
    }
    // SAFETY: LiteRT's names end with NUL and live as long as the model, which the caller holds.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

/// Options for compiling: the processor, with a number of threads.
struct Options(sys::LiteRtOptions);

impl Options {
    fn new(threads: NonZeroUsize) -> Result<Self, InferenceError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the result pointer is valid.
        check("make options", unsafe { sys::LiteRtCreateOptions(&raw mut handle) })?;
        let options = Self(handle);
        let cpu = sys::kLiteRtHwAcceleratorCpu as sys::LiteRtHwAcceleratorSet;
        // SAFETY: the options are alive.
        check("choose the processor", unsafe { sys::LiteRtSetOptionsHardwareAccelerators(handle, cpu) })?;
        options.add_cpu_options(&format!("num_threads = {threads}\n"))?;
        Ok(options)
    }

    /// CPU options are opaque: the identifier `xnnpack` and a TOML text (litert/c/options/litert_cpu_options.h).
    fn add_cpu_options(&self, toml: &str) -> Result<(), InferenceError> {
        let payload =
            CString::new(toml).map_err(|_| InferenceError::Runtime { action: "set options", status: 0 })?;
        let payload = payload.into_raw();
        let mut opaque = ptr::null_mut();
        // SAFETY: identifier and payload end with NUL; the payload passes to LiteRT, which calls the destructor.
        let status = unsafe {
            sys::LiteRtCreateOpaqueOptions(
                c"xnnpack".as_ptr(),
                payload.cast(),
                Some(free_payload),
                &raw mut opaque,
            )
        };
        if let Err(error) = check("set options", status) {
            free_payload(payload.cast());
            return Err(error);
        }
        // SAFETY: both are alive; the options take ownership of the opaque ones.
        check("set options", unsafe { sys::LiteRtAddOpaqueOptions(self.0, opaque) })
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: made by LiteRtCreateOptions, destroyed once, with the opaque options in it.
        unsafe { sys::LiteRtDestroyOptions(self.0) }
    }
}

extern "C" fn free_payload(payload: *mut c_void) {
    // SAFETY: the pointer came from CString::into_raw and is given back once.
    drop(unsafe { CString::from_raw(payload.cast()) });
}

/// The tensors of one session.
#[derive(Debug, Default)]
pub(super) struct TensorBuffers {
    inputs: Vec<TensorBuffer>,
    outputs: Vec<TensorBuffer>,
}

impl TensorBuffers {
    /// Writes the input `index`; `data` has the tensor's size, as the session checked.
    pub(super) fn write_input(&mut self, index: usize, data: &[u8]) -> Result<(), InferenceError> {
        match self.inputs.get_mut(index) {
            Some(buffer) => buffer.write(data),
            None => Err(InferenceError::Runtime { action: "find the input", status: 0 }),
        }
    }

    pub(super) fn read_outputs(&self, tensors: &[Tensor]) -> Result<Vec<Vec<u8>>, InferenceError> {
        self.outputs.iter().zip(tensors).map(|(buffer, tensor)| buffer.read(tensor.bytes)).collect()
    }
}

/// Host memory of one tensor.
#[derive(Debug)]
struct TensorBuffer {
    handle: sys::LiteRtTensorBuffer,
    bytes: usize,
    _environment: Rc<Environment>,
}

impl TensorBuffer {
    fn new(environment: &Rc<Environment>, tensor: &Tensor) -> Result<Self, InferenceError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the environment is alive, the type is the tensor's own, and the result pointer is valid.
        check("make a tensor", unsafe {
            sys::LiteRtCreateManagedTensorBuffer(
                environment.0,
                sys::kLiteRtTensorBufferTypeHostMemory,
                &raw const tensor.kind,
                tensor.bytes,
                &raw mut handle,
            )
        })?;
        Ok(Self { handle, bytes: tensor.bytes, _environment: Rc::clone(environment) })
    }

    fn write(&mut self, data: &[u8]) -> Result<(), InferenceError> {
        let length = data.len().min(self.bytes);
        let memory = self.lock(sys::kLiteRtTensorBufferLockModeWrite)?;
        // SAFETY: the locked memory has `bytes` bytes and is not the caller's.
        unsafe { ptr::copy_nonoverlapping(data.as_ptr(), memory.cast(), length) };
        self.unlock()
    }

    fn read(&self, length: usize) -> Result<Vec<u8>, InferenceError> {
        let length = length.min(self.bytes);
        let memory = self.lock(sys::kLiteRtTensorBufferLockModeRead)?;
        // SAFETY: the locked memory has `bytes` bytes, which the run has written.
        let data = unsafe { std::slice::from_raw_parts(memory.cast::<u8>(), length) }.to_vec();
        self.unlock()?;
        Ok(data)
    }

    fn lock(&self, mode: sys::LiteRtTensorBufferLockMode) -> Result<*mut c_void, InferenceError> {
        let mut memory = ptr::null_mut();
        // SAFETY: the buffer is alive and not locked: every lock here is released before the method returns.
        check("lock a tensor", unsafe { sys::LiteRtLockTensorBuffer(self.handle, &raw mut memory, mode) })?;
        if memory.is_null() {
            return Err(InferenceError::Runtime { action: "lock a tensor", status: 0 });
        }
        Ok(memory)
    }

    fn unlock(&self) -> Result<(), InferenceError> {
        // SAFETY: locked by the caller just before.
        check("unlock a tensor", unsafe { sys::LiteRtUnlockTensorBuffer(self.handle) })
    }
}

impl Drop for TensorBuffer {
    fn drop(&mut self) {
        // SAFETY: made by LiteRtCreateManagedTensorBuffer, destroyed once.
        unsafe { sys::LiteRtDestroyTensorBuffer(self.handle) }
    }
}
