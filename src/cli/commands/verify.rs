use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::subjects::read_files;
use crate::cli::unsquash::check_rows;
use crate::database::{Access, Connection};
use crate::verify::{Finding, Verification};

/// Compare the database with the revision files, and change nothing
///
/// Looks at the rows of the version table, at the history if there is one, at invalid indexes, and at the schema: what the applied
/// revisions make, against what the database has. The exit status is 1 if something is wrong. `limbec repair` mends what it can.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct VerifyJson {
    databases: Vec<DatabaseJson>,
    /// Of all databases.
    findings: usize,
}

#[derive(Debug, Serialize)]
struct DatabaseJson {
    /// Password hidden.
    database: String,
    version_table: String,
    heads: Vec<String>,
    findings: Vec<Finding>,
    notes: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a database that does not answer.
pub fn run(context: &mut CommandContext, args: &VerifyArgs) -> Result<ExitStatus, CommandError> {
    let scripts = context.scripts()?;
    let databases = context.known_databases("verify")?;
    let files = read_files(&context.script_settings()?.locations, &scripts);
    let mut results = Vec::new();
    for database in &databases {
        let mut connection = Connection::open(&database.url, database.environment(), Access::Read)?;
        check_rows(&scripts, &connection.version_rows(database.table()).ok().flatten().unwrap_or_default())?;
        let found = Verification::run(&database.subject(&scripts, &files), &mut connection)?;
        results.push(DatabaseJson {
            database: database.shown_url(),
            version_table: database.table().to_string(),
            heads: found.rows.ids.iter().map(ToString::to_string).collect(),
            findings: found.findings,
            notes: found.notes,
        });
    }
    let findings = results.iter().map(|result| result.findings.len()).sum();
    let result = VerifyJson { databases: results, findings };
    match args.format {
        Format::Json => context.ui.json(&result),
        Format::Text => tell(context, &result),
    }
    Ok(if findings > 0 { ExitStatus::Code(1) } else { ExitStatus::Success })
}

fn tell(context: &mut CommandContext, result: &VerifyJson) {
    for database in &result.databases {
        if result.databases.len() > 1 {
            context.ui.result(&format!("{}:", database.database));
        }
        for finding in &database.findings {
            context.ui.result(&format!("{}: {}", finding.code, finding.message));
            if let Some(path) = &finding.path {
                context.ui.result(&format!("  at {path}"));
            }
            if let Some(hint) = &finding.hint {
                context.ui.result(&format!("  hint: {hint}"));
            }
        }
        for note in &database.notes {
            context.ui.status(&format!("note: {note}"));
        }
        let summary = match database.findings.len() {
            0 => format!("{} is as the revision files say.", database.version_table),
            1 => "1 finding.".to_owned(),
            count => format!("{count} findings."),
        };
        context.ui.result(&summary);
    }
}
