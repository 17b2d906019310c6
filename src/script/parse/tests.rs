use super::*;

const PATH: &str = "/versions/a_name.py";

fn parse(source: &str) -> Parsed {
    parse_revision(Path::new(PATH), source.as_bytes()).unwrap()
}

fn script(source: &str) -> Script {
    match parse(source) {
        Parsed::Script(script) => *script,
        Parsed::Undecided(undecided) => panic!("{source}\n{undecided:?}"),
    }
}

fn undecided_in(source: &str) -> Undecided {
    match parse(source) {
        Parsed::Undecided(undecided) => undecided,
        Parsed::Script(script) => panic!("{source}\n{script:?}"),
    }
}

/// The value of `down_revision` in a file that sets it last.
fn down(lines: &str) -> Vec<String> {
    let script = script(&format!("revision = 'a'\n{lines}\n"));
    script.revision.down.iter().map(ToString::to_string).collect()
}

/// Why `down_revision` is undecided.
fn reason(lines: &str) -> String {
    let undecided = undecided_in(&format!("revision = 'a'\n{lines}\n"));
    assert_eq!(undecided.name, "down_revision", "{lines}");
    undecided.reason
}

#[test]
fn a_stock_file() {
    let source = "\"\"\"add x\n\nRevision ID: ae1027a6acf\nRevises: \n\n\"\"\"\nfrom typing import Sequence, Union\n\n\
                  from alembic import op\nimport sqlalchemy as sa\n\n\n# revision identifiers, used by Alembic.\n\
                  revision: str = 'ae1027a6acf'\ndown_revision: Union[str, Sequence[str], None] = ('b', 'c')\n\
                  branch_labels: Union[str, Sequence[str], None] = 'label'\ndepends_on: Union[str, None] = None\n\n\n\
                  def upgrade() -> None:\n    pass\n";
    let script = script(source);
    assert_eq!(script.revision.id.as_str(), "ae1027a6acf");
    assert_eq!(script.revision.down, ["b".into(), "c".into()]);
    assert_eq!(script.revision.branch_labels, ["label"]);
    assert!(script.revision.depends_on.is_empty());
    assert_eq!(script.doc(), "add x");
    assert_eq!(script.long_doc(), "add x\n\nRevision ID: ae1027a6acf\nRevises:");
    assert_eq!(&source[script.spans.revision.unwrap()], "'ae1027a6acf'");
    assert_eq!(&source[script.spans.down_revision.unwrap()], "('b', 'c')");
    assert!(source[script.spans.docstring.unwrap()].starts_with("\"\"\"add x"));
}

#[test]
fn values_that_the_text_decides() {
    for (lines, expected) in [
        ("down_revision = None", &[][..]),
        ("down_revision = ()", &[]),
        ("down_revision = (None,)", &[]),
        ("down_revision = 'b'", &["b"]),
        ("down_revision = u'b' r'c'", &["bc"]),
        ("down_revision = 'b' + 'c'", &["bc"]),
        ("down_revision = ['b', 'c']", &["b", "c"]),
        ("down_revision = {'b'}", &["b"]),
        ("down_revision = ('b',) + ('c',)", &["b", "c"]),
        ("X = 'b'\ndown_revision = X", &["b"]),
        ("X = ('b', 'c')\ndown_revision = (*X, 'd')", &["b", "c", "d"]),
        ("X = 'b'\ndown_revision = f'{X}c'", &["bc"]),
        ("down_revision = f'b'", &["b"]),
        ("down_revision = x = 'b'", &["b"]),
        ("x, down_revision = 'x', 'b'", &["b"]),
        ("(x, [y, down_revision]) = 'x', ('y', 'b')", &["b"]),
        ("down_revision = 'b'\ndown_revision = 'c'", &["c"]),
        ("down_revision: str\ndown_revision = 'b'", &["b"]),
        ("down_revision = 'b' if True else f()", &["b"]),
        ("from typing import TYPE_CHECKING\ndown_revision = 'b'\nif TYPE_CHECKING:\n    down_revision = 'c'", &["b"]),
        ("import typing as t\nif t.TYPE_CHECKING:\n    down_revision = 'c'\nelse:\n    down_revision = 'b'", &["b"]),
        ("down_revision = 'b'\nif __name__ == '__main__':\n    down_revision = 'c'", &["b"]),
        ("if x:\n    down_revision = 'b'\nelse:\n    down_revision = 'b'", &["b"]),
        ("if x:\n    raise Exception\nelse:\n    down_revision = 'b'", &["b"]),
        ("try:\n    import x\nexcept ImportError:\n    x = None\ndown_revision = 'b'", &["b"]),
        ("from sqlalchemy import *\ndown_revision = 'b'", &["b"]),
        ("down_revision = ['b']\ndef upgrade():\n    op.execute('x')", &["b"]),
        ("down_revision = 'b'\ndef upgrade():\n    global x\n    exec('x')", &["b"]),
        ("down_revision = 'b'; x = print(y := 1)", &["b"]),
        ("import sys\nfrom app.modules import x\ndown_revision = 'b'\nx = app.modules.y", &["b"]),
        ("\u{64}own_revision = '\\x62\\N{LATIN SMALL LETTER C}\\u0064'", &["bcd"]),
    ] {
        assert_eq!(down(lines), expected, "{lines}");
    }
}

