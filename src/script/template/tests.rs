use std::collections::BTreeMap;

use super::*;
use crate::script::python::{CreateDate, Value};

fn with(source: &str, variables: &[(&'static str, Value)]) -> Result<String, NeedsPython> {
    let variables: BTreeMap<_, _> = variables.iter().cloned().collect();
    let main_option = |name: &str| Ok((name == "databases").then(|| "one,  two".to_owned()));
    render(source.as_bytes(), &TemplateContext { variables, main_option: &main_option })
}

fn plain(source: &str) -> Result<String, NeedsPython> {
    let date = CreateDate::at("2026-01-02T03:04:05.6Z".parse().unwrap(), Some("UTC")).unwrap();
    with(
        source,
        &[
            ("message", Value::Str("it's <b>".to_owned())),
            ("down_revision", Value::Tuple(Value::strings(&["a1", "b2"]))),
            ("branch_labels", Value::None),
            ("create_date", Value::Date(date)),
            ("comma", Value::Comma),
            ("config", Value::Config),
        ],
    )
}

#[test]
fn expressions() {
    for (source, expected) in [
        ("${message}|${repr(message)}|${message | h}", "it's <b>|\"it's <b>\"|it&#39;s &lt;b&gt;"),
        ("${down_revision | comma,n}|${down_revision}|${comma(down_revision)}", "a1, b2|('a1', 'b2')|a1, b2"),
        ("${branch_labels}${branch_labels | comma,n}|${repr(branch_labels)}", "None|None"),
        ("${imports if imports else \"\"}${upgrades or 'pass'}", "pass"),
        (
            "${create_date}|${create_date.year}|${create_date.strftime('%Y%m%d')}",
            "2026-01-02 03:04:05.600000+00:00|2026|20260102",
        ),
        ("${'y' if branch_labels is None and not imports else 'n'}", "y"),
        ("${'-'.join(down_revision)} ${'a1' in down_revision} ${len(down_revision) == 2}", "a1-b2 True True"),
        ("${config.get_main_option('nope', 'x')} ${'%s_%s' % down_revision}", "x a1_b2"),
        ("${str(message).upper()[0] if False else message.lower()}", "it's <b>"),
    ] {
        assert_eq!(plain(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn control_lines_and_blocks() {
    let source = "<%! import re %>\\\n% for x in re.split(r',\\s*', config.get_main_option('databases')):\n\
                  % if x == 'one': # first\n  <% y = x + '!' %>${y}\n% elif imports:\nno\n% else:\n${x}\n% endif\n% endfor\n";
    assert_eq!(plain(source).as_deref(), Ok("  one!\ntwo\n"));
}

#[test]
fn what_is_left_to_python_names_its_line() {
    for source in [
        "\n${imports}",
        "\n${message, 1}",
        "\n${message | u}",
        "\n${message | n, nope}",
        "\n${down_revision | n}",
        "\n${open('x')}",
        "\n${create_date.strftime('%c')}",
        "\n<% import os %>",
        "\n<% message = 'x' %>",
        "\n${context.write('x')}",
        "\n% while True:\n% endwhile",
        "\n% if True:\n",
        "\n% endif",
        "\n${[x for x in down_revision]}",
        "\n${}",
        "\n${y}<% y = 1 %>",
    ] {
        assert_eq!(plain(source).unwrap_err().line, 2, "{source}");
    }
}

#[test]
fn encodings() {
    assert_eq!(encode("é", "UTF-8").as_deref(), Some("é".as_bytes()));
    assert_eq!(encode("é", "latin_1").as_deref(), Some(&b"\xe9"[..]));
    assert_eq!(encode("é", "ascii"), None);
    assert_eq!(encode("x", "cp1252"), None);
}
