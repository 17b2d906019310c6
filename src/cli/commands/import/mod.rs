//! `limbec import`: the directory of another migration tool becomes SQL revisions, and what its table says has run becomes a row of the version table.

mod chain;
mod known_state;
mod reading;
mod report;
mod state;
mod writing;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::import::Tool;
use crate::sqlfile::SqlDialect;

/// Turn a directory of another migration tool into SQL revisions, with what has run
///
/// Each migration becomes a revision: a Python file for Alembic and its SQL beside it. What the tool's table says has run is stamped on the
/// version table; nothing is run again, and the old table stays as it is. Where everything is there already, nothing is done, so that the command can
/// be repeated: for another database, or when migrations were added in the old form.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// Directory with the migrations
    #[arg(value_name = "DIRECTORY")]
    pub directory: PathBuf,
    /// Tool that the files are of [default: what they look like, and what the database has a table of]
    #[arg(long, value_name = "TOOL")]
    pub from: Option<ToolArg>,
    /// Table that the tool keeps its state in, SCHEMA.NAME or NAME [default: the tool's own default]
    #[arg(long, value_name = "TABLE", conflicts_with = "no_database")]
    pub table: Option<String>,
    /// Last migration that has run, a version or the name of a file, where no table says it: the files were run by hand
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["no_database", "table", "nothing_applied"])]
    pub applied_until: Option<String>,
    /// Take all migrations as pending although the database has tables
    #[arg(long, conflicts_with = "no_database")]
    pub nothing_applied: bool,
    /// File or folder in the directory that holds no migrations [can be repeated]
    #[arg(long, value_name = "PATH")]
    pub leave_out: Vec<String>,
    /// Write the files alone; no database is asked what has run
    #[arg(long, conflicts_with = "state_only")]
    pub no_database: bool,
    /// Write no files: carry over what has run in one more database
    #[arg(long, conflicts_with = "init")]
    pub state_only: bool,
    /// Make the project first, where there is none: alembic.ini and this script directory
    #[arg(long, value_name = "DIRECTORY", num_args = 0..=1, require_equals = true, default_missing_value = "alembic")]
    pub init: Option<String>,
    /// Take files that changed since they were applied as they are now
    #[arg(long)]
    pub allow_changed: bool,
    /// Value that Flyway puts in the place of a placeholder; it is written into the files [can be repeated]
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Language of the files [default: that of the database, else postgresql]
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<DialectArg>,
    /// Revision, head or branch@head that the new revisions come after [default: head]
    #[arg(long, value_name = "HEAD")]
    pub head: Option<String>,
    /// Show what would become of each file, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `--from`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ToolArg {
    /// 001_name.sql with rollbacks/001_name.sql
    Numbered,
    /// -- migrate:up and -- migrate:down
    Dbmate,
    /// 001_name.up.sql and 001_name.down.sql
    GolangMigrate,
    /// -- +goose Up and -- +goose Down
    Goose,
    /// 001_name.sql, or .up.sql and .down.sql
    Sqlx,
    /// V1__name.sql, U1__name.sql, R__name.sql
    Flyway,
    /// -- +migrate Up and -- +migrate Down
    SqlMigrate,
    /// -- up and -- down, or -- Up Migration and -- Down Migration
    Sections,
}

/// `--dialect`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DialectArg {
    /// PostgreSQL's
    Postgresql,
    /// SQLite's, and libSQL's
    Sqlite,
}

impl From<ToolArg> for Tool {
    fn from(arg: ToolArg) -> Self {
        match arg {
            ToolArg::Numbered => Self::Numbered,
            ToolArg::Dbmate => Self::Dbmate,
            ToolArg::GolangMigrate => Self::GolangMigrate,
            ToolArg::Goose => Self::Goose,
            ToolArg::Sqlx => Self::Sqlx,
            ToolArg::Flyway => Self::Flyway,
            ToolArg::SqlMigrate => Self::SqlMigrate,
            ToolArg::Sections => Self::Sections,
        }
    }
}

impl From<DialectArg> for SqlDialect {
    fn from(arg: DialectArg) -> Self {
        match arg {
            DialectArg::Postgresql => Self::Postgres,
            DialectArg::Sqlite => Self::Sqlite,
        }
    }
}

impl ImportArgs {
    /// `--set`, by name.
    fn values(&self) -> Result<BTreeMap<String, String>, CommandError> {
        let pair = |text: &String| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(CommandError::usage(format!("--set {text}: NAME=VALUE is expected"))),
        };
        self.set.iter().map(pair).collect()
    }
}

/// Runs the command.
///
/// # Errors
/// Files that cannot be taken over, a database whose state is not the beginning of them, no project to import into.
pub fn run(context: &mut CommandContext, args: &ImportArgs) -> Result<ExitStatus, CommandError> {
    let place = state::Place::find(context, args)?;
    let reading = reading::read(context, args, &place)?;
    let chain = chain::Chain::link(context, args, &place, &reading)?;
    let carried = state::compare(&chain, &place, &reading)?;
    let mut outcome = report::Outcome::new(&place, &reading, &chain, &carried);
    if !args.dry_run {
        if !args.state_only {
            writing::write(context, args, &chain, &reading)?;
        }
        state::stamp(context, &carried)?;
        outcome.done();
    }
    report::tell(context, args, &outcome);
    Ok(ExitStatus::Success)
}
