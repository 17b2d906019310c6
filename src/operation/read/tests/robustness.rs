use super::{body, function, operations};
use crate::operation::Operations;

#[test]
fn files_without_functions() {
    assert_eq!(operations(""), Operations::default());
    assert_eq!(operations("def upgrade(:"), Operations::default());
    assert!(operations("from app import upgrade").upgrade.definition.is_none());
    assert_eq!(operations("from app import upgrade").upgrade.not_analysed.len(), 1);
}

#[test]
fn extents() {
    let source = "@decorated\ndef upgrade(a: int = 1) -> None:  # x\n    '''doc'''\n    pass\n";
    let body = operations(source).upgrade;
    assert_eq!(&source[body.definition.unwrap()], "def upgrade(a: int = 1) -> None:");
    assert_eq!(&source[body.body.unwrap()], "'''doc'''\n    pass");
    assert!(body.is_empty);
    assert!(!operations("def upgrade(): op.f()").upgrade.is_empty);
}

#[test]
fn endless_programs_end() {
    let loops =
        "for a in range(2000):\n    for b in range(2000):\n        op.drop_table(f'{a}{b}')\nop.drop_table('z')";
    assert!(body(&function(loops)).not_analysed.iter().any(|call| call.reason == "takes too many steps to follow"));
    let endless = "while True:\n    op.drop_table('a')\nop.drop_table('never')";
    assert_eq!(body(&function(endless)).operations.len(), 1);
    let mutual = "def a(): b(); b()\ndef b(): a(); a()\ndef upgrade(): a()";
    assert_eq!(body(mutual).operations.len(), 0);
    let doubling = function(&format!("s = 'x'\n{}op.execute(s)", "s = s + s\n".repeat(60)));
    assert_eq!(body(&doubling).calls(), 1);
    let lists = function(&format!("s = [1]\n{}op.execute(s)", "s = s + s\n".repeat(60)));
    assert_eq!(body(&lists).calls(), 1);
    let own =
        function("s = []\ns.append(s)\ns.extend(s)\nd = {}\nd['a'] = d\nop.execute(s)\nop.execute(d)\nunknown(s, d)");
    assert_eq!(body(&own).calls(), 2);
}

#[test]
fn deep_programs_do_not_exhaust_the_stack() {
    let nested = format!(
        "{}op.drop_table('a')\n",
        (0..99).map(|n| format!("{}if unknown():\n", " ".repeat(n))).collect::<String>() + &" ".repeat(99)
    );
    body(&function(&nested));
    for deep in [
        format!("op.execute({}'a'{})", "f(".repeat(900), ")".repeat(900)),
        format!("op.execute({}'a')", "not ".repeat(1900)),
        format!("op.execute({}'a'{})", "[".repeat(900), "]".repeat(900)),
        format!("op.execute(x{})", ".a()".repeat(450)),
        format!("op.execute('a'{})", " + 'b'".repeat(900)),
        format!("x = {}op.drop_table('a')", "1 if op.f('a') else ".repeat(300)),
        format!("{}op.drop_table('a'){}", "lambda: (".repeat(300), ")".repeat(300)),
    ] {
        let body = body(&function(&deep));
        assert!(body.calls() <= 2, "{deep}");
    }
}

#[test]
fn odd_formats() {
    for odd in [
        "'%'",
        "'%(' % 1",
        "'%(a' % {}",
        "'%z' % 1",
        "'{' .format()",
        "'{a.b}{0[1]}{!r}'.format(1)",
        "'%*d' % (1, 2)",
        "f'{1:>{2}}'",
        "'a'.replace('', 'b')",
        "'a'.split('')",
        "[][0]",
        "[1][-9]",
        "''.join()",
        "'é%'",
        "'%é' % 1",
        "'{é'.format()",
        "dict(1)",
        "range(-9223372036854775808, 9223372036854775807)",
        "9223372036854775807 + 1",
        "-(-9223372036854775807 - 1)",
        "zip()",
        "enumerate()",
        "int()",
        "sorted([1, 'a'])",
        "'\\udc80'",
    ] {
        body(&function(&format!("op.drop_table({odd})")));
    }
}

#[test]
fn values_do_not_grow_without_end() {
    for chain in [
        "a = [a]",
        "a = {'k': a}",
        "b = []\n        b.append(a)\n        a = b",
        "a = (a, a)",
        "a = sa.ARRAY(a)",
        "a = a.b",
        "a = op.execute.b.c",
        "b = {}\n        b['k'] = a\n        a = b",
        "b = Node()\n        b.next = a\n        a = b",
        "a = 'ab'.replace('a', a)",
        "a = [x for x in range(2000) for y in range(2000) for z in range(2000)]",
        "a = f'{a}{a}'",
    ] {
        let chain =
            format!("a = 'b'\nfor x in range(2000):\n    for y in range(100):\n        {chain}\nop.drop_table('z')");
        let body = body(&format!("class Node:\n    pass\n{}", function(&chain)));
        assert!(body.calls() > 0, "{chain}");
    }
}
