//! How a host function is added to an import module and called. With `memory.rs`, the place where WasmEdge's raw
//! side is touched.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use wasmedge_sdk::error::{CoreError, CoreExecutionError, WasmEdgeError};
use wasmedge_sdk::{CallingFrame, FuncType, ImportObject, ImportObjectBuilder, Instance, ValType, WasmValue};

use super::memory;
use super::state::HostState;
use crate::native_stack;

/// WasmEdge's reason why imports could not be made.
pub(crate) type ImportError = Box<WasmEdgeError>;

pub(crate) type SharedState = Rc<RefCell<HostState>>;

/// A failure of a host function, as the number that the guest gets. Success is 0.
pub(super) trait Failure: Copy + 'static {
    /// The guest has no memory, or the function failed in a way that is our fault.
    const UNUSABLE: Self;

    fn number(self) -> u32;
}

/// What a host function of the ABI does: all `N` parameters and the result are i32.
type Call<const N: usize, F> = fn(&mut HostState, &mut [u8], [u32; N]) -> Result<(), F>;

/// What WasmEdge calls, with the data of the import module. It is a function of its own for each import, since the
/// module has one data for all of them.
pub(super) type Enter<Data> =
    fn(&mut Data, &mut Instance, &mut CallingFrame, Vec<WasmValue>) -> Result<Vec<WasmValue>, CoreError>;

/// A function that guests may import.
pub(super) struct HostFunction<Data: 'static> {
    pub(super) name: &'static str,
    pub(super) parameters: &'static [ValType],
    pub(super) results: &'static [ValType],
    pub(super) enter: Enter<Data>,
}

/// What a module imports: names of modules, each with the names of its functions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Imported(HashMap<String, HashSet<String>>);

impl Imported {
    /// All of these pairs of module and function.
    pub(crate) fn of<'n>(names: impl IntoIterator<Item = (&'n str, &'n str)>) -> Self {
        let mut imported = Self::default();
        for (module, name) in names {
            imported.0.entry(module.to_owned()).or_default().insert(name.to_owned());
        }
        imported
    }

    /// Whether any function of the module is imported.
    pub(super) fn has_any_of(&self, module: &str) -> bool {
        self.0.contains_key(module)
    }

    fn has(&self, module: &str, name: &str) -> bool {
        self.0.get(module).is_some_and(|names| names.contains(name))
    }
}

impl<Data> HostFunction<Data> {
    pub(super) fn func_type(&self) -> FuncType {
        FuncType::new(self.parameters.to_vec(), self.results.to_vec())
    }
}

/// A host function of the ABI: its name, the number of its parameters, and what it does.
macro_rules! host_function {
    ($name:literal, $parameters:literal, $call:path) => {{
        fn enter(
            state: &mut $crate::host::function::SharedState,
            _instance: &mut wasmedge_sdk::Instance,
            frame: &mut wasmedge_sdk::CallingFrame,
            values: Vec<wasmedge_sdk::WasmValue>,
        ) -> Result<Vec<wasmedge_sdk::WasmValue>, wasmedge_sdk::error::CoreError> {
            $crate::host::function::call::<$parameters, _>($name, state, frame, &values, $call)
        }
        $crate::host::function::HostFunction {
            name: $name,
            parameters: &[wasmedge_sdk::ValType::I32; $parameters],
            results: &[wasmedge_sdk::ValType::I32],
            enter,
        }
    }};
}
pub(super) use host_function;

/// What a host function of an older interface does. Its parameters and its result have any types, and a failure has no
/// number of its own.
type OlderCall<const N: usize> = fn(&mut HostState, &mut [u8], [u64; N]) -> Option<u64>;

