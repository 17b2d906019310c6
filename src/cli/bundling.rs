//! The making of a bundle: what is recorded, judged and known of a project, put together.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::context::CommandContext;
use super::engine::Mutation;
use super::error::CommandError;
use super::range::TypedRange;
use super::testing::{TestProgress, cache_folder, output, start};
use super::testing_grounds::{Grounds, GroundsArgs, dialect, driver, name_of, own_url, url_variables};
use crate::bundle::{
    self, BundleError, BundleSettings, BundleWriter, BundledFinding, BundledRevision, BundledStep, LintSummary,
    Manifest, RecordRequest, Recorded, RecordedRevision, Way,
};
use crate::lint::{self, LintProject, Report, Selection};
use crate::plan::{self, Direction, TransactionMode};
use crate::published::Fingerprint;
use crate::revision::{RevisionId, RevisionIndex};
use crate::runtime::{Interruption, Invocation};
use crate::script::{ScriptDirectory, SqlRevision};
use crate::trial::{EnvRuns, TrialError};

/// What a bundle is made from.
#[derive(Debug)]
pub(super) struct BundleSource<'a> {
    /// As typed.
    pub(super) range: Option<&'a str>,
    /// The lowest major version of the server.
    pub(super) min_server: Option<u32>,
    /// Where it is recorded.
    pub(super) grounds: GroundsArgs,
    /// A database that the databases of the recording are copies of.
    pub(super) template: Option<&'a str>,
}

/// A bundle that is not written yet.
#[derive(Debug)]
pub(super) struct Rendered {
    manifest: Manifest,
    revisions: Vec<(BundledRevision, Steps)>,
    /// Where it was recorded, in words.
    pub(super) place: String,
}

/// The steps of a revision.
#[derive(Debug)]
enum Steps {
    /// What was recorded.
    Recorded(RecordedRevision),
    /// What SQL files say.
    Files(SqlRevision),
    /// They are outside of the range.
    Outside,
}

impl Steps {
    fn way(&self, direction: Direction, root: &Path) -> Result<Way, BundleError> {
        let file = match self {
            Self::Outside => {
                let reason = "it is outside of the range that the bundle was built for".to_owned();
                return Ok(Way::Python { reason });
            }
            Self::Recorded(recorded) => {
                return Ok(match recorded_way(recorded, direction) {
                    Ok(statements) => Way::Sql { statements: statements.len() },
                    Err(reason) => Way::Python { reason: reason.clone() },
                });
            }
            Self::Files(files) => file_of(files, direction),
        };
        match std::fs::read(file) {
            Ok(bytes) => Ok(Way::File { path: within(root, file), sha256: Fingerprint::sha256_of(&bytes) }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Way::Python { reason: format!("there is no {}", within(root, file).display()) })
            }
            Err(source) => Err(BundleError::Source { path: file.to_owned(), source }),
        }
    }
}

fn recorded_way(recorded: &RecordedRevision, direction: Direction) -> &Result<Vec<String>, String> {
    if direction == Direction::Downgrade { &recorded.downgrade } else { &recorded.upgrade }
}

fn file_of(files: &SqlRevision, direction: Direction) -> &Path {
    if direction == Direction::Downgrade { &files.down } else { &files.up }
}

/// A path as a bundle has it: of the project, wherever that is.
fn within(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

/// The result of `bundle build --format json`.
#[derive(Debug, Serialize)]
pub(super) struct BuildJson<'a> {
    file: Option<&'a PathBuf>,
    #[serde(flatten)]
    manifest: &'a Manifest,
    rendered: usize,
    wanted: usize,
    needs_python: Vec<Missing<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Missing<'a> {
    pub(super) revision: &'a str,
    pub(super) direction: &'static str,
    pub(super) reason: &'a str,
}