#[test]
fn values_that_only_python_knows() {
    for (lines, expected) in [
        ("down_revision = f()", "is computed by a call"),
        ("down_revision = 'b'.lower()", "is computed by a call"),
        ("down_revision = X", "is 'X', which this file does not set"),
        ("from app.db import X\ndown_revision = X", "is imported from app.db"),
        ("from .db import X\ndown_revision = X", "is imported relative to a package, and this file is in none"),
        ("import app\ndown_revision = app.X", "is imported from app"),
        ("down_revision = 'b'\ndown_revision += 'c'", "is changed in place"),
        ("down_revision = ['b']\ndown_revision.append('c')", "may be changed in place"),
        ("X = ['b']\ndown_revision = X\nf(X)", "may be changed in place"),
        ("down_revision = ['b']\ndown_revision[0] = 'c'", "is changed in place"),
        ("down_revision = 'b'\ndel down_revision", "is deleted"),
        ("for down_revision in 'bc': pass", "is set in a loop"),
        ("down_revision = 'b'\nwhile x:\n    down_revision = 'c'", "is set in a loop"),
        ("with x as down_revision: pass", "is set in a 'with' block"),
        ("match x:\n    case [down_revision]: pass", "is set in a 'match' block"),
        ("if x:\n    down_revision = 'b'\nelse:\n    down_revision = 'c'", "is chosen by a condition"),
        ("if x:\n    down_revision = 'b'", "is chosen by a condition"),
        ("down_revision = 'b' if x else 'c'", "is chosen by a condition"),
        (
            "try:\n    import x\n    down_revision = 'b'\nexcept ImportError:\n    down_revision = 'c'",
            "is set in a 'try' block",
        ),
        ("def down_revision(): pass", "is a function"),
        ("class down_revision: pass", "is a class"),
        ("down_revision = 'b'\nf(down_revision := 'c')", "is set inside of an expression"),
        (
            "down_revision = 'b'\ndef f():\n    global down_revision\n    down_revision = 'c'",
            "is declared global in a function",
        ),
        ("down_revision, *x = f()", "is computed by a call"),
        ("down_revision, x = 'bc'", "is unpacked from something"),
        ("down_revision = ('b', None)", "holds something that is not a string"),
        ("down_revision = b'b'", "is made of bytes"),
        ("down_revision = 5", "is neither a string nor a collection of strings"),
        ("down_revision = [x for x in y]", "is computed by a comprehension"),
        ("down_revision = '\\ud800'", "may hold half a surrogate pair"),
    ] {
        assert_eq!(reason(lines), expected, "{lines}");
    }
    let modules = "import sys as s\ns.modules[__name__].down_revision = 'c'";
    for lines in [
        modules,
        "from sys import modules",
        "globals()['down_revision'] = 'c'",
        "exec('x')",
        "def f():\n    globals()['x'] = 1\nf()",
    ] {
        let undecided = undecided_in(&format!("revision = 'a'\ndown_revision = 'b'\n{lines}\n"));
        assert_eq!(undecided.reason, "may be set by exec(), globals() or the like", "{lines}");
    }
}

