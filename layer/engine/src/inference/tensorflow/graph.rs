//! Graphs that TensorFlow runs.

use std::ffi::{CString, c_int};
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr;

use super::functions::{Buffer, Functions, Handle, Output};
use super::names::Names;
use super::status::{Status, failed};
use super::tensor::TensorHandle;
use crate::inference::error::InferenceError;
use crate::inference::graph::{Placeholder, Port};
use crate::inference::tensor::Tensor;

/// A graph that TensorFlow has read.
#[derive(Debug)]
pub(in crate::inference) struct TensorFlowGraph {
    functions: &'static Functions,
    graph: GraphHandle,
    kept: Kept,
    threads: NonZeroUsize,
}

/// The session that runs a graph.
#[derive(Debug)]
enum Kept {
    /// One for all runs: nothing in the graph keeps a value.
    One(SessionHandle),
    /// A new one for each run, so that no event finds what another one left.
    None,
}

/// Parts of the names of operations that keep something from one run to the next.
const STATEFUL: [&str; 12] = [
    "Accumulator",
    "Barrier",
    "Dataset",
    "HashTable",
    "Iterator",
    "Queue",
    "Reader",
    "Stack",
    "Stage",
    "TensorMap",
    "VarHandle",
    "Variable",
];

impl TensorFlowGraph {
    /// Reads a `GraphDef`.
    pub(in crate::inference) fn read(
        functions: &'static Functions,
        bytes: &[u8],
        threads: NonZeroUsize,
    ) -> Result<Self, InferenceError> {
        let graph = GraphHandle::new(functions);
        graph.import(bytes)?;
        let keeps = graph.names().keeps_values(&STATEFUL);
        let kept = if keeps { Kept::None } else { Kept::One(SessionHandle::new(&graph, threads)?) };
        Ok(Self { functions, graph, kept, threads })
    }

    /// Reads the graph with these tags of a saved model, with its variables.
    pub(in crate::inference) fn of_saved_model(
        functions: &'static Functions,
        folder: &Path,
        tags: &[String],
        threads: NonZeroUsize,
    ) -> Result<Self, InferenceError> {
        let graph = GraphHandle::new(functions);
        let session = SessionHandle::of_saved_model(&graph, folder, tags, threads)?;
        // Its variables live in the session, which lives as long as the guest's.
        Ok(Self { functions, graph, kept: Kept::One(session), threads })
    }

    pub(in crate::inference) fn placeholders(&self) -> Vec<Placeholder> {
        self.graph.names().placeholders()
    }

    pub(in crate::inference) fn results(&self) -> Vec<Port> {
        self.graph.names().results()
    }

    pub(in crate::inference) fn has(&self, port: &Port) -> bool {
        self.graph.output(port).is_some()
    }

    /// The values of `outputs`, where `inputs` are these.
    pub(in crate::inference) fn run(
        &self,
        inputs: &[(Port, Tensor)],
        outputs: &[Port],
    ) -> Result<Vec<Tensor>, InferenceError> {
        match &self.kept {
            Kept::One(session) => self.run_in(session, inputs, outputs),
            Kept::None => self.run_in(&SessionHandle::new(&self.graph, self.threads)?, inputs, outputs),
        }
    }

    fn run_in(
        &self,
        session: &SessionHandle,
        inputs: &[(Port, Tensor)],
        outputs: &[Port],
    ) -> Result<Vec<Tensor>, InferenceError> {
        let fed: Vec<Output> =
            inputs.iter().map(|(port, _)| self.find("input", port)).collect::<Result<_, _>>()?;
        let values: Vec<TensorHandle> = inputs
            .iter()
            .map(|(_, tensor)| TensorHandle::of(self.functions, tensor))
            .collect::<Result<_, _>>()?;
        let wanted: Vec<Output> =
            outputs.iter().map(|port| self.find("output", port)).collect::<Result<_, _>>()?;
        let made = session.run(&fed, &values, &wanted)?;
        made.iter().zip(outputs).map(|(tensor, port)| tensor.read(&port.operation)).collect()
    }

    fn find(&self, role: &'static str, port: &Port) -> Result<Output, InferenceError> {
        self.graph.output(port).ok_or_else(|| InferenceError::UnknownTensor {
            role,
            wanted: format!("\"{}:{}\"", port.operation, port.index),
            known: "no operation with this output".to_owned(),
        })
    }
}

/// `TF_Graph`.
#[derive(Debug)]
struct GraphHandle {
    functions: &'static Functions,
    handle: Handle,
}

impl GraphHandle {
    fn new(functions: &'static Functions) -> Self {
        // SAFETY: the function takes nothing.
        Self { functions, handle: unsafe { (functions.TF_NewGraph)() } }
    }

    fn import(&self, bytes: &[u8]) -> Result<(), InferenceError> {
        let status = Status::new(self.functions);
        let buffer = Buffer { data: bytes.as_ptr().cast(), length: bytes.len(), deallocator: None };
        // SAFETY: all handles are alive; the buffer is only read, and lives longer than the call.
        unsafe {
            let options = (self.functions.TF_NewImportGraphDefOptions)();
            (self.functions.TF_GraphImportGraphDef)(self.handle, &raw const buffer, options, status.handle);
            (self.functions.TF_DeleteImportGraphDefOptions)(options);
        }
        status.check("read the graph")
    }

