use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::rule::named;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::fixes;
use crate::cli::linting;
use crate::cli::published::shown;
use crate::cli::table::Table;
use crate::lint::render::{self, Coverage, TextStyle};
use crate::lint::{
    self, Applicability, FileIndex, Fixed, LintProject, LintSettings, Report, Selection, Severity, Standing,
};

/// Lint revision files: no database, no Python
///
/// Judges every revision file, or those that are named. Revisions that are on the base branch or in limbec.lock bring warnings only.
/// In CI and under pre-commit only those are judged that changed since the base branch. What concerns the history as a whole, such
/// as several heads, is reported whichever files are judged. The exit status is 1 if there is an error, 2 if nothing could be judged.
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {
    /// Revision file, SQL file of one, or a directory of them; other files are skipped [can be repeated]
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ReportFormat,
    /// Judge published and frozen revisions as new ones
    #[arg(long, conflicts_with = "changed")]
    pub all: bool,
    /// Judge only what changed since the base branch, or is not in limbec.lock
    #[arg(long)]
    pub changed: bool,
    /// Base branch or commit [default: what CI says, else origin/HEAD, origin/main, origin/master, main, master]
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    /// Run this rule, and no others than those selected [can be repeated]
    #[arg(long, value_name = "RULE")]
    pub select: Vec<String>,
    /// Do not run this rule [can be repeated]
    #[arg(long, value_name = "RULE")]
    pub ignore: Vec<String>,
    /// Count findings by rule instead of showing them
    #[arg(long)]
    pub statistics: bool,
    /// Repair what can be repaired without changing what a revision does
    #[arg(long)]
    pub fix: bool,
    /// Repair also what changes what a revision does, and has to be looked at
    #[arg(long)]
    pub unsafe_fixes: bool,
    /// Show what --fix would change, and write nothing; the exit status is 1 if there is something
    #[arg(long)]
    pub diff: bool,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people, with the lines in question.
    Text,
    /// One line a finding.
    Concise,
    /// One JSON document for scripts; its shape is stable.
    Json,
    /// Annotations of GitHub Actions.
    Github,
    /// Code Quality report of GitLab.
    Gitlab,
    /// SARIF 2.1.0, for code scanners.
    Sarif,
    /// JUnit's XML.
    Junit,
}

/// Runs the command.
///
/// # Errors
/// A project or settings that cannot be read, a base or a rule that there is none of, and a project without revisions.
pub fn run(context: &mut CommandContext, args: &ValidateArgs) -> Result<ExitStatus, CommandError> {
    let started = Instant::now();
    let project = read(context, args)?;
    for warning in &project.warnings {
        context.ui.warning(warning);
    }
    let (selection, coverage) = Choice::of(context, args, &project)?.selection(&project);
    let (project, report) = match args.fixes() {
        None => {
            let report = lint::lint(&project, &selection);
            (project, report)
        }
        Some(minimum) => {
            let fixed = lint::fix(project, &selection, minimum);
            if args.diff {
                return diff(context, &fixed);
            }
            fixes::write(&fixed.rewrites)?;
            tell_fixed(context, &fixed);
            (fixed.project, fixed.report)
        }
    };
    tell(context, args, &project, &report, &coverage);
    if context.ui.verbosity() > 0 {
        context.ui.status(&format!("Validated in {:.0?}.", started.elapsed()));
    }
    // The process ends here: taking a thousand syntax trees apart would be a tenth of the whole run.
    std::mem::forget(project);
    Ok(if report.summary.errors > 0 { ExitStatus::Code(1) } else { ExitStatus::Success })
}

impl ValidateArgs {
    /// The fixes that are asked for.
    fn fixes(&self) -> Option<Applicability> {
        let minimum = if self.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
        (self.fix || self.diff || self.unsafe_fixes).then_some(minimum)
    }
}

fn diff(context: &mut CommandContext, fixed: &Fixed) -> Result<ExitStatus, CommandError> {
    fixes::print_diff(context, &fixed.rewrites)?;
    if fixed.rewrites.is_empty() {
        context.ui.status("There is nothing to fix.");
        return Ok(ExitStatus::Success);
    }
    Ok(ExitStatus::Code(1))
}

