//! One file a command: its arguments (the doc comments are the help) and `run`.

/// `adopt`
pub mod adopt;
/// `branches`
pub mod branches;
/// `bundle …`
pub mod bundle;
/// `check`
pub mod check;
/// `current`
pub mod current;
/// `db …`
pub mod db;
/// `doctor`
pub mod doctor;
/// `downgrade`
pub mod downgrade;
/// `edit`
pub mod edit;
/// `ensure_version`
pub mod ensure_version;
/// `freeze`
pub mod freeze;
/// `graph`
pub mod graph;
/// `heads`
pub mod heads;
/// `history`
pub mod history;
/// `import`
pub mod import;
/// `init`
pub mod init;
/// `list`
pub mod list;
/// `list_templates`
pub mod list_templates;
/// `log`
pub mod log;
/// `merge`
pub mod merge;
/// `new`
pub mod new;
/// `plan`
pub mod plan;
/// `rebase`
pub mod rebase;
/// `repair`
pub mod repair;
/// `report`
pub mod report;
/// `revision`
pub mod revision;
/// `rule`
pub mod rule;
/// `show`
pub mod show;
/// `squash`
pub mod squash;
/// `stamp`
pub mod stamp;
/// `status`
pub mod status;
/// `tenant …`
pub mod tenant;
/// `test`
pub mod test;
/// `upgrade`
pub mod upgrade;
/// `validate`
pub mod validate;
/// `verify`
pub mod verify;

use super::args::Command;
use super::context::CommandContext;
use super::error::CommandError;
use super::exit::ExitStatus;

/// Runs the command that was asked for.
pub(super) fn run(context: &mut CommandContext, command: &Command) -> Result<ExitStatus, CommandError> {
    match command {
        Command::Adopt(args) => adopt::run(context, args),
        Command::Branches(args) => branches::run(context, args),
        Command::Bundle(args) => bundle::run(context, args),
        Command::Check(args) => check::run(context, args),
        Command::Current(args) => current::run(context, args),
        Command::Db(args) => db::run(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Downgrade(args) => downgrade::run(context, args),
        Command::Edit(args) => edit::run(context, args),
        Command::EnsureVersion(args) => ensure_version::run(context, args),
        Command::Freeze(args) => freeze::run(context, args),
        Command::Graph(args) => graph::run(context, args),
        Command::Heads(args) => heads::run(context, args),
        Command::History(args) => history::run(context, args),
        Command::Import(args) => import::run(context, args),
        Command::Init(args) => init::run(context, args),
        Command::List(args) => list::run(context, args),
        Command::ListTemplates(args) => list_templates::run(context, args),
        Command::Log(args) => log::run(context, args),
        Command::Merge(args) => merge::run(context, args),
        Command::New(args) => new::run(context, args),
        Command::Plan(args) => plan::run(context, args),
        Command::Rebase(args) => rebase::run(context, args),
        Command::Repair(args) => repair::run(context, args),
        Command::Report(args) => report::run(context, args),
        Command::Revision(args) => revision::run(context, args),
        Command::Rule(args) => rule::run(context, args),
        Command::Show(args) => show::run(context, args),
        Command::Squash(args) => squash::run(context, args),
        Command::Stamp(args) => stamp::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Tenant(args) => tenant::run(context, args),
        Command::Test(args) => test::run(context, args),
        Command::Upgrade(args) => upgrade::run(context, args),
        Command::Validate(args) => validate::run(context, args),
        Command::Verify(args) => verify::run(context, args),
    }
}
