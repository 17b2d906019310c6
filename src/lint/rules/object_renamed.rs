use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::{Name, ObjectKind, OperationKind};

declare_rule! {
    /// A view, a function, a type or a value of an enum is renamed, or moved to another schema.
    ///
    /// ## What it flags
    /// ALTER … RENAME of views, functions, sequences, types, domains and schemas, ALTER TYPE … RENAME VALUE and ALTER … SET SCHEMA in
    /// an upgrade. Not indexes, constraints and triggers, which code seldom names; not types that are made anew under their old
    /// name in the same revision.
    ///
    /// ## Why
    /// Code that runs during the deployment uses the old name, or the old schema.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("ALTER VIEW active_users RENAME TO current_users")
    /// ```
    ///
    /// ## Use instead
    /// A second one under the new name, until no running release knows the old one.
    /// ```python
    /// def upgrade():
    ///     op.execute("CREATE VIEW current_users AS SELECT * FROM active_users")
    /// ```
    "object-renamed" {
        group: Compatibility,
        level: Warning,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let message = match &operation.kind {
            OperationKind::RenameObject { object, name, new_name }
                if is_used(*object) && !is_remade(ctx, name.as_deref()) =>
            {
                let old = named(*object, name.as_deref());
                let new = new_name.as_ref().map_or(String::new(), |new| format!(" to `{new}`"));
                format!("renaming {old}{new} breaks code that still uses the old name")
            }
            OperationKind::RenameEnumValue { name, value, new_value } => {
                format!("renaming `{value}` of `{name}` to `{new_value}` breaks code that still writes the old value")
            }
            OperationKind::MoveObject { object, name, schema } if is_used(*object) || *object == ObjectKind::Table => {
                let old = named(*object, name.as_deref());
                let new = schema.as_ref().map_or("another schema".to_owned(), |schema| format!("`{schema}`"));
                format!("moving {old} to {new} breaks code that looks for it in the old schema")
            }
            _ => continue,
        };
        ctx.report(operation.range.clone(), message).help("keep the old name until no running release uses it");
    }
}

/// Whether code names such objects.
fn is_used(object: ObjectKind) -> bool {
    use ObjectKind as O;
    matches!(
        object,
        O::View | O::MaterializedView | O::Function | O::Procedure | O::Sequence | O::Domain | O::Type | O::Schema
    )
}

fn named(object: ObjectKind, name: Option<&str>) -> String {
    let word = object.word();
    name.map_or_else(|| format!("a {word}"), |name| format!("the {word} `{name}`"))
}

/// Whether this revision makes another of that name.
fn is_remade(ctx: &LintContext<'_>, renamed: Option<&str>) -> bool {
    let Some(renamed) = renamed else { return false };
    ctx.upgrade().operations.iter().any(|operation| match &operation.kind {
        OperationKind::CreateEnum { enum_type, .. } => enum_type.name == Name::Known(renamed.to_owned()),
        OperationKind::CreateObject { name, .. } | OperationKind::RenameObject { new_name: name, .. } => {
            name.as_deref() == Some(renamed)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "object-renamed";

    #[test]
    fn renamed_err() {
        let text = "def upgrade():\n    op.execute('ALTER VIEW active RENAME TO current')\n    \
                    op.execute(\"ALTER TYPE status RENAME VALUE 'new' TO 'fresh'\")\n    \
                    op.execute('ALTER TABLE users SET SCHEMA app')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:17 warning: renaming the view `active` to `current` breaks code that still uses the old name
          help: keep the old name until no running release uses it
        21:17 warning: renaming `new` of `status` to `fresh` breaks code that still writes the old value
          help: keep the old name until no running release uses it
        22:17 warning: moving the table `users` to `app` breaks code that looks for it in the old schema
          help: keep the old name until no running release uses it
        ");
    }

    #[test]
    fn index_ok() {
        assert_eq!(findings(RULE, "def upgrade():\n    op.execute('ALTER INDEX a RENAME TO b')\n"), "");
    }

    #[test]
    fn type_made_anew_ok() {
        let text = "def upgrade():\n    op.execute('ALTER TYPE status RENAME TO status_old')\n    \
                    op.execute(\"CREATE TYPE status AS ENUM ('a')\")\n";
        assert_eq!(findings(RULE, text), "");
    }
}
