use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use super::{Applicability, Diagnostic, Edit, FileIndex, Fix, LintProject, Report, Selection, Standing, lint};
use crate::published::Meaning;
use crate::script::{Imports, Replacement, RevisionFile, Rewrite};

/// What fixing a project comes to. Nothing is written yet.
#[derive(Debug)]
pub struct Fixed {
    /// One a file that changes.
    pub rewrites: Vec<Rewrite>,
    /// Fixes that were applied, one a finding, in order: rule and path of the file as it was called then.
    pub applied: Vec<(&'static str, PathBuf)>,
    /// Findings that are left with a fix that was not asked for: it is unsafe.
    pub unsafe_left: usize,
    /// What is left afterwards.
    pub report: Report,
    /// The project as it is afterwards, which the report is about.
    pub project: LintProject,
}

/// Fixes that bring new findings with fixes of their own end after this many rounds.
const ROUNDS: usize = 50;

/// Applies fixes in memory until nothing more can be applied.
///
/// A fix is left out where it overlaps one that comes before it (a later round may take it), where its file cannot say the text
/// in its encoding, where the outcome would not be a revision file any more, and where its file is not judged. Of a published
/// revision, which is fixed only where the selection asks for it, neither the meaning nor the name changes.
pub fn fix(mut project: LintProject, selection: &Selection, minimum: Applicability) -> Fixed {
    let mut originals: BTreeMap<FileIndex, PathBuf> = BTreeMap::new();
    let mut applied = Vec::new();
    let mut refused: HashSet<(&'static str, PathBuf)> = HashSet::new();
    let imports = Imports::new(&project.input.locations.import_roots);
    let mut report = lint(&project, selection);
    for _ in 0..ROUNDS {
        let round =
            Round::choose(&Candidates { project: &project, selection, imports: &imports, minimum }, &report, &refused);
        if round.files.is_empty() {
            break;
        }
        let mut changed = Vec::new();
        for (index, change) in &round.files {
            let before = &project.file(*index).file;
            match change.carry_out(before, &imports) {
                Some(file) => {
                    originals.entry(*index).or_insert_with(|| before.path.clone());
                    applied.extend(change.rules.iter().map(|rule| (*rule, before.path.clone())));
                    changed.push((*index, file));
                }
                None => refused.extend(change.rules.iter().map(|rule| (*rule, before.path.clone()))),
            }
        }
        project = project.with_files(changed);
        report = lint(&project, selection);
    }
    let rewrites = originals.into_iter().filter_map(|(index, path)| rewrite_of(&project, index, path)).collect();
    let candidates = Candidates { project: &project, selection, imports: &imports, minimum: Applicability::Unsafe };
    let is_unsafe = |fix: &&Fix| fix.applicability == Applicability::Unsafe && fix.applicability < minimum;
    let left = report.diagnostics.iter().filter_map(|left| left.fix.as_ref()).filter(is_unsafe);
    let unsafe_left = left.filter(|fix| candidates.may_apply(fix)).count();
    Fixed { rewrites, applied, unsafe_left, report, project }
}

/// Which fixes may be applied at all.
struct Candidates<'p> {
    project: &'p LintProject,
    selection: &'p Selection,
    imports: &'p Imports,
    minimum: Applicability,
}

impl Candidates<'_> {
    fn may_apply(&self, fix: &Fix) -> bool {
        let mut round = Round { files: BTreeMap::new() };
        round.add("", fix);
        fix.applicability >= self.minimum
            && round.files.iter().all(|(index, change)| {
                let before = self.project.file(*index);
                let keeps = |after: &RevisionFile| {
                    before.standing == Standing::New
                        || change.rename_to.is_none() && Meaning::of(&before.file).is_of(after)
                };
                self.selection.contains(*index)
                    && change.carry_out(&before.file, self.imports).is_some_and(|after| keeps(&after))
            })
    }
}

/// Whether the fix of a finding can be shown: in a revision whose work is in SQL files, Python text is written nowhere but in the
/// header of the Python file.
pub(super) fn is_possible(project: &LintProject, fix: &Fix) -> bool {
    let is_of_sql = |edit: &Edit| {
        let (Edit::Replace { file, .. } | Edit::Rename { file, .. }) = edit;
        project.file(*file).file.sql().is_some()
    };
    if !fix.edits.iter().any(is_of_sql) {
        return true;
    }
    let mut round = Round { files: BTreeMap::new() };
    round.add("", fix);
    let imports = Imports::new(&[]);
    round.files.iter().all(|(index, change)| {
        let file = &project.file(*index).file;
        change.carry_out(file, &imports).is_some()
    })
}

