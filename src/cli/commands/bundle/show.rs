use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::bundle::{Bundle, BundledRevision, Manifest, Way};
use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::table::Table;

/// Show what is in a bundle
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// Bundle that `limbec bundle build` has written
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct ShowJson<'a> {
    sha256: &'a str,
    #[serde(flatten)]
    manifest: &'a Manifest,
    contents: Vec<RevisionJson<'a>>,
}

#[derive(Debug, Serialize)]
struct RevisionJson<'a> {
    revision: &'a str,
    down: &'a [String],
    depends_on: &'a [String],
    labels: &'a [String],
    path: String,
    sha256: &'a str,
    meaning: &'a str,
    findings: usize,
    upgrade: &'a Way,
    downgrade: &'a Way,
}

impl<'a> From<&'a BundledRevision> for RevisionJson<'a> {
    fn from(revision: &'a BundledRevision) -> Self {
        Self {
            revision: &revision.revision,
            down: &revision.down,
            depends_on: &revision.depends_on,
            labels: &revision.labels,
            path: revision.path.display().to_string(),
            sha256: &revision.sha256,
            meaning: &revision.meaning,
            findings: revision.findings.len(),
            upgrade: &revision.upgrade,
            downgrade: &revision.downgrade,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// A bundle that is not whole.
pub fn run(context: &mut CommandContext, args: &ShowArgs) -> Result<ExitStatus, CommandError> {
    let bundle = context.open_bundle(&args.file)?;
    let contents = bundle.revisions.iter().map(RevisionJson::from).collect();
    match args.format {
        Format::Json => {
            context.ui.json(&ShowJson { sha256: &bundle.sha256, manifest: &bundle.manifest, contents });
        }
        Format::Text => lines(&bundle).iter().for_each(|line| context.ui.result(line)),
    }
    Ok(ExitStatus::Success)
}

fn lines(bundle: &Bundle) -> Vec<String> {
    let manifest = &bundle.manifest;
    let server = manifest.min_server.map(|version| format!(" {version} and later")).unwrap_or_default();
    let versions: Vec<String> = manifest.packages.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let lint = &manifest.lint;
    let mut lines = vec![
        format!("SHA-256: {}", bundle.sha256),
        format!("For: {}{server}", manifest.dialect),
        format!("Built by: limbec {}, {}", manifest.limbec, versions.join(", ")),
        format!("Heads: {}", manifest.heads.join(", ")),
        format!("Findings: {} errors, {} warnings, {} notes", lint.errors, lint.warnings, lint.notes),
        String::new(),
    ];
    let mut table = Table::new(&["Revision", "Upgrade", "Downgrade", "File"]);
    for revision in &bundle.revisions {
        table.row(vec![
            revision.revision.clone(),
            way(&revision.upgrade),
            way(&revision.downgrade),
            revision.path.display().to_string(),
        ]);
    }
    lines.extend(table.lines());
    let missing = bundle.revisions.iter().flat_map(|revision| {
        [("upgrade", &revision.upgrade), ("downgrade", &revision.downgrade)].into_iter().filter_map(|(name, way)| {
            match way {
                Way::Python { reason } => Some(format!("{name} of {}: {reason}", revision.revision)),
                Way::Sql { .. } | Way::File { .. } => None,
            }
        })
    });
    let missing: Vec<String> = missing.collect();
    if !missing.is_empty() {
        lines.push(String::new());
        lines.extend(missing);
    }
    lines
}

fn way(way: &Way) -> String {
    match way {
        Way::Sql { statements: 1 } => "1 statement".to_owned(),
        Way::Sql { statements } => format!("{statements} statements"),
        Way::File { .. } => "SQL file".to_owned(),
        Way::Python { .. } => "needs Python".to_owned(),
    }
}
