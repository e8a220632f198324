//! What goes into a model and what comes out of it.

use std::ffi::{CStr, c_char};
use std::ptr;

use litert_sys as sys;

use super::model::Model;
use super::status::{check, not_a_model};
use crate::inference::error::InferenceError;
use crate::inference::tensor::{ElementType, TensorType};

/// More than any model that this runtime is for.
const MAX_TENSORS: usize = 64;

/// An input or output of a model.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    /// Its name in the graph.
    pub(super) name: String,
    /// Its name in the signature, often another one.
    pub(super) signature_name: String,
    /// Its exact size.
    pub(super) bytes: usize,
    pub(super) ranked_type: sys::LiteRtRankedTensorType,
}

/// The inputs and outputs of a model.
pub(super) struct Signature<'model> {
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

impl<'model> Signature<'model> {
    /// The first signature, which LiteRT makes up where a model has none.
    pub(super) fn first(model: &'model Model) -> Result<Self, InferenceError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the model is alive, and the result pointer is valid.
        check("read the signature", unsafe {
            sys::LiteRtGetModelSignature(model.handle, 0, &raw mut handle)
        })?;
        Ok(Self { handle, _model: model })
    }

    pub(super) fn inputs(&self) -> Result<Vec<Tensor>, InferenceError> {
        self.tensors(
            sys::LiteRtGetNumSignatureInputs,
            sys::LiteRtGetSignatureInputName,
            sys::LiteRtGetSignatureInputTensorByIndex,
        )
    }

    pub(super) fn outputs(&self) -> Result<Vec<Tensor>, InferenceError> {
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
        if length == 0 || length > MAX_TENSORS {
            let reason = format!("it has {length} inputs or outputs, accepted are 1 to {MAX_TENSORS}");
            return Err(not_a_model(reason));
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
        let mut ranked_type = sys::LiteRtRankedTensorType::default();
        // SAFETY: as above.
        check("read a tensor's type", unsafe {
            sys::LiteRtGetRankedTensorType(handle, &raw mut ranked_type)
        })?;
        let bytes = byte_size(&ranked_type).ok_or_else(|| InferenceError::UnsupportedTensor {
            name: name.clone(),
            reason: format!("element type {} with a shape of unknown size", ranked_type.element_type),
        })?;
        Ok(Self { name, signature_name, bytes, ranked_type })
    }

    /// Its type as other formats of models tell it, too.
    pub(super) fn tensor_type(&self) -> TensorType {
        let layout = &self.ranked_type.layout;
        let dimensions = layout.dimensions.iter().take(layout.rank() as usize);
        TensorType {
            element_type: element_type(self.ranked_type.element_type),
            dimensions: dimensions.map(|&dimension| dimension.into()).collect(),
        }
    }
}

fn element_type(number: sys::LiteRtElementType) -> Option<ElementType> {
    Some(match number {
        sys::kLiteRtElementTypeBool => ElementType::Bool,
        sys::kLiteRtElementTypeInt8 => ElementType::I8,
        sys::kLiteRtElementTypeInt16 => ElementType::I16,
        sys::kLiteRtElementTypeInt32 => ElementType::I32,
        sys::kLiteRtElementTypeInt64 => ElementType::I64,
        sys::kLiteRtElementTypeUInt8 => ElementType::U8,
        sys::kLiteRtElementTypeUInt16 => ElementType::U16,
        sys::kLiteRtElementTypeUInt32 => ElementType::U32,
        sys::kLiteRtElementTypeUInt64 => ElementType::U64,
        sys::kLiteRtElementTypeFloat16 => ElementType::F16,
        sys::kLiteRtElementTypeFloat32 => ElementType::F32,
        sys::kLiteRtElementTypeFloat64 => ElementType::F64,
        _ => return None,
    })
}

/// None for shapes that are not fixed and for element types without a fixed size.
fn byte_size(ranked_type: &sys::LiteRtRankedTensorType) -> Option<usize> {
    let element = element_type(ranked_type.element_type)?.bytes();
    let rank = ranked_type.layout.rank() as usize;
    let dimensions = ranked_type.layout.dimensions.get(..rank)?;
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
