//! An Alembic project in a temporary directory.

use std::fs;
use std::path::{Path, PathBuf};

use limbec::runtime::{Invocation, ScriptEntry};
use tempfile::TempDir;

pub(crate) struct Project {
    pub(crate) folder: TempDir,
    pub(crate) scripts: Vec<ScriptEntry>,
}

pub(crate) const ENV: &str = r#"
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
connectable = engine_from_config(config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool)

if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()
else:
    with connectable.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"#;

impl Project {
    /// A line of `count` revisions `r1`, `r2`, …, each with a table of its own and a line on standard output.
    pub(crate) fn linear(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut project = Self { folder, scripts: Vec::new() };
        project.write(
            "alembic.ini",
            "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite:///test.db\n",
        );
        project.write("migrations/env.py", ENV);
        for number in 1..=count {
            let body = format!("op.execute('CREATE TABLE t{number} (id INTEGER)')\n    print('up {number}')");
            project.revision(number, &body);
        }
        project
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes revision `rN` with that body of `upgrade()`, replacing what it was.
    pub(crate) fn revision(&mut self, number: usize, upgrade: &str) {
        let down = (number > 1).then(|| format!("r{}", number - 1));
        let relative = format!("migrations/versions/r{number}_.py");
        let text = format!(
            "\"\"\"number {number}\"\"\"\nfrom alembic import op\nrevision = 'r{number}'\ndown_revision = {}\nprint('import {number}')\n\n\
             def upgrade():\n    {upgrade}\n\ndef downgrade():\n    op.execute('DROP TABLE t{number}')\n    print('down {number}')\n",
            down.as_ref().map_or("None".to_owned(), |down| format!("'{down}'")),
        );
        self.write(&relative, &text);
        let entry = ScriptEntry {
            path: fs::canonicalize(self.path(&relative)).unwrap(),
            revision: format!("r{number}"),
            down_revision: down.into_iter().collect(),
            branch_labels: Vec::new(),
            depends_on: Vec::new(),
            doc: format!("number {number}"),
        };
        match self.scripts.iter_mut().find(|script| script.revision == entry.revision) {
            Some(script) => *script = entry,
            None => self.scripts.push(entry),
        }
    }

    pub(crate) fn order(&self) -> Vec<String> {
        self.scripts.iter().map(|script| script.revision.clone()).collect()
    }

    pub(crate) fn invocation(&self, argv: &[&str]) -> Invocation {
        Invocation {
            argv: argv.iter().map(ToString::to_string).collect(),
            scripts: Some(self.scripts.clone()),
            ..Invocation::default()
        }
    }

    /// Tables of the SQLite database, sorted, and the rows of its version table.
    pub(crate) fn state(&self) -> (Vec<String>, Vec<String>) {
        let database = rusqlite_state(&self.path("test.db"));
        (database.0, database.1)
    }
}

fn rusqlite_state(path: &Path) -> (Vec<String>, Vec<String>) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let query = |sql: &str| -> Vec<String> {
        let Ok(mut statement) = connection.prepare(sql) else { return Vec::new() };
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    (
        query("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version' ORDER BY name"),
        query("SELECT version_num FROM alembic_version ORDER BY 1"),
    )
}
