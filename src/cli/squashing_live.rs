//! A squash whose schema is that of a live database.

use std::collections::BTreeSet;

use serde::Serialize;

use super::commands::squash::SquashArgs;
use super::context::CommandContext;
use super::error::CommandError;
use super::squashing_proof::{Built, Site, incomplete_copy, scope};
use super::subjects::KnownDatabase;
use super::testing_grounds::{GroundsArgs, TestDialect};
use crate::catalogue::{Catalogue, Scope};
use crate::database::{
    Access, BOOTSTRAP_TABLE, Connection, DatabaseUrl, Dialect, LOCK_TABLE, OWN_SCHEMA, SEED_TABLE, VersionTableName,
};
use crate::operation::{Body, OperationKind, TableName};
use crate::revision::{RevisionId, RevisionIndex};
use crate::script::ScriptDirectory;
use crate::squash::{Live, Managed, Omitted, RowPolicy, SquashPlan, Unmanaged, remove_schema};
use crate::verify::RevisionFiles;

/// A live database that is at the revision, and what is to be taken from it.
pub(super) struct LiveSource {
    /// Its URL without the password.
    pub(super) shown: String,
    known: KnownDatabase,
    connection: Connection,
    left_out: Vec<Unmanaged>,
    kept: Vec<Unmanaged>,
    rows: BTreeSet<String>,
    omitted: Vec<Omitted>,
    default: String,
    has_privileges: bool,
}

/// What was taken from a live database. See docs/json.md.
#[derive(Debug, Serialize)]
pub(crate) struct Copied {
    database: String,
    kept: Vec<String>,
    left_out: Vec<String>,
    omitted: Vec<String>,
}

impl LiveSource {
    /// Looks at the live database, if one is asked for, and sees that everything about it is decided.
    ///
    /// # Errors
    /// It is not at the revision, or has something that no revision makes and nobody has decided on.
    pub(super) fn find(
        context: &mut CommandContext,
        args: &SquashArgs,
        (scripts, files): (&ScriptDirectory, &RevisionFiles),
        plan: &SquashPlan,
    ) -> Result<Option<Self>, CommandError> {
        let Some(text) = &args.from_database else { return Ok(None) };
        let known = place(context, text)?;
        let shown = known.shown_url();
        let mut connection = Connection::open(&known.url, known.environment(), Access::Read)?;
        let rows = connection.version_rows(known.table())?;
        standing(scripts, plan, &shown, rows.as_deref())?;
        let catalogue = catalogue(&mut connection, &known)?;
        let default = context.configured_schema()?.unwrap_or_else(|| "public".to_owned());
        let others = others(&catalogue, &default, (files, scripts, plan), &known.url);
        let (left_out, kept) = decide(args, others)?;
        let rows = decided_rows(args, (&catalogue, &default), &inserted(files, plan))?;
        Ok(Some(Self {
            shown,
            known,
            connection,
            left_out,
            kept,
            rows,
            omitted: Vec::new(),
            default,
            has_privileges: args.with_privileges,
        }))
    }

    /// The kind of database to make for the proof.
    pub(super) fn dialect(&self, args: &GroundsArgs) -> Result<TestDialect, CommandError> {
        let live = match self.known.url.dialect() {
            Dialect::Sqlite => TestDialect::Sqlite,
            _ => TestDialect::Postgresql,
        };
        match args.dialect {
            Some(wanted) if wanted != live => {
                Err(CommandError::usage(format!("{} is of another dialect", self.shown)).hint("leave out `--dialect`"))
            }
            _ => Ok(live),
        }
    }

    /// An ephemeral database with its schema.
    ///
    /// # Errors
    /// The server takes a statement of it not, or something that stays needs what is left out.
    pub(super) fn copied(&mut self, context: &mut CommandContext, site: &Site<'_>) -> Result<Built, CommandError> {
        let database = site.place.create().map_err(|error| context.trial_error(error))?;
        let url = database.url()?;
        let open = || Connection::open(&url, site.environment, Access::Write);
        let own = own_tables(&self.known);
        let live = Live {
            url: &self.known.url,
            environment: self.known.environment(),
            default: &self.default,
            own: &own,
            left_out: &self.left_out,
            has_privileges: self.has_privileges,
            rows: &self.rows,
        };
        self.omitted = live.copy(&mut self.connection, &mut open()?)?;
        // Another connection: a dump sets a search path for its session.
        let mut copy = open()?;
        live.leave_out(&mut copy)?;
        let mut expected = catalogue(&mut self.connection, &self.known)?;
        self.left_out.iter().for_each(|object| object.remove_from(&mut expected));
        let table = self.known.table().clone();
        let made = Catalogue::read(&mut copy, &scope(&table)).map_err(|error| context.trial_error(error.into()))?;
        incomplete_copy(&expected, &made)?;
        Ok(Built { database, table, catalogue: made })
    }

