use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::published::shown;
use crate::cli::render::path_text;
use crate::cli::squashing::{Prepared, prepare};
use crate::cli::squashing_databases::refuse_below;
use crate::cli::squashing_live::Copied;
use crate::cli::squashing_privileges::PrivilegesJson;
use crate::cli::table::Table;
use crate::cli::testing_grounds::GroundsArgs;
use crate::runtime::Interruption;
use crate::script::ScriptDirectory;
use crate::squash::{ARCHIVE_INI, FilledTable, RowPolicy, SquashPlan, Unfinished};

/// Put one baseline revision in the place of a revision and all that come before it
///
/// The baseline keeps the identifier, makes the same schema by SQL, and names what it stands for; the old files go into an archive, from
/// which databases that are at one of them are still upgraded, by limbec on its own and by plain Alembic with the archive's ini file.
/// The schema is that of the history itself, run on a database made for it, and the baseline is proven by another one.
#[derive(Debug, Clone, Args)]
pub struct SquashArgs {
    /// Revision whose place the baseline takes; every revision before it is squashed
    #[arg(long, value_name = "REVISION")]
    pub to: String,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take the schema from a live database that is at the revision, for a history that cannot be run from empty any more [default: the project's database]
    #[arg(long, value_name = "URL", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with = "with_data")]
    pub from_database: Option<String>,
    /// With --from-database: the baseline has this object too, although no revision makes it (a pattern such as 'audit_*'; can be repeated)
    #[arg(long, value_name = "NAME", requires = "from_database")]
    pub keep: Vec<String>,
    /// With --from-database: the baseline does not have this object, which no revision makes (a pattern; can be repeated)
    #[arg(long, value_name = "NAME", requires = "from_database")]
    pub leave_out: Vec<String>,
    /// Rows that the revisions have put into tables are put there by the baseline, too
    #[arg(long, conflicts_with = "without_data")]
    pub with_data: bool,
    /// The rows of this table are put there by the baseline; those of others are left out (can be repeated)
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["with_data", "without_data"])]
    pub data_of: Vec<String>,
    /// Such rows are left out
    #[arg(long)]
    pub without_data: bool,
    /// The privileges that the finished schema has (GRANT, REVOKE, ALTER DEFAULT PRIVILEGES) are in the baseline
    #[arg(long, conflicts_with = "without_privileges")]
    pub with_privileges: bool,
    /// What the revisions say about privileges, owners and roles is left out
    #[arg(long)]
    pub without_privileges: bool,
    /// Do not look where the project's database and its tenants are
    #[arg(long)]
    pub ignore_databases: bool,
    /// Folder for the old files [default: squashed/REVISION in the script directory]
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
    /// Where databases are made.
    #[command(flatten)]
    pub grounds: GroundsArgs,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

impl SquashArgs {
    /// What is to become of rows; `None`: nobody has said.
    pub(crate) fn rows(&self) -> Option<RowPolicy> {
        match (self.with_data, self.without_data) {
            (true, _) => Some(RowPolicy::Include),
            (_, true) => Some(RowPolicy::LeaveOut),
            _ if !self.data_of.is_empty() => Some(RowPolicy::Of(self.data_of.iter().cloned().collect())),
            _ => None,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// A history that does not go through the revision alone, a database below it, and a baseline that does not make the same schema.
pub fn run(context: &mut CommandContext, args: &SquashArgs) -> Result<ExitStatus, CommandError> {
    if finish_interrupted(context, args)? && args.dry_run {
        return Ok(ExitStatus::Success);
    }
    let scripts = context.scripts()?;
    let revision = match scripts.map.resolve(&args.to)?.as_slice() {
        [one] => *one,
        _ => return Err(CommandError::usage(format!("'{}' does not stand for one revision", args.to))),
    };
    let plan = SquashPlan::of(&scripts, revision)?;
    let mut outcome = Outcome { scripts: &scripts, plan: &plan, prepared: None, is_written: false };
    if !plan.squashed.is_empty() {
        if !args.ignore_databases {
            refuse_below(context, &scripts, &plan)?;
        }
        let interruption = Interruption::watch();
        let prepared = prepare(context, args, &scripts, &plan);
        let interrupted = Interruption::is_requested();
        drop(interruption);
        if interrupted {
            return Err(CommandError::interrupted());
        }
        let prepared = outcome.prepared.insert(prepared?);
        if !args.dry_run {
            prepared.changes.carry_out()?;
            outcome.is_written = true;
        }
    }
    match args.format {
        Format::Json => context.ui.json(&outcome.json()),
        Format::Text => outcome.tell(context),
    }
    Ok(ExitStatus::Success)
}

/// Removes the old files that a squash which was killed has left beside its baseline. Whether there were any.
fn finish_interrupted(context: &mut CommandContext, args: &SquashArgs) -> Result<bool, CommandError> {
    let locations = context.script_settings()?.locations.clone();
    let scripts = context.decide(crate::script::load(&locations)?.files)?;
    let Some(unfinished) = Unfinished::find(&scripts) else { return Ok(false) };
    let files = if args.dry_run { unfinished.files() } else { unfinished.finish() }?;
    let would_be = if args.dry_run { "would be" } else { "have been" };
    context.ui.status(&format!(
        "A squash into {} was interrupted: the files that it had left {would_be} removed; they are in the archive.",
        unfinished.baseline.revision.id
    ));
    for file in files {
        context.ui.status(&format!("  {}", shown(&file, &context.environment)));
    }
    Ok(true)
}

/// What is told.
struct Outcome<'a> {
    scripts: &'a ScriptDirectory,
    plan: &'a SquashPlan,
    prepared: Option<Prepared>,
    is_written: bool,
}

/// See docs/json.md.
#[derive(Serialize)]
struct SquashJson<'a> {
    revision: &'a str,
    squashed: Vec<SquashedJson<'a>>,
    archive: Option<String>,
    baseline: Option<BaselineJson>,
    tables: Vec<TableJson>,
    /// What the revisions say about privileges.
    privileges: Option<PrivilegesJson>,
    /// The live database that the schema was taken from.
    live: Option<&'a Copied>,
    /// Options of the ini file that the archive's has not.
    left_out: &'a [String],
    is_written: bool,
}

#[derive(Serialize)]
struct SquashedJson<'a> {
    revision: &'a str,
    path: String,
    archived_path: String,
}

