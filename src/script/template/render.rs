use std::collections::{BTreeMap, HashMap};

use ruff_python_ast::{Expr, Stmt};
use ruff_python_parser::{parse_expression, parse_module};
use thiserror::Error;

use super::evaluate::{Scope, comma};
use super::lexer::{Node, lex};
use super::names::is_taken;
use crate::script::python::Value;

/// A template (or an encoding) uses something that only Python can do: let the real Mako render it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct NeedsPython {
    /// Line in the template, from 1.
    pub line: usize,
    /// What it is, in words.
    pub what: String,
}

impl NeedsPython {
    /// Something in a line of the template.
    pub fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

/// What a template is rendered with.
pub struct TemplateContext<'a> {
    /// The template's arguments by name.
    pub variables: BTreeMap<&'static str, Value>,
    /// Alembic's `config.get_main_option(name)`; `Err` says why only Python can tell.
    pub main_option: &'a dyn Fn(&str) -> Result<Option<String>, String>,
}

/// Renders a template (its bytes) exactly as Mako would, or says what only Python can do.
pub fn render(source: &[u8], context: &TemplateContext<'_>) -> Result<String, NeedsPython> {
    let mut nodes = lex(source)?.into_iter();
    let (blocks, end) = blocks(&mut nodes)?;
    if let Some((line, text)) = end {
        return Err(NeedsPython::new(line, format!("'{text}' without its beginning")));
    }
    let mut locals = HashMap::new();
    bound_names(&blocks, context, &mut locals)?;
    let mut renderer = Renderer { scope: Scope { context, locals }, out: String::new() };
    renderer.run(&blocks)?;
    Ok(renderer.out)
}

/// Encodes a rendered template as the option `output_encoding` says. `None`: the encoding is not known here, or does
/// not have all characters.
pub fn encode(text: &str, encoding: &str) -> Option<Vec<u8>> {
    let limit = match encoding.to_ascii_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" | "u8" => return Some(text.as_bytes().to_vec()),
        "utf-8-sig" => return Some([b"\xef\xbb\xbf", text.as_bytes()].concat()),
        "ascii" | "us-ascii" => 0x7f,
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => 0xff,
        _ => return None,
    };
    text.chars().map(|c| u8::try_from(c as u32).ok().filter(|byte| *byte <= limit)).collect()
}

/// Nodes with their nesting resolved.
enum Block {
    Text(String),
    Expression {
        line: usize,
        argument: Expr,
        filters: Vec<String>,
    },
    Code {
        line: usize,
        statements: Vec<Stmt>,
        module: bool,
    },
    /// Conditions with their bodies; the last condition may be absent (`else`).
    If(Vec<(usize, Option<Expr>, Vec<Block>)>),
    For {
        line: usize,
        target: String,
        items: Expr,
        body: Vec<Block>,
    },
}

/// A control line that ends a run of blocks: `elif`, `else`, `endif`, `endfor`.
type End = Option<(usize, String)>;

fn blocks(nodes: &mut impl Iterator<Item = Node>) -> Result<(Vec<Block>, End), NeedsPython> {
    let mut blocks = Vec::new();
    while let Some(node) = nodes.next() {
        blocks.push(match node {
            Node::Text(text) => Block::Text(text),
            Node::Expression { line, text, filters } => {
                let (argument, filters) = expression(&text, &filters).map_err(|what| NeedsPython::new(line, what))?;
                Block::Expression { line, argument, filters }
            }
            Node::Code { line, text, module } => Block::Code { line, statements: statements(line, &text)?, module },
            Node::Control { line, text } => {
                let keyword = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                match keyword {
                    "if" => if_block(line, &text, nodes)?,
                    "for" => for_block(line, &text, nodes)?,
                    "elif" | "else" | "endif" | "endfor" => return Ok((blocks, Some((line, text)))),
                    other => return Err(NeedsPython::new(line, format!("the control line '{other}'"))),
                }
            }
        });
    }
    Ok((blocks, None))
}

fn unclosed(line: usize, keyword: &str) -> NeedsPython {
    NeedsPython::new(line, format!("'{keyword}' is not closed"))
}

/// The statement that a control line opens, with an empty body.
fn opened(line: usize, text: &str) -> Result<Stmt, NeedsPython> {
    let wrong = || NeedsPython::new(line, "a control line that is not understood");
    let module = parse_module(&format!("{text}\n    pass\n")).map_err(|_| wrong())?;
    module.into_syntax().body.into_iter().next().ok_or_else(wrong)
}

