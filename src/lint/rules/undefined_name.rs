use super::declare_rule;
use std::collections::BTreeSet;

use crate::lint::LintContext;
use crate::lint::scopes::undefined_names;

declare_rule! {
    /// A name is used that nothing defines.
    ///
    /// ## What it flags
    /// Names that the file neither imports nor binds and that Python does not know: mostly a type that autogenerate has written without its
    /// import. Files with `from … import *` or `exec` are left alone, and so are annotations.
    ///
    /// ## Why
    /// At the head of the file it stops every command of Alembic; inside of `upgrade()` it stops the deployment, and inside of `downgrade()` the way back.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute(sqlmodel.text("ANALYZE"))
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import sqlmodel
    ///
    /// def upgrade():
    ///     op.execute(sqlmodel.text("ANALYZE"))
    /// ```
    "undefined-name" {
        group: Hygiene,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

/// How to get what autogenerate writes.
const IMPORTS: &[(&str, &str)] = &[
    ("op", "from alembic import op"),
    ("context", "from alembic import context"),
    ("sa", "import sqlalchemy as sa"),
    ("sqlalchemy", "import sqlalchemy"),
    ("sqlmodel", "import sqlmodel"),
    ("geoalchemy2", "import geoalchemy2"),
    ("sqlalchemy_utils", "import sqlalchemy_utils"),
    ("pgvector", "import pgvector"),
    ("fastapi_users_db_sqlalchemy", "import fastapi_users_db_sqlalchemy"),
    ("advanced_alchemy", "import advanced_alchemy"),
    ("postgresql", "from sqlalchemy.dialects import postgresql"),
    ("mysql", "from sqlalchemy.dialects import mysql"),
    ("sqlite", "from sqlalchemy.dialects import sqlite"),
    ("mssql", "from sqlalchemy.dialects import mssql"),
    ("oracle", "from sqlalchemy.dialects import oracle"),
    ("uuid", "import uuid"),
    ("datetime", "import datetime"),
    ("os", "import os"),
    ("json", "import json"),
];

/// Of Python 2; a file that asks for the version may well use them.
const OLD: &[&str] = &["unicode", "basestring", "long", "xrange", "unichr", "reduce", "raw_input", "file"];

fn check(ctx: &mut LintContext<'_>) {
    let file = &ctx.file().file;
    // Whoever catches it asks whether a name is there.
    if file.text().contains("NameError") {
        return;
    }
    let asks_for_version = ["PY2", "PY3", "version_info"].iter().any(|word| file.text().contains(word));
    let mut told = BTreeSet::new();
    for found in undefined_names(file) {
        if (asks_for_version && OLD.contains(&found.name)) || !told.insert(found.name) {
            continue;
        }
        let import = IMPORTS.iter().find(|(name, _)| *name == found.name);
        let help = import.map_or("import or define it".to_owned(), |(_, import)| format!("add `{import}`"));
        ctx.report(found.range, format!("`{}` is not defined", found.name)).help(help);
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "undefined-name";

    #[test]
    fn missing_import_err() {
        let text =
            "def upgrade():\n    op.add_column('a', sa.Column('b', sqlmodel.AutoString()))\n    sqlmodel.x, Money()\n";
        assert_snapshot!(findings(RULE, text), @"
        20:39 error: `sqlmodel` is not defined
          help: add `import sqlmodel`
        21:17 error: `Money` is not defined
          help: import or define it
        ");
    }

    #[test]
    fn known_ok() {
        assert_eq!(findings(RULE, "def upgrade():\n    op.create_table('a', *[sa.Column(n) for n in 'ab'])\n"), "");
        assert_eq!(findings(RULE, "try:\n    unicode\nexcept NameError:\n    pass\n"), "");
        assert_eq!(findings(RULE, "import six\ntext = unicode if six.PY2 else str\n"), "");
    }
}
