//! Options of the commands that change many databases.

use std::path::PathBuf;

use clap::Args;

use crate::config::TenantOptions;
use crate::tenant::{OnError, Waves};

use super::args::Format;
use super::error::CommandError;

/// How a fleet run goes about it: options of `tenant migrate` and `tenant downgrade`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of a fleet run")]
pub struct FleetArgs {
    /// How many tenants are worked on at a time [default: one a processor]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Waves of tenants, such as 1,10%,rest: each begins when the one before is done [default: one wave]
    #[arg(long, value_name = "SIZES")]
    pub wave: Option<Waves>,
    /// Which failures end the run: stop (the first), continue (none), max=N, max=N% of a wave [default: max=1%]
    #[arg(long, value_name = "WHEN")]
    pub on_error: Option<OnError>,
    /// Run every Python revision by Python, also those whose SQL is the same for all tenants
    #[arg(long)]
    pub no_render: bool,
    /// Only tell which way each pending revision goes, by rendered SQL or by Python, and why
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub explain: Option<Format>,
    /// Continue the last run of this project that did not come to its end: same target, tenants, waves
    #[arg(long, conflicts_with_all = ["wave", "on_error"])]
    pub resume: bool,
    /// Write a report with every tenant to this file, .html or .json
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

impl FleetArgs {
    /// Waves and failures, by the command line or else by the settings.
    ///
    /// # Errors
    /// A text in the settings that says nothing about them.
    pub(super) fn course(&self, settings: &TenantOptions) -> Result<(Waves, OnError), CommandError> {
        let fault = |key: &str, error: String| {
            CommandError::usage(format!(
                "{}, [tenants]: `{key}`: {error}",
                settings.folder.join("limbec.toml").display()
            ))
        };
        let waves = match (&self.wave, &settings.wave) {
            (Some(waves), _) => waves.clone(),
            (None, Some(text)) => {
                text.parse().map_err(|error: crate::tenant::WavesError| fault("wave", error.to_string()))?
            }
            (None, None) => Waves::default(),
        };
        let on_error = match (self.on_error, &settings.on_error) {
            (Some(on_error), _) => on_error,
            (None, Some(text)) => {
                text.parse().map_err(|error: crate::tenant::OnErrorError| fault("on-error", error.to_string()))?
            }
            (None, None) => OnError::default(),
        };
        Ok((waves, on_error))
    }
}
