use super::declare_rule;
use crate::lint::{FileIndex, LintContext, LintProject};
use crate::operation::{Body, Operation, OperationKind, TableName};
use crate::schema::UnknownObject;

declare_rule! {
    /// A table is dropped that no revision has created.
    ///
    /// ## What it flags
    /// `drop_table` in `upgrade()` of a table that the history does not know and does not work on anywhere else: PostGIS's `spatial_ref_sys`, tables of another
    /// application in the same database.
    ///
    /// ## Why
    /// Autogenerate drops what the models do not have, whoever it belongs to. The data of an extension or of a neighbour is gone.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True))
    ///
    /// def downgrade():
    ///     op.drop_table("users")
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.drop_table("spatial_ref_sys")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True))
    ///
    /// def downgrade():
    ///     op.drop_table("users")
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("place", sa.Text()))
    /// ```
    "foreign-table-drop" {
        group: Hygiene,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for (operation, table) in foreign_drops(ctx) {
        ctx.report(operation.range.clone(), format!("the table `{table}` is dropped, and no revision has created it"))
            .help("leave it alone by `include_object` or `include_name` in env.py, unless it is yours");
    }
}

/// The drops of the upgrade whose table no revision has created.
pub(super) fn foreign_drops<'a>(ctx: &LintContext<'a>) -> Vec<(&'a Operation, &'a TableName)> {
    let (Some(revision), project) = (ctx.revision(), ctx.project()) else { return Vec::new() };
    let unknown = project.schemas.unknown(revision).iter().filter_map(|unknown| {
        let table = unknown.table.as_ref().filter(|_| unknown.object == UnknownObject::Table)?;
        let operation = ctx.upgrade().operations.get(unknown.operation)?;
        matches!(operation.kind, OperationKind::DropTable { .. }).then_some((operation, table))
    });
    let drops: Vec<_> = unknown.filter(|(_, table)| !is_worked_on(project, ctx.file_index(), table)).collect();
    if drops.is_empty() || is_older_than_history(project) { Vec::new() } else { drops }
}

/// Whether another revision creates or changes the table: it is the project's own, and older than its history.
fn is_worked_on(project: &LintProject, own: FileIndex, table: &TableName) -> bool {
    let works = |body: &Body| {
        body.operations.iter().any(|operation| operation.kind.table().is_some_and(|of| of.name == table.name))
    };
    project.indexes().filter(|index| *index != own).any(|index| {
        let operations = &project.file(index).operations;
        works(&operations.upgrade) || works(&operations.downgrade)
    })
}

/// Whether revisions change tables that none has created: the schema was there before its history.
fn is_older_than_history(project: &LintProject) -> bool {
    project.graph.map.iter().any(|revision| {
        let upgrade = &project.file(project.file_of(revision)).operations.upgrade;
        project.schemas.unknown(revision).iter().any(|unknown| {
            let operation = upgrade.operations.get(unknown.operation);
            let is_drop = operation.is_some_and(|operation| matches!(operation.kind, OperationKind::DropTable { .. }));
            unknown.object == UnknownObject::Table && !is_drop
        })
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::History;

    fn found(last: &str) -> String {
        let create = "def upgrade():\n    op.create_table('users', sa.Column('id', sa.Integer()))\n";
        History::new().revision(create).revision(last).findings("foreign-table-drop")
    }

    #[test]
    fn nobody_created_it_err() {
        assert_snapshot!(found("def upgrade():\n    op.drop_table('spatial_ref_sys')\n"), @"
        20260102_120000_step_2.py:20:5 warning: the table `spatial_ref_sys` is dropped, and no revision has created it
          help: leave it alone by `include_object` or `include_name` in env.py, unless it is yours
        ");
    }

    #[test]
    fn older_than_the_history_ok() {
        let alter = "def upgrade():\n    op.add_column('legacy', sa.Column('id', sa.Integer()))\n";
        let drop = "def upgrade():\n    op.drop_table('legacy')\n    op.drop_table('proxies')\n";
        assert_eq!(History::new().revision(alter).revision(drop).findings("foreign-table-drop"), "");
    }

    #[test]
    fn own_tables_ok() {
        assert_eq!(found("def upgrade():\n    op.drop_table('users')\n"), "");
        assert_eq!(found("def upgrade():\n    op.execute('DROP TABLE IF EXISTS spatial_ref_sys')\n"), "");
    }
}
