use std::path::Path;

use super::*;
use crate::script::Imports;

fn meaning(text: impl AsRef<[u8]>) -> Meaning {
    let file = RevisionFile::parse(Path::new("/v/a.py"), text.as_ref().to_vec(), &Imports::new(&[]));
    Meaning::of(&file)
}

const REVISION: &str = r#""""add a table

Revision ID: a1
Revises:
Create Date: 2026-01-05 09:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = 'a1'
down_revision = None


def upgrade():
    op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column("name", sa.String(50)))
    op.execute(f"INSERT INTO t VALUES ({1 + 1}, 'x')" " RETURNING id")


def downgrade():
    op.drop_table('t')
"#;

/// The hashes are in the lock files of users: a change of these is a new form (`ast2`), and the old one stays known.
#[test]
fn hashes_are_forever() {
    let hashes = ["", REVISION, EVERYTHING, "def ("].map(|text| meaning(text).to_string());
    insta::assert_snapshot!(hashes.join("\n"), @r"
    ast1:73e1748929e7e02179a4a343b8f4076ab22f49c9cbb251c850a4f24b5bcafd5c
    ast1:de4d66e901105ad27a388c8245b9e15f04b66cf616946d09e6f606fef057b513
    ast1:94ee3fc18e6c8c599bddb3ae45ecaf31594da473feb6615871f9f8cd8707f795
    text1:d23f5586dbb8286f29dd79b47a6a6a284412b1c31ac03b2122e147315a263907
    ");
}

#[test]
fn looks_do_not_matter() {
    let formatted = REVISION
        .replace('\'', "\"")
        .replace("\"x\"", "'x'")
        .replace("sa.Column(\"id\"", "# the key\n        sa.Column(\n            \"id\"")
        .replace("VALUES ({1 + 1}", "VALUES ({ 1+1 }")
        .replace("sa.String(50)))", "(sa.String(0x32))),\n    )")
        .replace("\" \" RETURNING", " RETURNING")
        .replace("def downgrade():", "def downgrade():\n    '''undoes it'''\n    pass;")
        .replace("add a table", "Adds a table.");
    assert_ne!(formatted, REVISION);
    assert_eq!(meaning(&formatted), meaning(REVISION));
    assert_eq!(meaning(REVISION.replace('\n', "\r\n")), meaning(REVISION));
    assert_eq!(meaning(format!("\u{feff}{REVISION}")), meaning(REVISION));
    assert_eq!(meaning(b"# coding: latin-1\nx = '\xe9'\n"), meaning("x = 'é'\n"));
    for (one, other) in [
        ("del (a, b)", "del a, b"),
        ("class A(): pass", "class A: ..."),
        ("x = f'abc'", "x = 'abc'"),
        ("x = 1_000.0", "x = 1e3"),
        ("x = b'a' b'b'", "x = b'ab'"),
        ("if a: b\nelif c: d\nelse: f", "if a: b\nelse:\n  if c: d\n  else: f"),
        ("if a: b\nelif c: d", "if a: b\nelse:\n  if c: d"),
        ("f(a,\n  b,)", "f(a, b)"),
    ] {
        assert_eq!(meaning(one).to_string(), meaning(other.replace("...", "pass")).to_string(), "{one}");
    }
}

#[test]
fn code_matters() {
    for (from, to) in [
        ("revision = 'a1'", "revision = 'a2'"),
        ("down_revision = None", "down_revision = 'x'"),
        ("String(50)", "String(51)"),
        ("primary_key=True", "primary_key=False"),
        ("'x'", "'y'"),
        ("1 + 1", "1 - 1"),
        ("op.drop_table('t')", "pass"),
        ("revision = 'a1'", "revision: str = 'a1'"),
        ("revision = 'a1'", "revision = 'a1'\nbranch_labels = ('x',)"),
    ] {
        assert_ne!(meaning(REVISION.replacen(from, to, 1)), meaning(REVISION), "{to}");
    }
    let distinct = [
        "a[1:]",
        "a[:1]",
        "a[::1]",
        "a[1]",
        "a < b",
        "a <= b",
        "a < b < c",
        "{**a}",
        "{a: b}",
        "{a}",
        "[a]",
        "(a,)",
        "f(*a)",
        "f(a)",
        "f(**a)",
        "f(a=a)",
        "'1'",
        "1",
        "1.0",
        "1j",
        "b'1'",
        "True",
        "f'{a}'",
        "f'{a!r}'",
        "f'{a=}'",
        "f'{a:x}'",
        "...",
        "None",
        "not a",
        "-a",
        "~a",
        "a and b",
        "a or b",
        "lambda: a",
        "lambda a: a",
        "lambda *a: a",
        "lambda **a: a",
        "await a",
        "(yield)",
        "(yield a)",
        "(yield from a)",
        "a if b else c",
        "[a for a in b]",
        "[a for a in b if a]",
        "{a for a in b}",
        "{a: a for a in b}",
        "(a for a in b)",
        "(a := b)",
        "a.b",
        "global a",
        "import a",
        "import a as b",
        "from a import b",
        "from . import b",
        "from .. import b",
        "from .a import b",
        "return",
        "return a",
        "raise",
        "raise a",
        "raise a from b",
        "assert a",
        "assert a, b",
        "break",
        "continue",
        "del a",
        "a = b",
        "a += b",
        "a: b",
        "a: b = c",
        "if a: b",
        "if a: b\nelse: c",
        "for a in b: c",
        "while a: b",
        "with a: b",
        "with a as c: b",
        "try: a\nexcept b: c",
        "try: a\nexcept* b: c",
        "try: a\nfinally: c",
        "def f(): a",
        "async def f(): a",
        "def f() -> a: a",
        "@a\ndef f(): a",
        "def f(a): a",
        "def f(a, /): a",
        "def f(*, a): a",
        "def f(a=b): a",
        "def f(a: b): a",
        "class A: a",
        "class A(B): a",
        "class A(b=B): a",
        "match a:\n  case b: c",
        "match a:\n  case 1: c",
        "match a:\n  case None: c",
        "match a:\n  case [b]: c",
        "match a:\n  case [*b]: c",
        "match a:\n  case {1: b}: c",
        "match a:\n  case b.c: c",
        "match a:\n  case b(): c",
        "match a:\n  case 1 | 2: c",
        "match a:\n  case _: c",
        "match a:\n  case b if d: c",
        "type a = b",
        "def f[T](): a",
    ];
    for (at, one) in distinct.iter().enumerate() {
        for other in &distinct[at + 1..] {
            assert_ne!(meaning(one), meaning(other), "{one} and {other}");
        }
    }
}

#[test]
fn what_is_no_python_is_hashed_as_a_text() {
    let broken = meaning("def (\n");
    assert!(broken.is_of_text());
    assert_eq!(meaning("def (\r\n"), broken);
    assert_ne!(meaning("def (  \n"), broken);
    let unknown = meaning("# coding: koi8-r\r\nx = 1\n");
    assert!(unknown.is_of_text() && unknown == meaning("# coding: koi8-r\nx = 1\n"));
    assert_ne!(unknown, meaning("# coding: koi8-r\nx = 2\n"));
    let deep = format!("x = {}1{}\n", "[".repeat(5_000), "]".repeat(5_000));
    assert!(meaning(&deep).is_of_text());
    // As deep as is looked at, on the small stack of a test.
    let shallow = format!("x = {}1{}\n", "[".repeat(990), "]".repeat(990));
    assert!(!meaning(&shallow).is_of_text());
    let unary = format!("x = {}1\n", "not ".repeat(1_980));
    assert!(!meaning(&unary).is_of_text());
    let indented: String = (0..100).map(|level| format!("{}if {}1:\n", " ".repeat(level), "-".repeat(1_980))).collect();
    assert!(!meaning(format!("{indented}{}x\n", " ".repeat(100))).is_of_text());
    let operators = format!("x = 1{}\n", " + 1".repeat(990));
    assert!(!meaning(&operators).is_of_text());
    let words = format!("if a: b\n{}", "elif a: b\n".repeat(20_000));
    assert!(!meaning(&words).is_of_text());
}

#[test]
fn written_and_read_back() {
    for text in [REVISION, "def ("] {
        let meaning = meaning(text);
        assert_eq!(Meaning::parse(&meaning.to_string()), Some(meaning));
    }
    for wrong in ["", "ast1", "ast1:", "ast2:00", &format!("ast1:{}", "A".repeat(64))] {
        assert_eq!(Meaning::parse(wrong), None, "{wrong}");
    }
}

const EVERYTHING: &str = r#"
from __future__ import annotations
from .. import a as b, c
import x.y as z
@d(1, *e, k=2, **f)
async def f[T: int, *U, **P](a, /, b: int = 1, *c, d=2, **e) -> int:
    global g
    nonlocal h
    async with i as j, k: await l
    async for m in n: yield m
    else: yield from o
    return not (p and q or -r ** 2 < s != t)
class A(B, metaclass=C):
    x: int
    y, *z = [1, 2.5, 3j, 0xffffffffffffffffffff], {**u, 'a': b'c'}
while True:
    try: raise V from W
    except (X, Y) as e: break
    except: continue
    else: assert v, 'w'
    finally: del a[1:2, ...], b.c
match a, b:
    case [1, *rest] | {'k': None, **kw} if x: ...
    case A(1, y=_) as z: lambda a, *b, c=1: (a := {i: j async for i, j in k if l})
type L[T] = list[T]
x @= f'a{b!r:>{c}}d' 'e' f'{f = }'
"#;

fn sql_revision(up: &str, down: Option<&str>) -> RevisionFile {
    let text = format!(
        "import re\nfrom pathlib import Path\nfrom alembic import context, op\nrevision = 'a'\ndown_revision = None\n\n\n{}",
        crate::script::SqlRevision::BODY
    );
    let contents = [Some(up), down].map(|text| text.map(|text| text.as_bytes().to_vec()));
    RevisionFile::parse(Path::new("/v/a.py"), text.into_bytes(), &Imports::new(&[])).with_sql(contents)
}

#[test]
fn sql_files_count_without_comments_and_blanks() {
    let up = "-- limbec: no-transaction\nCREATE INDEX i ON t (a);\n";
    let file = sql_revision(up, Some("DROP INDEX i"));
    let meaning = Meaning::of(&file);
    assert!(meaning.to_string().starts_with("sql1:"));
    assert_eq!(Meaning::parse(&meaning.to_string()), Some(meaning.clone()));
    let means = |up: &str, down: Option<&str>| meaning.is_of(&sql_revision(up, down));
    assert!(means(
        "/* why */\n-- limbec: no-transaction\nCREATE  INDEX i\nON t(a); -- limbec: ignore[x] y",
        Some("DROP INDEX i")
    ));
    assert!(!means(&up.replace("(a)", "(b)"), Some("DROP INDEX i")));
    assert!(!means(&up.replace("-- limbec: no-transaction", ""), Some("DROP INDEX i")));
    assert!(!means(up, Some("DROP INDEX j")));
    assert!(!means(up, Some("")));
    assert!(!means(up, None));
    let without = RevisionFile::parse(&file.path, file.bytes().to_vec(), &Imports::new(&[]));
    assert!(!meaning.is_of(&without) && !Meaning::of(&without).is_of(&file));
    // What one database takes for a comment may be a statement of the other.
    let nested = |last: &str| format!("SELECT 1; /* /* */ {last} -- */ \n");
    assert!(!Meaning::of(&sql_revision(&nested("DROP TABLE a;"), None)).is_of(&sql_revision(&nested(""), None)));
}
