//! Operators, with the numbers of TensorFlow Lite's schema (`schema.fbs`, version 3).

use super::linear::Linear;

/// `BuiltinOperator` of the schema.
pub(crate) mod code {
    pub(crate) const ADD: i32 = 0;
    pub(crate) const AVERAGE_POOL_2D: i32 = 1;
    pub(crate) const CONCATENATION: i32 = 2;
    pub(crate) const CONV_2D: i32 = 3;
    pub(crate) const DEPTHWISE_CONV_2D: i32 = 4;
    pub(crate) const DEPTH_TO_SPACE: i32 = 5;
    pub(crate) const FLOOR: i32 = 8;
    pub(crate) const FULLY_CONNECTED: i32 = 9;
    pub(crate) const LOCAL_RESPONSE_NORMALIZATION: i32 = 13;
    pub(crate) const LOGISTIC: i32 = 14;
    pub(crate) const MAX_POOL_2D: i32 = 17;
    pub(crate) const MUL: i32 = 18;
    pub(crate) const RELU: i32 = 19;
    pub(crate) const RELU6: i32 = 21;
    pub(crate) const RESHAPE: i32 = 22;
    pub(crate) const RESIZE_BILINEAR: i32 = 23;
    pub(crate) const SOFTMAX: i32 = 25;
    pub(crate) const SPACE_TO_DEPTH: i32 = 26;
    pub(crate) const TANH: i32 = 28;
    pub(crate) const PAD: i32 = 34;
    pub(crate) const GATHER: i32 = 36;
    pub(crate) const BATCH_TO_SPACE_ND: i32 = 37;
    pub(crate) const SPACE_TO_BATCH_ND: i32 = 38;
    pub(crate) const TRANSPOSE: i32 = 39;
    pub(crate) const MEAN: i32 = 40;
    pub(crate) const SUB: i32 = 41;
    pub(crate) const DIV: i32 = 42;
    pub(crate) const STRIDED_SLICE: i32 = 45;
    pub(crate) const EXP: i32 = 47;
    pub(crate) const LOG_SOFTMAX: i32 = 50;
    pub(crate) const CAST: i32 = 53;
    pub(crate) const MAXIMUM: i32 = 55;
    pub(crate) const ARG_MAX: i32 = 56;
    pub(crate) const MINIMUM: i32 = 57;
    pub(crate) const LESS: i32 = 58;
    pub(crate) const NEG: i32 = 59;
    pub(crate) const PADV2: i32 = 60;
    pub(crate) const GREATER: i32 = 61;
    pub(crate) const GREATER_EQUAL: i32 = 62;
    pub(crate) const LESS_EQUAL: i32 = 63;
    pub(crate) const SLICE: i32 = 65;
    pub(crate) const SIN: i32 = 66;
    pub(crate) const TRANSPOSE_CONV: i32 = 67;
    pub(crate) const TILE: i32 = 69;
    pub(crate) const EQUAL: i32 = 71;
    pub(crate) const NOT_EQUAL: i32 = 72;
    pub(crate) const LOG: i32 = 73;
    pub(crate) const SUM: i32 = 74;
    pub(crate) const SQRT: i32 = 75;
    pub(crate) const RSQRT: i32 = 76;
    pub(crate) const POW: i32 = 78;
    pub(crate) const ARG_MIN: i32 = 79;
    pub(crate) const REDUCE_PROD: i32 = 81;
    pub(crate) const REDUCE_MAX: i32 = 82;
    pub(crate) const PACK: i32 = 83;
    pub(crate) const LOGICAL_OR: i32 = 84;
    pub(crate) const LOGICAL_AND: i32 = 86;
    pub(crate) const LOGICAL_NOT: i32 = 87;
    pub(crate) const UNPACK: i32 = 88;
    pub(crate) const REDUCE_MIN: i32 = 89;
    pub(crate) const FLOOR_DIV: i32 = 90;
    pub(crate) const SQUARE: i32 = 92;
    pub(crate) const FLOOR_MOD: i32 = 95;
    pub(crate) const RESIZE_NEAREST_NEIGHBOR: i32 = 97;
    pub(crate) const LEAKY_RELU: i32 = 98;
    pub(crate) const SQUARED_DIFFERENCE: i32 = 99;
    pub(crate) const MIRROR_PAD: i32 = 100;
    pub(crate) const ABS: i32 = 101;
    pub(crate) const SPLIT_V: i32 = 102;
    pub(crate) const CEIL: i32 = 104;
    pub(crate) const COS: i32 = 108;
    pub(crate) const ELU: i32 = 111;
    pub(crate) const ROUND: i32 = 116;
    pub(crate) const SELECT_V2: i32 = 123;
    pub(crate) const BATCH_MATMUL: i32 = 126;
}

