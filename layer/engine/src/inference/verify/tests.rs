//! Small models, sound but for one thing.

use flatbuffers::{FlatBufferBuilder, TableFinishedWIPOffset, WIPOffset};
use proptest::prelude::*;

use super::*;

type TableOffset = WIPOffset<TableFinishedWIPOffset>;

/// A field of a table being built: its number and its value.
enum Field {
    Byte(u8),
    Number(u32),
    Signed(i32),
    Long(u64),
    At(WIPOffset<()>),
}

struct Draft<'b>(FlatBufferBuilder<'b>);

impl Draft<'_> {
    fn table(&mut self, fields: &[(u16, Field)]) -> TableOffset {
        let start = self.0.start_table();
        for (number, field) in fields {
            let slot = 4 + 2 * number;
            match field {
                Field::Byte(value) => self.0.push_slot_always(slot, *value),
                Field::Number(value) => self.0.push_slot_always(slot, *value),
                Field::Signed(value) => self.0.push_slot_always(slot, *value),
                Field::Long(value) => self.0.push_slot_always(slot, *value),
                Field::At(offset) => self.0.push_slot_always(slot, *offset),
            }
        }
        WIPOffset::new(self.0.end_table(start).value())
    }

    fn numbers(&mut self, numbers: &[i32]) -> Field {
        Field::At(WIPOffset::new(self.0.create_vector(numbers).value()))
    }

    fn bytes(&mut self, bytes: &[u8]) -> Field {
        Field::At(WIPOffset::new(self.0.create_vector(bytes).value()))
    }

    fn tables(&mut self, tables: &[TableOffset]) -> Field {
        Field::At(WIPOffset::new(self.0.create_vector(tables).value()))
    }
}

#[derive(Clone)]
struct TensorDraft {
    shape: Vec<i32>,
    kind: u8,
    buffer: u32,
    is_variable: bool,
    scales: Vec<f32>,
    zero_points: Vec<i64>,
}

impl TensorDraft {
    fn new(shape: &[i32], buffer: u32) -> Self {
        let (scales, zero_points) = (Vec::new(), Vec::new());
        Self { shape: shape.to_vec(), kind: 0, buffer, is_variable: false, scales, zero_points }
    }

    fn quantized(&mut self, scales: &[f32], zero_points: &[i64]) {
        self.kind = 9; // INT8
        (self.scales, self.zero_points) = (scales.to_vec(), zero_points.to_vec());
    }
}

/// A model of one graph: a RELU from tensor 0 to tensor 1.
#[derive(Clone)]
struct ModelDraft {
    version: u32,
    graphs: usize,
    operators: Vec<i32>,
    buffers: Vec<Vec<u8>>,
    data_behind_the_end: bool,
    tensors: Vec<TensorDraft>,
    inputs: Vec<i32>,
    outputs: Vec<i32>,
    steps: Vec<(u32, Vec<i32>, Vec<i32>)>,
    signature: Option<(u32, u32)>,
    metadata_buffer: Option<u32>,
}

const RELU: i32 = 19;

impl Default for ModelDraft {
    fn default() -> Self {
        Self {
            version: 3,
            graphs: 1,
            operators: vec![RELU],
            buffers: vec![Vec::new()],
            data_behind_the_end: false,
            tensors: vec![TensorDraft::new(&[1, 4], 0); 2],
            inputs: vec![0],
            outputs: vec![1],
            steps: vec![(0, vec![0], vec![1])],
            signature: None,
            metadata_buffer: None,
        }
    }
}

