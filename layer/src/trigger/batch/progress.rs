//! How far a batch is, for people: one line on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console;

/// How far it is.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    /// None where nothing is to be said.
    lines: Option<Lines>,
    started: Instant,
    pub(super) answered: u64,
    pub(super) failed: u64,
    /// Photos of this run, once they are counted.
    total: Option<u64>,
}

#[derive(Debug)]
struct Lines {
    every: Duration,
    next: Instant,
}

impl Progress {
    /// Told every so often where there is no terminal; not at all if `quiet`.
    pub(super) fn new(every: Duration, quiet: bool) -> Self {
        let started = Instant::now();
        let is_terminal = std::io::stderr().is_terminal();
        let bar = (!quiet && is_terminal).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            set_style(&bar, "{spinner} {human_pos} photos, {per_sec}{msg}");
            bar
        });
        let lines = (!quiet && !is_terminal).then(|| Lines { every, next: started + every });
        Self { bar, lines, started, answered: 0, failed: 0, total: None }
    }

    /// How many photos there are.
    pub(super) fn set_total(&mut self, total: u64) {
        self.total = Some(total);
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            set_style(bar, "{bar:30} {human_pos}/{human_len} photos, {per_sec}, {eta} left{msg}");
        }
    }

    /// One photo more is done.
    pub(super) fn count(&mut self, is_failure: bool) {
        if is_failure {
            self.failed += 1;
        } else {
            self.answered += 1;
        }
        if let Some(bar) = &self.bar {
            if is_failure {
                bar.set_message(format!(", {} failed", HumanCount(self.failed)));
            }
            bar.inc(1);
        }
        self.tell_if_due();
    }

    /// Photos of this run that are done.
    pub(super) fn done(&self) -> u64 {
        self.answered + self.failed
    }

    /// Takes the line off the terminal.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// A line of its own, above the one that stays.
    pub(super) fn tell(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| console::tell(line)),
            None => console::tell(line),
        }
    }

    /// How long it has run.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Photos a second, where they took so long.
    pub(super) fn rate(&self, elapsed: Duration) -> f64 {
        self.done() as f64 / elapsed.as_secs_f64().max(0.001)
    }

    fn tell_if_due(&mut self) {
        let now = Instant::now();
        let Some(lines) = self.lines.as_mut().filter(|lines| now >= lines.next) else { return };
        lines.next = now + lines.every;
        console::tell(format_args!("vision: {}", self.line(self.elapsed())));
    }

    fn line(&self, elapsed: Duration) -> String {
        let rate = self.rate(elapsed);
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(", {} failed", HumanCount(failed)),
        };
        let Some(total) = self.total else {
            return format!("{} photos, {rate:.1}/s{failed}", HumanCount(self.done()));
        };
        let left = total.saturating_sub(self.done());
        let time = Duration::from_secs((left as f64 / rate.max(0.001)) as u64);
        let share = self.done() as f64 / total.max(1) as f64 * 100.0;
        format!(
            "{} of {} photos ({share:.0}%), {rate:.1}/s, {} left{failed}",
            HumanCount(self.done()),
            HumanCount(total),
            humantime::format_duration(time)
        )
    }
}

fn set_style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_time_is_left() {
        let elapsed = Duration::from_secs(10);
        let mut progress = Progress::new(Duration::from_secs(30), true);
        (0..1000).for_each(|number| progress.count(number == 0));
        assert_eq!(progress.line(elapsed), "1,000 photos, 100.0/s, 1 failed");
        progress.set_total(7_000);
        assert_eq!(progress.line(elapsed), "1,000 of 7,000 photos (14%), 100.0/s, 1m left, 1 failed");
    }
}
