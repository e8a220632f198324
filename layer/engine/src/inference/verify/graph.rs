//! The order of operators: what each reads and writes.

use flatbuffer::{Table, Vector};

use super::damage::{Damage, damage};
use super::tensor::Tensor;

/// More than any model for pictures has; some quantities of the file are multiplied with each other.
pub(super) const MAX_TENSORS: usize = 16_384;

/// More than any operator reads or writes; joining many tensors takes the most.
const MAX_OPERANDS: usize = 1_024;

/// Operands before this one are needed by every operator; a bias may be left out.
const FIRST_OPTIONAL: usize = 2;

/// Operators that loop, keep a state, or are defined elsewhere (`BuiltinOperator` of the schema).
const REFUSED: [(i32, &str); 20] = [
    (16, "LSTM"),
    (24, "RNN"),
    (27, "SVDF"),
    (31, "CALL"),
    (32, "CUSTOM"),
    (35, "UNIDIRECTIONAL_SEQUENCE_RNN"),
    (44, "UNIDIRECTIONAL_SEQUENCE_LSTM"),
    (46, "BIDIRECTIONAL_SEQUENCE_RNN"),
    (51, "DELEGATE"),
    (52, "BIDIRECTIONAL_SEQUENCE_LSTM"),
    (118, "IF"),
    (119, "WHILE"),
    (129, "CALL_ONCE"),
    (136, "HASHTABLE"),
    (137, "HASHTABLE_FIND"),
    (138, "HASHTABLE_IMPORT"),
    (139, "HASHTABLE_SIZE"),
    (142, "VAR_HANDLE"),
    (143, "READ_VARIABLE"),
    (144, "ASSIGN_VARIABLE"),
];

/// From here on (STABLEHLO_LOGISTIC) operators are of another dialect, some with graphs of their own.
const FIRST_OF_ANOTHER_DIALECT: i32 = 162;

/// Operators with a bias: their number, which of the weights' dimensions counts the outputs, which operand the bias is.
const WITH_BIAS: [(i32, usize, usize); 4] = [
    (3, 0, 2),              // CONV_2D: outputs, height, width, inputs
    (4, 3, 2),              // DEPTHWISE_CONV_2D: 1, height, width, outputs
    (9, 0, 2),              // FULLY_CONNECTED: outputs, inputs
    (TRANSPOSE_CONV, 0, 3), // outputs, height, width, inputs
];

/// Its first operand is the shape of its output.
const TRANSPOSE_CONV: i32 = 67;

/// The graph's inputs and outputs, as numbers of tensors.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
}

/// Follows the operators in their order; `operators` are what they may be, by index.
pub(super) fn verify(graph: Table<'_>, tensors: &[Tensor], operators: &[i32]) -> Result<Ends, Damage> {
    let mut is_written: Vec<bool> = tensors.iter().map(|tensor| tensor.is_constant).collect();
    let inputs = indices(graph.numbers::<i32>(1)?)?;
    for &input in &inputs {
        write(&mut is_written, input)?;
    }
    let steps = graph.tables(3)?;
    if steps.len() > MAX_TENSORS {
        return damage(format!("it has {} steps, accepted are up to {MAX_TENSORS}", steps.len()));
    }
    for step in steps.iter_tables() {
        let step = step?;
        let index = step.number::<u32>(0)?.unwrap_or(0) as usize;
        let Some(&operator) = operators.get(index) else {
            return damage(format!("a step is operator {index} of {}", operators.len()));
        };
        refuse(operator)?;
        if !step.numbers::<i32>(8)?.is_empty() || step.number::<u64>(9)?.unwrap_or(0) != 0 {
            return damage("a step has tensors or data of its own");
        }
        let operands = operands(step.numbers::<i32>(1)?)?;
        for (place, &operand) in operands.iter().enumerate() {
            match operand {
                Some(operand) => read(&is_written, operand)?,
                None if place >= FIRST_OPTIONAL => {}
                None => return damage(format!("a step's operand {place} is left out")),
            }
        }
        bias(operator, &operands, tensors)?;
        shape_of_output(operator, &operands, tensors)?;
        for output in indices(step.numbers::<i32>(2)?)? {
            write(&mut is_written, output)?;
        }
    }
    let outputs = indices(graph.numbers::<i32>(2)?)?;
    for &output in &outputs {
        read(&is_written, output)?;
        if inputs.contains(&output) || tensors.get(output).is_some_and(|tensor| tensor.is_constant) {
            return damage(format!("no step writes the output, tensor {output}"));
        }
    }
    Ok(Ends { inputs, outputs })
}