fn if_block(line: usize, text: &str, nodes: &mut impl Iterator<Item = Node>) -> Result<Block, NeedsPython> {
    let mut branches = Vec::new();
    let (mut at, mut text) = (line, text.to_owned());
    loop {
        let is_else = text.split(':').next().is_some_and(|head| head.trim_end() == "else");
        let condition = match text.strip_prefix("el").filter(|rest| rest.starts_with("if")).unwrap_or(&text) {
            _ if is_else => None,
            condition => match opened(at, condition)? {
                Stmt::If(statement) => Some(*statement.test),
                _ => return Err(NeedsPython::new(at, "a control line that is not understood")),
            },
        };
        let (body, end) = blocks(nodes)?;
        branches.push((at, condition, body));
        match end {
            Some((_, end)) if is_end(&end, "endif") => return Ok(Block::If(branches)),
            Some((next, end)) if !is_else && (end.starts_with("elif") || end.starts_with("else")) => {
                (at, text) = (next, end);
            }
            _ => return Err(unclosed(line, "if")),
        }
    }
}

fn is_end(text: &str, keyword: &str) -> bool {
    text.trim_end() == keyword
}

fn for_block(line: usize, text: &str, nodes: &mut impl Iterator<Item = Node>) -> Result<Block, NeedsPython> {
    let Stmt::For(statement) = opened(line, text)? else {
        return Err(NeedsPython::new(line, "a control line that is not understood"));
    };
    let Expr::Name(target) = *statement.target else {
        return Err(NeedsPython::new(line, "a loop over several names"));
    };
    match blocks(nodes)? {
        (body, Some((_, end))) if is_end(&end, "endfor") => {
            Ok(Block::For { line, target: target.id.to_string(), items: *statement.iter, body })
        }
        _ => Err(unclosed(line, "for")),
    }
}

/// The statements of a `<% %>` block, whose common indentation Mako takes away.
fn statements(line: usize, text: &str) -> Result<Vec<Stmt>, NeedsPython> {
    let text = text.replace("\r\n", "\n");
    let indent = text.lines().find(|line| !line.trim().is_empty()).map_or("", |first| {
        let length = first.len() - first.trim_start_matches([' ', '\t']).len();
        &first[..length]
    });
    let dedented: String =
        text.lines().map(|line| line.strip_prefix(indent).unwrap_or(line).to_owned() + "\n").collect();
    let module =
        parse_module(&dedented).map_err(|_| NeedsPython::new(line, "a Python block that is not understood"))?;
    Ok(module.into_syntax().body.into_iter().collect())
}

/// Collects the names that the template binds. In the function that Mako makes of a template they are local
/// everywhere, so one that is also an argument or a builtin is left to Python.
fn bound_names(
    blocks: &[Block],
    context: &TemplateContext<'_>,
    names: &mut HashMap<String, Option<Value>>,
) -> Result<(), NeedsPython> {
    let mut bind = |line: usize, name: &str| {
        if context.variables.contains_key(name) || is_taken(name) {
            return Err(NeedsPython::new(line, format!("the template assigns {name}")));
        }
        names.insert(name.to_owned(), None);
        Ok(())
    };
    for block in blocks {
        match block {
            Block::Code { line, statements, module } => {
                for statement in statements {
                    bind(*line, &bound_name(statement, *module).map_err(|what| NeedsPython::new(*line, what))?)?;
                }
            }
            Block::For { line, target, .. } => bind(*line, target)?,
            Block::If(_) | Block::Text(_) | Block::Expression { .. } => {}
        }
    }
    for block in blocks {
        match block {
            Block::If(branches) => {
                for (_, _, body) in branches {
                    bound_names(body, context, names)?;
                }
            }
            Block::For { body, .. } => bound_names(body, context, names)?,
            Block::Text(_) | Block::Expression { .. } | Block::Code { .. } => {}
        }
    }
    Ok(())
}

/// The name that a supported statement binds: `import re`, or `name = …` outside of a module block.
fn bound_name(statement: &Stmt, module: bool) -> Result<String, String> {
    match statement {
        Stmt::Import(import) => match import.names.as_slice() {
            [alias] if alias.name.as_str() == "re" && alias.asname.is_none() => Ok("re".to_owned()),
            _ => Err("an import".to_owned()),
        },
        Stmt::Assign(assignment) if !module => match assignment.targets.as_slice() {
            [Expr::Name(name)] => Ok(name.id.to_string()),
            _ => Err("an assignment to something else than a name".to_owned()),
        },
        _ => Err("a Python statement".to_owned()),
    }
}

