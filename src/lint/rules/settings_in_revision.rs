use super::declare_rule;
use std::collections::BTreeSet;

use ruff_python_ast::visitor::{Visitor, walk_keyword};
use ruff_python_ast::{Expr, Keyword};
use ruff_text_size::{Ranged, TextRange};

use crate::lint::LintContext;
use crate::lint::imports::{ImportedNames, Met, references};
use crate::script::RevisionFile;

declare_rule! {
    /// What a revision does depends on the environment or the clock.
    ///
    /// ## What it flags
    /// Environment variables, settings objects (of modules called `settings`, `config` or `conf`, Flask's `current_app.config`), and `uuid4()`,
    /// `now()` and `random` when the file is loaded or as a `server_default`.
    ///
    /// ## Why
    /// The same revision makes different schemas in two places, or in upgrade and downgrade. Nobody can say afterwards which one a database
    /// got.
    ///
    /// ## Example
    /// ```python
    /// import os
    ///
    /// def upgrade():
    ///     op.execute(f"ALTER ROLE {os.environ['APP_ROLE']} SET search_path TO app")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.execute("ALTER ROLE app SET search_path TO app")
    /// ```
    "settings-in-revision" {
        group: Hygiene,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

const ENVIRONMENT: &[&str] =
    &["os.environ", "os.environb", "os.getenv", "decouple.config", "flask.current_app.config", "django.conf.settings"];
const MODULES: &[&str] = &["settings", "config", "conf", "configuration"];
const OBJECTS: &[&str] =
    &["settings", "config", "conf", "get_settings", "get_config", "Settings", "Config", "CONF", "SETTINGS", "CONFIG"];
const CHANGING: &[&str] = &[
    "uuid.uuid1",
    "uuid.uuid4",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "random.random",
    "random.randint",
    "random.choice",
    "secrets.token_hex",
    "secrets.token_urlsafe",
];

fn check(ctx: &mut LintContext<'_>) {
    let file = &ctx.file().file;
    let imported = ImportedNames::of(file);
    let defaults = server_defaults(file);
    let mut told = BTreeSet::new();
    for met in references(file) {
        let range = met.expr.start().to_usize()..met.expr.end().to_usize();
        if let Some(name) = settings(ctx, &imported, met).filter(|name| !told.contains(name)) {
            ctx.report(range, format!("what the revision does depends on `{name}`"))
                .help("write down the value, or what to do in each case");
            told.insert(name);
        } else if let Some(name) = changing(&imported, met)
            && (met.at_import || defaults.iter().any(|default| default.contains_range(met.expr.range())))
        {
            ctx.report(range, format!("`{name}()` gives another value each time"))
                .help("write down the value, or let the database make it (`server_default=sa.func.now()`)");
        }
    }
}

/// Where the expression asks for settings: of what.
fn settings(ctx: &LintContext<'_>, imported: &ImportedNames<'_>, met: Met<'_>) -> Option<String> {
    if met.expr.is_call_expr() {
        return None;
    }
    let name = imported.full_name(met.expr)?;
    if let Some(known) = ENVIRONMENT.iter().find(|known| name == **known || name.starts_with(&format!("{known}."))) {
        return Some((*known).to_owned());
    }
    let parts: Vec<&str> = name.split('.').collect();
    let object = parts
        .windows(2)
        .position(|pair| matches!(pair, [module, object] if MODULES.contains(module) && OBJECTS.contains(object)));
    let end = object? + 2;
    let module = parts.get(..end - 1)?.join(".");
    ctx.project().own_packages().contains(&module).then(|| parts.get(..end).map(|parts| parts.join(".")))?
}

fn changing(imported: &ImportedNames<'_>, met: Met<'_>) -> Option<String> {
    let Expr::Call(call) = met.expr else { return None };
    imported.full_name(&call.func).filter(|name| CHANGING.contains(&name.as_str()))
}

fn server_defaults(file: &RevisionFile) -> Vec<TextRange> {
    let mut defaults = Defaults(Vec::new());
    defaults.visit_body(file.body().unwrap_or_default());
    defaults.0
}

struct Defaults(Vec<TextRange>);

impl<'a> Visitor<'a> for Defaults {
    fn visit_keyword(&mut self, keyword: &'a Keyword) {
        if keyword.arg.as_ref().is_some_and(|name| name.as_str() == "server_default") {
            self.0.push(keyword.value.range());
        }
        walk_keyword(self, keyword);
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "settings-in-revision";

    #[test]
    fn environment_err() {
        assert_snapshot!(findings(RULE, "from os import environ as e\n\ndef upgrade():\n    e.get('A') or e['B']\n"), @"
        22:5 warning: what the revision does depends on `os.environ`
          help: write down the value, or what to do in each case
        ");
        assert_ne!(findings(RULE, "import os\nROLE = os.getenv('ROLE', 'app')\n"), "");
        assert_ne!(
            findings(RULE, "from flask import current_app\n\ndef upgrade():\n    current_app.config['A']\n"),
            ""
        );
    }

    #[test]
    fn clock_err() {
        assert_snapshot!(findings(RULE, "from datetime import datetime\nNOW = datetime.utcnow()\n"), @"
        20:7 warning: `datetime.datetime.utcnow()` gives another value each time
          help: write down the value, or let the database make it (`server_default=sa.func.now()`)
        ");
        let text =
            "import uuid\n\ndef upgrade():\n    op.add_column('a', sa.Column('b', server_default=str(uuid.uuid4())))\n";
        assert_snapshot!(findings(RULE, text), @"
        22:58 warning: `uuid.uuid4()` gives another value each time
          help: write down the value, or let the database make it (`server_default=sa.func.now()`)
        ");
    }

    #[test]
    fn values_of_rows_ok() {
        let text =
            "import os, uuid\n\ndef upgrade():\n    op.bulk_insert(t, [{'id': uuid.uuid4()}])\n    os.path.join('a')\n";
        assert_eq!(findings(RULE, text), "");
        assert_eq!(
            findings(RULE, "from alembic import context\n\ndef upgrade():\n    context.config.attributes\n"),
            ""
        );
    }
}
