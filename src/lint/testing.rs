//! Projects in memory for the tests of rules.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{
    Applicability, Level, LintInput, LintProject, LintSettings, NewFileNames, Report, Selection, Standing, fix, lint,
};
use crate::published::{Base, BaseFile, BaseState};
use crate::script::{Imports, Locations, RevisionFile, SqlRevision};

/// A linear history, built revision by revision.
pub(super) struct History {
    settings: LintSettings,
    file_template: Option<String>,
    import_roots: Vec<PathBuf>,
    /// Name and text.
    files: Vec<(String, String)>,
    /// The SQL files (up, down) of some of them, by name.
    sql: HashMap<String, [Option<Vec<u8>>; 2]>,
    /// SQL files without a Python file.
    orphans: Vec<String>,
    published: usize,
    /// What the base branch has, if there is one.
    base: Vec<BaseFile>,
}

impl History {
    pub(super) fn new() -> Self {
        Self {
            settings: LintSettings::default(),
            file_template: None,
            import_roots: Vec::new(),
            files: Vec::new(),
            sql: HashMap::new(),
            orphans: Vec::new(),
            published: 0,
            base: Vec::new(),
        }
    }

    /// With other settings.
    pub(super) fn with(settings: LintSettings) -> Self {
        Self { settings, ..Self::new() }
    }

    /// With a folder of modules.
    pub(super) fn import_root(mut self, folder: &std::path::Path) -> Self {
        self.import_roots.push(folder.to_owned());
        self
    }

    /// With `file_template`.
    pub(super) fn file_template(self, template: &str) -> Self {
        Self { file_template: Some(template.to_owned()), ..self }
    }

    /// Adds a revision. What the text lacks is added so that nothing in it is a finding: header, imports, and a downgrade that fails
    /// on purpose.
    pub(super) fn revision(self, text: &str) -> Self {
        let number = self.files.len() + 1;
        self.named(&format!("202601{number:02}_120000_step_{number}.py"), text)
    }

    /// The same in a file of this name.
    pub(super) fn named(mut self, name: &str, text: &str) -> Self {
        let text = if text.contains("revision =") { text.to_owned() } else { complete(self.files.len() + 1, text) };
        self.files.push((name.to_owned(), text));
        self
    }

    /// Adds a revision whose work is in SQL files; `None`: there is no such file.
    pub(super) fn sql(mut self, up: Option<&str>, down: Option<&str>) -> Self {
        let number = self.files.len() + 1;
        let name = format!("202601{number:02}_120000_step_{number}.py");
        let all = complete(number, "");
        let between = |start: &str, end: &str| {
            let from = all.find(start).unwrap();
            &all[from..from + all[from..].find(end).unwrap()]
        };
        let (docstring, identifiers) = (between("\"\"\"", "# limbec"), between("revision =", "\n\n"));
        let imports = "import re\nfrom pathlib import Path\n\nfrom alembic import context, op\n";
        let text = format!("{docstring}\n{imports}\n{identifiers}\n\n{}", SqlRevision::BODY);
        self.sql.insert(name.clone(), [up, down].map(|text| text.map(|text| text.as_bytes().to_vec())));
        self.file(&name, &text)
    }

    /// Adds an SQL file that no Python file belongs to.
    pub(super) fn orphan(mut self, name: &str) -> Self {
        self.orphans.push(name.to_owned());
        self
    }

    /// Adds a revision file as it is.
    pub(super) fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Everything so far is published.
    pub(super) fn published(mut self) -> Self {
        self.published = self.files.len();
        self
    }

    /// The base branch has this file as it is here.
    pub(super) fn on_base(self, name: &str) -> Self {
        self.base_file(name, BaseState::Untouched)
    }

    /// The base branch has another version of this file, or has it alone.
    pub(super) fn was_on_base(self, name: &str, text: &str) -> Self {
        self.base_file(name, BaseState::Differs(vec![text.as_bytes().to_vec()]))
    }

    /// The base branch got this file after this branch began.
    pub(super) fn arrived(self, name: &str, text: &str) -> Self {
        self.base_file(name, BaseState::Arrived(text.as_bytes().to_vec()))
    }

    fn base_file(mut self, name: &str, state: BaseState) -> Self {
        self.base.push(BaseFile { path: PathBuf::from("/project/versions").join(name), state });
        self
    }

    pub(super) fn project(self) -> LintProject {
        let versions = PathBuf::from("/project/versions");
        let input = LintInput {
            locations: Locations {
                script_location: PathBuf::from("/project"),
                versions: vec![versions.clone()],
                recursive: false,
                sourceless: false,
                import_roots: self.import_roots,
            },
            root: versions.clone(),
            settings: self.settings,
            new_file_names: NewFileNames { file_template: self.file_template, truncate_slug_length: 40 },
            now: "2026-06-01T00:00:00".parse().unwrap(),
        };
        let imports = Imports::new(&[]);
        let files = self.files.into_iter();
        let files = files.map(|(name, text)| {
            let file = RevisionFile::parse(&versions.join(&name), text.into_bytes(), &imports);
            match self.sql.get(&name) {
                Some(contents) => file.with_sql(contents.clone()),
                None => file,
            }
        });
        let mut project = LintProject::of(input, files.collect(), Vec::new());
        project.orphans = self.orphans.iter().map(|name| versions.join(name)).collect();
        if !self.base.is_empty() {
            let commit = |tip: &str| tip.repeat(40);
            let base = Base {
                name: "origin/main".to_owned(),
                repository: PathBuf::from("/project"),
                merge_base: commit("a"),
                tip: commit("b"),
                files: self.base,
            };
            project = project.with_published(Ok(base), None);
        }
        for file in &mut project.files[..self.published] {
            file.standing = Standing::Published;
        }
        project
    }

