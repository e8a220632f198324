//! Writes small models and their metadata.

use flatbuffers::{FlatBufferBuilder, TableFinishedWIPOffset, WIPOffset};

type TableOffset = WIPOffset<TableFinishedWIPOffset>;

enum Field {
    Byte(u8),
    Number(u32),
    Signed(i32),
    Float(f32),
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
                Field::Float(value) => self.0.push_slot_always(slot, *value),
                Field::At(offset) => self.0.push_slot_always(slot, *offset),
            }
        }
        WIPOffset::new(self.0.end_table(start).value())
    }

    fn numbers(&mut self, numbers: &[i32]) -> Field {
        Field::At(WIPOffset::new(self.0.create_vector(numbers).value()))
    }

    fn floats(&mut self, numbers: &[f32]) -> Field {
        Field::At(WIPOffset::new(self.0.create_vector(numbers).value()))
    }

    fn bytes(&mut self, bytes: &[u8]) -> Field {
        Field::At(WIPOffset::new(self.0.create_vector(bytes).value()))
    }

    fn tables(&mut self, tables: &[TableOffset]) -> Field {
        Field::At(WIPOffset::new(self.0.create_vector(tables).value()))
    }

    fn only(&mut self, table: TableOffset) -> Field {
        self.tables(&[table])
    }

    fn finish(mut self, root: TableOffset, identifier: &str) -> Vec<u8> {
        self.0.finish(root, Some(identifier));
        self.0.finished_data().to_vec()
    }
}

#[derive(Clone)]
pub(super) struct TensorDraft {
    name: &'static str,
    shape: Vec<i32>,
    element: u8,
    quantization: Option<(f32, i64)>,
}

impl TensorDraft {
    pub(super) fn new(name: &'static str, shape: &[i32]) -> Self {
        Self { name, shape: shape.to_vec(), element: 0, quantization: None }
    }

    pub(super) fn of_type(self, element: u8) -> Self {
        Self { element, ..self }
    }

    pub(super) fn quantized(self, element: u8, scale: f32, zero_point: i64) -> Self {
        Self { element, quantization: Some((scale, zero_point)), ..self }
    }
}

/// A model of one graph: a softmax from a picture of 6 × 5 pixels to four classes.
pub(super) struct ModelDraft {
    pub(super) tensors: Vec<TensorDraft>,
    pub(super) inputs: Vec<i32>,
    pub(super) outputs: Vec<i32>,
    pub(super) operators: Vec<(i32, &'static str)>,
    pub(super) steps: Vec<(u32, Vec<i32>, Vec<i32>)>,
    pub(super) graphs: usize,
    pub(super) metadata: Option<Vec<u8>>,
}

impl Default for ModelDraft {
    fn default() -> Self {
        Self {
            tensors: vec![TensorDraft::new("in", &[1, 5, 6, 3]), TensorDraft::new("out", &[1, 4])],
            inputs: vec![0],
            outputs: vec![1],
            operators: vec![(super::SOFTMAX, "")],
            steps: vec![(0, vec![0], vec![1])],
            graphs: 1,
            metadata: None,
        }
    }
}

impl ModelDraft {
    pub(super) fn build(&self) -> Vec<u8> {
        let mut draft = Draft(FlatBufferBuilder::new());
        let codes: Vec<_> = self
            .operators
            .iter()
            .map(|(code, custom)| {
                let custom = draft.bytes(custom.as_bytes());
                draft.table(&[
                    (0, Field::Byte((*code).min(127) as u8)),
                    (1, custom),
                    (3, Field::Signed(*code)),
                ])
            })
            .collect();
        let buffers: Vec<_> = [&[][..], self.metadata.as_deref().unwrap_or_default()]
            .iter()
            .map(|data| {
                let data = draft.bytes(data);
                draft.table(&[(0, data)])
            })
            .collect();
        let graph = self.graph(&mut draft);
        let metadata: Vec<_> = self
            .metadata
            .iter()
            .map(|_| {
                let name = draft.bytes(b"TFLITE_METADATA");
                draft.table(&[(0, name), (1, Field::Number(1))])
            })
            .collect();
        let fields = [
            (0, Field::Number(3)),
            (1, draft.tables(&codes)),
            (2, draft.tables(&vec![graph; self.graphs])),
            (4, draft.tables(&buffers)),
            (6, draft.tables(&metadata)),
        ];
        let root = draft.table(&fields);
        draft.finish(root, "TFL3")
    }

    fn graph(&self, draft: &mut Draft<'_>) -> TableOffset {
        let tensors: Vec<_> = self
            .tensors
            .iter()
            .map(|tensor| {
                let mut fields = vec![
                    (0, draft.numbers(&tensor.shape)),
                    (1, Field::Byte(tensor.element)),
                    (3, draft.bytes(tensor.name.as_bytes())),
                ];
                if let Some((scale, zero_point)) = tensor.quantization {
                    let scales = draft.floats(&[scale]);
                    let zero_points = Field::At(WIPOffset::new(draft.0.create_vector(&[zero_point]).value()));
                    let quantization = draft.table(&[(2, scales), (3, zero_points)]);
                    fields.push((4, Field::At(WIPOffset::new(quantization.value()))));
                }
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
}

/// What a model says of itself.
pub(super) struct MetadataDraft {
    pub(super) name: &'static str,
    pub(super) mean: Vec<f32>,
    pub(super) std: Vec<f32>,
    pub(super) threshold: f32,
    /// Files of labels with their languages.
    pub(super) files: Vec<(&'static str, &'static str)>,
}

impl MetadataDraft {
    pub(super) fn build(&self) -> Vec<u8> {
        let mut draft = Draft(FlatBufferBuilder::new());
        let fields = [(0, draft.floats(&self.mean)), (1, draft.floats(&self.std))];
        let options = draft.table(&fields);
        let unit = draft.table(&[(0, Field::Byte(1)), (1, Field::At(WIPOffset::new(options.value())))]);
        let fields = [(4, draft.only(unit))];
        let input = draft.table(&fields);
        let options = draft.table(&[(0, Field::Float(self.threshold))]);
        let unit = draft.table(&[(0, Field::Byte(3)), (1, Field::At(WIPOffset::new(options.value())))]);
        let files: Vec<_> = self
            .files
            .iter()
            .map(|(name, locale)| {
                let fields = [
                    (0, draft.bytes(name.as_bytes())),
                    (2, Field::Byte(2)),
                    (3, draft.bytes(locale.as_bytes())),
                ];
                draft.table(&fields)
            })
            .collect();
        let fields = [(4, draft.only(unit)), (6, draft.tables(&files))];
        let output = draft.table(&fields);
        let fields = [(2, draft.only(input)), (3, draft.only(output))];
        let graph = draft.table(&fields);
        let fields = [(0, draft.bytes(self.name.as_bytes())), (3, draft.only(graph))];
        let root = draft.table(&fields);
        draft.finish(root, "M001")
    }
}
