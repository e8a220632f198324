//! How a host function is added to an import module and called. With `memory.rs`, the place where WasmEdge's raw
//! side is touched.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use wasmedge_sys as sys;
use wasmedge_types::error::{CoreError, WasmEdgeError};
use wasmedge_types::{FuncType, ValType};

use super::memory;
use super::state::HostState;

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

/// A host function under the name that guests import it by.
pub(super) struct HostFunction<const N: usize, F> {
    pub(super) name: &'static str,
    pub(super) call: Call<N, F>,
}

/// What there is to know of a host function where the number of its parameters does not matter.
pub(super) trait Importable: Sync {
    fn name(&self) -> &'static str;

    fn kind(&self) -> FuncType;

    /// Adds the function to `module`.
    fn add_to(&self, module: &mut ImportModule, state: &SharedState) -> Result<(), ImportError>;
}

/// An import module; it owns what its functions are bound to.
pub(super) type ImportModule = sys::ImportModule<Vec<Box<dyn Any>>>;

pub(super) fn module(name: &str) -> Result<ImportModule, ImportError> {
    sys::ImportModule::create(name, Box::new(Vec::new()))
}

/// An import module with `functions`, which share `state`.
pub(super) fn module_of(
    name: &str,
    functions: &[&dyn Importable],
    state: &SharedState,
) -> Result<ImportModule, ImportError> {
    let mut module = module(name)?;
    functions.iter().try_for_each(|function| function.add_to(&mut module, state))?;
    Ok(module)
}

/// Adds a function that WasmEdge calls through `enter` with `binding`, which the module then owns.
pub(super) fn bind<B: 'static>(
    module: &mut ImportModule,
    name: &str,
    kind: &FuncType,
    binding: B,
    enter: sys::SyncFn<B>,
) -> Result<(), ImportError> {
    let mut binding = Box::new(binding);
    let bound: *mut B = &raw mut *binding;
    // SAFETY: the box moves into the module's host data, which WasmEdge drops with the module and thus after the
    // function; moving a box doesn't move what it points to.
    let function = unsafe { sys::Function::create_sync_func(kind, enter, bound, 0) }?;
    module.get_host_data_mut().push(binding);
    module.add_func(name, function);
    Ok(())
}

struct Binding<const N: usize, F> {
    name: &'static str,
    state: SharedState,
    call: Call<N, F>,
}

impl<const N: usize, F: Failure> Importable for HostFunction<N, F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kind(&self) -> FuncType {
        FuncType::new(vec![ValType::I32; N], vec![ValType::I32])
    }

    fn add_to(&self, module: &mut ImportModule, state: &SharedState) -> Result<(), ImportError> {
        let binding = Binding { name: self.name, state: Rc::clone(state), call: self.call };
        bind(module, self.name, &self.kind(), binding, enter::<N, F>)
    }
}

/// What WasmEdge calls: takes the guest's memory and the parameters apart and keeps panics from crossing into C++.
#[expect(clippy::needless_pass_by_value, reason = "the signature is wasmedge-sys's")]
fn enter<const N: usize, F: Failure>(
    binding: &mut Binding<N, F>,
    _instance: &mut sys::Instance,
    frame: &mut sys::CallingFrame,
    values: Vec<sys::WasmValue>,
) -> Result<Vec<sys::WasmValue>, CoreError> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let numbers: Vec<u32> = values.iter().map(|value| value.to_i32().cast_unsigned()).collect();
        let parameters = numbers.try_into().map_err(|_| F::UNUSABLE)?;
        let memory = memory::of_guest(frame).ok_or(F::UNUSABLE)?;
        let mut state = binding.state.try_borrow_mut().map_err(|_| F::UNUSABLE)?;
        (binding.call)(&mut state, memory, parameters)
    }));
    let number = match result {
        Ok(Ok(())) => 0,
        Ok(Err(failure)) => failure.number(),
        Err(_) => {
            tracing::error!(function = binding.name, "a host function panicked");
            F::UNUSABLE.number()
        }
    };
    Ok(vec![sys::WasmValue::from_i32(number.cast_signed())])
}