#[test]
fn an_import_of_everything_leaves_only_what_is_set_behind_it() {
    let star = "from app.models import *\n";
    let values = "revision = 'a'\ndown_revision = 'b'\nbranch_labels = None\n";
    let undecided = undecided_in(&format!("{star}{values}"));
    assert_eq!((undecided.name.as_str(), undecided.line), ("depends_on", 1));
    assert_eq!(undecided.reason, "may be set by 'import *', exec() or the like");
    assert_eq!(script(&format!("{star}{values}depends_on = 'c'")).revision.depends_on, ["c"]);
    let undecided = undecided_in(&format!("{values}depends_on = None\n{star}"));
    assert_eq!((undecided.name.as_str(), undecided.line), ("revision", 5));
}

#[test]
fn undecided_names_the_line() {
    let undecided = undecided_in("\nrevision = 'a'\n\ndown_revision = (\n  f())\n");
    assert_eq!((undecided.name.as_str(), undecided.line), ("down_revision", 5));
}

#[test]
fn missing_names() {
    let error = |path: &str, source: &str| parse_revision(Path::new(path), source.as_bytes()).unwrap_err();
    let no_id = error("/v/my file.py", "down_revision = None\n");
    assert_eq!(
        no_id.to_string(),
        "Could not determine revision id from filename my file.py. Be sure the 'revision' variable is declared inside the \
         script (please see 'Upgrading from Alembic 0.1 to 0.2' in the documentation)."
    );
    assert!(no_id.is_command_error());
    let no_down = error("/v/a.py", "revision = 'a'\n");
    assert_eq!(no_down.to_string(), "/v/a.py does not set 'down_revision'");
    assert!(!no_down.is_command_error());
    match parse_revision(Path::new("/v/12ab.py"), b"down_revision = None\n").unwrap() {
        Parsed::Script(script) => assert_eq!(script.revision.id.as_str(), "12ab"),
        Parsed::Undecided(undecided) => panic!("{undecided:?}"),
    }
}

#[test]
fn lone_empty_strings_count_as_nothing_for_dependencies_only() {
    let script = script("revision = 'a'\ndown_revision = None\ndepends_on = ''\nbranch_labels = ''\n");
    assert!(script.revision.depends_on.is_empty());
    assert_eq!(script.revision.branch_labels, [""]);
}

#[test]
fn docstrings_are_pythons() {
    let doc = |source: &str| script(&format!("{source}\nrevision = 'a'\ndown_revision = None\n")).docstring;
    assert_eq!(doc("'a\\tb' \"c\""), Some("a\tbc".to_owned()));
    assert_eq!(doc("\"\"\"a\\\n  b\\d\"\"\""), Some("a  b\\d".to_owned()));
    assert_eq!(doc("# comment\n\nr'\\n'"), Some("\\n".to_owned()));
    assert_eq!(doc("x = 1\n'late'"), None);
    assert_eq!(doc("f'no'"), None);
    assert_eq!(doc("b'no'"), None);
    assert_eq!(doc("'one'\n__doc__ = 'two'"), Some("two".to_owned()));
    assert_eq!(doc("'''a\r\nb'''"), Some("a\nb".to_owned()));
    assert_eq!(doc("\u{feff}'bom'"), Some("bom".to_owned()));
}

#[test]
fn spans_survive_carriage_returns_byte_order_marks_and_encodings() {
    let plain = "\u{feff}'é'\r\nrevision = 'a'\r\ndown_revision = 'b'\r\n";
    let spans = script(plain).spans;
    assert_eq!(&plain[spans.down_revision.unwrap()], "'b'");
    let latin: &[u8] = b"# coding: latin-1\n'\xe9'\nrevision = 'a'\ndown_revision = 'b'\n";
    match parse_revision(Path::new(PATH), latin).unwrap() {
        Parsed::Script(script) => {
            assert_eq!(script.docstring.as_deref(), Some("é"));
            assert_eq!(&latin[script.spans.down_revision.unwrap()], b"'b'");
        }
        Parsed::Undecided(undecided) => panic!("{undecided:?}"),
    }
}

#[test]
fn broken_files_name_line_and_column() {
    let error = |source: &str| parse_revision(Path::new("/v/a.py"), source.as_bytes()).unwrap_err().to_string();
    assert!(error("x = 1\r\ny = = 2\n").starts_with("/v/a.py, line 2, column 5: "));
    assert_eq!(error("x\0"), "/v/a.py, line 1, column 2: source code cannot contain null bytes");
    assert!(error("print 'x'\n").starts_with("/v/a.py, line 1, column "));
    assert!(error("x = '").starts_with("/v/a.py, line 1, column 5: "));
    for escape in ["\\x", "\\xg0", "\\u12", "\\U00110000", "\\N{BULLET} \\x"] {
        let told = error(&format!("\n'a{escape}'\nrevision = 'a'\ndown_revision = None\n"));
        assert!(told.starts_with("/v/a.py, line 2, column ") && told.ends_with("stands for no character"), "{told}");
    }
}

