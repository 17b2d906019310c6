use super::declare_rule;
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use crate::lint::LintContext;
use crate::lint::imports::{ImportedNames, references};

declare_rule! {
    /// A revision works through a session of the ORM.
    ///
    /// ## What it flags
    /// `Session(…)`, `sessionmaker(…)` and their relatives of SQLAlchemy, SQLModel and Flask-SQLAlchemy (`db.session`).
    ///
    /// ## Why
    /// A session writes when it flushes, in an order of its own, and commits as if the transaction were its own. With models of the application it
    /// reads columns that the database does not have yet.
    ///
    /// ## Example
    /// ```python
    /// from sqlalchemy.orm import Session
    ///
    /// def upgrade():
    ///     Session(bind=op.get_bind())
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     users = sa.table("users", sa.column("id"), sa.column("name"))
    ///     op.execute(users.update().where(users.c.id == 1).values(name="root"))
    /// ```
    "orm-session-in-revision" {
        group: Hygiene,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

const CLASSES: &[&str] =
    &["Session", "sessionmaker", "scoped_session", "create_session", "AsyncSession", "async_sessionmaker"];

fn check(ctx: &mut LintContext<'_>) {
    let file = &ctx.file().file;
    let imported = ImportedNames::of(file);
    for met in references(file) {
        let name = match met.expr {
            Expr::Call(call) => imported.full_name(&call.func).filter(|name| {
                let is_library = ["sqlalchemy.", "sqlmodel."].iter().any(|library| name.starts_with(library));
                is_library && name.rsplit('.').next().is_some_and(|last| CLASSES.contains(&last))
            }),
            // Flask-SQLAlchemy's, whatever the module is called that made `db`.
            Expr::Attribute(_) => imported.full_name(met.expr).filter(|name| {
                name.split('.').collect::<Vec<_>>().windows(2).any(|pair| matches!(pair, ["db", "session" | "Session"]))
            }),
            _ => None,
        };
        let Some(name) = name else { continue };
        let short = name.rsplit('.').next().unwrap_or_default();
        let range = met.expr.start().to_usize()..met.expr.end().to_usize();
        ctx.report(range, format!("the data is changed through a session of the ORM (`{short}`)"))
            .help("use `op.execute()` with `sa.table()`, or `op.bulk_insert()`");
        return;
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "orm-session-in-revision";

    #[test]
    fn sessions_err() {
        assert_snapshot!(findings(RULE, "from sqlalchemy import orm\n\ndef upgrade():\n    orm.Session(bind=op.get_bind())\n"), @"
        22:5 warning: the data is changed through a session of the ORM (`Session`)
          help: use `op.execute()` with `sa.table()`, or `op.bulk_insert()`
        ");
        for text in [
            "def upgrade():\n    sa.orm.sessionmaker()\n",
            "from superset import db\n\ndef upgrade():\n    session = db.Session(bind=op.get_bind())\n",
            "from app import db\n\ndef upgrade():\n    db.session.query(1)\n",
            "from sqlmodel import Session as S\n\ndef upgrade():\n    S(op.get_bind())\n",
        ] {
            assert_ne!(findings(RULE, text), "", "{text}");
        }
    }

    #[test]
    fn other_sessions_ok() {
        assert_eq!(findings(RULE, "import requests\n\ndef upgrade():\n    requests.Session()\n"), "");
        assert_eq!(findings(RULE, "def upgrade():\n    op.get_bind().execute(sa.text('SELECT 1'))\n"), "");
    }
}
