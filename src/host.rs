//! The function's calls of the host: inference.

use std::process::ExitCode;

use kit::{FunctionError, Picture};
use recognize::{Classification, Classifier, Model, input};

use crate::place;

const NO_MODEL: &str = "the function has no model: put one in with `vision function`";

pub(crate) fn main() -> ExitCode {
    kit::run(|event| {
        let block = place::block().ok_or_else(|| FunctionError::internal(NO_MODEL))?;
        let model = Model::read(block).map_err(|damage| {
            FunctionError::internal(format!("the function's model can't be read: {damage}"))
        })?;
        recognize::answer(event, &model, &mut Host)
    })
}

struct Host;

impl Classifier for Host {
    fn classify(
        &mut self,
        picture: &Picture<'_>,
        model: &Model<'_>,
    ) -> Result<Classification, FunctionError> {
        let description = model.description();
        let pixels = picture.pixels(description.input.width, description.input.height)?;
        let tensor = input::tensor(pixels.rgb, &description.input);
        let (input, output) = (&description.input.tensor, &description.output.tensor);
        let output = kit::run_model(model.weights(), input, output, &tensor)?;
        Ok(Classification { output, notice: pixels.notice })
    }
}
