//! Progress of a copy, on a terminal alone: one bar that is drawn again, as nothing else writes meanwhile.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::relocation::MovedJson;
use super::ui::Ui;
use crate::relocate::copy::Event;

/// Shows which table is copied, of how many, how fast, and what is made afterwards.
pub(super) struct CopyProgress {
    bar: ProgressBar,
    /// Of the whole copy.
    rows: u64,
    /// Of the table that is being copied.
    table_rows: u64,
    table: String,
    began: std::time::Instant,
    is_quiet: bool,
}

impl CopyProgress {
    /// Nothing is shown before the first event, nor in a pipe.
    pub(super) fn new(ui: &mut Ui, result: &MovedJson) -> Self {
        ui.flush();
        let shows = ui.shows_progress() && !ui.logs_json();
        let bar = ProgressBar::new(0);
        bar.set_draw_target(if shows { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        // The template is a constant; one that is wrong shows indicatif's own.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {percent}%") {
            bar.set_style(style);
        }
        if shows {
            bar.enable_steady_tick(Duration::from_millis(200));
            ui.status(&format!("Copying {}. A copy that is interrupted goes on with --resume.", result.direction()));
        }
        Self { bar, rows: 0, table_rows: 0, table: String::new(), began: std::time::Instant::now(), is_quiet: !shows }
    }

    /// Draws an event.
    pub(super) fn show(&mut self, event: &Event) {
        if self.is_quiet {
            return;
        }
        match event {
            Event::Locked { tables } => self.bar.set_message(format!("{tables} tables are locked against writers")),
            Event::Structure { statements } => self.bar.set_message(format!("structure: {statements} statements")),
            Event::Table { name, number, of } => {
                self.rows += self.table_rows;
                self.table_rows = 0;
                self.table = format!("table {number} of {of}: {name}");
                self.bar.set_message(self.table.clone());
            }
            Event::Rows { rows, pages, of } => {
                self.table_rows = *rows;
                let seconds = self.began.elapsed().as_secs_f64().max(0.001);
                let rate = (self.rows + rows) as f64 / seconds;
                self.bar.set_length((*of).max(1));
                self.bar.set_position(*pages);
                self.bar.set_message(format!("{}, {rows} rows, {rate:.0} rows/s", self.table));
            }
            Event::Again { name } => {
                self.bar.println(format!("table {name} has changed since it was copied, and is copied again"));
            }
            Event::Statement { what, number, of } => {
                self.bar.set_length(*of as u64);
                self.bar.set_position(*number as u64 - 1);
                self.bar.set_message(format!("{what} ({number} of {of})"));
            }
            Event::Comparing { name } => self.bar.set_message(format!("comparing {name}")),
            Event::Dropping => self.bar.set_message("dropping the source"),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