    fn names(&self) -> Names<'_> {
        Names::of(self.functions, &self.handle)
    }

    fn output(&self, port: &Port) -> Option<Output> {
        let name = CString::new(port.operation.as_str()).ok()?;
        let index = c_int::try_from(port.index).ok()?;
        // SAFETY: the graph is alive, and the name ends with NUL; an operation lives as long as its graph.
        let (operation, outputs) = unsafe {
            let operation = (self.functions.TF_GraphOperationByName)(self.handle, name.as_ptr());
            if operation.is_null() {
                return None;
            }
            (operation, (self.functions.TF_OperationNumOutputs)(operation))
        };
        (index < outputs).then_some(Output { operation, index })
    }
}

impl Drop for GraphHandle {
    fn drop(&mut self) {
        // SAFETY: made by TF_NewGraph, deleted once; a graph outlives its sessions inside, whichever is deleted first.
        unsafe { (self.functions.TF_DeleteGraph)(self.handle) }
    }
}

/// `TF_Session`.
#[derive(Debug)]
struct SessionHandle {
    functions: &'static Functions,
    handle: Handle,
}

impl SessionHandle {
    fn new(graph: &GraphHandle, threads: NonZeroUsize) -> Result<Self, InferenceError> {
        let functions = graph.functions;
        let (status, options) = (Status::new(functions), Options::new(functions, threads)?);
        // SAFETY: all handles are alive.
        let handle = unsafe { (functions.TF_NewSession)(graph.handle, options.handle, status.handle) };
        status.check("make a session")?;
        Ok(Self { functions, handle })
    }

    fn of_saved_model(
        graph: &GraphHandle,
        folder: &Path,
        tags: &[String],
        threads: NonZeroUsize,
    ) -> Result<Self, InferenceError> {
        let functions = graph.functions;
        let text =
            |text: &[u8]| CString::new(text).map_err(|_| failed("load the saved model", "a name has a NUL"));
        let folder = text(folder.as_os_str().as_bytes())?;
        let tags: Vec<CString> = tags.iter().map(|tag| text(tag.as_bytes())).collect::<Result<_, _>>()?;
        let pointers: Vec<_> = tags.iter().map(|tag| tag.as_ptr()).collect();
        let count =
            c_int::try_from(tags.len()).map_err(|_| failed("load the saved model", "too many tags"))?;
        let (status, options) = (Status::new(functions), Options::new(functions, threads)?);
        // SAFETY: all handles are alive, the texts end with NUL, the tags are as many as are said, and nothing is wanted of run
        // options and of the model's description.
        let handle = unsafe {
            (functions.TF_LoadSessionFromSavedModel)(
                options.handle,
                ptr::null(),
                folder.as_ptr(),
                pointers.as_ptr(),
                count,
                graph.handle,
                ptr::null_mut(),
                status.handle,
            )
        };
        status.check("load the saved model")?;
        Ok(Self { functions, handle })
    }

    fn run(
        &self,
        inputs: &[Output],
        values: &[TensorHandle],
        outputs: &[Output],
    ) -> Result<Vec<TensorHandle>, InferenceError> {
        let counted =
            |count: usize| c_int::try_from(count).map_err(|_| failed("run the graph", "too many tensors"));
        let values: Vec<Handle> = values.iter().map(|value| value.handle).collect();
        let mut made = vec![ptr::null_mut(); outputs.len()];
        let status = Status::new(self.functions);
        // SAFETY: all handles are alive; inputs and values are equally many, and there is a place for each output.
        unsafe {
            (self.functions.TF_SessionRun)(
                self.handle,
                ptr::null(),
                inputs.as_ptr(),
                values.as_ptr(),
                counted(inputs.len().min(values.len()))?,
                outputs.as_ptr(),
                made.as_mut_ptr(),
                counted(outputs.len())?,
                ptr::null(),
                0,
                ptr::null_mut(),
                status.handle,
            );
        }
        let made: Vec<Option<TensorHandle>> =
            made.into_iter().map(|handle| TensorHandle::made(self.functions, handle)).collect();
        status.check("run the graph")?;
        let all: Option<Vec<TensorHandle>> = made.into_iter().collect();
        all.ok_or_else(|| failed("run the graph", "an output has no value"))
    }
}

impl Drop for SessionHandle {
    fn drop(&mut self) {
        let status = Status::new(self.functions);
        // SAFETY: made for this handle, deleted once; what it says of it changes nothing.
        unsafe {
            (self.functions.TF_CloseSession)(self.handle, status.handle);
            (self.functions.TF_DeleteSession)(self.handle, status.handle);
        }
    }
}

/// `TF_SessionOptions`.
struct Options {
    functions: &'static Functions,
    handle: Handle,
}

impl Options {
    /// A session whose operations use `threads` threads each, one after the other.
    fn new(functions: &'static Functions, threads: NonZeroUsize) -> Result<Self, InferenceError> {
        let threads = u8::try_from(threads.get()).ok().filter(|threads| *threads < 128).unwrap_or(127);
        // ConfigProto (tensorflow/core/protobuf/config.proto): intra_op_parallelism_threads is field 2,
        // inter_op_parallelism_threads 5, both a byte here; use_per_session_threads is 9.
        let config = [2 << 3, threads, 5 << 3, 1, 9 << 3, 1];
        // SAFETY: the function takes nothing.
        let options = Self { functions, handle: unsafe { (functions.TF_NewSessionOptions)() } };
        let status = Status::new(functions);
        // SAFETY: both handles are alive, and the bytes are read during the call.
        unsafe {
            (functions.TF_SetConfig)(options.handle, config.as_ptr().cast(), config.len(), status.handle)
        };
        status.check("set options")?;
        Ok(options)
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: made by TF_NewSessionOptions, deleted once.
        unsafe { (self.functions.TF_DeleteSessionOptions)(self.handle) }
    }
}
