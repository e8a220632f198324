//! Reads from a .tflite file the few facts that the build needs: name, shape, type and quantisation of the first input and
//! output. Field numbers are those of TensorFlow Lite's flatbuffer schema, version 3 (schema.fbs).

/// The first input and the first output of a model.
#[derive(Debug)]
pub(crate) struct Tensors {
    pub(crate) input: Tensor,
    pub(crate) output: Tensor,
}

#[derive(Debug)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<i32>,
    pub(crate) element: u8,
    pub(crate) scale: f32,
    pub(crate) zero_point: i64,
}

impl Tensor {
    /// `TensorType.UINT8`.
    pub(crate) const UINT8: u8 = 3;
}

impl Tensors {
    /// Reads them, or says that the file is damaged.
    pub(crate) fn read(model: &[u8]) -> Result<Self, &'static str> {
        if model.get(4..8) != Some(b"TFL3") {
            return Err("it is no TensorFlow Lite model");
        }
        Self::find(&Buffer(model)).ok_or("it is damaged, or its tensors have no fixed quantisation")
    }

    fn find(buffer: &Buffer<'_>) -> Option<Self> {
        let root = Table { at: buffer.target(0)? };
        let graph = root.vector(buffer, 2)?.table(buffer, 0)?;
        let tensors = graph.vector(buffer, 0)?;
        let tensor = |field| {
            let index = graph.vector(buffer, field)?.number(buffer, 0)?;
            Tensor::find(buffer, tensors.table(buffer, usize::try_from(index).ok()?)?)
        };
        Some(Self { input: tensor(1)?, output: tensor(2)? })
    }
}

impl Tensor {
    fn find(buffer: &Buffer<'_>, table: Table) -> Option<Self> {
        let shape = table.vector(buffer, 0)?;
        let element = table.field(buffer, 1).and_then(|at| buffer.0.get(at).copied()).unwrap_or(0);
        let name = table.vector(buffer, 3)?;
        let quantization = Table { at: buffer.target(table.field(buffer, 4)?)? };
        let scale = quantization.vector(buffer, 2)?;
        let zero_point = quantization.vector(buffer, 3)?;
        Some(Self {
            name: String::from_utf8(buffer.0.get(name.at..name.at + name.length)?.to_vec()).ok()?,
            shape: (0..shape.length).map(|index| shape.number(buffer, index)).collect::<Option<_>>()?,
            element,
            scale: f32::from_le_bytes(buffer.bytes(scale.at)?),
            zero_point: i64::from_le_bytes(buffer.bytes(zero_point.at)?),
        })
    }
}

struct Buffer<'a>(&'a [u8]);

impl Buffer<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    fn offset(&self, at: usize) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.bytes(at)?)).ok()
    }

    /// What the offset at `at` points to.
    fn target(&self, at: usize) -> Option<usize> {
        at.checked_add(self.offset(at)?)
    }
}

#[derive(Clone, Copy)]
struct Table {
    at: usize,
}

impl Table {
    /// Where field `number` lies; None where it has its default.
    fn field(self, buffer: &Buffer<'_>, number: usize) -> Option<usize> {
        let back = i32::from_le_bytes(buffer.bytes(self.at)?);
        let vtable = usize::try_from(i64::try_from(self.at).ok()? - i64::from(back)).ok()?;
        let length = usize::from(u16::from_le_bytes(buffer.bytes(vtable)?));
        let entry = 4 + number * 2;
        if entry + 2 > length {
            return None;
        }
        match u16::from_le_bytes(buffer.bytes(vtable + entry)?) {
            0 => None,
            offset => Some(self.at + usize::from(offset)),
        }
    }

    fn vector(self, buffer: &Buffer<'_>, number: usize) -> Option<Vector> {
        let start = buffer.target(self.field(buffer, number)?)?;
        Some(Vector { at: start + 4, length: buffer.offset(start)? })
    }
}

#[derive(Clone, Copy)]
struct Vector {
    at: usize,
    length: usize,
}

impl Vector {
    fn number(self, buffer: &Buffer<'_>, index: usize) -> Option<i32> {
        (index < self.length).then(|| buffer.bytes(self.at + index * 4).map(i32::from_le_bytes))?
    }

    fn table(self, buffer: &Buffer<'_>, index: usize) -> Option<Table> {
        if index >= self.length {
            return None;
        }
        Some(Table { at: buffer.target(self.at + index * 4)? })
    }
}