/// A step of the model.
#[derive(Debug)]
pub(crate) struct Operator<'g> {
    pub(super) code: i32,
    /// Tensors that it reads; weights and bias of a [`Linear`] come after them.
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
    pub(super) options: Options,
    pub(super) activation: Activation,
    /// How a convolution moves over its input.
    pub(super) window: Option<Window>,
    /// The weights of a convolution or of a product with a matrix.
    pub(super) linear: Option<Linear<'g>>,
}

impl Operator<'_> {
    pub(super) fn new(code: i32, inputs: Vec<usize>, outputs: Vec<usize>, options: Options) -> Self {
        let activation = Activation::None;
        Self { code, inputs, outputs, options, activation, window: None, linear: None }
    }

    /// Which field of its options is an activation; None where it has none.
    pub(super) fn activation_field(&self) -> Option<u16> {
        match self.code {
            code::ADD | code::SUB | code::MUL | code::DIV | code::FULLY_CONNECTED => Some(0),
            code::CONV_2D => Some(3),
            code::DEPTHWISE_CONV_2D => Some(4),
            code::AVERAGE_POOL_2D | code::MAX_POOL_2D => Some(5),
            _ => None,
        }
    }
}

/// An activation that is part of an operator (`ActivationFunctionType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    None = 0,
    Relu = 1,
    Relu6 = 3,
}

/// What is taken for values beyond the edge (`Padding`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// Zeros, as many as give an output for every stride.
    Same = 0,
    /// Nothing lies beyond.
    Valid = 1,
}

/// How a convolution moves over its input, as height and width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) padding: Padding,
    /// Outputs for each input of a depthwise convolution.
    pub(crate) multiplier: usize,
}

/// A number in an operator's options.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar {
    Byte(u8),
    Int(i32),
    Float(f32),
}

impl Scalar {
    /// A size; what no kernel could have is the largest number.
    pub(crate) fn size(size: usize) -> Self {
        Self::Int(i32::try_from(size).unwrap_or(i32::MAX))
    }

    /// A boolean.
    pub(crate) fn flag(flag: bool) -> Self {
        Self::Byte(flag.into())
    }
}

/// An operator's options: which of the union's tables, and its fields.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(super) kind: u8,
    pub(super) fields: Vec<(u16, Scalar)>,
}

impl Options {
    /// No table.
    pub(crate) fn none() -> Self {
        Self::of(0)
    }

    /// The table of that number (`BuiltinOptions`), all defaults.
    pub(crate) fn of(kind: u8) -> Self {
        Self { kind, fields: Vec::new() }
    }

    /// Sets a field.
    pub(crate) fn with(mut self, field: u16, value: Scalar) -> Self {
        self.fields.push((field, value));
        self
    }

    /// Those of a convolution.
    pub(super) fn of_window(code: i32, window: Window) -> Self {
        let [stride_height, stride_width] = window.stride.map(Scalar::size);
        let [dilation_height, dilation_width] = window.dilation.map(Scalar::size);
        let (kind, fields) = if code == code::DEPTHWISE_CONV_2D {
            let multiplier = Scalar::size(window.multiplier);
            (
                2,
                vec![
                    (1, stride_width),
                    (2, stride_height),
                    (3, multiplier),
                    (5, dilation_width),
                    (6, dilation_height),
                ],
            )
        } else {
            (1, vec![(1, stride_width), (2, stride_height), (4, dilation_width), (5, dilation_height)])
        };
        Self { kind, fields }.with(0, Scalar::Byte(window.padding as u8))
    }
}