    pub(super) fn report(self) -> Report {
        lint(&self.project(), &Selection { files: None, judges_published: false })
    }

    /// The findings of a rule as `line:column message`, with their help; of several files: `file:line:column …`.
    pub(super) fn findings(self, rule: &str) -> String {
        let is_one = self.files.len() == 1;
        let project = self.project();
        let report = lint(&project, &Selection { files: None, judges_published: false });
        let lines = report.diagnostics.iter().filter(|diagnostic| diagnostic.rule == rule).map(|diagnostic| {
            let place = &diagnostic.location;
            let file = if is_one { String::new() } else { format!("{}:", project.shown_path(&place.path)) };
            let help = diagnostic.help.as_ref().map(|help| format!("\n  help: {help}")).unwrap_or_default();
            format!("{file}{}:{} {}: {}{help}\n", place.line, place.column, diagnostic.severity, diagnostic.message)
        });
        lines.collect()
    }
}

/// One revision after all fixes of a rule, unsafe ones too. What is left of the rule must be nothing that it would fix.
pub(super) fn fixed(rule: &str, text: &str) -> String {
    let mut settings = LintSettings::default();
    let others = super::RULES.iter().filter(|other| other.name != rule);
    settings.rules.extend(others.map(|other| (other.name.to_owned(), Level::Off)));
    let project = History::with(settings).revision(text).project();
    let fixed = fix(project, &Selection { files: None, judges_published: false }, Applicability::Unsafe);
    assert!(fixed.report.diagnostics.iter().all(|left| left.fix.is_none()), "not converged: {:#?}", fixed.report);
    let text = fixed.project.files[0].file.text();
    let body = text.split("depends_on = None\n").nth(1).unwrap_or(text);
    body.trim().to_owned()
}

/// The name of the last file of a history after all fixes of a rule, unsafe ones too.
pub(super) fn fixed_name(rule: &str, mut history: History) -> String {
    let others = super::RULES.iter().filter(|other| other.name != rule);
    history.settings.rules.extend(others.map(|other| (other.name.to_owned(), Level::Off)));
    let selection = Selection { files: None, judges_published: true };
    let fixed = fix(history.project(), &selection, Applicability::Unsafe);
    let path = &fixed.project.files.last().unwrap().file.path;
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// A history of files `ID.py` that do nothing: `id`, its down revisions, `@label` and `+dependency`, apart by blanks.
pub(super) fn graph(revisions: &[&str]) -> History {
    revisions.iter().fold(History::new(), |history, revision| {
        let mut words = revision.split(' ');
        let id = words.next().unwrap();
        let (mut down, mut rest) = ("None".to_owned(), String::new());
        for word in words {
            match word.split_at(1) {
                ("@", label) => rest += &format!("branch_labels = '{label}'\n"),
                ("+", dependency) => rest += &format!("depends_on = '{dependency}'\n"),
                _ => {
                    down = format!("({},)", word.split(',').map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", "))
                }
            }
        }
        history.file(&format!("{id}.py"), &format!("revision = '{id}'\ndown_revision = {down}\n{rest}"))
    })
}

/// Findings of a rule in one revision.
pub(super) fn findings(rule: &str, text: &str) -> String {
    History::new().revision(text).findings(rule)
}

fn complete(number: usize, text: &str) -> String {
    let id = format!("{:012x}", 0x8f3a_61c0_27d4_u64.wrapping_mul(number as u64 + 1) & 0xffff_ffff_ffff);
    let down = if number == 1 {
        None
    } else {
        Some(format!("{:012x}", 0x8f3a_61c0_27d4_u64.wrapping_mul(number as u64) & 0xffff_ffff_ffff))
    };
    let revises = down.clone().unwrap_or_default();
    let down = down.map_or("None".to_owned(), |down| format!("\"{down}\""));
    let has_downgrade = text.contains("def downgrade(");
    let mark = if has_downgrade { "" } else { "# limbec: irreversible made for a test\n" };
    let downgrade = if has_downgrade { "" } else { "\n\ndef downgrade():\n    raise NotImplementedError\n" };
    let upgrade = if text.contains("def upgrade(") { "" } else { "\n\ndef upgrade():\n    op.execute(\"ANALYZE\")\n" };
    format!(
        "\"\"\"step {number}\n\nRevision ID: {id}\nRevises: {revises}\nCreate Date: 2026-01-{number:02} 12:00:00\n\n\"\"\"\n{mark}\
         import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql\n\n\
         revision = \"{id}\"\ndown_revision = {down}\nbranch_labels = None\ndepends_on = None\n\n\n{}\n{upgrade}{downgrade}",
        text.trim()
    )
}
