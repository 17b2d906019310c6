use std::collections::BTreeMap;

use sqlite3_parser::ast::{
    Cmd, ColumnConstraint, CreateTableBody, DeferSubclause, Expr, InitDeferredPred, Name, Stmt, TableConstraint,
};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator as _};

/// What the statement of a table tells and no pragma does.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) constraints: Vec<DeclaredConstraint>,
    /// Expressions of generated columns, by column.
    pub(super) generated: BTreeMap<String, String>,
    /// By column.
    pub(super) collations: BTreeMap<String, String>,
    /// `PRIMARY KEY AUTOINCREMENT`
    pub(super) autoincrement: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct DeclaredConstraint {
    pub(super) name: Option<String>,
    pub(super) kind: DeclaredKind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum DeclaredKind {
    PrimaryKey,
    Unique(Vec<String>),
    /// `deferrable`: the words after the actions.
    ForeignKey {
        columns: Vec<String>,
        deferrable: String,
    },
    Check(String),
}

impl Declared {
    /// Of a CREATE TABLE; nothing of what is none or is not understood.
    pub(super) fn of_table(sql: &str) -> Self {
        let mut declared = Self::default();
        with_statement(sql, |statement| {
            let Stmt::CreateTable { body: CreateTableBody::ColumnsAndConstraints { columns, constraints, .. }, .. } =
                statement
            else {
                return;
            };
            for column in columns {
                let name = unquoted(&column.col_name);
                for part in column.constraints {
                    declared.of_column(&name, part.name.as_ref(), &part.constraint);
                }
            }
            for part in constraints.iter().flat_map(|constraints| constraints.iter()) {
                declared.of_table_constraint(part.name.as_ref(), &part.constraint);
            }
        });
        declared
    }

    fn of_column(&mut self, column: &str, name: Option<&Name<'_>>, constraint: &ColumnConstraint<'_>) {
        let kind = match constraint {
            ColumnConstraint::PrimaryKey { auto_increment, .. } => {
                self.autoincrement |= auto_increment;
                DeclaredKind::PrimaryKey
            }
            ColumnConstraint::Unique(_) => DeclaredKind::Unique(vec![column.to_owned()]),
            ColumnConstraint::Check(condition) => DeclaredKind::Check(condition.to_string()),
            ColumnConstraint::ForeignKey { defer_clause, .. } => DeclaredKind::ForeignKey {
                columns: vec![column.to_owned()],
                deferrable: deferrable(defer_clause.as_ref()),
            },
            // The grammar has it as a constraint of its own, after the one that it is about.
            ColumnConstraint::Defer(clause) => {
                if let Some(DeclaredConstraint { kind: DeclaredKind::ForeignKey { deferrable: words, .. }, .. }) =
                    self.constraints.last_mut()
                {
                    *words = deferrable(Some(clause));
                }
                return;
            }
            ColumnConstraint::Collate { collation_name } => {
                self.collations.insert(column.to_owned(), unquoted(collation_name));
                return;
            }
            ColumnConstraint::Generated { expr, .. } => {
                self.generated.insert(column.to_owned(), expr.to_string());
                return;
            }
            _ => return,
        };
        self.constraints.push(DeclaredConstraint { name: name.map(unquoted), kind });
    }

    fn of_table_constraint(&mut self, name: Option<&Name<'_>>, constraint: &TableConstraint<'_>) {
        let kind = match constraint {
            TableConstraint::PrimaryKey { auto_increment, .. } => {
                self.autoincrement |= auto_increment;
                DeclaredKind::PrimaryKey
            }
            TableConstraint::Unique { columns, .. } => {
                DeclaredKind::Unique(columns.iter().filter_map(|column| column_of(&column.expr)).collect())
            }
            TableConstraint::Check(condition, _) => DeclaredKind::Check(condition.to_string()),
            TableConstraint::ForeignKey { columns, defer_clause, .. } => DeclaredKind::ForeignKey {
                columns: columns.iter().map(|column| unquoted(&column.col_name)).collect(),
                deferrable: deferrable(defer_clause.as_ref()),
            },
        };
        self.constraints.push(DeclaredConstraint { name: name.map(unquoted), kind });
    }
}

/// A CREATE INDEX in one form, however it was written: batch mode makes indexes again in SQLAlchemy's.
pub(super) fn index_definition(sql: &str) -> Option<String> {
    let mut definition = None;
    with_statement(sql, |statement| {
        let Stmt::CreateIndex { unique, idx_name, tbl_name, columns, where_clause, .. } = statement else { return };
        let unique = if *unique { "UNIQUE " } else { "" };
        let columns: Vec<String> = columns
            .iter()
            .map(|column| {
                let order = column.order.map(|order| format!(" {order:?}").to_uppercase()).unwrap_or_default();
                format!("{}{order}", column_of(&column.expr).unwrap_or_else(|| column.expr.to_string()))
            })
            .collect();
        let filter = where_clause.as_ref().map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
        let (name, table) = (unquoted(&idx_name.name), unquoted(tbl_name));
        definition = Some(format!("CREATE {unique}INDEX {name} ON {table} ({}){filter}", columns.join(", ")));
    });
    definition
}

fn with_statement(sql: &str, look: impl FnOnce(&Stmt<'_>)) {
    let bump = Bump::new();
    if let Ok(Some(Cmd::Stmt(statement))) = Parser::new(&bump, sql.as_bytes()).next() {
        look(&statement);
    }
}

fn column_of(expression: &Expr<'_>) -> Option<String> {
    match expression {
        Expr::Id(id) => Some(without_quotes(id.0)),
        Expr::Name(name) => Some(unquoted(name)),
        Expr::Literal(sqlite3_parser::ast::Literal::String(text)) => Some(without_quotes(text)),
        _ => None,
    }
}

fn deferrable(clause: Option<&DeferSubclause>) -> String {
    let Some(clause) = clause else { return String::new() };
    let not = if clause.deferrable { "" } else { "NOT " };
    let initially = match clause.init_deferred {
        Some(InitDeferredPred::InitiallyDeferred) => " INITIALLY DEFERRED",
        Some(InitDeferredPred::InitiallyImmediate) => " INITIALLY IMMEDIATE",
        None => "",
    };
    format!(" {not}DEFERRABLE{initially}")
}

fn unquoted(name: &Name<'_>) -> String {
    without_quotes(name.0)
}

/// A name as written: bare, or in one of SQLite's four kinds of quotes.
fn without_quotes(text: &str) -> String {
    let mut chars = text.chars();
    let (first, last) = (chars.next(), chars.next_back());
    match (first, last) {
        (Some('['), Some(']')) => chars.as_str().to_owned(),
        (Some(quote @ ('"' | '`' | '\'')), Some(end)) if quote == end => {
            chars.as_str().replace(&format!("{quote}{quote}"), &quote.to_string())
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_checks_are_read_from_the_statement() {
        let declared = Declared::of_table(
            r#"CREATE TABLE "a ""b" (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                [x y] TEXT CONSTRAINT `u``n` UNIQUE COLLATE NOCASE,
                n INT CONSTRAINT positive CHECK (n > 0) REFERENCES o (id) DEFERRABLE INITIALLY DEFERRED,
                g INT AS (n * 2) STORED,
                CONSTRAINT "f k" FOREIGN KEY ("x y", n) REFERENCES o, UNIQUE (n, "x y"), CHECK (1)
            )"#,
        );
        let found: Vec<String> = declared.constraints.iter().map(|part| format!("{part:?}")).collect();
        insta::assert_snapshot!(found.join("\n"), @r#"
        DeclaredConstraint { name: None, kind: PrimaryKey }
        DeclaredConstraint { name: Some("u`n"), kind: Unique(["x y"]) }
        DeclaredConstraint { name: Some("positive"), kind: Check("n > 0") }
        DeclaredConstraint { name: None, kind: ForeignKey { columns: ["n"], deferrable: " DEFERRABLE INITIALLY DEFERRED" } }
        DeclaredConstraint { name: Some("f k"), kind: ForeignKey { columns: ["x y", "n"], deferrable: "" } }
        DeclaredConstraint { name: None, kind: Unique(["n", "x y"]) }
        DeclaredConstraint { name: None, kind: Check("1") }
        "#);
        insta::assert_snapshot!(format!("{:?} {:?} {}", declared.generated, declared.collations, declared.autoincrement), @r#"{"g": "n * 2"} {"x y": "NOCASE"} true"#);
    }

    #[test]
    fn an_index_has_one_form() {
        let quoted = index_definition("CREATE UNIQUE INDEX \"i x\"\n ON \"t\" (\"a\", b desc, lower(c)) WHERE a>1");
        let plain = index_definition("create unique index [i x] on t (a, \"b\" DESC, lower( c )) where a > 1");
        insta::assert_snapshot!(quoted.clone().unwrap_or_default(), @"CREATE UNIQUE INDEX i x ON t (a, b DESC, lower (c)) WHERE a > 1");
        assert_eq!(quoted, plain);
    }

    #[test]
    fn what_is_no_statement_tells_nothing() {
        assert!(Declared::of_table("CREATE VIRTUAL TABLE t USING fts5(a)").constraints.is_empty());
        assert!(Declared::of_table("CREATE TABLE (").constraints.is_empty());
        assert_eq!(index_definition(""), None);
    }
}