#[derive(Serialize)]
struct BaselineJson {
    path: String,
    statements: usize,
}

#[derive(Serialize)]
struct TableJson {
    table: String,
    rows: u64,
    is_included: bool,
}

impl Outcome<'_> {
    fn squashed(&self) -> impl Iterator<Item = SquashedJson<'_>> {
        let changes = self.prepared.iter().map(|prepared| &prepared.changes);
        let moved: Vec<_> = changes.flat_map(|changes| &changes.moved).collect();
        self.plan.squashed.iter().chain([&self.plan.revision]).filter_map(move |index| {
            let script = self.scripts.script(*index);
            let moved = moved.iter().find(|moved| moved.from == script.path)?;
            Some(SquashedJson {
                revision: script.revision.id.as_str(),
                path: path_text(&moved.from),
                archived_path: path_text(&moved.to),
            })
        })
    }

    fn json(&self) -> SquashJson<'_> {
        let prepared = self.prepared.as_ref();
        let table = |table: &FilledTable| TableJson {
            table: table.shown(),
            rows: table.rows,
            is_included: prepared.is_some_and(|prepared| prepared.rows.has(table)),
        };
        SquashJson {
            revision: self.scripts.script(self.plan.revision).revision.id.as_str(),
            squashed: self.squashed().collect(),
            archive: prepared.map(|prepared| path_text(&prepared.changes.archive)),
            baseline: prepared
                .map(|prepared| BaselineJson { path: path_text(&prepared.baseline), statements: prepared.statements }),
            tables: prepared.iter().flat_map(|prepared| &prepared.filled).map(table).collect(),
            privileges: prepared.map(|prepared| prepared.privileges.json()),
            live: prepared.and_then(|prepared| prepared.live.as_ref()),
            left_out: prepared.map_or(&[], |prepared| &prepared.left_out),
            is_written: self.is_written,
        }
    }

    fn tell(&self, context: &mut CommandContext) {
        let id = &self.scripts.script(self.plan.revision).revision.id;
        let Some(prepared) = &self.prepared else {
            context.ui.status(&format!("There is nothing before {id} to squash."));
            return;
        };
        let mut table = Table::new(&["Revision", "File", "Archived as"]);
        for moved in self.squashed() {
            let path = |path: &str| shown(std::path::Path::new(path), &context.environment);
            table.row(vec![moved.revision.to_owned(), path(&moved.path), path(&moved.archived_path)]);
        }
        context.ui.table(&table);
        if let Some(live) = &prepared.live {
            live.tell(context);
        }
        for filled in &prepared.filled {
            let rows = if filled.rows == 1 { "1 row".to_owned() } else { format!("{} rows", filled.rows) };
            let what = if prepared.rows.has(filled) { "in the baseline" } else { "left out" };
            context.ui.status(&format!("table {}: {rows}, {what}", filled.shown()));
        }
        prepared.privileges.tell(context);
        for note in &prepared.notes {
            context.ui.warning(note);
        }
        let ini = shown(&prepared.changes.archive.join(ARCHIVE_INI), &context.environment);
        if !prepared.left_out.is_empty() {
            let options = prepared.left_out.join(", ");
            context.ui.warning(&format!(
                "{ini} does not have {options}, because of the password: write it there by hand before plain Alembic is run with that \
                 file, and do not commit it"
            ));
        }
        let file = shown(&prepared.baseline, &context.environment);
        let (is, count) = (if self.is_written { "is" } else { "would be" }, self.plan.replaces.len() + 1);
        context.ui.status(&format!(
            "{id} {is} a baseline of {count} revisions: {file}, {} statements; it makes the same schema on {}.",
            prepared.statements, prepared.place
        ));
        if self.is_written {
            context.ui.hint(&format!(
                "limbec finds the old revisions by itself; plain Alembic needs `alembic -c {ini} upgrade {id}` first, where a database \
                 is still before {id}"
            ));
        }
    }
}
