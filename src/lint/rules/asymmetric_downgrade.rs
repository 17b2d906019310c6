use std::collections::BTreeSet;

use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

use super::declare_rule;
use crate::lint::edits::{bytes, contains};
use crate::lint::{Applicability, Fix, LintContext, TypeChange, inverse, phrase};
use crate::operation::{ConstraintKind, Name, Operation, OperationKind, TableName};
use crate::schema::{Difference, DifferenceKind, TableConstraint};

declare_rule! {
    /// `downgrade()` does not bring back the schema that `upgrade()` found.
    ///
    /// ## What it flags
    /// The folded schema before the upgrade is compared with that after upgrade and downgrade: tables, columns, indexes and constraints
    /// that the upgrade created and the downgrade leaves, or that the upgrade dropped and the downgrade does not create again, and
    /// columns that come back with another type or nullability. Reported at the operation of the upgrade that is not undone. Where
    /// something was not understood, nothing is said. Enum types have a rule of their own, `enum-not-dropped`.
    ///
    /// ## Why
    /// Code of before the upgrade meets a schema that it does not know, and the next upgrade fails on what is there already.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True))
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8)))
    ///     op.add_column("users", sa.Column("region", sa.String(8)))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "locale")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True))
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8)))
    ///     op.add_column("users", sa.Column("region", sa.String(8)))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "region")
    ///     op.drop_column("users", "locale")
    /// ```
    "asymmetric-downgrade" {
        group: Downgrade,
        level: Error,
        dialects: [],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let downgrade = ctx.downgrade();
    // An empty or failing downgrade is a finding of its own.
    if downgrade.definition.is_none() || downgrade.is_empty || downgrade.raises.is_some() {
        return;
    }
    let (Some(revision), Some(before)) = (ctx.revision(), ctx.schema_before()) else { return };
    let differences = before.difference(ctx.project().schemas.after_downgrade(revision));
    let mut found: Vec<(&Operation, Vec<String>)> = Vec::new();
    for difference in &differences {
        let Some(phrase) = phrase_among(difference, &differences) else { continue };
        // Without an operation of the upgrade it is the downgrade that does too much.
        let Some(operation) = ctx.upgrade_operations().find(|operation| is_cause(operation, difference)) else {
            continue;
        };
        match found.iter_mut().find(|(known, _)| std::ptr::eq(*known, operation)) {
            Some((_, phrases)) => phrases.push(phrase),
            None => found.push((operation, vec![phrase])),
        }
    }
    for (operation, phrases) in found {
        let fix = undone(ctx, operation);
        let message = format!("not undone by the downgrade: {}", phrase::list(&phrases));
        let finding = ctx.report(operation.range.clone(), message);
        finding.help("add the inverse to `downgrade()`");
        finding.fix = fix;
    }
}

/// In words; `None` where it is not worth a word, or said with another: what is missing and extra under one name is another.
fn phrase_among(difference: &Difference, all: &[Difference]) -> Option<String> {
    use DifferenceKind as D;
    let table = phrase::table(difference.table.as_ref());
    let others = all.iter().filter(|other| other.table == difference.table);
    let twin = others.map(|other| &other.kind).find(|other| match (&difference.kind, other) {
        (D::IndexMissing(one), D::IndexExtra(two)) | (D::IndexExtra(one), D::IndexMissing(two)) => {
            one.name.known().is_some() && one.name == two.name
        }
        (D::ConstraintMissing(one), D::ConstraintExtra(two)) | (D::ConstraintExtra(one), D::ConstraintMissing(two)) => {
            one.name.known().is_some() && one.name == two.name || is_same_key(one, two)
        }
        _ => false,
    });
    match (&difference.kind, twin) {
        (_, None) => phrase(difference),
        (D::IndexMissing(old), Some(D::IndexExtra(new))) => {
            let how = match (old.unique, new.unique) {
                (true, false) => "without UNIQUE",
                (false, true) => "as a UNIQUE one",
                _ => "on other columns",
            };
            Some(format!("the index `{}` of {table} comes back {how}", old.name.known()?))
        }
        (D::ConstraintMissing(one), Some(D::ConstraintExtra(two))) if !is_same_key(one, two) => {
            Some(format!("the constraint `{}` of {table} comes back as another", one.name.known()?))
        }
        _ => None,
    }
}