impl<'a> BuildJson<'a> {
    pub(super) fn of(rendered: &'a Rendered, file: Option<&'a PathBuf>) -> Self {
        let of =
            |direction: Direction| move |(revision, reason)| Missing { revision, direction: direction.name(), reason };
        let upgrades: Vec<Missing<'_>> = rendered.missing_upgrades().map(of(Direction::Upgrade)).collect();
        let wanted = rendered.wanted();
        let rendered_count = wanted - upgrades.len();
        let downgrades = rendered.missing_downgrades().map(of(Direction::Downgrade));
        let needs_python = upgrades.into_iter().chain(downgrades).collect();
        Self { file, manifest: &rendered.manifest, rendered: rendered_count, wanted, needs_python }
    }
}

impl Rendered {
    /// How many revisions were to be rendered.
    pub(super) fn wanted(&self) -> usize {
        self.revisions.iter().filter(|(_, steps)| !matches!(steps, Steps::Outside)).count()
    }

    /// Revisions whose upgrade needs Python, and why.
    pub(super) fn missing_upgrades(&self) -> impl Iterator<Item = (&str, &str)> {
        self.missing(Direction::Upgrade)
    }

    /// Revisions whose downgrade needs Python, and why.
    pub(super) fn missing_downgrades(&self) -> impl Iterator<Item = (&str, &str)> {
        self.missing(Direction::Downgrade)
    }

    fn missing(&self, direction: Direction) -> impl Iterator<Item = (&str, &str)> {
        let wanted = self.revisions.iter().filter(|(_, steps)| !matches!(steps, Steps::Outside));
        wanted.filter_map(move |(revision, _)| match revision.way(direction) {
            Way::Python { reason } => Some((revision.revision.as_str(), reason.as_str())),
            _ => None,
        })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), BundleError> {
        let mut writer = BundleWriter::create(path, &self.manifest)?;
        for (revision, _) in &self.revisions {
            writer.revision(revision)?;
        }
        for (revision, steps) in &self.revisions {
            for direction in [Direction::Upgrade, Direction::Downgrade] {
                let mut step =
                    BundledStep { step: direction.name().to_owned(), revision: revision.revision.clone(), file: None };
                match (revision.way(direction), steps) {
                    (Way::Sql { .. }, Steps::Recorded(recorded)) => {
                        writer.step(&step)?;
                        let statements = recorded_way(recorded, direction).iter().flatten();
                        statements.into_iter().try_for_each(|sql| writer.statement(sql))?;
                    }
                    (Way::File { path, .. }, Steps::Files(files)) => {
                        step.file = Some(path.clone());
                        writer.step(&step)?;
                        writer.text(file_of(files, direction))?;
                    }
                    _ => {}
                }
            }
        }
        writer.finish()
    }
}

/// Records the history on databases made for it.
///
/// # Errors
/// Whatever keeps it from being recorded at all.
pub(super) fn render(context: &mut CommandContext, source: &BundleSource<'_>) -> Result<Rendered, CommandError> {
    let interruption = Interruption::watch();
    let outcome = render_watched(context, source);
    let is_interrupted = Interruption::is_requested();
    drop(interruption);
    if is_interrupted { Err(CommandError::interrupted()) } else { outcome }
}

