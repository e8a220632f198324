//! How a host function is added to an import module and called. With `memory.rs`, the place where WasmEdge's raw
//! side is touched.

use std::cell::RefCell;
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

/// An import module with `functions`, which share `data`.
pub(super) fn import_module<Data>(
    name: &str,
    functions: &[HostFunction<Data>],
    data: Data,
) -> Result<ImportObject<Data>, ImportError> {
    let mut module = ImportObjectBuilder::new(name, data)?;
    for function in functions {
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

/// What the guest gets of a host function: its results, or a trap where the function was called at the end of the stack.
pub(super) fn results(results: Vec<WasmValue>) -> Result<Vec<WasmValue>, CoreError> {
    if native_stack::is_used_up() {
        return Err(CoreError::Execution(CoreExecutionError::HostFuncFailed));
    }
    Ok(results)
}
