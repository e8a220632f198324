//! Labels in both languages, as many as there are classes.

use super::findings::Findings;
use super::options::Options;
use crate::error::PackError;
use crate::metadata::OutputLabels;
use crate::source::Source;

/// The labels in both languages: as many as classes.
pub(super) fn all_labels(
    source: &Source,
    of_output: Option<&OutputLabels>,
    options: &Options,
    classes: usize,
    findings: &mut Findings,
) -> Result<(Vec<String>, Vec<String>), PackError> {
    let of_metadata = |labels: fn(&OutputLabels) -> &Vec<String>| {
        let found = of_output.filter(|found| !labels(found).is_empty());
        found.map(|found| (labels(found).clone(), "the model's metadata".to_owned()))
    };
    let english = options.labels.clone().or_else(|| source.labels.clone());
    let english = english.or_else(|| of_metadata(|labels| &labels.english)).ok_or_else(|| {
        PackError::Labels(format!(
            "the model has {classes} classes and no labels in it: give them with --labels FILE, one a line in the order of the \
             classes"
        ))
    })?;
    let chinese = options.chinese.clone().or_else(|| source.chinese.clone());
    let chinese = chinese.or_else(|| of_metadata(|labels| &labels.chinese));
    let offset = options.offset.unwrap_or(0);
    let english_labels = fitted(&english.0, &english.1, classes, offset, "background")?;
    findings.add("labels", format!("{} (from {}{})", english_labels.len(), english.1, moved(offset)));
    let chinese_labels = match chinese {
        Some((labels, from)) => {
            let labels = fitted(&labels, &from, classes, offset, "背景")?;
            findings.add("in Chinese", format!("{} (from {from})", labels.len()));
            labels
        }
        None => {
            findings.add("in Chinese", "none, so that the same ones are used (--labels-zh)");
            Vec::new()
        }
    };
    Ok((english_labels, chinese_labels))
}

fn moved(offset: i64) -> String {
    if offset == 0 { String::new() } else { format!(", --offset {offset}") }
}

/// As many labels as classes, the first class having the label with the number `offset`.
fn fitted(
    labels: &[String],
    from: &str,
    classes: usize,
    offset: i64,
    background: &str,
) -> Result<Vec<String>, PackError> {
    let found = labels.len();
    let skipped = usize::try_from(offset).unwrap_or(0);
    let added = usize::try_from(offset.checked_neg().unwrap_or(0)).unwrap_or(0);
    let first = std::iter::repeat_n(background.to_owned(), added.min(classes));
    let fitted: Vec<String> = first.chain(labels.iter().skip(skipped).cloned()).collect();
    if fitted.len() == classes {
        return Ok(fitted);
    }
    let advice = match (found.checked_sub(classes), classes.checked_sub(found)) {
        _ if offset != 0 => format!(" (with --offset {offset} it would be {})", fitted.len()),
        (Some(1), _) => {
            let first = labels.first().map_or("", String::as_str);
            format!(
                ": the first label, {first:?}, may stand for a background that the model has not: --offset 1 leaves it out"
            )
        }
        (_, Some(1)) => {
            ": the model's first class may be a background without a label: --offset=-1 gives it one"
                .to_owned()
        }
        _ => String::new(),
    };
    Err(PackError::Labels(format!("{from} has {found} labels, the model {classes} classes{advice}")))
}
