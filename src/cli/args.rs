use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::commands::{
    adopt::AdoptArgs, branches::BranchesArgs, bundle::BundleArgs, check::CheckArgs, current::CurrentArgs, db::DbArgs,
    doctor::DoctorArgs, downgrade::DowngradeArgs, edit::EditArgs, ensure_version::EnsureVersionArgs,
    freeze::FreezeArgs, graph::GraphArgs, heads::HeadsArgs, history::HistoryArgs, import::ImportArgs, init::InitArgs,
    list::ListArgs, list_templates::ListTemplatesArgs, log::LogArgs, merge::MergeArgs, new::NewArgs, plan::PlanArgs,
    rebase::RebaseArgs, repair::RepairArgs, report::ReportArgs, revision::RevisionArgs, rule::RuleArgs, show::ShowArgs,
    squash::SquashArgs, stamp::StampArgs, status::StatusArgs, tenant::TenantArgs, test::TestArgs, upgrade::UpgradeArgs,
    validate::ValidateArgs, verify::VerifyArgs,
};
use super::ui::LogFormat;
use crate::plan::TransactionMode;

/// A drop-in for the alembic command line: the same projects, commands and answers, without waiting for Python
#[derive(Debug, Parser)]
#[command(
    name = "limbec",
    version,
    disable_help_subcommand = true,
    disable_version_flag = true,
    subcommand_required = true
)]
pub struct Cli {
    /// Options that precede the command, as in Alembic; limbec takes them after it as well.
    #[command(flatten)]
    pub globals: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// Configuration file: an ini file, a pyproject.toml, or one of each [default: $ALEMBIC_CONFIG, else alembic.ini; can be repeated]
    #[arg(short, long, value_name = "FILE")]
    pub config: Vec<String>,
    /// Section of the ini file to use
    #[arg(short, long, value_name = "SECTION", default_value = "alembic")]
    pub name: String,
    /// Argument for env.py, such as tenant=acme [can be repeated]
    #[arg(short, value_name = "ARG")]
    pub x: Vec<String>,
    /// Report errors of a command on standard error, with exit status 1
    #[arg(long)]
    pub raiseerr: bool,
    /// Print no results and no messages on standard output
    #[arg(short, long)]
    pub quiet: bool,
    /// Database, as an SQLAlchemy URL; wins over $LIMBEC_URL and every configuration
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Schema of the version table; wins over $LIMBEC_SCHEMA and every configuration
    #[arg(long, value_name = "SCHEMA")]
    pub schema: Option<String>,
    /// What one transaction spans; wins over env.py
    #[arg(long, value_name = "SPAN", value_parser = transaction_mode())]
    pub transaction: Option<TransactionMode>,
    /// Interpreter that runs revision scripts and env.py, where Python is needed
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,
    /// When to colour standard error, and the findings of validate
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
    /// Form of what goes to standard error [default: $LIMBEC_LOG_FORMAT, else text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Tell more on standard error: tracebacks, what was looked for and where [can be repeated]
    #[arg(short = 'v', long = "verbose", id = "verbosity", action = ArgAction::Count)]
    pub verbosity: u8,
}

fn transaction_mode() -> impl TypedValueParser<Value = TransactionMode> {
    PossibleValuesParser::new(["per-revision", "per-run"])
        .map(|word| if word == "per-run" { TransactionMode::PerRun } else { TransactionMode::PerRevision })
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR or CI is set.
    Auto,
    /// In pipes and files as well.
    Always,
    /// Nowhere.
    Never,
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people; of Alembic's commands: byte for byte Alembic's.
    #[default]
    Text,
    /// One JSON document for scripts; its shape is stable.
    Json,
}

/// Every command. The order is that of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Branches(BranchesArgs),
    Check(CheckArgs),
    Current(CurrentArgs),
    Downgrade(DowngradeArgs),
    Edit(EditArgs),
    #[command(name = "ensure_version", alias = "ensure-version")]
    EnsureVersion(EnsureVersionArgs),
    Heads(HeadsArgs),
    History(HistoryArgs),
    Init(InitArgs),
    #[command(name = "list_templates", alias = "list-templates")]
    ListTemplates(ListTemplatesArgs),
    Merge(MergeArgs),
    Revision(RevisionArgs),
    Show(ShowArgs),
    Stamp(StampArgs),
    Upgrade(UpgradeArgs),
    Adopt(AdoptArgs),
    Bundle(BundleArgs),
    Db(DbArgs),
    Doctor(DoctorArgs),
    Freeze(FreezeArgs),
    Graph(GraphArgs),
    Import(ImportArgs),
    List(ListArgs),
    Log(LogArgs),
    New(NewArgs),
    Plan(PlanArgs),
    Rebase(RebaseArgs),
    Repair(RepairArgs),
    Report(ReportArgs),
    Rule(RuleArgs),
    Squash(SquashArgs),
    Status(StatusArgs),
    Tenant(TenantArgs),
    Test(TestArgs),
    Validate(ValidateArgs),
    Verify(VerifyArgs),
}
