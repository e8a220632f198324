//! All interfaces that guests may import, and the import modules of one instance.

use std::collections::HashMap;

use async_wasi::snapshots::WasiCtx;
use wasmedge_sdk::config::Config;
use wasmedge_sdk::vm::SyncInst;
use wasmedge_sdk::{FuncType, ImportObject, Store};

use super::function::{self, HostFunction, ImportError, Imported, SharedState};
use super::wasi::{self, Deadline};
use super::{image, nn, older, tensorflow, tensorflow_lite};

/// The names of import modules, each with its functions. Where it has two lists, they are of two versions, whose names differ.
const INTERFACES: &[(&str, &[&[HostFunction<SharedState>]])] = &[
    (image::MODULE, &[&image::FUNCTIONS, &older::image::WASMEDGE]),
    (tensorflow_lite::MODULE, &[&tensorflow_lite::FUNCTIONS, &older::tensorflow_lite::WASMEDGE]),
    (tensorflow::MODULE, &[&tensorflow::FUNCTIONS, &older::tensorflow::WASMEDGE]),
    (nn::MODULE, &[&nn::FUNCTIONS]),
    (older::image::SSVM_MODULE, &[&older::image::SSVM]),
    (older::tensorflow_lite::SSVM_MODULE, &[&older::tensorflow_lite::SSVM]),
    (older::tensorflow::SSVM_MODULE, &[&older::tensorflow::SSVM]),
];

/// The import modules of one instance. They must live as long as the instance does.
pub(crate) struct Imports {
    wasi: wasi::WasiImports,
    /// Those that the guest imports anything of.
    others: Vec<(&'static str, ImportObject<SharedState>)>,
}

impl Imports {
    /// Makes what is `imported` of one instance, which ends when it `has_printed_too_much`.
    pub(crate) fn new(
        context: WasiCtx,
        deadline: &Deadline,
        state: &SharedState,
        imported: &Imported,
        has_printed_too_much: Box<dyn Fn() -> bool>,
    ) -> Result<Self, ImportError> {
        let wasi = wasi::WasiImports::new(context, deadline, imported, has_printed_too_much)?;
        let mut others = Vec::new();
        for (module, lists) in INTERFACES.iter().filter(|(module, _)| imported.has_any_of(module)) {
            let functions = lists.iter().copied().flatten();
            let import = function::import_module(module, functions, imported, SharedState::clone(state))?;
            others.push((*module, import));
        }
        Ok(Self { wasi, others })
    }

    /// A store that has them, from which a module can be instantiated.
    pub(crate) fn store(&mut self, config: &Config) -> Result<Store<'_, dyn SyncInst>, ImportError> {
        let mut modules: HashMap<String, &mut (dyn SyncInst + '_)> = HashMap::new();
        modules.insert(wasi::MODULE.to_owned(), &mut self.wasi.module);
        for (module, import) in &mut self.others {
            modules.insert((*module).to_owned(), import);
        }
        Store::new(Some(config), modules)
    }

    /// Tells the code that the guest gave to `proc_exit`, 0 before.
    pub(crate) fn exit_code(&self) -> impl Fn() -> u32 + 'static {
        self.wasi.exit_code()
    }
}

/// A function that guests may import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Its module.
    pub module: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its parameters and results.
    pub func_type: FuncType,
}

/// Every function that is offered.
pub fn offered() -> Vec<Offered> {
    fn of<Data>(
        module: &'static str,
        functions: &'static [HostFunction<Data>],
    ) -> impl Iterator<Item = Offered> {
        functions.iter().map(move |function| Offered {
            module,
            name: function.name,
            func_type: function.func_type(),
        })
    }
    let others = INTERFACES.iter().flat_map(|(module, lists)| lists.iter().map(|list| (*module, *list)));
    others.flat_map(|(module, list)| of(module, list)).chain(of(wasi::MODULE, wasi::FUNCTIONS)).collect()
}

/// The names of the import modules, for messages.
pub fn offered_modules() -> impl Iterator<Item = &'static str> {
    [wasi::MODULE].into_iter().chain(INTERFACES.iter().map(|(module, _)| *module))
}
