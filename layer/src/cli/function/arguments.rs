//! The arguments of `vision function`.

use std::path::PathBuf;

use clap::Args;
use contract::about::Title;
use packed::{Certainty, Scores};
use packer::{Options, PackError, read_label_file};
use worker::limits::LoadLimits;

#[derive(Debug, Args)]
pub(in crate::cli) struct FunctionArgs {
    /// The model: a .tflite file, a zip with one (as Teachable Machine exports it), or a model.toml
    #[arg(long, value_name = "FILE")]
    pub(super) model: PathBuf,

    /// Its labels: one a line in the order of its classes, with or without numbers before them; CSV with id and name; JSON
    /// [default: those in the model, in the zip, or beside model.toml]
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,

    /// The same in Chinese
    #[arg(long = "labels-zh", value_name = "FILE")]
    labels_zh: Option<PathBuf>,

    /// Where the function goes
    #[arg(short, long, value_name = "OUT.wasm")]
    pub(super) output: PathBuf,

    /// The function that gets the model; its own one goes [default: recognize.wasm beside the program, else
    /// dist/recognize.wasm of the project]
    #[arg(long, env = "VISION_WASM", value_name = "FILE")]
    pub(super) wasm: Option<PathBuf>,

    /// The model's name in answers [default: from model.toml, the model's metadata or the file's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// What people call it, in a word or two: for the page, where a service has several models [default: from model.toml]
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,

    /// The same in Chinese
    #[arg(long = "title-zh", value_name = "TITLE", requires = "title")]
    title_zh: Option<String>,

    /// What is taken from each byte of a pixel: one number, or three for red, green and blue, such as 127.5
    #[arg(long, value_name = "N[,N,N]", value_parser = parse_each, allow_hyphen_values = true, help_heading = "Model")]
    mean: Option<[f32; 3]>,

    /// What the rest is divided by, such as 127.5 for numbers from -1 to 1, 255 for 0 to 1 with a mean of 0
    #[arg(long, value_name = "N[,N,N]", value_parser = parse_each, help_heading = "Model")]
    std: Option<[f32; 3]>,

    /// Pixels of the input, where the model takes pictures of any size
    #[arg(long = "input-size", value_name = "WIDTHxHEIGHT", value_parser = parse_size, help_heading = "Model")]
    input_size: Option<(u32, u32)>,

    /// The output with the classes, where the model has several
    #[arg(long = "output-tensor", value_name = "NAME", help_heading = "Model")]
    output_tensor: Option<String>,

    /// What the output's values are: probabilities, or logits, of which a softmax makes probabilities [default: as the model ends]
    #[arg(long, value_name = "probabilities|logits", value_parser = parse_scores, help_heading = "Model")]
    scores: Option<Scores>,

    /// Number of the first class' label: 1 leaves out a label of a background, -1 adds one
    #[arg(long, value_name = "N", allow_hyphen_values = true, help_heading = "Model")]
    offset: Option<i64>,

    /// Answers below this are marked as unsure
    #[arg(long, value_name = "N", allow_hyphen_values = true, help_heading = "Model")]
    threshold: Option<f64>,

    /// What the threshold is compared with: the first class' probability, the sum of the first three, the margin of the first over
    /// the second, or the energy of logits
    #[arg(long = "threshold-by", value_name = "probability|top3|margin|energy", value_parser = parse_certainty,
          requires = "threshold", help_heading = "Model")]
    threshold_by: Option<Certainty>,

    /// Say nothing where all went well
    #[arg(short, long)]
    pub(super) quiet: bool,

    #[command(flatten)]
    pub(super) limits: LoadLimits,
}

impl FunctionArgs {
    /// What people call it, if that was said.
    pub(super) fn title(&self) -> Option<Title> {
        let en = self.title.clone()?;
        Some(Title { zh: self.title_zh.clone().unwrap_or_else(|| en.clone()), en })
    }

    /// What was said of the model; files of labels are read.
    pub(super) fn options(&self) -> Result<Options, PackError> {
        let read = |file: &Option<PathBuf>| {
            let Some(file) = file else { return Ok(None) };
            Ok::<_, PackError>(Some((read_label_file(file)?, file.display().to_string())))
        };
        Ok(Options {
            name: self.name.clone(),
            labels: read(&self.labels)?,
            chinese: read(&self.labels_zh)?,
            mean: self.mean,
            std: self.std,
            input_size: self.input_size,
            output: self.output_tensor.clone(),
            offset: self.offset,
            scores: self.scores,
            threshold: self.threshold,
            threshold_by: self.threshold_by,
        })
    }
}

fn parse_each(text: &str) -> Result<[f32; 3], String> {
    let numbers: Result<Vec<f32>, _> = text.split(',').map(|number| number.trim().parse()).collect();
    match numbers.as_deref() {
        Ok([one]) if one.is_finite() => Ok([*one; 3]),
        Ok([red, green, blue]) if [red, green, blue].iter().all(|number| number.is_finite()) => {
            Ok([*red, *green, *blue])
        }
        _ => Err(format!("found {text:?}, accepted are one number, or three with commas between them")),
    }
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once('x').unwrap_or((text, text));
    match (width.parse(), height.parse()) {
        (Ok(width @ 1..=packed::MAX_SIDE), Ok(height @ 1..=packed::MAX_SIDE)) => Ok((width, height)),
        _ => Err(format!("found {text:?}, accepted are 1x1 to {0}x{0}", packed::MAX_SIDE)),
    }
}

fn parse_scores(text: &str) -> Result<Scores, String> {
    match text {
        "probabilities" => Ok(Scores::Probabilities),
        "logits" => Ok(Scores::Logits),
        _ => Err(format!("found {text:?}, accepted are probabilities and logits")),
    }
}

fn parse_certainty(text: &str) -> Result<Certainty, String> {
    let all = [Certainty::Probability, Certainty::Top3, Certainty::Margin, Certainty::Energy];
    let found = all.into_iter().find(|by| by.name() == text);
    found.ok_or_else(|| format!("found {text:?}, accepted are probability, top3, margin and energy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_others_are_refused_with_what_is_accepted() {
        assert_eq!(parse_each("127.5"), Ok([127.5; 3]));
        assert_eq!(parse_each("1, 2,-3"), Ok([1.0, 2.0, -3.0]));
        assert_eq!((parse_size("224"), parse_size("320x240")), (Ok((224, 224)), Ok((320, 240))));
        for text in ["", "1,2", "nan", "a"] {
            assert!(parse_each(text).unwrap_err().contains("accepted are"), "{text}");
        }
        for text in ["", "0", "224x", "5000"] {
            assert!(parse_size(text).unwrap_err().contains("accepted are"), "{text}");
        }
        assert_eq!(parse_certainty("energy"), Ok(Certainty::Energy));
        assert!(parse_certainty("luck").is_err() && parse_scores("points").is_err());
    }
}