/// A host function of an older interface: its name, the types of its parameters and results, what it answers where it fails,
/// and what it does.
macro_rules! older_function {
    ($name:expr, [$($parameter:ident),*] -> [$($result:ident)?] or $failed:literal, $call:path) => {{
        const PARAMETERS: &[wasmedge_sdk::ValType] = &[$(wasmedge_sdk::ValType::$parameter),*];
        const RESULTS: &[wasmedge_sdk::ValType] = &[$(wasmedge_sdk::ValType::$result)?];
        fn enter(
            state: &mut $crate::host::function::SharedState,
            _instance: &mut wasmedge_sdk::Instance,
            frame: &mut wasmedge_sdk::CallingFrame,
            values: Vec<wasmedge_sdk::WasmValue>,
        ) -> Result<Vec<wasmedge_sdk::WasmValue>, wasmedge_sdk::error::CoreError> {
            let call = $crate::host::function::call_older::<{ PARAMETERS.len() }>($name, state, frame, &values, $call);
            $crate::host::function::older_results(RESULTS, call.unwrap_or($failed))
        }
        $crate::host::function::HostFunction { name: $name, parameters: PARAMETERS, results: RESULTS, enter }
    }};
}
pub(super) use older_function;

/// An import module with those `functions` that are imported, which share `data`. To make one takes about a microsecond, which
/// events in a fresh process wait for.
pub(super) fn import_module<Data: 'static>(
    name: &str,
    functions: impl Iterator<Item = &'static HostFunction<Data>>,
    imported: &Imported,
    data: Data,
) -> Result<ImportObject<Data>, ImportError> {
    let mut module = ImportObjectBuilder::new(name, data)?;
    for function in functions.filter(|function| imported.has(name, function.name)) {
        module.with_func_by_type(function.name, function.func_type(), function.enter)?;
    }
    Ok(module.build())
}

/// Takes the guest's memory and the parameters apart and keeps panics from crossing into C++.
pub(super) fn call<const N: usize, F: Failure>(
    name: &'static str,
    state: &SharedState,
    frame: &mut CallingFrame,
    values: &[WasmValue],
    call: Call<N, F>,
) -> Result<Vec<WasmValue>, CoreError> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let numbers: Vec<u32> = values.iter().map(|value| value.to_i32().cast_unsigned()).collect();
        let parameters = numbers.try_into().map_err(|_| F::UNUSABLE)?;
        let memory = memory::of_guest(frame).ok_or(F::UNUSABLE)?;
        let mut state = state.try_borrow_mut().map_err(|_| F::UNUSABLE)?;
        call(&mut state, memory, parameters)
    }));
    let number = match result {
        Ok(Ok(())) => 0,
        Ok(Err(failure)) => failure.number(),
        Err(_) => {
            tracing::error!(function = name, "a host function panicked");
            F::UNUSABLE.number()
        }
    };
    results(vec![WasmValue::from_i32(number.cast_signed())])
}

/// [`call`] for a function of an older interface; None where it fails.
pub(super) fn call_older<const N: usize>(
    name: &'static str,
    state: &SharedState,
    frame: &mut CallingFrame,
    values: &[WasmValue],
    call: OlderCall<N>,
) -> Option<u64> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let numbers: Vec<u64> = values.iter().map(number).collect();
        let memory = memory::of_guest(frame)?;
        call(&mut *state.try_borrow_mut().ok()?, memory, numbers.try_into().ok()?)
    }));
    result.unwrap_or_else(|_| {
        tracing::error!(function = name, "a host function panicked");
        None
    })
}

/// The bits of a value, a shorter one with zeros before it.
pub(super) fn number(value: &WasmValue) -> u64 {
    match value.ty() {
        ValType::I64 => value.to_i64().cast_unsigned(),
        _ => value.to_i32().cast_unsigned().into(),
    }
}

/// A number as the result of these types, which are one or none.
pub(super) fn older_results(types: &[ValType], number: u64) -> Result<Vec<WasmValue>, CoreError> {
    let value = |value_type: &ValType| match value_type {
        ValType::I64 => WasmValue::from_i64(number.cast_signed()),
        _ => WasmValue::from_i32((number as u32).cast_signed()),
    };
    results(types.iter().map(value).collect())
}

/// What the guest gets of a host function: its results, or a trap where the function was called at the end of the stack.
pub(super) fn results(results: Vec<WasmValue>) -> Result<Vec<WasmValue>, CoreError> {
    if native_stack::is_used_up() {
        return Err(CoreError::Execution(CoreExecutionError::HostFuncFailed));
    }
    Ok(results)
}