fn render_watched(context: &mut CommandContext, source: &BundleSource<'_>) -> Result<Rendered, CommandError> {
    let scripts = context.scripts()?;
    let wanted = Wanted::of(&scripts, source.range)?;
    let args = &source.grounds;
    let own = own_url(context, args)?;
    let dialect = dialect(context, args, own.as_ref())?;
    let driver = driver(context, dialect, own.as_ref());
    let variables = url_variables(context, &args.url_variable)?;
    let environment = context.database_environment();
    let interpreter = context.interpreter()?;
    let settings = context.script_settings()?;
    let search_path = context.project()?.settings.deploy.search_path.clone();
    let imports = context.module_texts()?;
    let upgrade = context.engine_invocation(context.alembic_argv(&["upgrade", "heads"]), Mutation::Allowed)?;
    let upgrade = Invocation { record: true, ..upgrade };
    let cache = cache_folder(context);
    let mut grounds = Grounds::find(context, args, dialect, own, cache.as_ref())?;
    if let Some(name) = source.template {
        grounds.place = grounds.place.from_template(name).ok_or_else(|| {
            CommandError::usage("SQLite has no templates")
                .hint("leave out --template, or name a PostgreSQL by --server")
        })?;
    }
    let output = output(context, &grounds);
    let start = |variables| start(&interpreter, &output, variables);
    let mut python =
        EnvRuns::new(&start, upgrade.clone(), upgrade).with_driver_of(driver.clone()).with_variables(variables);
    let env_path = settings.locations.script_location.join("env.py");
    let request = RecordRequest {
        scripts: &scripts,
        order: &wanted.order,
        is_wanted: &|index| wanted.rendered.contains(&index) && !is_sql(&scripts, index),
        place: &grounds.place,
        env_path: &env_path,
        environment: &environment,
        search_path: &search_path,
        imports: &imports,
    };
    context.ui.flush();
    let mut progress = TestProgress::new(&mut context.ui, wanted.order.len());
    let recorded = bundle::record(&request, &mut python, &mut progress);
    drop(python);
    let recorded = recorded.map_err(|error: TrialError| context.trial_error(error))?;
    let driver_name = driver.map_or_else(|| name_of(dialect).to_owned(), |url| url.driver_name().to_owned());
    let packages = interpreter.packages();
    let versions = ["alembic", "sqlalchemy"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), packages.version_of(name)?)))
        .collect();
    let judged = Judged::read(context)?;
    let manifest = Manifest {
        limbec: env!("CARGO_PKG_VERSION").to_owned(),
        dialect: name_of(dialect).to_owned(),
        driver: driver_name,
        range: source.range.map(str::to_owned),
        template: source.template.is_some(),
        min_server: source.min_server.or(recorded.server),
        packages: versions,
        version_table: (&recorded.target.table()).into(),
        transaction: transaction(context, &recorded),
        setup: recorded.setup.clone(),
        settings: BundleSettings::of(&context.project()?.settings.deploy),
        heads: heads(&scripts, &wanted),
        revisions: wanted.order.len(),
        lint: judged.summary(),
    };
    let revisions = revisions(context, &scripts, &wanted, (&recorded, &judged))?;
    tell_hooks(context)?;
    Ok(Rendered { manifest, revisions, place: grounds.words.clone() })
}

/// Programs of the project are not in a bundle.
fn tell_hooks(context: &mut CommandContext) -> Result<(), CommandError> {
    if !context.project()?.settings.deploy.hooks.is_empty() {
        context.ui.warning("the commands of `[hooks]` are not in a bundle: nothing calls them where it is applied");
    }
    Ok(())
}

/// As env.py has it, unless limbec is told otherwise.
fn transaction(context: &CommandContext, recorded: &Recorded) -> TransactionMode {
    let own = match recorded.target.transactional_ddl && !recorded.target.transaction_per_migration {
        true => TransactionMode::PerRun,
        false => TransactionMode::PerRevision,
    };
    context.globals.transaction.unwrap_or(own)
}

/// Which revisions are in a bundle.
pub(super) struct Wanted {
    /// Ancestors first.
    pub(super) order: Vec<RevisionIndex>,
    /// Those whose steps are.
    pub(super) rendered: HashSet<RevisionIndex>,
}

impl Wanted {
    /// Those of a range, as typed.
    ///
    /// # Errors
    /// The range is none, or of revisions that there are not.
    pub(super) fn of(scripts: &ScriptDirectory, range: Option<&str>) -> Result<Self, CommandError> {
        let typed = TypedRange::parse(range).map_err(|error| CommandError::usage(error.to_string()))?;
        if typed.needs_rows() {
            return Err(CommandError::usage("a bundle is for every database: `current` is none of its ends"));
        }
        let rendered = plan::history(&scripts.map, &typed.with_rows(&[]))?.into_iter().collect();
        let end = if typed.end().is_empty() { "heads" } else { typed.end() };
        let steps = plan::upgrade(&scripts.map, &[], end)?.steps;
        let order = steps.iter().filter_map(|step| scripts.map.position(step.revision.as_str())).collect();
        Ok(Self { order, rendered })
    }
}

