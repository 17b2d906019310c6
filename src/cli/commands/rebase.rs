use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::fixes;
use crate::cli::published::{published, shown};
use crate::cli::render::path_text;
use crate::cli::reparenting::{Edited, Reparented, edit};
use crate::cli::table::Table;
use crate::published::{Published, Rebase, RebaseRequest, plan_rebase};
use crate::revision::{RevisionId, RevisionIndex, RevisionMap};

/// Put this branch's revisions on top of the published ones
///
/// A revision is published when the base branch has it, or without a base branch, when limbec.lock lists it. Of a chain only the
/// lowest revision gets another down revision. The docstring follows, and the time in the names of files, where their order would
/// contradict the graph. After a merge in git, this makes one head of two.
#[derive(Debug, Clone, Args)]
pub struct RebaseArgs {
    /// A revision of the chain to move [default: all unpublished ones]
    #[arg(value_name = "REVISION")]
    pub revision: Option<String>,
    /// Head to move it onto [default: the published head]
    #[arg(long, value_name = "HEAD")]
    pub onto: Option<String>,
    /// Base branch, or any commit [default: the setting `base`, what CI says, origin/HEAD, origin/main, …]
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Show the changes of the files, and change nothing
    #[arg(long)]
    pub diff: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a published revision, and everything that leaves more than one answer.
pub fn run(context: &mut CommandContext, args: &RebaseArgs) -> Result<ExitStatus, CommandError> {
    let scripts = context.scripts()?;
    let request = RebaseRequest {
        revision: args.revision.as_deref().map(|symbol| one(&scripts.map, symbol)).transpose()?,
        onto: args.onto.as_deref().map(|symbol| one(&scripts.map, symbol)).transpose()?,
    };
    let published = published(context, args.base.as_deref())?;
    warn_of_missing(context, &published);
    let rebase = plan_rebase(&scripts.map, &published, request)?;
    let edited = edit(context, &scripts, &rebase)?;
    let is_written = !args.dry_run && !args.diff && !edited.rewrites.is_empty();
    if is_written {
        edited.make_folders()?;
        fixes::write(&edited.rewrites)?;
    }
    let outcome = Outcome { map: &scripts.map, published: &published, rebase: &rebase, edited: &edited, is_written };
    match args.format {
        Format::Json => context.ui.json(&outcome.json()),
        Format::Text if args.diff => fixes::print_diff(context, &edited.rewrites)?,
        Format::Text => outcome.tell(context),
    }
    Ok(ExitStatus::Success)
}

fn one(map: &RevisionMap, symbol: &str) -> Result<RevisionIndex, CommandError> {
    match map.resolve(symbol)?.as_slice() {
        [one] => Ok(*one),
        _ => Err(CommandError::usage(format!("'{symbol}' does not stand for one revision"))),
    }
}

fn warn_of_missing(context: &mut CommandContext, published: &Published) {
    let (Ok(base), count) = (&published.base, published.missing().count()) else { return };
    if count > 0 {
        let revisions = if count == 1 { "a revision".to_owned() } else { format!("{count} revisions") };
        context.ui.warning(&format!("{} has {revisions} that this branch has not", base.name));
        context.ui.hint(&format!("`git merge {}`, then `limbec rebase` again", base.name));
    }
}

/// What is told.
struct Outcome<'a> {
    map: &'a RevisionMap,
    published: &'a Published,
    rebase: &'a Rebase,
    edited: &'a Edited,
    is_written: bool,
}

#[derive(Serialize)]
struct RebaseJson {
    base: Option<String>,
    rebased: Vec<RebasedJson>,
    unneeded_merges: Vec<String>,
    own_branches: Vec<String>,
    unfrozen: Vec<String>,
    heads: Vec<String>,
    is_written: bool,
}

#[derive(Serialize)]
struct RebasedJson {
    revision: String,
    down_revisions: Vec<String>,
    previous_down_revisions: Vec<String>,
    path: String,
    previous_path: String,
}

impl Outcome<'_> {
    fn ids(&self, indexes: &[RevisionIndex]) -> Vec<String> {
        indexes.iter().map(|index| self.map.revision(*index).id.to_string()).collect()
    }

    fn json(&self) -> RebaseJson {
        let rebased = |reparented: &Reparented| RebasedJson {
            revision: self.map.revision(reparented.revision).id.to_string(),
            down_revisions: texts(&self.rebase.map.revision(reparented.revision).down),
            previous_down_revisions: texts(&self.map.revision(reparented.revision).down),
            path: path_text(&reparented.path),
            previous_path: path_text(&reparented.previous_path),
        };
        RebaseJson {
            base: self.published.base.as_ref().ok().map(|base| base.name.clone()),
            rebased: self.edited.revisions.iter().map(rebased).collect(),
            unneeded_merges: self.ids(&self.rebase.unneeded_merges),
            own_branches: self.ids(&self.rebase.own_branches),
            unfrozen: texts(&self.edited.unfrozen),
            heads: self.ids(self.rebase.map.heads()),
            is_written: self.is_written,
        }
    }

    fn tell(&self, context: &mut CommandContext) {
        if self.edited.revisions.is_empty() {
            context.ui.status("Nothing to rebase: every unpublished revision is on top of the published ones.");
        } else {
            self.table(context);
            let heads = self.ids(self.rebase.map.heads());
            let (subject, verb) = if heads.len() == 1 { ("head", "is") } else { ("heads", "are") };
            let verb = if self.is_written { verb } else { "would be" };
            context.ui.status(&format!("The {subject} {verb} {}.", heads.join(", ")));
        }
        for id in self.ids(&self.rebase.own_branches) {
            context.ui.status(&format!("{id} begins a branch of its own, and stays: `limbec rebase {id}` moves it."));
        }
        for id in self.ids(&self.rebase.unneeded_merges) {
            context.ui.hint(&format!("the merge {id} joins nothing any more: if it does nothing else, delete it"));
        }
        if !self.edited.unfrozen.is_empty() {
            let ids = texts(&self.edited.unfrozen).join(", ");
            context.ui.hint(&format!("limbec.lock lists {ids} no more: `limbec freeze` adds what they are now"));
        }
    }

    fn table(&self, context: &mut CommandContext) {
        let mut table = Table::new(&["Revision", "Revises", "Before", "File", "File before"]);
        for reparented in &self.edited.revisions {
            let (now, before) = (self.rebase.map.revision(reparented.revision), self.map.revision(reparented.revision));
            let is_moved = now.down != before.down;
            let renamed = reparented.path != reparented.previous_path;
            let name = |path: &std::path::Path| path_text(path.file_name().map(std::path::Path::new).unwrap_or(path));
            table.row(vec![
                now.id.to_string(),
                texts(&now.down).join(", "),
                if is_moved { texts(&before.down).join(", ") } else { String::new() },
                shown(&reparented.path, &context.environment),
                if renamed { name(&reparented.previous_path) } else { String::new() },
            ]);
        }
        context.ui.table(&table);
    }
}

fn texts(ids: &[RevisionId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
