//! What is shown while a fleet runs: a bar where a person watches, a line for each failure everywhere, events in a log of JSON objects.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value, json};

use super::ui::{LogLevel, Ui};
use crate::tenant::{FleetEvent, Surveyed, TenantOutcome};

/// More names beside the bar than this are only counted.
const NAMES_SHOWN: usize = 4;

const STYLE: &str = "{bar:30} {pos}/{len}  {per_sec}  {msg}";
const STYLE_AFTER_FIRST: &str = "{bar:30} {pos}/{len}  {per_sec}  {eta} left  {msg}";

/// Said once a run.
pub(super) const FRESH: &str = "env.py, or what it imports, keeps the database of the first tenant that a Python serves: each tenant is given a \
                     fresh one from here on, which takes longer";

/// Shows how far a run is.
pub(super) struct FleetProgress<'a> {
    surveyed: &'a [Surveyed],
    bar: Option<ProgressBar>,
    running: BTreeMap<usize, &'a str>,
    failed: usize,
}

impl<'a> FleetProgress<'a> {
    /// `count` tenants are to be worked on, those of the list by their position.
    pub(super) fn new(ui: &Ui, surveyed: &'a [Surveyed], count: usize) -> Self {
        let bar = (ui.shows_progress() && !ui.logs_json()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr());
            bar.set_style(style(STYLE));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { surveyed, bar, running: BTreeMap::new(), failed: 0 }
    }

    /// Takes note of an event, and shows it.
    pub(super) fn event(&mut self, ui: &mut Ui, event: &FleetEvent) {
        match event {
            FleetEvent::Started { index } => {
                self.running.insert(*index, self.name(*index));
                self.log(ui, (LogLevel::Info, "tenant_started", "begins"), *index, json!({}));
            }
            FleetEvent::Step { index, number, of, revision } => {
                let fields = json!({ "step": number, "of": of, "revision": revision.as_str() });
                self.log(ui, (LogLevel::Info, "step_started", revision.as_str()), *index, fields);
            }
            FleetEvent::Note { index, sentence } => {
                self.log(ui, (LogLevel::Info, "note", sentence), *index, json!({}));
                if ui.verbosity() > 0 && !ui.logs_json() {
                    let line = format!("tenant {}: {sentence}", self.name(*index));
                    self.aside(ui, |ui| ui.status(&line));
                }
            }
            FleetEvent::Warning { index, sentence } => self.warn(ui, "warning", *index, sentence),
            FleetEvent::FreshPythons { index } => {
                self.log(ui, (LogLevel::Warning, "fresh_pythons", FRESH), *index, json!({}));
                if !ui.logs_json() {
                    self.aside(ui, |ui| ui.warning(FRESH));
                }
            }
            FleetEvent::Finished { index, outcome } => self.finished(ui, *index, outcome),
        }
        self.draw();
    }

    /// Takes the bar away.
    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn finished(&mut self, ui: &mut Ui, index: usize, outcome: &TenantOutcome) {
        self.running.remove(&index);
        let millis = u64::try_from(outcome.elapsed.as_millis()).unwrap_or(u64::MAX);
        let fields = json!({ "steps": outcome.steps, "duration_ms": millis });
        match &outcome.error {
            None => self.log(ui, (LogLevel::Info, "tenant_finished", "done"), index, fields),
            Some(error) => {
                self.failed += 1;
                let at = outcome.revision.as_ref().map(|revision| format!("at {revision}: ")).unwrap_or_default();
                let reason = error.to_string();
                let sentence = format!("{at}{}", reason.lines().next().unwrap_or_default());
                self.warn(ui, "tenant_failed", index, &sentence);
            }
        }
        if let Some(bar) = &self.bar {
            if bar.position() == 0 {
                bar.set_style(style(STYLE_AFTER_FIRST));
            }
            bar.inc(1);
        }
    }

    fn warn(&self, ui: &mut Ui, event: &str, index: usize, sentence: &str) {
        if ui.logs_json() {
            return self.log(ui, (LogLevel::Warning, event, sentence), index, json!({}));
        }
        let line = format!("tenant {}: {sentence}", self.name(index));
        self.aside(ui, |ui| ui.warning(&line));
    }

    fn log(&self, ui: &mut Ui, (level, event, message): (LogLevel, &str, &str), index: usize, fields: Value) {
        let mut all = Map::from_iter([("tenant".to_owned(), Value::from(self.name(index)))]);
        if let Value::Object(fields) = fields {
            all.extend(fields);
        }
        ui.log(level, event, &format!("tenant {}: {message}", self.name(index)), &all);
    }

    /// Prints without tearing the bar.
    fn aside(&self, ui: &mut Ui, print: impl FnOnce(&mut Ui)) {
        match &self.bar {
            Some(bar) => bar.suspend(|| print(ui)),
            None => print(ui),
        }
    }

    fn draw(&self) {
        let Some(bar) = &self.bar else { return };
        let names: Vec<&str> = self.running.values().take(NAMES_SHOWN).copied().collect();
        let more = self.running.len().saturating_sub(NAMES_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let failed = if self.failed > 0 { format!("{} failed  ", self.failed) } else { String::new() };
        bar.set_message(format!("{failed}{}{more}", names.join(", ")));
    }

    fn name(&self, index: usize) -> &'a str {
        self.surveyed.get(index).map(|found| found.tenant.name.as_str()).unwrap_or_default()
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