impl ModelDraft {
    /// The default with a change.
    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut draft = Self::default();
        change(&mut draft);
        draft
    }

    fn build(&self) -> Vec<u8> {
        let mut draft = Draft(FlatBufferBuilder::new());
        let codes: Vec<_> = self
            .operators
            .iter()
            .map(|&code| draft.table(&[(0, Field::Byte(code.min(127) as u8)), (3, Field::Signed(code))]))
            .collect();
        let buffers: Vec<_> = self
            .buffers
            .iter()
            .map(|data| {
                let data = draft.bytes(data);
                let offset = if self.data_behind_the_end { 4_096 } else { 0 };
                draft.table(&[(0, data), (1, Field::Long(offset))])
            })
            .collect();
        let graph = self.graph(&mut draft);
        let fields = vec![
            (0, Field::Number(self.version)),
            (1, draft.tables(&codes)),
            (2, draft.tables(&vec![graph; self.graphs])),
            (4, draft.tables(&buffers)),
            (6, self.metadata(&mut draft)),
            (7, self.signatures(&mut draft)),
        ];
        let root = draft.table(&fields);
        draft.0.finish(root, Some("TFL3"));
        draft.0.finished_data().to_vec()
    }

    fn graph(&self, draft: &mut Draft<'_>) -> TableOffset {
        let tensors: Vec<_> = self
            .tensors
            .iter()
            .map(|tensor| {
                let scales = Field::At(WIPOffset::new(draft.0.create_vector(&tensor.scales).value()));
                let zero_points =
                    Field::At(WIPOffset::new(draft.0.create_vector(&tensor.zero_points).value()));
                let quantization = draft.table(&[(2, scales), (3, zero_points)]);
                let fields = [
                    (0, draft.numbers(&tensor.shape)),
                    (1, Field::Byte(tensor.kind)),
                    (2, Field::Number(tensor.buffer)),
                    (4, Field::At(WIPOffset::new(quantization.value()))),
                    (5, Field::Byte(tensor.is_variable.into())),
                ];
                draft.table(&fields)
            })
            .collect();
        let steps: Vec<_> = self
            .steps
            .iter()
            .map(|(operator, inputs, outputs)| {
                let fields =
                    [(0, Field::Number(*operator)), (1, draft.numbers(inputs)), (2, draft.numbers(outputs))];
                draft.table(&fields)
            })
            .collect();
        let fields = [
            (0, draft.tables(&tensors)),
            (1, draft.numbers(&self.inputs)),
            (2, draft.numbers(&self.outputs)),
            (3, draft.tables(&steps)),
        ];
        draft.table(&fields)
    }

    fn signatures(&self, draft: &mut Draft<'_>) -> Field {
        let signatures: Vec<_> = self
            .signature
            .iter()
            .map(|&(input, output)| {
                let ends = [(0, input), (1, output)].map(|(field, tensor)| {
                    let entry = draft.table(&[(1, Field::Number(tensor))]);
                    (field, draft.tables(&[entry]))
                });
                draft.table(&ends)
            })
            .collect();
        draft.tables(&signatures)
    }

    fn metadata(&self, draft: &mut Draft<'_>) -> Field {
        let entries: Vec<_> =
            self.metadata_buffer.iter().map(|&buffer| draft.table(&[(1, Field::Number(buffer))])).collect();
        draft.tables(&entries)
    }
}

fn project_model() -> Vec<u8> {
    std::fs::read(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/groceries/model.tflite"),
    )
    .unwrap()
}

#[test]
fn sound_models_pass() {
    assert_eq!(verify(&project_model()), Ok(()));
    assert_eq!(verify(&ModelDraft::default().build()), Ok(()));
    let whole = ModelDraft::with(|draft| {
        draft.signature = Some((0, 1));
        draft.metadata_buffer = Some(0);
        draft.tensors[0].quantized(&[0.1], &[-128]);
    });
    assert_eq!(verify(&whole.build()), Ok(()));
}

#[test]
fn each_thing_that_litert_takes_for_granted_is_refused_by_name() {
    let refused = |change: fn(&mut ModelDraft), reason: &str| {
        let message = verify(&ModelDraft::with(change).build()).unwrap_err().to_string();
        assert!(message.contains(reason), "expected {reason:?}, found {message:?}");
    };
    refused(|draft| draft.version = 4, "found schema version 4");
    refused(|draft| draft.graphs = 2, "it has 2 graphs");
    refused(|draft| draft.graphs = 0, "it has 0 graphs");
    refused(|draft| draft.operators = vec![119], "WHILE");
    refused(|draft| draft.operators = vec![32], "CUSTOM");
    refused(|draft| draft.operators = vec![200], "operator number 200");
    refused(|draft| draft.steps[0].0 = 1, "a step is operator 1 of 1");
    refused(|draft| draft.steps[0].1 = vec![7], "it has no tensor 7");
    refused(|draft| draft.steps[0].1 = vec![-2], "it has no tensor -2");
    refused(|draft| draft.steps[0].1 = vec![1], "tensor 1 is read before it is written");
    refused(|draft| draft.steps[0].2 = vec![0], "tensor 0 is written twice");
    refused(|draft| draft.steps[0].2 = vec![-1], "left out");
    refused(|draft| draft.steps[0].1 = vec![0; 1_025], "1025 operands");
    refused(|draft| draft.steps.clear(), "tensor 1 is read before it is written");
    refused(|draft| draft.outputs = vec![0], "no step writes the output, tensor 0");
    refused(|draft| draft.outputs = vec![9], "it has no tensor 9");
    refused(|draft| draft.inputs = vec![0, 0], "tensor 0 is written twice");
    refused(|draft| draft.tensors[1].buffer = 1, "buffer 1 of 1");
    refused(|draft| draft.tensors[1].shape = vec![1, -1], "a side of -1");
    refused(|draft| draft.tensors[1].shape = vec![1; 9], "9 dimensions");
    refused(|draft| draft.tensors[1].shape = vec![i32::MAX; 4], "has no size");
    refused(|draft| draft.tensors[1].shape = vec![1 << 16, 1 << 14], "accepted are up to 268435456");
    refused(|draft| draft.tensors[1].kind = 5, "type 5");
    refused(|draft| draft.tensors[1].is_variable = true, "keeps its value");
    refused(|draft| draft.steps[0].1 = vec![-1], "operand 0 is left out");
    refused(|draft| draft.tensors[1].quantized(&[1.0; 3], &[0; 3]), "has 3 scales and 3 zero points");
    refused(|draft| draft.tensors[1].quantized(&[1.0], &[]), "has 1 scales and 0 zero points");
    refused(|draft| draft.tensors[1].quantized(&[0.0], &[0]), "a scale of 0e0");
    refused(|draft| draft.tensors[1].quantized(&[f32::NAN], &[0]), "a scale of NaN");
    refused(|draft| draft.tensors[1].quantized(&[1e9], &[0]), "a scale of 1e9");
    refused(|draft| draft.tensors[1].quantized(&[1.0], &[128]), "has the zero point 128");
    refused(|draft| draft.data_behind_the_end = true, "behind its end");
    refused(|draft| draft.signature = Some((0, 0)), "a signature names tensor 0");
    refused(|draft| draft.metadata_buffer = Some(1), "its metadata stands in a buffer");
}