    /// Sees that nobody has migrated the database meanwhile.
    ///
    /// # Errors
    /// Somebody has.
    pub(super) fn check_unmoved(&mut self, id: &RevisionId) -> Result<(), CommandError> {
        let rows = self.connection.version_rows(self.known.table())?.unwrap_or_default();
        if rows == [id.clone()] {
            return Ok(());
        }
        Err(CommandError::crashed(format!("{} was migrated while its schema was read", self.shown))
            .hint("nothing was written; run it again when it is at rest"))
    }

    /// What is told of it.
    pub(super) fn told(self) -> Copied {
        let shown = |objects: &[Unmanaged]| objects.iter().map(Unmanaged::shown).collect();
        let (kept, left_out) = (shown(&self.kept), shown(&self.left_out));
        let omitted = self.omitted.iter().map(|one| format!("{} {}", one.object, one.name)).collect();
        Copied { database: self.shown, kept, left_out, omitted }
    }
}

impl Copied {
    /// For people.
    pub(crate) fn tell(&self, context: &mut CommandContext) {
        context.ui.status(&format!("The schema is that of {}.", self.database));
        for (objects, what) in [(&self.kept, "kept"), (&self.left_out, "left out")] {
            if !objects.is_empty() {
                context.ui.status(&format!("made by no revision, {what}: {}", objects.join(", ")));
            }
        }
        if !self.omitted.is_empty() {
            context.ui.warning(&format!(
                "the baseline does not have what belongs to the server: {}; where a new database needs it, write a revision for it",
                self.omitted.join(", ")
            ));
        }
    }
}

/// The database of this URL, or the project's own.
fn place(context: &mut CommandContext, text: &str) -> Result<KnownDatabase, CommandError> {
    if text.is_empty() {
        let mut places = context.known_databases("squash from")?;
        return match (places.pop(), places.is_empty()) {
            (Some(one), true) => Ok(one),
            _ => Err(CommandError::usage("env.py works on several databases")
                .hint("name the one to take the schema from: `--from-database=URL`")),
        };
    }
    let url = DatabaseUrl::parse(text).map_err(|error| CommandError::usage(format!("--from-database: {error}")))?;
    context.ui.hide(&url);
    let table = match context.database_target() {
        Ok(target) => target.version_table.clone(),
        Err(_) => None,
    };
    context.known_place(url, table.unwrap_or_default(), "squash from")
}

fn own_tables(known: &KnownDatabase) -> Vec<VersionTableName> {
    let named = [SEED_TABLE, BOOTSTRAP_TABLE, LOCK_TABLE].map(VersionTableName::new);
    [known.table().clone(), known.history_table()].into_iter().chain(named).collect()
}

/// What the database has, besides limbec's own.
fn catalogue(connection: &mut Connection, known: &KnownDatabase) -> Result<Catalogue, CommandError> {
    let whole = match known.url.dialect() {
        // A role's own search path is not that of the databases which are made for the proof.
        Dialect::Postgres => Scope::everything().with_default("public".to_owned()),
        _ => Scope::everything(),
    };
    let scope = own_tables(known).into_iter().fold(whole, Scope::without);
    let mut catalogue = Catalogue::read(connection, &scope)
        .map_err(|error| CommandError::crashed("the live schema cannot be read").caused_by(error.to_string()))?;
    remove_schema(&mut catalogue, OWN_SCHEMA);
    Ok(catalogue)
}

/// Whether the version table says exactly this revision.
fn standing(
    scripts: &ScriptDirectory,
    plan: &SquashPlan,
    shown: &str,
    rows: Option<&[RevisionId]>,
) -> Result<(), CommandError> {
    let id = &scripts.script(plan.revision).revision.id;
    let rows = rows.unwrap_or_default();
    if rows == [id.clone()] {
        return Ok(());
    }
    let at = rows.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ");
    let at = if at.is_empty() { "no revision".to_owned() } else { at };
    let failure = CommandError::crashed(format!("{shown} is at {at}, not at {id}: its schema is not that of {id}"));
    let applied: BTreeSet<RevisionIndex> = scripts.map.applied(rows).into_iter().collect();
    Err(match rows {
        [] => failure.hint("name a database that the history has made: `--from-database=URL`"),
        [one] if applied.contains(&plan.revision) => {
            failure.hint(format!("squash to where it is, `--to {one}`, or name a copy that is at {id}"))
        }
        _ if !applied.contains(&plan.revision) => failure.hint(format!("upgrade it to {id} first")),
        _ => failure.hint(format!("name a database that is at {id} alone")),
    })
}

