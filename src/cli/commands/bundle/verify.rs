use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::bundle::{self, Bundle};
use crate::cli::args::Format;
use crate::cli::bundling::{self, BundleSource};
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::testing_grounds::{GroundsArgs, TestDialect};

/// Build a bundle anew and compare: is it what the revision files say?
///
/// For a CI job. The exit status is 1 with the list of what is different.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Bundle that `limbec bundle build` has written
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Database of the server that the databases are made as copies of: where something else makes what the first revision finds
    #[arg(long, value_name = "DATABASE")]
    pub template: Option<String>,
    /// Where the databases are made.
    #[command(flatten)]
    pub grounds: GroundsArgs,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct VerifyJson<'a> {
    is_same: bool,
    sha256: &'a str,
    built_sha256: &'a str,
    differences: &'a [String],
}

/// Runs the command.
///
/// # Errors
/// As `bundle build`, and a bundle that is not whole.
pub fn run(context: &mut CommandContext, args: &VerifyArgs) -> Result<ExitStatus, CommandError> {
    let old = context.open_bundle(&args.file)?;
    let dialect = if old.manifest.dialect == "sqlite" { TestDialect::Sqlite } else { TestDialect::Postgresql };
    let source = BundleSource {
        range: old.manifest.range.as_deref(),
        min_server: old.manifest.min_server,
        grounds: GroundsArgs { dialect: Some(dialect), ..args.grounds.clone() },
        template: args.template.as_deref(),
    };
    let rendered = bundling::render(context, &source)?;
    let folder = tempfile::tempdir()
        .map_err(|error| CommandError::crashed("no temporary folder can be made").caused_by(error.to_string()))?;
    let path = folder.path().join("bundle");
    rendered.write(&path)?;
    let new = Bundle::open(&path)?;
    let differences = bundle::differences(&old, &new)?;
    match args.format {
        Format::Json => context.ui.json(&VerifyJson {
            is_same: differences.is_empty(),
            sha256: &old.sha256,
            built_sha256: &new.sha256,
            differences: &differences,
        }),
        Format::Text if differences.is_empty() => {
            context.ui.result(&format!("{} is what the revision files say.", args.file.display()));
        }
        Format::Text => differences.iter().for_each(|line| context.ui.result(line)),
    }
    Ok(if differences.is_empty() { ExitStatus::Success } else { ExitStatus::Code(1) })
}
