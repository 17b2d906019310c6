use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::{Column, Constraint, Name, OperationKind, TableName};

declare_rule! {
    /// A name is longer than PostgreSQL's 63 bytes.
    ///
    /// ## What it flags
    /// Names of tables, columns, indexes, constraints, enum types, schemas and other objects that an upgrade creates, or renames to. Names
    /// that SQLAlchemy or PostgreSQL choose are not looked at: they are cut to fit when they are made.
    ///
    /// ## Why
    /// PostgreSQL cuts the name in SQL text, and SQLAlchemy refuses it or cuts it in its own way: whoever asks for the full name, a
    /// downgrade or another revision, finds something else or nothing.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_table(
    ///         "a_table_with_a_name_that_goes_on_and_on_until_nobody_reads_it_any_more",
    ///         sa.Column("id", sa.Integer(), primary_key=True),
    ///     )
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.create_table("short_name", sa.Column("id", sa.Integer(), primary_key=True))
    /// ```
    "identifier-too-long" {
        group: Compatibility,
        level: Warning,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

/// NAMEDATALEN - 1
const BYTES: usize = 63;

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let mut names = Vec::new();
        collect(&operation.kind, &mut names);
        for name in names.into_iter().filter(|name| name.len() > BYTES) {
            ctx.report(operation.range.clone(), format!("`{name}` has {} bytes, PostgreSQL keeps {BYTES}", name.len()))
                .help("choose a shorter name");
        }
    }
}

fn collect<'a>(kind: &'a OperationKind, names: &mut Vec<&'a str>) {
    use OperationKind as K;
    let of_table = |table: &'a Option<TableName>| table.as_ref().map(|table| table.name.as_str());
    match kind {
        K::CreateTable(create) => {
            names.extend(of_table(&create.table));
            create.columns.iter().for_each(|column| collect_column(column, names));
            create.constraints.iter().for_each(|constraint| collect_constraint(constraint, names));
            names.extend(create.indexes.iter().filter_map(|index| index.name.known()));
        }
        K::AddColumn { column, .. } => collect_column(column, names),
        K::AlterColumn(alter) => names.extend(alter.new_name.as_deref()),
        K::CreateIndex { index, .. } => names.extend(index.name.known()),
        K::CreateConstraint { constraint, .. } => collect_constraint(constraint, names),
        K::CreateEnum { enum_type, .. } => names.extend(enum_type.name.known()),
        K::AddEnumValue { value, .. } => names.push(value),
        K::RenameTable { new_name, .. } | K::RenameObject { new_name, .. } => names.extend(new_name.as_deref()),
        K::CreateObject { name, .. } | K::CreateSchema { name, .. } => names.extend(name.as_deref()),
        _ => {}
    }
}

fn collect_column<'a>(column: &'a Column, names: &mut Vec<&'a str>) {
    names.extend(column.name.as_deref());
    column.constraints.iter().for_each(|constraint| collect_constraint(constraint, names));
}

fn collect_constraint<'a>(constraint: &'a Constraint, names: &mut Vec<&'a str>) {
    if let Name::Known(name) = &constraint.name {
        names.push(name);
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "identifier-too-long";

    #[test]
    fn too_long_err() {
        let name = "x".repeat(64);
        let text = format!("def upgrade():\n    op.create_index('{name}', 'users', ['email'])\n");
        assert_snapshot!(findings(RULE, &text), @r"
        20:5 warning: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has 64 bytes, PostgreSQL keeps 63
          help: choose a shorter name
        ");
        let umlauts = "ü".repeat(32);
        assert_ne!(findings(RULE, &format!("def upgrade():\n    op.create_index('{umlauts}', 'users', ['a'])\n")), "");
    }

    #[test]
    fn just_fits_ok() {
        let name = "x".repeat(63);
        assert_eq!(findings(RULE, &format!("def upgrade():\n    op.create_index('{name}', 'users', ['a'])\n")), "");
    }
}