#[test]
fn character_names_that_the_parser_does_not_know_are_pythons_business() {
    let undecided = undecided_in("'\\N{NO SUCH CHARACTER}'\nrevision = 'a'\ndown_revision = None\n");
    assert_eq!(undecided.reason, "has a character name that only Python knows");
}

/// Texts that nest deeply must neither overflow the stack of a reading thread nor be taken for something else.
#[test]
fn deep_and_large_files_do_not_crash() {
    let tail = "\nrevision = 'a'\ndown_revision = 'b'\n";
    let deep = 20_000;
    let sources = [
        format!("x = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("x = {}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("x = {}1", "1 + ".repeat(deep)),
        format!("x = {}1", "not ".repeat(deep)),
        format!("x = {}1", "-".repeat(deep)),
        format!("x = y{}", ".z".repeat(deep)),
        format!("x = y{}", "()".repeat(deep)),
        format!("x = {}1", "lambda: ".repeat(deep)),
        format!("x = {}1", "1 if y else ".repeat(deep)),
        format!("x = {}1", "2 ** ".repeat(deep)),
        format!("globals\nx = {}1", "y and not ".repeat(deep)),
        format!("if x: pass\n{}", "elif x: pass\n".repeat(deep)),
    ];
    for source in &sources {
        let name = &source[..30];
        match parse_revision(Path::new(PATH), format!("{source}{tail}").as_bytes()) {
            Ok(Parsed::Script(script)) => assert_eq!(script.revision.down, ["b".into()], "{name}"),
            Ok(Parsed::Undecided(_)) | Err(ScriptError::Syntax { .. }) => {}
            Err(error) => panic!("{name}: {error}"),
        }
    }
    let blocks: String = (0..3_000).map(|level| format!("{}if x:\n", " ".repeat(level))).collect();
    let nested = format!("{blocks}{}pass{tail}", " ".repeat(3_000));
    assert!(parse_revision(Path::new(PATH), nested.as_bytes()).is_ok());
    let values = format!("down_revision = {}'b'", "'c' + ".repeat(deep));
    assert_eq!(reason(&values), "is nested too deeply");
    let large = format!("x = '''{}'''\n{}{tail}", "x\n".repeat(5_000_000), "f(1)\n".repeat(20_000));
    assert!(large.len() > 10_000_000);
    assert_eq!(script(&large).revision.down, ["b".into()]);
}

/// Python's tokenizer does not decode comments of a file without a coding line (3.9 to 3.13 alike).
#[test]
fn bytes_that_are_not_utf8_are_allowed_in_comments_alone() {
    let parsed = |bytes: &[u8]| parse_revision(Path::new(PATH), bytes).map_err(|error| error.to_string());
    let good = b"# caf\xe9 \xf0\x9f\r\nrevision = 'a' # \xff\r\ndown_revision = 'b'\n#\xe9";
    let Ok(Parsed::Script(script)) = parsed(good) else { panic!("{:?}", parsed(good)) };
    assert_eq!(script.revision.down, ["b".into()]);
    assert_eq!(&good[script.spans.down_revision.unwrap()], b"'b'");
    let assumed = "the file is not UTF-8, as it has to be without a '# -*- coding: … -*-' line";
    for (bytes, line, reason) in [
        (&b"# \xe9\r\nrevision = 'a'\r\ndown_revision = '# \xff'\r\n"[..], 3, assumed),
        (b"\"\"\"a\n# \xe9\n\"\"\"\nrevision = 'a'\ndown_revision = None\n", 2, assumed),
        (b"# coding: utf-8\nrevision = '\xe9'\ndown_revision = None\n", 2, "the file is not UTF-8, as it declares"),
        (b"revision = 'a'\ndown_revision = None\nx\xe9 = 1\n", 3, assumed),
        (b"revision = (\n'\xe9\n", 2, assumed),
    ] {
        assert_eq!(parsed(bytes).unwrap_err(), format!("{PATH}, line {line}: {reason}"));
    }
}
