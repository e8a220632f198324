//! Accuracy and throughput of an evaluation.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::list::{LabelledPicture, Labels};

/// What the function said of one picture.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Class and probability, likeliest first.
    Answered(Vec<(usize, f64)>),
    /// The picture and the reason.
    Failed(String),
}

/// The figures of an evaluation. A picture without an answer counts as wrong.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pictures: usize,
    failed: Vec<String>,
    top1: f64,
    top3: f64,
    /// Accuracy over groups, where the list has them: a group's probability is the sum of its labels'.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_top1: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<BTreeMap<String, GroupScore>>,
    seconds: f64,
    pictures_per_second: f64,
    /// Labels with the fewest pictures recognised, worst first.
    hardest: Vec<LabelScore>,
}

#[derive(Debug, Default, Serialize)]
struct GroupScore {
    pictures: usize,
    recall: f64,
    precision: f64,
}

#[derive(Debug, Serialize)]
struct LabelScore {
    label: String,
    pictures: usize,
    recognised: usize,
}

const HARDEST: usize = 5;

impl Report {
    pub(super) fn new(
        pictures: &[LabelledPicture],
        verdicts: &[Verdict],
        labels: &Labels,
        elapsed: Duration,
    ) -> Self {
        let judged: Vec<(&LabelledPicture, &[(usize, f64)])> = pictures
            .iter()
            .zip(verdicts)
            .map(|(picture, verdict)| match verdict {
                Verdict::Answered(predictions) => (picture, predictions.as_slice()),
                Verdict::Failed(_) => (picture, &[][..]),
            })
            .collect();
        let within = |top: usize| {
            share(&judged, |(picture, predictions)| {
                predictions.iter().take(top).any(|&(index, _)| index == picture.label)
            })
        };
        let groups = group_scores(&judged);
        let failed = verdicts.iter().filter_map(|verdict| match verdict {
            Verdict::Failed(reason) => Some(reason.clone()),
            Verdict::Answered(_) => None,
        });
        Self {
            pictures: pictures.len(),
            failed: failed.collect(),
            top1: within(1),
            top3: within(3),
            group_top1: groups.as_ref().map(|(accuracy, _)| *accuracy),
            groups: groups.map(|(_, scores)| scores),
            seconds: elapsed.as_secs_f64(),
            pictures_per_second: pictures.len() as f64 / elapsed.as_secs_f64(),
            hardest: hardest(&judged, labels),
        }
    }

    pub(super) fn failed(&self) -> usize {
        self.failed.len()
    }
}

type Judged<'a> = (&'a LabelledPicture, &'a [(usize, f64)]);

fn share(judged: &[Judged<'_>], right: impl Fn(&Judged<'_>) -> bool) -> f64 {
    judged.iter().filter(|item| right(item)).count() as f64 / judged.len() as f64
}

/// Accuracy over groups and each group's recall and precision; None where a picture has no group.
fn group_scores(judged: &[Judged<'_>]) -> Option<(f64, BTreeMap<String, GroupScore>)> {
    let group_of: BTreeMap<usize, &str> = judged
        .iter()
        .map(|(picture, _)| Some((picture.label, picture.group.as_deref()?)))
        .collect::<Option<_>>()?;
    let said: Vec<Option<&str>> =
        judged.iter().map(|(_, predictions)| likeliest_group(predictions, &group_of)).collect();
    let mut scores: BTreeMap<String, GroupScore> = BTreeMap::new();
    let count = |test: &dyn Fn(&str, Option<&str>) -> bool| {
        judged
            .iter()
            .zip(&said)
            .filter(|((picture, _), said)| picture.group.as_deref().is_some_and(|group| test(group, **said)))
            .count()
    };
    let right = count(&|group, said| said == Some(group));
    for name in group_of.values() {
        let pictures = count(&|group, _| group == *name);
        let named = count(&|_, said| said == Some(*name));
        let both = count(&|group, said| group == *name && said == Some(*name));
        scores.insert(
            (*name).to_owned(),
            GroupScore { pictures, recall: ratio(both, pictures), precision: ratio(both, named) },
        );
    }
    Some((ratio(right, judged.len()), scores))
}

/// The group with the largest sum of probabilities. Classes of which the list has no picture belong to no group.
fn likeliest_group<'a>(predictions: &[(usize, f64)], group_of: &BTreeMap<usize, &'a str>) -> Option<&'a str> {
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for (index, probability) in predictions {
        if let Some(group) = group_of.get(index) {
            *sums.entry(group).or_default() += probability;
        }
    }
    sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(group, _)| group)
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn hardest(judged: &[Judged<'_>], labels: &Labels) -> Vec<LabelScore> {
    let mut counts: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (picture, predictions) in judged {
        let (pictures, recognised) = counts.entry(picture.label).or_default();
        *pictures += 1;
        *recognised += usize::from(predictions.first().is_some_and(|&(index, _)| index == picture.label));
    }
    let mut scores: Vec<LabelScore> = counts
        .into_iter()
        .map(|(label, (pictures, recognised))| LabelScore {
            label: labels.name(label).to_owned(),
            pictures,
            recognised,
        })
        .filter(|score| score.recognised < score.pictures)
        .collect();
    scores.sort_by(|a, b| ratio(a.recognised, a.pictures).total_cmp(&ratio(b.recognised, b.pictures)));
    scores.truncate(HARDEST);
    scores
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "pictures    {}", self.pictures)?;
        writeln!(f, "top-1       {:.2}%", self.top1 * 100.0)?;
        writeln!(f, "top-3       {:.2}%", self.top3 * 100.0)?;
        if let Some(accuracy) = self.group_top1 {
            writeln!(f, "group top-1 {:.2}%", accuracy * 100.0)?;
        }
        writeln!(f, "throughput  {:.1} pictures/s ({:.1} s in all)", self.pictures_per_second, self.seconds)?;
        for score in &self.hardest {
            writeln!(f, "hard        {} ({} of {})", score.label, score.recognised, score.pictures)?;
        }
        for reason in self.failed.iter().take(HARDEST) {
            writeln!(f, "failed      {reason}")?;
        }
        if self.failed() > HARDEST {
            writeln!(f, "failed      … {} pictures in all", self.failed())?;
        }
        Ok(())
    }
}