/// From the file as it was to the file as it is.
fn rewrite_of(project: &LintProject, index: FileIndex, path: PathBuf) -> Option<Rewrite> {
    let file = &project.file(index).file;
    let rename_to = (file.path != path).then(|| file.path.clone());
    let original = project.original(index)?.to_vec();
    let replacements = vec![Replacement { range: 0..original.len(), bytes: file.bytes().to_vec() }];
    Some(Rewrite { path, original, replacements, rename_to })
}

/// The fixes that can be applied together, by file.
struct Round<'p> {
    files: BTreeMap<FileIndex, Change<'p>>,
}

/// What happens to one file in one round.
#[derive(Default)]
struct Change<'p> {
    edits: Vec<(&'p std::ops::Range<usize>, &'p str)>,
    rename_to: Option<&'p PathBuf>,
    rules: Vec<&'static str>,
}

impl<'p> Round<'p> {
    fn choose(candidates: &Candidates<'_>, report: &'p Report, refused: &HashSet<(&'static str, PathBuf)>) -> Self {
        let mut round = Self { files: BTreeMap::new() };
        let is_refused =
            |diagnostic: &Diagnostic| refused.contains(&(diagnostic.rule, diagnostic.location.path.clone()));
        for diagnostic in report.diagnostics.iter().filter(|diagnostic| !is_refused(diagnostic)) {
            let Some(fix) = &diagnostic.fix else { continue };
            if round.has_room(fix, candidates.project) && candidates.may_apply(fix) {
                round.add(diagnostic.rule, fix);
            }
        }
        round
    }

    fn has_room(&self, fix: &Fix, project: &LintProject) -> bool {
        fix.edits.iter().all(|edit| match edit {
            Edit::Replace { file, range, .. } => {
                range.end <= project.file(*file).file.text().len()
                    && self
                        .files
                        .get(file)
                        .is_none_or(|change| change.edits.iter().all(|(other, _)| !overlap(other, range)))
            }
            Edit::Rename { file, to } => {
                let is_taken = project.files.iter().any(|other| other.file.path == *to)
                    || self.files.values().any(|change| change.rename_to == Some(to))
                    || to.symlink_metadata().is_ok();
                !is_taken && self.files.get(file).is_none_or(|change| change.rename_to.is_none())
            }
        })
    }

    fn add(&mut self, rule: &'static str, fix: &'p Fix) {
        for (number, edit) in fix.edits.iter().enumerate() {
            let (Edit::Replace { file, .. } | Edit::Rename { file, .. }) = edit;
            let change = self.files.entry(*file).or_default();
            if number == 0 {
                change.rules.push(rule);
            }
            match edit {
                Edit::Replace { range, text, .. } => change.edits.push((range, text)),
                Edit::Rename { to, .. } => change.rename_to = Some(to),
            }
        }
    }
}

/// Insertions at one place are no overlap with a replacement that ends there, but with each other: their order matters.
fn overlap(a: &std::ops::Range<usize>, b: &std::ops::Range<usize>) -> bool {
    (a.start < b.end && b.start < a.end) || a.start == b.start
}

impl Change<'_> {
    /// The file with the change; `None` where that would not be a revision file any more.
    fn carry_out(&self, before: &RevisionFile, imports: &Imports) -> Option<RevisionFile> {
        let replacements: Option<Vec<Replacement>> =
            self.edits.iter().map(|(range, text)| before.replacement((*range).clone(), text)).collect();
        let rewrite = Rewrite {
            path: before.path.clone(),
            original: before.bytes().to_vec(),
            replacements: replacements?,
            rename_to: None,
        };
        let path = self.rename_to.unwrap_or(&before.path);
        let after = RevisionFile::parse(path, rewrite.rewritten().ok()?, imports).with_sql_of(before);
        // What runs SQL files goes on to do that and nothing else.
        let is_revision = after.body().is_some() && after.declared.is_ok();
        (is_revision && after.sql().is_some() == before.sql().is_some()).then_some(after)
    }
}
