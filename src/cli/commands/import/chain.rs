//! The place of the migrations in the project's graph.

use std::rc::Rc;

use chrono::NaiveDateTime;

use super::ImportArgs;
use super::reading::Reading;
use super::state::Place;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::import::{self, Known, MappedMigration};
use crate::revision::{Revision, RevisionId, RevisionMap};
use crate::script::{NameStamps, ScriptDirectory, SqlRevision};

/// All migrations as revisions, those that are in the project first.
pub(super) struct Chain {
    pub(super) migrations: Vec<MappedMigration>,
    /// What the first new one comes after.
    pub(super) parent: Option<RevisionId>,
    /// The project's graph with the new ones.
    pub(super) map: RevisionMap,
}

impl Chain {
    pub(super) fn link(
        context: &mut CommandContext,
        args: &ImportArgs,
        place: &Place,
        reading: &Reading,
    ) -> Result<Self, CommandError> {
        let scripts = if place.has_project {
            context.scripts()?
        } else {
            Rc::new(ScriptDirectory { scripts: Vec::new(), map: RevisionMap::default(), restored: Vec::new() })
        };
        let head = head(args, &scripts)?;
        let after = after(context, place, &scripts, head.as_ref())?;
        let migrations = import::map(reading.migrations.clone(), &known(&scripts), after)?;
        if args.state_only
            && let Some(new) = migrations.iter().find(|mapped| mapped.existing.is_none())
        {
            return Err(CommandError::usage(format!("{} is no revision of the project yet", new.old.file))
                .hint("without --state-only the files are written as well"));
        }
        let mut revisions: Vec<Revision> = scripts.scripts.iter().map(|script| script.revision.clone()).collect();
        let mut parent = head.clone();
        for mapped in migrations.iter().filter(|mapped| mapped.existing.is_none()) {
            revisions.push(Revision {
                id: mapped.id.clone(),
                down: parent.into_iter().collect(),
                depends_on: Vec::new(),
                branch_labels: Vec::new(),
            });
            parent = Some(mapped.id.clone());
        }
        let map = RevisionMap::build(revisions)?;
        for sentence in migrations.iter().filter_map(|mapped| changed(mapped, reading)) {
            context.ui.warning(&sentence);
        }
        Ok(Self { migrations, parent: head, map })
    }

    /// The migrations that become files, each with what it comes after.
    pub(super) fn new_ones(&self) -> impl Iterator<Item = (&MappedMigration, Option<&RevisionId>)> {
        let new = || self.migrations.iter().filter(|mapped| mapped.existing.is_none());
        let parents = std::iter::once(self.parent.as_ref()).chain(new().map(|mapped| Some(&mapped.id)));
        new().zip(parents)
    }
}

/// A revision whose SQL is not what its old file would become now; it stays as it is.
fn changed(mapped: &MappedMigration, reading: &Reading) -> Option<String> {
    let path = mapped.existing.as_ref()?;
    let at = reading.migrations.iter().position(|old| old.version == mapped.old.version)?;
    let text = std::fs::read_to_string(SqlRevision::beside(path).up).ok()?;
    (reading.converted.get(at)?.up != text).then(|| {
        format!(
            "{} and the SQL of {} differ, for one of them was changed; both stay as they are",
            mapped.old.file, mapped.file_name
        )
    })
}

fn head(args: &ImportArgs, scripts: &ScriptDirectory) -> Result<Option<RevisionId>, CommandError> {
    let typed = args.head.as_deref().unwrap_or("head");
    if scripts.scripts.is_empty() {
        return Ok(None);
    }
    let found = scripts.map.resolve_one(typed)?;
    if let Some(found) = found.filter(|found| !scripts.map.is_head(*found)) {
        return Err(CommandError::usage(format!("{} is no head", scripts.map.revision(found).id))
            .hint("`limbec heads` lists them"));
    }
    Ok(found.map(|found| scripts.map.revision(found).id.clone()))
}

/// The project's revisions, oldest first.
fn known(scripts: &ScriptDirectory) -> Vec<Known> {
    let in_order = scripts.map.ancestors_first().map_or_else(|| scripts.map.iter().collect(), <[_]>::to_vec);
    let script = |index| scripts.script(index);
    in_order
        .into_iter()
        .map(script)
        .map(|script| Known { id: script.revision.id.clone(), path: script.path.clone() })
        .collect()
}

/// The time that the head's file name tells.
fn after(
    context: &mut CommandContext,
    place: &Place,
    scripts: &ScriptDirectory,
    head: Option<&RevisionId>,
) -> Result<Option<NaiveDateTime>, CommandError> {
    let Some(head) = head.filter(|_| place.has_project).and_then(|head| scripts.map.position(head.as_str())) else {
        return Ok(None);
    };
    let settings = context.script_settings_without_python()?;
    let stamps = NameStamps::new(&settings.file_template, settings.timezone.as_deref());
    let stem = scripts.script(head).path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(stamps.stamp(&stem).map(|stamp| stamp.time))
}