fn refuse(operator: i32) -> Result<(), Damage> {
    if let Some((_, name)) = REFUSED.iter().find(|(number, _)| *number == operator) {
        return damage(format!("the operator {name} loops, keeps a state or is defined elsewhere"));
    }
    if !(0..FIRST_OF_ANOTHER_DIALECT).contains(&operator) {
        return damage(format!("operator number {operator} is not supported"));
    }
    Ok(())
}

fn read(is_written: &[bool], tensor: usize) -> Result<(), Damage> {
    match is_written.get(tensor) {
        Some(true) => Ok(()),
        Some(false) => damage(format!("tensor {tensor} is read before it is written")),
        None => damage(format!("it has no tensor {tensor}")),
    }
}

fn write(is_written: &mut [bool], tensor: usize) -> Result<(), Damage> {
    match is_written.get_mut(tensor) {
        Some(written @ false) => {
            *written = true;
            Ok(())
        }
        Some(true) => damage(format!("tensor {tensor} is written twice, or constant")),
        None => damage(format!("it has no tensor {tensor}")),
    }
}

/// Numbers of tensors.
fn indices(vector: Vector<'_>) -> Result<Vec<usize>, Damage> {
    operands(vector)?
        .into_iter()
        .map(|index| index.map_or_else(|| damage("an input or output is left out"), Ok))
        .collect()
}

/// Numbers of tensors; -1 stands for one that is left out.
fn operands(vector: Vector<'_>) -> Result<Vec<Option<usize>>, Damage> {
    if vector.len() > MAX_OPERANDS {
        return damage(format!("a step has {} operands, accepted are up to {MAX_OPERANDS}", vector.len()));
    }
    vector
        .iter_numbers::<i32>()
        .map(|index| match index? {
            -1 => Ok(None),
            index => match usize::try_from(index) {
                Ok(index) => Ok(Some(index)),
                Err(_) => damage(format!("it has no tensor {index}")),
            },
        })
        .collect()
}

/// A bias has a value for each output: the kernels take that for granted.
fn bias(operator: i32, operands: &[Option<usize>], tensors: &[Tensor]) -> Result<(), Damage> {
    let Some((_, dimension, place)) = WITH_BIAS.iter().find(|(number, ..)| *number == operator) else {
        return Ok(());
    };
    let tensor = |place: usize| tensors.get((*operands.get(place)?)?);
    let (Some(weights), Some(bias)) = (tensor(1), tensor(*place)) else { return Ok(()) };
    if weights.shape.get(*dimension).copied() != Some(bias.shape.iter().product()) {
        return damage(format!("weights of shape {:?} have a bias of shape {:?}", weights.shape, bias.shape));
    }
    Ok(())
}

/// A shape that is worked out while the graph runs could be anything; the kernel would make a tensor of it.
fn shape_of_output(operator: i32, operands: &[Option<usize>], tensors: &[Tensor]) -> Result<(), Damage> {
    let shape = operands.first().copied().flatten().and_then(|shape| tensors.get(shape));
    if operator == TRANSPOSE_CONV && !shape.is_some_and(|shape| shape.is_constant) {
        return damage("the shape of a transposed convolution's output is not constant");
    }
    Ok(())
}