#[test]
fn constant_data_has_the_size_of_its_tensor() {
    let with_data = |bytes: usize| {
        ModelDraft::with(|draft| {
            draft.operators = vec![0]; // ADD
            draft.buffers.push(vec![0; bytes]);
            draft.tensors.push(TensorDraft::new(&[1, 4], 1));
            draft.steps[0].1 = vec![0, 2];
        })
    };
    assert_eq!(verify(&with_data(16).build()), Ok(()));
    let message = verify(&with_data(15).build()).unwrap_err().to_string();
    assert_eq!(message, "a tensor of 16 bytes has 15 bytes of data");
}

#[test]
fn a_bias_has_a_value_for_each_output() {
    let with_bias = |values: i32| {
        ModelDraft::with(|draft| {
            draft.operators = vec![9]; // FULLY_CONNECTED
            draft.buffers.extend([vec![0; 4 * 4 * 2], vec![0; 4 * values as usize]]);
            draft.tensors[1].shape = vec![1, 2];
            draft.tensors.extend([TensorDraft::new(&[2, 4], 1), TensorDraft::new(&[values], 2)]);
            draft.steps[0].1 = vec![0, 2, 3];
        })
    };
    assert_eq!(verify(&with_bias(2).build()), Ok(()));
    let message = verify(&with_bias(1).build()).unwrap_err().to_string();
    assert_eq!(message, "weights of shape [2, 4] have a bias of shape [1]");
}

#[test]
fn a_transposed_convolution_has_a_constant_shape_and_a_bias_that_fits() {
    let with = |values: i32, has_constant_shape: bool| {
        ModelDraft::with(|draft| {
            draft.operators = vec![67]; // TRANSPOSE_CONV
            draft.buffers.extend([vec![0; 4 * 4], vec![0; 4 * 2 * 3], vec![0; 4 * values as usize]]);
            draft.tensors = vec![TensorDraft::new(&[1, 2, 2, 3], 0), TensorDraft::new(&[1, 4, 4, 2], 0)];
            let mut shape = TensorDraft::new(&[4], u32::from(has_constant_shape));
            shape.kind = 2; // INT32
            draft.tensors.extend([shape, TensorDraft::new(&[2, 1, 1, 3], 2), TensorDraft::new(&[values], 3)]);
            if !has_constant_shape {
                draft.inputs.push(2);
            }
            draft.steps[0].1 = vec![2, 3, 0, 4];
        })
    };
    assert_eq!(verify(&with(2, true).build()), Ok(()));
    let message = |values, has_constant_shape| {
        verify(&with(values, has_constant_shape).build()).unwrap_err().to_string()
    };
    assert_eq!(message(1, true), "weights of shape [2, 1, 1, 3] have a bias of shape [1]");
    assert_eq!(message(2, false), "the shape of a transposed convolution's output is not constant");
}

#[test]
fn what_is_something_else_is_named() {
    let message = verify(b"\0\0\0\0GGUF").unwrap_err().to_string();
    assert_eq!(message, "found \"GGUF\" at byte 4, expected \"TFL3\"");
    assert_eq!(verify(b"").unwrap_err(), Damage::Identifier(String::new()));
}

proptest! {
    #[test]
    fn a_truncated_model_is_refused(length in 0_usize..64) {
        let model = ModelDraft::default().build();
        let length = model.len() * length / 64;
        prop_assert!(verify(&model[..length]).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..20)) {
        let mut model = ModelDraft::with(|draft| draft.signature = Some((0, 1))).build();
        let length = model.len();
        for (at, byte) in changes {
            model[usize::from(at) % length] = byte;
        }
        drop(verify(&model));
    }
}