/// Whether two keys are on the same columns, in whatever order.
fn is_same_key(one: &TableConstraint, two: &TableConstraint) -> bool {
    let is_key = matches!(one.kind, ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. });
    let columns = |key: &TableConstraint| key.columns().map(|columns| columns.iter().cloned().collect::<BTreeSet<_>>());
    let is_alike = std::mem::discriminant(&one.kind) == std::mem::discriminant(&two.kind);
    is_key && is_alike && columns(one).is_some() && columns(one) == columns(two)
}

/// Adds the inverse of what is new. Unsafe: that the downgrade leaves it may be meant so.
fn undone(ctx: &LintContext<'_>, operation: &Operation) -> Option<Fix> {
    use OperationKind as K;
    let is_new = matches!(
        operation.kind,
        K::CreateTable(_) | K::AddColumn { .. } | K::CreateIndex { .. } | K::CreateConstraint { .. }
    );
    let is_renaming = |other: &Operation| matches!(other.kind, K::RenameTable { .. });
    if !is_new || ctx.upgrade().operations.iter().any(is_renaming) {
        return None;
    }
    let statements = inverse::of_one(ctx, operation)?;
    let edit = match undoing_earlier(ctx, operation) {
        Some(statement) => ctx.insert_before(statement, &statements)?,
        None => ctx.append_to_downgrade(&statements)?,
    };
    let title = "add the inverse to `downgrade()`".to_owned();
    Some(Fix { title, applicability: Applicability::Unsafe, edits: vec![edit] })
}

/// The first statement of the downgrade about a table that the upgrade works on before this operation: what was made last goes first.
fn undoing_earlier<'a>(ctx: &LintContext<'a>, operation: &Operation) -> Option<&'a Stmt> {
    let earlier = ctx.upgrade_course().earlier(operation);
    let is_of_earlier = |undoing: &&Operation| {
        let table = undoing.kind.table();
        table.is_some() && earlier.iter().any(|earlier| earlier.kind.table() == table)
    };
    let undoing = ctx.downgrade().operations.iter().find(is_of_earlier)?;
    let statements = &ctx.function("downgrade")?.body;
    statements.iter().find(|statement| contains(&bytes(statement.range()), &undoing.statement))
}

fn phrase(difference: &Difference) -> Option<String> {
    use DifferenceKind as D;
    let table = phrase::table(difference.table.as_ref());
    let column = |name: &str| phrase::column(difference.table.as_ref(), Some(name));
    let named = |word: &str, name: &Name| match name.known() {
        Some(name) => format!("the {word} `{name}` of {table}"),
        None => format!("a {word} of {table}"),
    };
    Some(match &difference.kind {
        D::TableMissing => format!("the table {table} does not come back"),
        D::TableExtra => format!("the table {table} stays"),
        D::ColumnMissing(name) => format!("the column {} does not come back", column(name)),
        D::ColumnExtra(name) => format!("the column {} stays", column(name)),
        // One that is narrower than before is the downgrade's own fault, and `destructive-downgrade` says so.
        D::TypeDiffers { expected, found, .. }
            if matches!(TypeChange::between(&expected.kind, &found.kind), TypeChange::Narrowed(_)) =>
        {
            return None;
        }
        D::TypeDiffers { column: name, expected, found } => {
            format!("{} was `{}` and comes back as `{}`", column(name), expected.text, found.text)
        }
        D::NullableDiffers { column: name, expected: true } => format!("{} ends up NOT NULL", column(name)),
        D::NullableDiffers { column: name, expected: false } => format!("{} ends up nullable", column(name)),
        D::IndexMissing(index) => format!("{} does not come back", named("index", &index.name)),
        D::IndexExtra(index) => format!("{} stays", named("index", &index.name)),
        D::ConstraintMissing(constraint) => format!("{} does not come back", named("constraint", &constraint.name)),
        D::ConstraintExtra(constraint) => format!("{} stays", named("constraint", &constraint.name)),
        // What a default was is written in too many ways; enum types have rules of their own.
        D::DefaultDiffers { .. } | D::EnumMissing(_) | D::EnumExtra(_) | D::EnumValuesDiffer { .. } => return None,
    })
}