/// What the revisions up to the baseline do not make.
fn others(
    catalogue: &Catalogue,
    default: &str,
    (files, scripts, plan): (&RevisionFiles, &ScriptDirectory, &SquashPlan),
    url: &DatabaseUrl,
) -> Vec<Unmanaged> {
    let dialect = match url.dialect() {
        Dialect::Sqlite => crate::operation::Dialect::Sqlite,
        _ => crate::operation::Dialect::Postgresql,
    };
    let schema = files.fold(scripts, dialect).at(&scripts.map, &[plan.revision]);
    let indexes = plan.squashed.iter().chain([&plan.revision]);
    let texts: Vec<String> =
        indexes.filter_map(|index| files.get(*index)).map(|read| read.file.text().to_lowercase()).collect();
    let indexes = plan.squashed.iter().chain([&plan.revision]);
    let operations = indexes.filter_map(|index| files.get(*index)).flat_map(|read| &read.operations.upgrade.operations);
    let tables = operations.filter_map(|operation| operation.kind.table().cloned()).collect();
    Managed { schema: &schema, tables: &tables, texts: &texts, default }.others(catalogue)
}

/// Parts what no revision makes into what is left out and what is kept.
fn decide(args: &SquashArgs, others: Vec<Unmanaged>) -> Result<(Vec<Unmanaged>, Vec<Unmanaged>), CommandError> {
    let patterns = |option: &str, texts: &[String]| {
        let pattern = |text: &String| {
            let wrong = |error: glob::PatternError| CommandError::usage(format!("{option} {text}: {error}"));
            let pattern = glob::Pattern::new(text).map_err(wrong)?;
            if others.iter().any(|other| pattern.matches(&other.name)) {
                return Ok(pattern);
            }
            Err(CommandError::usage(format!("{option} {text}: the database has no such object that no revision makes")))
        };
        texts.iter().map(pattern).collect::<Result<Vec<_>, CommandError>>()
    };
    let (keep, leave_out) = (patterns("--keep", &args.keep)?, patterns("--leave-out", &args.leave_out)?);
    let has = |patterns: &[glob::Pattern], other: &Unmanaged| {
        patterns.iter().any(|pattern| pattern.matches(&other.name) && pattern.as_str() != "*")
    };
    let is_all = |patterns: &[glob::Pattern]| patterns.iter().any(|pattern| pattern.as_str() == "*");
    let (mut out, mut kept, mut undecided) = (Vec::new(), Vec::new(), Vec::new());
    for other in others {
        if has(&leave_out, &other) {
            out.push(other);
        } else if has(&keep, &other) || is_all(&keep) {
            kept.push(other);
        } else if is_all(&leave_out) {
            out.push(other);
        } else {
            undecided.push(other);
        }
    }
    if undecided.is_empty() {
        return Ok((out, kept));
    }
    let names: Vec<String> = undecided.iter().map(Unmanaged::shown).collect();
    Err(CommandError::usage(format!("the database has what no revision makes: {}", names.join(", "))).hint(
        "`--leave-out NAME` keeps it out of the baseline, `--keep NAME` puts it in; '*' stands for all, 'a_*' for many",
    ))
}

/// The tables that squashed revisions certainly put rows into.
fn inserted(files: &RevisionFiles, plan: &SquashPlan) -> BTreeSet<String> {
    let bodies = plan.squashed.iter().chain([&plan.revision]).filter_map(|index| files.get(*index));
    let of = |body: &Body| -> Vec<String> {
        let operations = body.operations.iter().filter_map(|operation| match &operation.kind {
            OperationKind::Insert { table } => Some(table.as_ref()),
            _ => None,
        });
        let shown = |table: Option<&TableName>| table.map_or_else(|| "a computed name".to_owned(), ToString::to_string);
        operations.map(shown).collect()
    };
    bodies.flat_map(|read| of(&read.operations.upgrade)).collect()
}

/// The tables whose rows are taken from the live database.
fn decided_rows(
    args: &SquashArgs,
    (catalogue, default): (&Catalogue, &str),
    inserted: &BTreeSet<String>,
) -> Result<BTreeSet<String>, CommandError> {
    let is_there = |name: &String| {
        let is_named = |table: &TableName| {
            let schema = table.schema.as_ref().filter(|schema| *schema != default);
            TableName { schema: schema.cloned(), name: table.name.clone() }.to_string() == *name
        };
        catalogue.tables().any(|relation| is_named(&relation.name))
    };
    match args.rows() {
        Some(RowPolicy::Of(tables)) => match tables.iter().find(|name| !is_there(name)) {
            Some(name) => Err(CommandError::usage(format!("`--data-of`: the database has no table {name}"))),
            None => Ok(tables),
        },
        Some(_) => Ok(BTreeSet::new()),
        None if inserted.is_empty() => Ok(BTreeSet::new()),
        None => {
            let tables: Vec<&str> = inserted.iter().map(String::as_str).collect();
            Err(CommandError::usage(format!("the revisions put rows into tables: {}", tables.join(", "))).hint(
                "`--data-of TABLE` puts the rows of a table into the baseline as the live database has them, `--without-data` leaves all out",
            ))
        }
    }
}