fn tell_fixed(context: &mut CommandContext, fixed: &Fixed) {
    for rewrite in &fixed.rewrites {
        let path = shown(&rewrite.path, &context.environment);
        match &rewrite.rename_to {
            Some(to) => context.ui.status(&format!("{path} is now {}.", shown(to, &context.environment))),
            None => context.ui.status(&format!("{path} was changed.")),
        }
    }
    if !fixed.applied.is_empty() {
        let (fixes, files) = (fixed.applied.len(), fixed.rewrites.len());
        let fixes = if fixes == 1 { "1 fix was".to_owned() } else { format!("{fixes} fixes were") };
        let more = match fixed.unsafe_left {
            0 => String::new(),
            left => format!(" ({left} more with --unsafe-fixes)"),
        };
        context.ui.status(&format!("{fixes} applied in {files} file{}{more}.", if files == 1 { "" } else { "s" }));
    }
}

/// Reads the revision files, while git looks up the base branch.
fn read(context: &mut CommandContext, args: &ValidateArgs) -> Result<LintProject, CommandError> {
    let scripts = context.script_settings_without_python()?;
    let settings = chosen(context.project()?.lint_settings(&scripts.locations.script_location), args)?;
    let project = linting::read(context, &scripts, settings, args.base.as_deref())?;
    if project.files.is_empty() {
        let folders: Vec<String> =
            scripts.locations.versions.iter().map(|folder| shown(folder, &context.environment)).collect();
        return Err(CommandError::usage("there are no revisions to validate")
            .hint(format!("revision files are looked for in {}", folders.join(", "))));
    }
    Ok(project)
}

/// The settings with `--select` and `--ignore`.
fn chosen(settings: LintSettings, args: &ValidateArgs) -> Result<LintSettings, CommandError> {
    let selected = args.select.iter().map(|name| named(name)).collect::<Result<Vec<_>, _>>()?;
    let ignored = args.ignore.iter().map(|name| named(name)).collect::<Result<Vec<_>, _>>()?;
    if let Some(both) = selected.iter().find(|rule| ignored.iter().any(|other| other.name == rule.name)) {
        return Err(CommandError::usage(format!("'{}' is both selected and ignored", both.name))
            .hint("give the rule to one of --select and --ignore"));
    }
    let settings = if selected.is_empty() { settings } else { settings.only(&selected) };
    Ok(settings.without(&ignored))
}

/// Which files are to be judged.
struct Choice {
    /// Those that were named; `None`: all.
    named: Option<HashSet<FileIndex>>,
    /// Those that changed; `None`: all.
    changed: Option<HashSet<FileIndex>>,
    judges_published: bool,
}

impl Choice {
    fn of(context: &mut CommandContext, args: &ValidateArgs, project: &LintProject) -> Result<Self, CommandError> {
        let named = if args.files.is_empty() { None } else { Some(named_files(context, &args.files, project)?) };
        let is_automatic = context.environment.is_ci() || context.environment.variable("PRE_COMMIT").is_some();
        let changed = if args.changed || (is_automatic && !args.all) { changed(context, args, project)? } else { None };
        Ok(Self { named, changed, judges_published: args.all })
    }

    fn selection(self, project: &LintProject) -> (Selection, Coverage) {
        let is_in =
            |files: &Option<HashSet<FileIndex>>, index| files.as_ref().is_none_or(|files| files.contains(&index));
        let left_out = project.indexes().filter(|index| is_in(&self.named, *index) && !is_in(&self.changed, *index));
        let coverage = Coverage {
            base: project.published.base.as_ref().ok().map(|base| base.name.clone()),
            is_changed_only: self.changed.is_some(),
            is_named_only: self.named.is_some(),
            published_left_out: left_out.count(),
        };
        let files = match (self.named, self.changed) {
            (Some(named), Some(changed)) => Some(named.intersection(&changed).copied().collect()),
            (named, changed) => named.or(changed),
        };
        (Selection { files, judges_published: self.judges_published }, coverage)
    }
}

/// The revision files among these paths and below them. Hooks name whatever has changed: other files are skipped.
fn named_files(
    context: &mut CommandContext,
    names: &[String],
    project: &LintProject,
) -> Result<HashSet<FileIndex>, CommandError> {
    let by_path: HashMap<&Path, FileIndex> =
        project.indexes().flat_map(|index| paths(project, index).into_iter().map(move |path| (path, index))).collect();
    let mut found = HashSet::new();
    for name in names {
        if name.is_empty() {
            return Err(CommandError::usage("the name of a FILE is empty")
                .hint("a variable of a script may be unset; without any FILE, all revisions are judged"));
        }
        let path = context.environment.current_dir.join(name);
        let path: PathBuf = path
            .canonicalize()
            .map_err(|error| CommandError::usage(format!("'{name}' cannot be read")).caused_by(error.to_string()))?;
        let is_below = |index: &FileIndex| project.file(*index).file.path.starts_with(&path);
        let below: Vec<FileIndex> = match by_path.get(path.as_path()) {
            Some(index) => vec![*index],
            None if path.is_dir() => project.indexes().filter(is_below).collect(),
            None => Vec::new(),
        };
        let is_skipped = below.is_empty();
        found.extend(below);
        if is_skipped && context.ui.verbosity() > 0 {
            context.ui.status(&format!("{name} is no revision of this project: skipped."));
        }
    }
    Ok(found)
}

