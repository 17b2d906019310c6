use super::declare_rule;
use crate::lint::{Applicability, Fix, LintContext, inverse};
use crate::operation::{ColumnType, EnumType, Name, ObjectKind, Operation, OperationKind, TypeKind};

declare_rule! {
    /// An enum type that the upgrade creates stays behind in the downgrade.
    ///
    /// ## What it flags
    /// Native enums that come with `op.create_table`, by `.create()` or by CREATE TYPE, and that `downgrade()` does not drop. Not where
    /// the type was there before, and not where the downgrade does nothing or fails anyway.
    ///
    /// ## Why
    /// Dropping the table does not drop the type: the next upgrade fails, because the type is there already.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_table("jobs", sa.Column("state", sa.Enum("new", "done", name="job_state")))
    ///
    ///
    /// def downgrade():
    ///     op.drop_table("jobs")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.create_table("jobs", sa.Column("state", sa.Enum("new", "done", name="job_state")))
    ///
    ///
    /// def downgrade():
    ///     op.drop_table("jobs")
    ///     sa.Enum(name="job_state").drop(op.get_bind())
    /// ```
    "enum-not-dropped" {
        group: Downgrade,
        level: Error,
        dialects: [Postgresql],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let downgrade = ctx.downgrade();
    if downgrade.definition.is_none() || downgrade.is_empty || downgrade.raises.is_some() {
        return;
    }
    let mut seen = Vec::new();
    for operation in ctx.upgrade_operations() {
        for created in created(operation) {
            let Some(name) = created.name.known() else { continue };
            if seen.contains(&name) || was_there(ctx, name) || is_gone(ctx, name) {
                continue;
            }
            seen.push(name);
            let fix = dropped(ctx, operation, created);
            let finding = ctx.report(
                operation.range.clone(),
                format!("the enum type `{name}` stays behind in the downgrade, and the next upgrade fails on it"),
            );
            finding
                .help(format!("drop it at the end of `downgrade()`: `sa.Enum(name=\"{name}\").drop(op.get_bind())`"));
            finding.fix = fix;
        }
    }
}

/// Safe where the upgrade certainly made the type.
fn dropped(ctx: &LintContext<'_>, operation: &Operation, created: &EnumType) -> Option<Fix> {
    let may_be_older = operation.context.is_conditional
        || matches!(operation.kind, OperationKind::CreateEnum { if_not_exists: true, .. });
    Some(Fix {
        title: "drop the type at the end of `downgrade()`".to_owned(),
        applicability: if may_be_older { Applicability::Unsafe } else { Applicability::Safe },
        edits: vec![ctx.append_to_downgrade(&[inverse::drop_enum(ctx, created)?])?],
    })
}

/// The enum types that come with an operation. `add_column` creates none.
fn created(operation: &Operation) -> Vec<&EnumType> {
    match &operation.kind {
        OperationKind::CreateEnum { enum_type, .. } => vec![enum_type],
        OperationKind::CreateTable(create) if operation.sql.is_none() => {
            create.columns.iter().filter_map(|column| column.type_.as_ref()).filter_map(enum_of).collect()
        }
        _ => Vec::new(),
    }
}

fn enum_of(type_: &ColumnType) -> Option<&EnumType> {
    match &type_.kind {
        TypeKind::Enum(own) if own.is_native && own.creates_type => Some(own),
        TypeKind::Array(element) => enum_of(element),
        _ => None,
    }
}

/// Whether an earlier revision made the type, or this one makes it in the place of one that it renamed or dropped.
fn was_there(ctx: &LintContext<'_>, name: &str) -> bool {
    let is_replaced = ctx.upgrade().operations.iter().any(|operation| match &operation.kind {
        OperationKind::DropEnum { name: Name::Known(dropped), .. } => dropped == name,
        OperationKind::RenameObject { object: ObjectKind::Type, name: renamed, .. }
        | OperationKind::DropObject { object: ObjectKind::Type, name: renamed, .. } => renamed.as_deref() == Some(name),
        _ => false,
    });
    is_replaced || ctx.schema_before().is_some_and(|schema| schema.enum_type(name).is_some())
}

/// Whether the downgrade drops the type, or does something with it that was not understood.
fn is_gone(ctx: &LintContext<'_>, name: &str) -> bool {
    let downgrade = ctx.downgrade();
    let is_dropped = downgrade.operations.iter().any(|operation| match &operation.kind {
        OperationKind::DropEnum { name: dropped, .. } => *dropped == Name::Unknown || dropped.known() == Some(name),
        OperationKind::RenameObject { object: ObjectKind::Type, name: dropped, .. }
        | OperationKind::DropObject { object: ObjectKind::Type, name: dropped, .. } => {
            dropped.as_deref().is_none_or(|dropped| dropped == name)
        }
        OperationKind::DropSchema { .. } | OperationKind::CreateAll { is_drop: true } => true,
        _ => false,
    });
    let may_be = downgrade.not_analysed.iter().any(|call| {
        let text = ctx.text().get(call.range.clone()).unwrap_or_default();
        !call.is_partly_known || text.contains(name)
    });
    is_dropped || may_be
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings, fixed};

    const RULE: &str = "enum-not-dropped";
    const TABLE: &str = "op.create_table('jobs', sa.Column('s', sa.Enum('new', 'done', name='job_state')))";

    #[test]
    fn left_behind_err() {
        let text = format!("def upgrade():\n    {TABLE}\n\ndef downgrade():\n    op.drop_table('jobs')\n");
        assert_snapshot!(findings(RULE, &text), @r#"
        19:5 error: the enum type `job_state` stays behind in the downgrade, and the next upgrade fails on it
          help: drop it at the end of `downgrade()`: `sa.Enum(name="job_state").drop(op.get_bind())`
        "#);
        let sql = "def upgrade():\n    op.execute(\"CREATE TYPE t AS ENUM ('a')\")\n\ndef downgrade():\n    op.drop_table('jobs')\n";
        assert_snapshot!(findings(RULE, sql), @r#"
        19:17 error: the enum type `t` stays behind in the downgrade, and the next upgrade fails on it
          help: drop it at the end of `downgrade()`: `sa.Enum(name="t").drop(op.get_bind())`
        "#);
    }

    #[test]
    fn at_the_end_fix() {
        let text = "def upgrade():\n    op.create_table('jobs', sa.Column('s', sa.Enum('a', name='s')), sa.Column('k', sa.Enum('b', name='k', schema='x')))\n\n\n\
                    def downgrade():\n    # ### commands\n    op.drop_table('jobs')  # all of it\n    # ### end\n";
        assert_snapshot!(fixed(RULE, text), @r#"
        def upgrade():
            op.create_table('jobs', sa.Column('s', sa.Enum('a', name='s')), sa.Column('k', sa.Enum('b', name='k', schema='x')))


        def downgrade():
            # ### commands
            op.drop_table('jobs')  # all of it
            sa.Enum(name="s").drop(op.get_bind(), checkfirst=True)
            sa.Enum(name="k", schema="x").drop(op.get_bind(), checkfirst=True)
            # ### end
        "#);
    }

    #[test]
    fn on_one_line_fix() {
        let text = format!("def upgrade():\n    {TABLE}\n\n\ndef downgrade(): op.drop_table('jobs')");
        assert_eq!(fixed(RULE, &text), text);
    }

    #[test]
    fn dropped_ok() {
        for drop in ["sa.Enum(name='job_state').drop(op.get_bind())", "op.execute('DROP TYPE IF EXISTS job_state')"] {
            let text =
                format!("def upgrade():\n    {TABLE}\n\ndef downgrade():\n    op.drop_table('jobs')\n    {drop}\n");
            assert_eq!(findings(RULE, &text), "");
        }
    }

    #[test]
    fn there_before_ok() {
        let history = History::new()
            .revision("def upgrade():\n    op.execute(\"CREATE TYPE job_state AS ENUM ('new', 'done')\")\n")
            .revision(&format!("def upgrade():\n    {TABLE}\n\ndef downgrade():\n    op.drop_table('jobs')\n"));
        assert_eq!(history.findings(RULE), "");
    }

    #[test]
    fn not_native_ok() {
        let text = "def upgrade():\n    op.create_table('jobs', sa.Column('s', sa.Enum('a', name='t', native_enum=False)))\n\n\
                    def downgrade():\n    op.drop_table('jobs')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
