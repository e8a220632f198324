//! TensorFlow's operations in those of TensorFlow Lite.

mod arithmetic;
mod convolution;
mod joining;
mod matrix;
mod normalization;
mod padding;
mod pooling;
pub(crate) mod reduction;
mod reshaping;
mod resizing;
mod slicing;
pub(crate) mod step;
mod unary;

pub(crate) use convolution::same_padding;
pub(crate) use reshaping::{permutation, permuted, squeezed};
pub(crate) use slicing::Cut;
pub(crate) use step::Step;

use crate::error::Fault;
use crate::value::Value;

/// What an operation's outputs become.
type Lowered<'g> = Result<Vec<Value<'g>>, Fault>;

type Lowering = for<'s, 'm, 'g> fn(&'s mut Step<'m, 'g>) -> Lowered<'g>;

/// Operations that only decide whether, when or how often others run.
const CONTROL_FLOW: [&str; 17] = [
    "Enter",
    "Exit",
    "NextIteration",
    "Merge",
    "Switch",
    "LoopCond",
    "RefEnter",
    "RefExit",
    "RefMerge",
    "RefSwitch",
    "If",
    "StatelessIf",
    "While",
    "StatelessWhile",
    "Case",
    "StatelessCase",
    "For",
];

/// Operations that are computed of constants and shapes only, or are inputs.
const WITHOUT_OPERATOR: [&str; 9] =
    ["Const", "Placeholder", "PlaceholderV2", "Shape", "ShapeN", "Size", "Rank", "Range", "Fill"];

/// Why an operation can't be converted, whatever its attributes are; None where it may be.
pub(crate) fn refusal(operation: &str) -> Option<&'static str> {
    if CONTROL_FLOW.contains(&operation) {
        Some("it is control flow")
    } else if lowering(operation).is_some() || WITHOUT_OPERATOR.contains(&operation) {
        None
    } else {
        Some("TensorFlow Lite has no such operation, or not in this runtime")
    }
}

/// Whether an operation is known to have one output only.
pub(crate) fn has_one_output(operation: &str) -> bool {
    const SEVERAL: [&str; 8] = [
        "FusedBatchNorm",
        "FusedBatchNormV2",
        "FusedBatchNormV3",
        "IdentityN",
        "ShapeN",
        "Split",
        "SplitV",
        "Unpack",
    ];
    refusal(operation).is_none() && !SEVERAL.contains(&operation)
}

/// Adds what the operation becomes to the model.
pub(crate) fn lower<'g>(operation: &str, step: &mut Step<'_, 'g>) -> Lowered<'g> {
    match lowering(operation) {
        Some(lower) => lower(step),
        None => crate::error::unsupported("its inputs depend on values that are not known yet"),
    }
}

fn lowering(operation: &str) -> Option<Lowering> {
    Some(match operation {
        "Identity"
        | "StopGradient"
        | "PreventGradient"
        | "CheckNumerics"
        | "PlaceholderWithDefault"
        | "Snapshot"
        | "EnsureShape" => unary::identity,
        "IdentityN" => unary::identities,
        "Relu" => unary::relu,
        "Relu6" => unary::relu6,
        "LeakyRelu" => unary::leaky_relu,
        "Cast" => unary::cast,
        "Abs" | "Ceil" | "Cos" | "Elu" | "Exp" | "Floor" | "Log" | "LogicalNot" | "Neg" | "Rint"
        | "Round" | "Rsqrt" | "Sigmoid" | "Sin" | "Sqrt" | "Square" | "Tanh" | "Softmax" | "LogSoftmax" => {
            return unary::of(operation);
        }
        "Add" | "AddV2" => arithmetic::add,
        "AddN" => arithmetic::add_n,
        "BiasAdd" | "BiasAddV1" => arithmetic::bias_add,
        "Sub" => arithmetic::sub,
        "Mul" => arithmetic::mul,
        "RealDiv" | "Div" => arithmetic::div,
        "FloorDiv" | "FloorMod" | "Maximum" | "Minimum" | "Pow" | "SquaredDifference" | "LogicalAnd"
        | "LogicalOr" | "Less" | "LessEqual" | "Greater" | "GreaterEqual" | "Equal" | "NotEqual" => {
            return arithmetic::of(operation);
        }
        "Select" | "SelectV2" => arithmetic::select,
        "Conv2D" => convolution::convolution,
        "DepthwiseConv2dNative" | "DepthwiseConv2D" => convolution::depthwise,
        "Conv2DBackpropInput" => convolution::transposed,
        "SpaceToBatchND" => convolution::space_to_batch,
        "BatchToSpaceND" => convolution::batch_to_space,
        "MatMul" => matrix::product,
        "BatchMatMul" | "BatchMatMulV2" => matrix::batch_product,
        "FusedBatchNorm" | "FusedBatchNormV2" | "FusedBatchNormV3" => normalization::fused_batch_norm,
        "BatchNormWithGlobalNormalization" => normalization::global_batch_norm,
        "LRN" => normalization::local_response,
        "MaxPool" | "MaxPoolV2" => pooling::max,
        "AvgPool" => pooling::average,
        "Mean" | "Sum" | "Max" | "Min" | "Prod" => return reduction::of(operation),
        "ArgMax" => reduction::arg_max,
        "ArgMin" => reduction::arg_min,
        "ConcatV2" => joining::concat,
        "Concat" => joining::concat_axis_first,
        "Pack" => joining::pack,
        "Unpack" => joining::unpack,
        "Split" => joining::split,
        "SplitV" => joining::split_sizes,
        "Tile" => joining::tile,
        "Pad" | "PadV2" => padding::pad,
        "MirrorPad" => padding::mirror,
        "Reshape" => reshaping::reshape,
        "Squeeze" => reshaping::squeeze,
        "ExpandDims" => reshaping::expand_dims,
        "Transpose" => reshaping::transpose,
        "SpaceToDepth" => reshaping::space_to_depth,
        "DepthToSpace" => reshaping::depth_to_space,
        "StridedSlice" => slicing::strided_slice,
        "Slice" => slicing::slice,
        "Gather" | "GatherV2" => slicing::gather,
        "ResizeBilinear" => resizing::bilinear,
        "ResizeNearestNeighbor" => resizing::nearest,
        _ => return None,
    })
}