/// The files of a revision: the Python file, and the SQL files that it runs.
fn paths(project: &LintProject, index: FileIndex) -> Vec<&Path> {
    let file = &project.file(index).file;
    let sql = file.sql().into_iter().flat_map(|sql| sql.files());
    std::iter::once(file.path.as_path()).chain(sql.map(|file| file.path.as_path())).collect()
}

/// The files that changed since the base branch; without a base branch, those that are not frozen; `None` where neither tells.
fn changed(
    context: &mut CommandContext,
    args: &ValidateArgs,
    project: &LintProject,
) -> Result<Option<HashSet<FileIndex>>, CommandError> {
    let published = &project.published;
    if let Some(changed) = published.changed_since_base() {
        let is_changed = |index: &FileIndex| paths(project, *index).iter().any(|path| changed.contains(*path));
        return Ok(Some(project.indexes().filter(is_changed).collect()));
    }
    if published.has_lock {
        let is_new = |index: &FileIndex| project.file(*index).standing == Standing::New;
        return Ok(Some(project.indexes().filter(is_new).collect()));
    }
    let Err(why) = &published.base else { return Ok(None) };
    const WITHOUT_GIT: &str = "`limbec freeze` makes a lock file, which works without git";
    if args.changed {
        return Err(CommandError::from(why.clone()).hint(WITHOUT_GIT));
    }
    context.ui.warning(&format!("every revision is judged as a new one: {why}"));
    context.ui.hint(why.hint().as_deref().unwrap_or(WITHOUT_GIT));
    Ok(None)
}

fn tell(
    context: &mut CommandContext,
    args: &ValidateArgs,
    project: &LintProject,
    report: &Report,
    coverage: &Coverage,
) {
    let text = match args.format {
        ReportFormat::Text | ReportFormat::Concise if args.statistics => statistics(report),
        ReportFormat::Text => {
            let style = TextStyle { colored: context.ui.colors_results(), width: context.environment.message_width };
            render::text(project, report, style)
        }
        ReportFormat::Concise => render::concise(project, report),
        ReportFormat::Json => render::json(project, report, coverage),
        ReportFormat::Github => render::github(project, report),
        ReportFormat::Gitlab => render::gitlab(project, report),
        ReportFormat::Sarif => render::sarif(project, report),
        ReportFormat::Junit => render::junit(project, report),
    };
    if !text.trim_end().is_empty() {
        context.ui.result(text.trim_end());
        if args.format == ReportFormat::Text && !args.statistics {
            context.ui.result("");
        }
    }
    if context.ui.verbosity() > 0 {
        for call in &report.not_analysed {
            let (path, line) = (project.shown_path(&call.location.path), call.location.line);
            context.ui.status(&format!("{path}:{line}: {} was not analysed: {}", call.what, call.reason));
        }
    }
    for line in render::summary(report, coverage) {
        context.ui.status(&line);
    }
}

/// Findings by rule, the most frequent first.
fn statistics(report: &Report) -> String {
    let mut counts: Vec<(usize, &str, Severity, usize)> = Vec::new();
    for found in &report.diagnostics {
        let fixable = usize::from(found.is_fixable());
        match counts.iter_mut().find(|(_, rule, severity, _)| (*rule, *severity) == (found.rule, found.severity)) {
            Some((count, _, _, fixes)) => (*count, *fixes) = (*count + 1, *fixes + fixable),
            None => counts.push((1, found.rule, found.severity, fixable)),
        }
    }
    counts.sort_by_key(|(count, rule, severity, _)| (std::cmp::Reverse(*count), *rule, *severity));
    let mut table = Table::new(&["Findings", "Fixable", "Level", "Rule"]);
    for (count, rule, severity, fixable) in counts {
        table.row(vec![count.to_string(), fixable.to_string(), severity.to_string(), rule.to_owned()]);
    }
    table.lines().join("\n")
}