/// Whether a revision is SQL as it is written: there is nothing to record.
pub(super) fn is_sql(scripts: &ScriptDirectory, index: RevisionIndex) -> bool {
    SqlRevision::at(&scripts.script(index).path).is_some()
}

fn heads(scripts: &ScriptDirectory, wanted: &Wanted) -> Vec<String> {
    let ids = |index: &RevisionIndex| scripts.map.revision(*index).down.clone();
    let parents: HashSet<RevisionId> = wanted.order.iter().flat_map(ids).collect();
    let names = wanted.order.iter().map(|index| scripts.map.id(*index));
    let mut heads: Vec<String> = names.filter(|id| !parents.contains(*id)).map(ToString::to_string).collect();
    heads.sort();
    heads
}

/// What the linter says, of new revisions and old ones alike: a base branch is no part of a bundle.
struct Judged {
    project: LintProject,
    report: Report,
}

impl Judged {
    fn read(context: &mut CommandContext) -> Result<Self, CommandError> {
        let scripts = context.script_settings()?;
        let settings = context.project()?.lint_settings(&scripts.locations.script_location);
        let project = super::linting::read_unpublished(context, &scripts, settings)?;
        let report = lint::lint(&project, &Selection { files: None, judges_published: true });
        Ok(Self { project, report })
    }

    fn summary(&self) -> LintSummary {
        let summary = &self.report.summary;
        LintSummary { errors: summary.errors, warnings: summary.warnings, notes: summary.notes }
    }

    fn findings(&self, id: &str) -> Vec<BundledFinding> {
        let Some(file) = self.project.declaring(id) else { return Vec::new() };
        let of_it = self.report.diagnostics.iter().filter(|found| found.location.file == Some(file));
        let finding = |found: &lint::Diagnostic| BundledFinding {
            rule: found.rule.to_owned(),
            severity: found.severity.to_string(),
            line: found.location.line,
            message: found.message.clone(),
        };
        of_it.map(finding).collect()
    }
}

fn revisions(
    context: &mut CommandContext,
    scripts: &ScriptDirectory,
    wanted: &Wanted,
    (recorded, judged): (&Recorded, &Judged),
) -> Result<Vec<(BundledRevision, Steps)>, CommandError> {
    let project = context.project()?;
    let ini = project.ini_path();
    let root = ini.parent().and_then(|folder| folder.canonicalize().ok()).unwrap_or_default();
    let in_order: HashSet<RevisionIndex> = wanted.order.iter().copied().collect();
    // In the order of loading: an ambiguous walk goes as it would in the project.
    let kept = scripts.map.iter().filter(|index| in_order.contains(index));
    kept.map(|index| {
        let script = scripts.script(index);
        let (print, file) = Fingerprint::read(&script.path)
            .ok_or_else(|| CommandError::crashed(format!("cannot read {}", script.path.display())))?;
        let source = String::from_utf8(file.bytes().to_vec()).map_err(|_| {
            CommandError::failed(format!("{} is not in UTF-8, as every text in a bundle", script.path.display()))
        })?;
        let steps = match (recorded.revisions.get(&index), SqlRevision::of(&file)) {
            _ if !wanted.rendered.contains(&index) => Steps::Outside,
            (_, Some(files)) => Steps::Files(files),
            (Some(recorded), None) => Steps::Recorded(recorded.clone()),
            (None, None) => Steps::Outside,
        };
        let id = script.revision.id.as_str();
        let revision = BundledRevision {
            revision: id.to_owned(),
            down: script.revision.down.iter().map(ToString::to_string).collect(),
            depends_on: script.revision.depends_on.clone(),
            labels: script.revision.branch_labels.clone(),
            docstring: script.docstring.clone(),
            path: within(&root, &script.path),
            sha256: print.file_sha256,
            meaning: print.meaning.to_string(),
            source,
            findings: judged.findings(id),
            upgrade: steps.way(Direction::Upgrade, &root)?,
            downgrade: steps.way(Direction::Downgrade, &root)?,
        };
        Ok((revision, steps))
    })
    .collect()
}