struct Renderer<'a> {
    scope: Scope<'a>,
    out: String,
}

impl Renderer<'_> {
    fn run(&mut self, blocks: &[Block]) -> Result<(), NeedsPython> {
        for block in blocks {
            match block {
                Block::Text(text) => self.out.push_str(text),
                Block::Expression { line, argument, filters } => {
                    let text = self.expression(argument, filters).map_err(|what| NeedsPython::new(*line, what))?;
                    self.out.push_str(&text);
                }
                Block::Code { line, statements, .. } => {
                    for statement in statements {
                        self.statement(statement).map_err(|what| NeedsPython::new(*line, what))?;
                    }
                }
                Block::If(branches) => self.choose(branches)?,
                Block::For { line, target, items, body } => {
                    let items = match self.scope.evaluate(items) {
                        Ok(Value::Tuple(items) | Value::List(items)) => items,
                        Ok(_) => return Err(NeedsPython::new(*line, "a loop over something else than a sequence")),
                        Err(what) => return Err(NeedsPython::new(*line, what)),
                    };
                    for item in items {
                        self.scope.locals.insert(target.clone(), Some(item));
                        self.run(body)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn choose(&mut self, branches: &[(usize, Option<Expr>, Vec<Block>)]) -> Result<(), NeedsPython> {
        for (line, condition, body) in branches {
            let chosen = match condition {
                Some(condition) => self.scope.truth(condition).map_err(|what| NeedsPython::new(*line, what))?,
                None => true,
            };
            if chosen {
                return self.run(body);
            }
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Stmt) -> Result<(), String> {
        match statement {
            Stmt::Import(_) => self.scope.locals.insert("re".to_owned(), Some(Value::RegexModule)),
            Stmt::Assign(assignment) => {
                let name = bound_name(statement, false)?;
                let value = self.scope.evaluate(&assignment.value)?;
                self.scope.locals.insert(name, Some(value))
            }
            _ => return Err("a Python statement".to_owned()),
        };
        Ok(())
    }

    /// An expression with its filters.
    fn expression(&self, argument: &Expr, filters: &[String]) -> Result<String, String> {
        let mut value = self.scope.evaluate(argument)?;
        if !filters.iter().any(|filter| filter == "n") {
            value = filtered("str", &value)?;
        }
        for filter in filters {
            value = match filter.as_str() {
                "n" => value,
                "comma" if self.scope.context.variables.get("comma") == Some(&Value::Comma) => comma(&value)?,
                other => filtered(other, &value)?,
            };
        }
        match value {
            Value::Str(text) => Ok(text),
            _ => Err("a value that is not a text".to_owned()),
        }
    }
}

/// Parses an expression and its filters, also where they are never reached: Mako compiles all of them.
fn expression(text: &str, filters: &str) -> Result<(Expr, Vec<String>), String> {
    let unclear = || "an expression that is not understood".to_owned();
    // Mako parses the text by itself, which line breaks and comments do not survive, and then writes `str(TEXT)`.
    parse_module(text.trim_start()).map_err(|_| unclear())?;
    let Expr::Call(call) = *parse_expression(&format!("f({text})")).map_err(|_| unclear())?.into_syntax().body else {
        return Err(unclear());
    };
    let [argument] = call.arguments.args.as_ref() else { return Err("an expression with commas".to_owned()) };
    if !call.arguments.keywords.is_empty() || matches!(argument, Expr::Starred(_)) {
        return Err("an expression with commas".to_owned());
    }
    if filters.is_empty() {
        return Ok((argument.clone(), Vec::new()));
    }
    let names: Vec<String> = filters.split(',').map(|filter| filter.trim().to_owned()).collect();
    let is_name =
        |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && name.starts_with(is_initial);
    match names.iter().find(|name| name.is_empty() || !is_name(name)) {
        Some(other) => Err(format!("the filter '{other}'")),
        None => Ok((argument.clone(), names)),
    }
}

fn is_initial(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// One of Mako's own filters.
fn filtered(filter: &str, value: &Value) -> Result<Value, String> {
    let text = match (filter, value) {
        ("str" | "unicode", value) => value.str(),
        ("h" | "x", Value::Str(text)) => Some(escaped(text)),
        ("trim", Value::Str(text)) if text.is_ascii() => Some(text.trim().to_owned()),
        _ => return Err(format!("the filter '{filter}'")),
    };
    text.map(Value::Str).ok_or_else(|| "a value without a text".to_owned())
}

/// markupsafe's `escape` and Mako's `xml_escape`, which agree.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;").replace('"', "&#34;")
}