/// Whether the upgrade made this difference by that operation.
fn is_cause(operation: &Operation, difference: &Difference) -> bool {
    use {DifferenceKind as D, OperationKind as K};
    let Some(table) = &difference.table else { return false };
    let is_of = |of: &Option<TableName>| of.as_ref() == Some(table);
    let is_named = |name: &Name, other: &Name| name.known().is_some() && name == other;
    match (&operation.kind, &difference.kind) {
        (K::CreateTable(create), D::TableExtra) => is_of(&create.table),
        (K::RenameTable { table: Some(old), new_name }, D::TableExtra) => {
            old.schema == table.schema && new_name.as_ref() == Some(&table.name)
        }
        (K::DropTable { table: of, .. } | K::RenameTable { table: of, .. }, D::TableMissing) => is_of(of),
        (K::AddColumn { table: of, column, .. }, D::ColumnExtra(name)) => {
            is_of(of) && column.name.as_ref() == Some(name)
        }
        (K::DropColumn { table: of, column, .. }, D::ColumnMissing(name)) => is_of(of) && column.as_ref() == Some(name),
        (K::AlterColumn(alter), kind) => {
            let column = alter.column.as_ref();
            is_of(&alter.table)
                && match kind {
                    D::ColumnExtra(name) => alter.new_name.as_ref() == Some(name),
                    D::ColumnMissing(name) => alter.new_name.is_some() && column == Some(name),
                    D::TypeDiffers { column: name, .. } => alter.type_.is_some() && column == Some(name),
                    D::NullableDiffers { column: name, .. } => alter.nullable.is_some() && column == Some(name),
                    _ => false,
                }
        }
        (
            K::DropColumn { table: of, column, .. },
            D::TypeDiffers { column: name, .. } | D::NullableDiffers { column: name, .. },
        ) => is_of(of) && column.as_ref() == Some(name),
        (K::CreateIndex { table: of, index, .. }, D::IndexExtra(extra)) => {
            is_of(of) && (is_named(&index.name, &extra.name) || index.columns == extra.columns)
        }
        (K::DropIndex { name, .. }, D::IndexMissing(index)) => is_named(name, &index.name),
        (K::CreateConstraint { table: of, constraint }, D::ConstraintExtra(extra)) => {
            is_of(of) && (is_named(&constraint.name, &extra.name) || constraint.kind == extra.kind)
        }
        (K::DropConstraint { table: of, name, .. }, D::ConstraintMissing(constraint)) => {
            is_of(of) && is_named(name, &constraint.name)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings, fixed};

    const RULE: &str = "asymmetric-downgrade";
    const CREATE: &str = "def upgrade():\n    op.create_table('users', sa.Column('id', sa.Integer()), \
                          sa.Column('phone', sa.String(20)), sa.Column('name', sa.String(50)))\n";

    fn second(upgrade: &str, downgrade: &str) -> String {
        let text = format!("def upgrade():\n    {upgrade}\n\ndef downgrade():\n    {downgrade}\n");
        History::new().revision(CREATE).revision(&text).findings(RULE)
    }

    #[test]
    fn left_and_lost_err() {
        let upgrade = "op.add_column('users', sa.Column('a', sa.Text()))\n    op.create_index('i', 'users', ['name'])\n    \
                       op.drop_column('users', 'phone')\n    op.create_table('orders', sa.Column('id', sa.Integer()))\n    \
                       op.alter_column('users', 'name', new_column_name='title')";
        assert_snapshot!(second(upgrade, "op.drop_column('users', 'a')"), @r"
        20260102_120000_step_2.py:20:5 error: not undone by the downgrade: the index `i` of `users` stays
          help: add the inverse to `downgrade()`
        20260102_120000_step_2.py:21:5 error: not undone by the downgrade: the column `users.phone` does not come back
          help: add the inverse to `downgrade()`
        20260102_120000_step_2.py:22:5 error: not undone by the downgrade: the table `orders` stays
          help: add the inverse to `downgrade()`
        20260102_120000_step_2.py:23:5 error: not undone by the downgrade: the column `users.name` does not come back and the column `users.title` stays
          help: add the inverse to `downgrade()`
        ");
    }

    #[test]
    fn inverse_fix() {
        let text = "def upgrade():\n    op.create_table('orders', sa.Column('id', sa.Integer()))\n    \
                    op.create_table('users', sa.Column('id', sa.Integer()))\n    op.create_index('i', 'users', ['id'])\n    \
                    op.create_table('jobs', sa.Column('id', sa.Integer()))\n\n\n\
                    def downgrade():\n    # The newest first.\n    op.drop_table('users')\n";
        assert_snapshot!(fixed(RULE, text), @r#"
        def upgrade():
            op.create_table('orders', sa.Column('id', sa.Integer()))
            op.create_table('users', sa.Column('id', sa.Integer()))
            op.create_index('i', 'users', ['id'])
            op.create_table('jobs', sa.Column('id', sa.Integer()))


        def downgrade():
            # The newest first.
            op.drop_table("jobs")
            op.drop_table('users')
            op.drop_table("orders")
        "#);
    }

    #[test]
    fn another_type_err() {
        let upgrade = "op.alter_column('users', 'name', existing_type=sa.String(50), type_=sa.Text())";
        let downgrade = "op.alter_column('users', 'name', existing_type=sa.Text(), type_=sa.String(80))";
        assert_snapshot!(second(upgrade, downgrade), @r"
        20260102_120000_step_2.py:19:5 error: not undone by the downgrade: `users.name` was `sa.String(50)` and comes back as `sa.String(80)`
          help: add the inverse to `downgrade()`
        ");
    }

    #[test]
    fn another_index_err() {
        let upgrade = "op.drop_index('i', table_name='users')";
        let downgrade = "op.create_index('i', 'users', ['phone'], unique=True)";
        let index = format!("{CREATE}    op.create_index('i', 'users', ['phone'])\n");
        let text = format!("def upgrade():\n    {upgrade}\n\ndef downgrade():\n    {downgrade}\n");
        assert_snapshot!(History::new().revision(&index).revision(&text).findings(RULE), @r"
        20260102_120000_step_2.py:19:5 error: not undone by the downgrade: the index `i` of `users` comes back as a UNIQUE one
          help: add the inverse to `downgrade()`
        ");
    }

    #[test]
    fn symmetric_ok() {
        let upgrade = "op.add_column('users', sa.Column('a', sa.Text(), index=True))\n    \
                       op.create_unique_constraint('u', 'users', ['phone'])\n    \
                       op.alter_column('users', 'name', new_column_name='title', nullable=False)";
        let downgrade = "op.alter_column('users', 'title', new_column_name='name', nullable=True)\n    \
                         op.drop_constraint('u', 'users')\n    op.drop_column('users', 'a')";
        assert_eq!(second(upgrade, downgrade), "");
    }

    #[test]
    fn empty_or_failing_ok() {
        assert_eq!(second("op.drop_column('users', 'phone')", "pass"), "");
        assert_eq!(second("op.drop_column('users', 'phone')", "raise NotImplementedError"), "");
    }

    #[test]
    fn not_understood_ok() {
        let text = "def upgrade():\n    op.drop_column('users', 'phone')\n\ndef downgrade():\n    bring_back(op)\n";
        assert_eq!(findings(RULE, text), "");
    }
}
