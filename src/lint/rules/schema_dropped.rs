use super::declare_rule;
use crate::lint::{LintContext, Loss};
use crate::operation::OperationKind;

declare_rule! {
    /// A schema or a database is dropped.
    ///
    /// ## What it flags
    /// DROP SCHEMA and DROP DATABASE in an upgrade, of a schema that this revision did not create.
    ///
    /// ## Why
    /// With CASCADE everything in it is gone at once, that of other applications included.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("DROP SCHEMA reporting CASCADE")
    /// ```
    ///
    /// ## Use instead
    /// Its tables one by one, each when nobody uses it any more; the empty schema can stay.
    /// ```python
    /// def upgrade():
    ///     op.execute("REVOKE USAGE ON SCHEMA reporting FROM app")
    /// ```
    "schema-dropped" {
        group: Compatibility,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let course = ctx.upgrade_course();
    for operation in ctx.upgrade_operations() {
        for loss in Loss::of(course, operation) {
            let message = match &loss {
                Loss::Schema(schema) if !creates(ctx, schema) => format!("dropping {loss} loses what is in it"),
                Loss::Database => "dropping a database loses everything".to_owned(),
                _ => continue,
            };
            ctx.report(operation.range.clone(), message)
                .help("drop its tables one by one, each when nobody uses it any more");
        }
    }
}

fn creates(ctx: &LintContext<'_>, schema: &str) -> bool {
    ctx.upgrade().operations.iter().any(
        |operation| matches!(&operation.kind, OperationKind::CreateSchema { name, .. } if name.as_deref() == Some(schema)),
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "schema-dropped";

    #[test]
    fn existing_schema_err() {
        let text = "def upgrade():\n    op.execute('DROP SCHEMA IF EXISTS reporting CASCADE')\n    op.execute('DROP DATABASE old')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:17 error: dropping the schema `reporting` loses what is in it
          help: drop its tables one by one, each when nobody uses it any more
        21:17 error: dropping a database loses everything
          help: drop its tables one by one, each when nobody uses it any more
        ");
    }

    #[test]
    fn own_schema_ok() {
        let text = "def upgrade():\n    op.execute('CREATE SCHEMA tmp')\n    op.execute('DROP SCHEMA tmp CASCADE')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
