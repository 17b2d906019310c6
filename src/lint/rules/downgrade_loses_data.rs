use super::declare_rule;
use crate::lint::{Course, LintContext, Loss, Severity};
use crate::operation::{Operation, OperationKind};

declare_rule! {
    /// What the upgrade dropped comes back empty.
    ///
    /// ## What it flags
    /// A downgrade that creates a table or a column again that its upgrade dropped, and that does not fill it. Where the upgrade moved the
    /// values elsewhere first, so that they could be brought back, it is an error; else a warning.
    ///
    /// ## Why
    /// The schema looks as before, but the rows are not there: code of before the upgrade finds nothing, or writes over it.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("INSERT INTO contacts (user_id, phone) SELECT id, phone FROM users")
    ///     op.drop_column("users", "phone")  # limbec: ignore[column-dropped] moved to contacts
    ///
    ///
    /// def downgrade():
    ///     op.add_column("users", sa.Column("phone", sa.String(30)))
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.execute("INSERT INTO contacts (user_id, phone) SELECT id, phone FROM users")
    ///     op.drop_column("users", "phone")  # limbec: ignore[column-dropped] moved to contacts
    ///
    ///
    /// def downgrade():
    ///     op.add_column("users", sa.Column("phone", sa.String(30)))
    ///     op.execute("UPDATE users SET phone = c.phone FROM contacts c WHERE c.user_id = users.id")
    /// ```
    "downgrade-loses-data" {
        group: Downgrade,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (upgrade, downgrade) = (ctx.upgrade_course(), ctx.downgrade_course());
    for dropping in ctx.upgrade_operations() {
        for loss in Loss::of(upgrade, dropping) {
            let Some(creation) = ctx.downgrade_operations().find(|operation| creates_again(operation, &loss)) else {
                continue;
            };
            if is_new(upgrade, dropping, &loss)
                || is_filled(downgrade, creation, &loss)
                || may_be_filled(downgrade, creation)
            {
                continue;
            }
            let dropped = ctx.location(dropping.range.clone());
            let finding = if is_moved(ctx, dropping, &loss) {
                ctx.report(
                    creation.range.clone(),
                    format!("{loss} comes back empty, although the upgrade moved its values elsewhere"),
                )
                .help("bring the values back behind this")
            } else {
                ctx.report(creation.range.clone(), format!("{loss} comes back empty: the upgrade dropped its values"))
                    .help(
                        "keep the values somewhere in the upgrade, or fail on purpose: `# limbec: irreversible reason`",
                    )
                    .at_most(Severity::Warning)
            };
            finding.annotate(dropped, "dropped here");
        }
    }
}

fn is_new(upgrade: Course<'_>, dropping: &Operation, loss: &Loss) -> bool {
    match loss {
        Loss::Table(table) => upgrade.makes_before(dropping, table),
        Loss::Column { table, column } => {
            upgrade.makes_before(dropping, table) || upgrade.adds_before(dropping, table, column)
        }
        _ => true,
    }
}

/// Whether an operation of the downgrade makes anew what was lost.
fn creates_again(operation: &Operation, loss: &Loss) -> bool {
    match (&operation.kind, loss) {
        // One that reads a query is filled by it.
        (OperationKind::CreateTable(create), Loss::Table(table)) => {
            create.table.as_ref() == Some(table) && create.is_complete
        }
        (OperationKind::AddColumn { table: of, column: added, .. }, Loss::Column { table, column }) => {
            of.as_ref() == Some(table) && added.name.as_ref() == Some(column) && added.computed.is_none()
        }
        _ => false,
    }
}

fn is_filled(downgrade: Course<'_>, creation: &Operation, loss: &Loss) -> bool {
    downgrade.later(creation).iter().any(|later| match (&later.kind, loss) {
        (OperationKind::Insert { table: Some(of) }, Loss::Table(table) | Loss::Column { table, .. }) => of == table,
        (OperationKind::Update { table: Some(of), columns, .. }, Loss::Column { table, column }) => {
            of == table && (columns.is_empty() || columns.contains(column))
        }
        (OperationKind::RenameTable { new_name: Some(new), .. }, Loss::Table(table)) => *new == table.name,
        (OperationKind::Insert { table: None } | OperationKind::Update { table: None, .. }, _) => true,
        _ => false,
    })
}

/// Whether something behind the creation was not understood.
fn may_be_filled(downgrade: Course<'_>, creation: &Operation) -> bool {
    let unknown = downgrade.body.not_analysed.iter().filter(|call| !call.is_partly_known);
    unknown.into_iter().any(|call| call.range.start > creation.range.start)
}

/// Whether the upgrade wrote something from it before it dropped it.
fn is_moved(ctx: &LintContext<'_>, dropping: &Operation, loss: &Loss) -> bool {
    let (Loss::Table(table) | Loss::Column { table, .. }) = loss else { return false };
    let wanted = match loss {
        Loss::Column { column, .. } => column,
        _ => &table.name,
    };
    ctx.upgrade_course().earlier(dropping).iter().any(|earlier| {
        let writes = match &earlier.kind {
            OperationKind::Insert { table: into } => into.as_ref() != Some(table),
            OperationKind::Update { columns, .. } => !columns.contains(wanted),
            _ => false,
        };
        let text = earlier.sql.as_deref().or_else(|| ctx.text().get(earlier.range.clone()));
        writes && text.is_some_and(|text| mentions(text, wanted))
    })
}

fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "downgrade-loses-data";

    fn moved(downgrade: &str) -> String {
        let text = format!(
            "def upgrade():\n    op.execute('INSERT INTO contacts (phone) SELECT phone FROM users')\n    \
             op.drop_column('users', 'phone')\n\n\
             def downgrade():\n    op.add_column('users', sa.Column('phone', sa.Text()))\n{downgrade}"
        );
        findings(RULE, &text)
    }

    #[test]
    fn moved_and_not_moved_back_err() {
        assert_snapshot!(moved(""), @r"
        23:5 error: the column `users.phone` comes back empty, although the upgrade moved its values elsewhere
          help: bring the values back behind this
        ");
    }

    #[test]
    fn back_empty_err() {
        let text = "def upgrade():\n    op.drop_table('audit')\n\n\
                    def downgrade():\n    op.create_table('audit', sa.Column('id', sa.Integer()))\n";
        assert_snapshot!(findings(RULE, text), @r"
        22:5 warning: the table `audit` comes back empty: the upgrade dropped its values
          help: keep the values somewhere in the upgrade, or fail on purpose: `# limbec: irreversible reason`
        ");
    }

    #[test]
    fn moved_back_ok() {
        assert_eq!(
            moved("    op.execute('UPDATE users SET phone = c.phone FROM contacts c WHERE c.id = users.id')\n"),
            ""
        );
        assert_eq!(moved("    bring_back(op.get_bind())\n"), "");
    }

    #[test]
    fn own_column_ok() {
        let text = "def upgrade():\n    op.add_column('users', sa.Column('a', sa.Text()))\n\n\
                    def downgrade():\n    op.drop_column('users', 'a')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
