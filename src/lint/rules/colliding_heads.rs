use super::declare_rule;
use std::collections::BTreeSet;

use crate::lint::header::assigned_at;
use crate::lint::heads::accidental_heads;
use crate::lint::{LintProject, ProjectContext, phrase};
use crate::revision::RevisionIndex;
use crate::schema::Touched;

declare_rule! {
    /// Two heads change the same thing.
    ///
    /// ## What it flags
    /// Heads of one branch (see `several-heads`) whose own revisions change the same column, enum type, or a table that one of them creates, drops
    /// or renames.
    ///
    /// ## Why
    /// An empty merge joins the files and not what they do: the second one fails, or undoes the first, depending on the order in which a database
    /// got them.
    ///
    /// ## Example
    /// ```python file=20260110_140500_step_0.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    ///
    ///
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True))
    ///
    ///
    /// def downgrade():
    ///     op.drop_table("users")
    /// ```
    /// ```python file=20260111_140500_step_1.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "1c5e90b2f7aa"
    /// down_revision = "8f3a61c027d4"
    ///
    ///
    /// def upgrade():
    ///     op.add_column("users", sa.Column("tax", sa.Text()))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "tax")
    /// ```
    /// ```python file=20260112_140500_step_2.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "6d04be7713c9"
    /// down_revision = "8f3a61c027d4"
    ///
    ///
    /// def upgrade():
    ///     op.add_column("users", sa.Column("tax", sa.Text()))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "tax")
    /// ```
    ///
    /// ## Use instead
    /// ```python file=20260110_140500_step_0.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    ///
    ///
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True))
    ///
    ///
    /// def downgrade():
    ///     op.drop_table("users")
    /// ```
    /// ```python file=20260111_140500_step_1.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "1c5e90b2f7aa"
    /// down_revision = "8f3a61c027d4"
    ///
    ///
    /// def upgrade():
    ///     op.add_column("users", sa.Column("tax", sa.Text()))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "tax")
    /// ```
    /// ```python file=20260112_140500_step_2.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "6d04be7713c9"
    /// down_revision = "1c5e90b2f7aa"
    ///
    ///
    /// def upgrade():
    ///     op.add_column("users", sa.Column("vat", sa.Text()))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "vat")
    /// ```
    "colliding-heads" {
        group: Graph,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

/// Things that a message names.
const NAMED: usize = 3;

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    for heads in accidental_heads(&project.graph.map) {
        let pairs = heads.iter().enumerate().flat_map(|(at, a)| heads.iter().skip(at + 1).map(move |b| (*a, *b)));
        for (one, other) in pairs {
            report(ctx, project, one, other);
        }
    }
}

fn report(ctx: &mut ProjectContext<'_>, project: &LintProject, one: RevisionIndex, other: RevisionIndex) {
    let map = &project.graph.map;
    let (mine, theirs) = (map.only_below(other, one), map.only_below(one, other));
    let collision = mine.iter().flat_map(|a| theirs.iter().map(move |b| (*a, *b))).find_map(|(a, b)| {
        let things = in_both(project.schemas.touched(a)?, project.schemas.touched(b)?);
        (!things.is_empty()).then_some((a, b, things))
    });
    let Some((a, b, things)) = collision else { return };
    let mut named: Vec<String> = things.iter().take(NAMED).cloned().collect();
    if things.len() > NAMED {
        named.push("more".to_owned());
    }
    let (a_file, b_file) = (project.file_of(a), project.file_of(b));
    let place = ctx.location(a_file, assigned_at(&project.file(a_file).file, "revision"));
    let message = format!("`{}` and `{}` both change {}", map.revision(b).id, map.revision(a).id, phrase::list(&named));
    let range = assigned_at(&project.file(b_file).file, "revision");
    ctx.report(b_file, range, message)
        .help("put one behind the other with `limbec rebase` and adjust it; a merge alone is not enough")
        .global()
        .annotate(place, "the other change");
}

/// What both change, for people.
fn in_both(one: &Touched, other: &Touched) -> BTreeSet<String> {
    let mut things: BTreeSet<String> =
        one.enums.intersection(&other.enums).map(|name| format!("the enum `{name}`")).collect();
    for (table, column) in &one.columns {
        for (_, other_column) in other.columns.iter().filter(|(other_table, _)| other_table == table) {
            match (column, other_column) {
                (Some(column), Some(other)) if column == other => {
                    things.insert(format!("the column `{table}.{column}`"))
                }
                (None, _) | (_, None) => things.insert(format!("the table `{table}`")),
                _ => false,
            };
        }
    }
    things
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, graph};

    const RULE: &str = "colliding-heads";

    fn heads(one: &str, other: &str) -> String {
        let revision = |id: &str, upgrade: &str| {
            format!(
                "from alembic import op\nimport sqlalchemy as sa\nrevision = '{id}'\ndown_revision = 'a'\n\n\
                 def upgrade():\n    {upgrade}\n"
            )
        };
        let history: History = graph(&["a"]).file("b.py", &revision("b", one)).file("c.py", &revision("c", other));
        history.findings(RULE)
    }

    #[test]
    fn same_column_or_table_err() {
        let add = "op.add_column('users', sa.Column('tax', sa.Integer()))";
        assert_snapshot!(heads(add, add), @"
        c.py:3:12 error: `c` and `b` both change the column `users.tax`
          help: put one behind the other with `limbec rebase` and adjust it; a merge alone is not enough
        ");
        assert_snapshot!(heads(add, "op.drop_table('users')"), @"
        c.py:3:12 error: `c` and `b` both change the table `users`
          help: put one behind the other with `limbec rebase` and adjust it; a merge alone is not enough
        ");
    }

    #[test]
    fn several_columns_err() {
        let two = "op.add_column('users', sa.Column('a', sa.Integer()))\n    op.drop_column('users', 'b')";
        assert!(heads(two, two).contains("both change the column `users.a` and the column `users.b`\n"));
    }

    #[test]
    fn other_columns_ok() {
        let add = |name: &str| format!("op.add_column('users', sa.Column('{name}', sa.Integer()))");
        assert_eq!(heads(&add("a"), &add("b")), "");
    }
}
