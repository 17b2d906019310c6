use super::declare_rule;
use std::collections::HashSet;

use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use crate::lint::LintContext;
use crate::lint::imports::references;
use crate::script::RevisionFile;

declare_rule! {
    /// Tables are created or dropped by metadata that the application changes.
    ///
    /// ## What it flags
    /// `metadata.create_all()` and `drop_all()` of metadata that the file imports. Metadata and models that the file makes itself are fixed, and
    /// fine.
    ///
    /// ## Why
    /// The revision makes whatever the models are today: a new database gets columns that later revisions add again, and fails there. `drop_all()` drops
    /// tables that the revision did not create.
    ///
    /// ## Example
    /// ```python
    /// from geoalchemy2 import metadata
    ///
    /// def upgrade():
    ///     metadata.create_all(op.get_bind())
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True))
    /// ```
    "create-all-in-revision" {
        group: Hygiene,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let file = &ctx.file().file;
    let references = references(file);
    let calls = references.iter().filter_map(|met| {
        let Expr::Call(call) = met.expr else { return None };
        let Expr::Attribute(method) = &*call.func else { return None };
        matches!(method.attr.as_str(), "create_all" | "drop_all").then_some((call, method))
    });
    let mut made: Option<HashSet<&str>> = None;
    for (call, method) in calls {
        let made = made.get_or_insert_with(|| made_here(file));
        if root(&method.value).is_none_or(|name| made.contains(name)) {
            continue;
        }
        let range = call.start().to_usize()..call.end().to_usize();
        let what = if method.attr.as_str() == "create_all" { "creates" } else { "drops" };
        ctx.report(range, format!("`{}()` {what} whatever the models are when it runs", method.attr))
            .help("write the tables down with `op.create_table()` and `op.drop_table()`");
    }
}

/// `Base` of `Base.metadata`.
fn root(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Attribute(attribute) => root(&attribute.value),
        Expr::Name(name) => Some(name.id.as_str()),
        _ => None,
    }
}

/// Names of metadata, declarative bases and models that the file makes.
fn made_here(file: &RevisionFile) -> HashSet<&str> {
    let mut made = Made(HashSet::new());
    made.visit_body(file.body().unwrap_or_default());
    made.0
}

struct Made<'a>(HashSet<&'a str>);

impl<'a> Visitor<'a> for Made<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::ClassDef(class) => {
                self.0.insert(class.name.as_str());
            }
            Stmt::Assign(assign) if assign.value.is_call_expr() => {
                self.0.extend(
                    assign.targets.iter().filter_map(|target| target.as_name_expr()).map(|name| name.id.as_str()),
                );
            }
            // `metadata = Base.metadata` of a base that the file makes.
            Stmt::Assign(assign) if root(&assign.value).is_some_and(|name| self.0.contains(name)) => {
                self.0.extend(
                    assign.targets.iter().filter_map(|target| target.as_name_expr()).map(|name| name.id.as_str()),
                );
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    // Nothing is assigned in an expression that matters here.
    fn visit_expr(&mut self, _: &'a Expr) {}
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "create-all-in-revision";

    #[test]
    fn imported_metadata_err() {
        assert_snapshot!(findings(RULE, "from app import Base\n\ndef upgrade():\n    Base.metadata.create_all(op.get_bind())\n"), @"
        22:5 error: `create_all()` creates whatever the models are when it runs
          help: write the tables down with `op.create_table()` and `op.drop_table()`
        ");
        assert_snapshot!(findings(RULE, "from app import metadata\n\ndef downgrade():\n    metadata.drop_all(op.get_bind())\n"), @"
        21:5 error: `drop_all()` drops whatever the models are when it runs
          help: write the tables down with `op.create_table()` and `op.drop_table()`
        ");
    }

    #[test]
    fn own_metadata_ok() {
        for text in [
            "metadata = sa.MetaData()\n\ndef upgrade():\n    metadata.create_all(op.get_bind())\n",
            "Base = sa.orm.declarative_base()\n\ndef upgrade():\n    Base.metadata.create_all(op.get_bind())\n",
            "class Base(sa.orm.DeclarativeBase):\n    pass\n\ndef upgrade():\n    m = Base.metadata\n    m.create_all(op.get_bind())\n",
        ] {
            assert_eq!(findings(RULE, text), "", "{text}");
        }
    }
}
