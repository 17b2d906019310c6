use std::path::PathBuf;

use clap::Args;

use crate::cli::args::Format;
use crate::cli::bundle_proof;
use crate::cli::bundling::{self, BundleSource, Rendered};
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::testing_grounds::GroundsArgs;

/// Render every revision into one file that is applied without Python
///
/// Runs the history, up and down, on a database made for it, as `limbec test` does, and keeps what Alembic sends. Revisions whose SQL depends on more than
/// the dialect are named, and nothing is written; the exit status is 1 then.
#[derive(Debug, Clone, Args)]
pub struct BuildArgs {
    /// START:END, either of which can be left out, as of `history -r`: revisions after END are left out, and of those before START there is no SQL
    #[arg(value_name = "RANGE")]
    pub range: Option<String>,
    /// File to write
    #[arg(short, long, value_name = "FILE", default_value = "migrations.bundle")]
    pub output: PathBuf,
    /// Read the files alone, and tell which steps their texts keep out of a bundle: nothing is run, and nothing written
    #[arg(long, conflicts_with_all = ["output", "allow_missing", "template"])]
    pub dry_run: bool,
    /// Write the bundle although upgrades need Python; plans with one of them are refused when it is applied
    #[arg(long)]
    pub allow_missing: bool,
    /// Lowest major version of PostgreSQL that the bundle is for [default: that of the server it is built on]
    #[arg(long, value_name = "VERSION")]
    pub min_server: Option<u32>,
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

/// Runs the command.
///
/// # Errors
/// No database can be made, env.py cannot be run on it or does more than to run revisions; a file that cannot be written.
pub fn run(context: &mut CommandContext, args: &BuildArgs) -> Result<ExitStatus, CommandError> {
    if args.dry_run {
        return bundle_proof::tell(context, args.range.as_deref(), args.format);
    }
    let source = BundleSource {
        range: args.range.as_deref(),
        min_server: args.min_server,
        grounds: args.grounds.clone(),
        template: args.template.as_deref(),
    };
    let rendered = bundling::render(context, &source)?;
    let path = context.environment.current_dir.join(&args.output);
    let is_written = args.allow_missing || rendered.missing_upgrades().next().is_none();
    if is_written {
        rendered.write(&path)?;
    }
    match args.format {
        Format::Json => context.ui.json(&bundling::BuildJson::of(&rendered, is_written.then_some(&args.output))),
        Format::Text => tell(context, &rendered, is_written.then_some(&args.output)),
    }
    Ok(if is_written { ExitStatus::Success } else { ExitStatus::Code(1) })
}

fn tell(context: &mut CommandContext, rendered: &Rendered, written: Option<&PathBuf>) {
    let missing: Vec<String> =
        rendered.missing_upgrades().map(|(id, reason)| format!("upgrade of {id}: {reason}")).collect();
    for line in &missing {
        context.ui.result(line);
    }
    let downgrades: Vec<String> =
        rendered.missing_downgrades().map(|(id, reason)| format!("downgrade of {id}: {reason}")).collect();
    if context.ui.verbosity() > 0 {
        downgrades.iter().for_each(|line| context.ui.result(line));
    }
    let total = rendered.wanted();
    match written {
        Some(path) => {
            let file = path.display();
            context.ui.result(&format!(
                "{file}: {} of {total} upgrades and {} of {total} downgrades for {}.",
                total - missing.len(),
                total - downgrades.len(),
                rendered.place
            ));
            if !downgrades.is_empty() && context.ui.verbosity() == 0 {
                context.ui.hint("`limbec -v bundle build` names the downgrades that need Python");
            }
        }
        None => {
            context.ui.result(&format!("{} of {total} upgrades need Python: nothing was written.", missing.len()));
            context.ui.hint(
                "`--allow-missing` writes a bundle without them; a plan with one of them is refused when it is applied",
            );
        }
    }
}
