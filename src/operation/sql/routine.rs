use squawk_syntax::ast::{self, AstNode, Stmt};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::parse::{DEEPEST, parse, parse_function, parse_procedure};
use super::reading::Statement;
use super::{do_block, names, split, statement};
use crate::operation::{Routine, RoutineBody, RowChange, TableName, Trigger, TriggerAction};

/// Statements in which a call stands that they do not make.
const DEFINITIONS: &[K] = &[
    K::CREATE_FUNCTION,
    K::CREATE_PROCEDURE,
    K::CREATE_TRIGGER,
    K::CREATE_EVENT_TRIGGER,
    K::CREATE_VIEW,
    K::CREATE_RULE,
    K::CREATE_POLICY,
    K::CREATE_TABLE,
];

/// The functions and procedures that a statement calls as soon as it runs.
pub(super) fn called(statement: &SyntaxNode) -> Vec<TableName> {
    if DEFINITIONS.contains(&statement.kind()) {
        return Vec::new();
    }
    let mut called = Vec::new();
    for node in statement.descendants() {
        let name = match node.kind() {
            K::CALL_EXPR => node.first_child().and_then(|callee| callee_name(&callee)),
            K::CALL => ast::Call::cast(node)
                .and_then(|call| call.procedure_name_ref())
                .and_then(|name| names::qualified(name.syntax())),
            K::DO => {
                let block = ast::Do::cast(node).and_then(|block| do_block::code(&block));
                for name in block.iter().flat_map(|code| self::called(code.syntax())) {
                    push(&mut called, name);
                }
                None
            }
            _ => None,
        };
        name.into_iter().for_each(|name| push(&mut called, name));
    }
    called
}

fn push(called: &mut Vec<TableName>, name: TableName) {
    if !called.contains(&name) {
        called.push(name);
    }
}

/// `f`, `s.f`, `"F"`
fn callee_name(callee: &SyntaxNode) -> Option<TableName> {
    let mut parts: Vec<String> = callee
        .descendants()
        .filter(|node| node.first_child().is_none())
        .filter_map(|node| names::plain(&node))
        .collect();
    if parts.is_empty() {
        parts.extend(names::plain(callee));
    }
    let name = parts.pop()?;
    Some(TableName { schema: parts.pop(), name })
}

/// `CREATE FUNCTION`
pub(super) fn function(create: &ast::CreateFunction) -> Option<Routine> {
    let plpgsql = || parse_function(create);
    let written = Written { parameters: create.param_list(), options: create.option_list(), body: create.body() };
    written.read(names::qualified(create.name()?.syntax())?, plpgsql)
}

/// `CREATE PROCEDURE`
pub(super) fn procedure(create: &ast::CreateProcedure) -> Option<Routine> {
    let plpgsql = || parse_procedure(create);
    let written = Written { parameters: create.param_list(), options: create.option_list(), body: create.body() };
    written.read(names::qualified(create.name()?.syntax())?, plpgsql)
}

/// What functions and procedures have in common.
struct Written {
    parameters: Option<ast::ParamList>,
    options: Option<ast::FuncOptionList>,
    body: Option<ast::RoutineBody>,
}

impl Written {
    fn read(self, name: TableName, plpgsql: impl FnOnce() -> Option<ast::Plpgsql>) -> Option<Routine> {
        let parameters = self.parameters.as_ref().map(|list| names::text(list.syntax())).unwrap_or_default();
        let body = match (&self.body, self.language().as_deref()) {
            (Some(body), _) => of_nodes(body.syntax()),
            (None, Some("sql")) => of_text(&self.definition().unwrap_or_default()),
            (None, Some("plpgsql")) => match plpgsql() {
                Some(code) => of_plpgsql(&code),
                None => unread("its body is not understood"),
            },
            (None, language) => unread(&format!("it is written in {}", language.unwrap_or("no language"))),
        };
        Some(Routine { name, parameters, body })
    }

    fn language(&self) -> Option<String> {
        let language = self.options.as_ref()?.options().find_map(|option| match option {
            ast::FuncOption::LanguageFuncOption(option) => option.language_name(),
            _ => None,
        });
        Some(language?.name.to_lowercase())
    }

    /// The text behind AS.
    fn definition(&self) -> Option<String> {
        let definition = self.options.as_ref()?.syntax().descendants().find_map(ast::AsDefinition::cast)?;
        Some(definition.literal()?.decoded_value()?.text().to_owned())
    }
}

fn unread(reason: &str) -> RoutineBody {
    RoutineBody { not_analysed: Some(reason.into()), ..RoutineBody::default() }
}

/// The statements of a text.
fn of_text(text: &str) -> RoutineBody {
    let mut found = Found::default();
    for piece in split::split(text) {
        let statement = text.get(piece.range).filter(|_| piece.depth <= DEEPEST);
        match statement.map(parse) {
            Some(Ok(parsed)) => found.take(&parsed),
            _ => found.out.not_parsed("its body is not understood"),
        }
    }
    found.body()
}

/// `RETURN …`, `BEGIN ATOMIC … END`
fn of_nodes(body: &SyntaxNode) -> RoutineBody {
    let mut found = Found::default();
    body.children().filter_map(Stmt::cast).for_each(|statement| found.take(&statement));
    found.calls.extend(called(body));
    found.body()
}

fn of_plpgsql(code: &ast::Plpgsql) -> RoutineBody {
    let mut found = Found { calls: called(code.syntax()), ..Found::default() };
    do_block::of_code(code, &mut found.out);
    found.body()
}

/// What a body does, as it is found.
struct Found {
    out: Statement,
    calls: Vec<TableName>,
}

impl Default for Found {
    fn default() -> Self {
        let mut out = Statement::new(0..0);
        out.nesting = 1;
        Self { out, calls: Vec::new() }
    }
}

impl Found {
    fn take(&mut self, parsed: &Stmt) {
        statement::read(parsed, &mut self.out);
        self.calls.extend(called(parsed.syntax()));
    }

    fn body(self) -> RoutineBody {
        let (operations, gaps) = self.out.into_parts();
        let worst = gaps.iter().find(|gap| !gap.keeps_data).or(gaps.first()).cloned();
        RoutineBody {
            operations: operations.into_iter().map(|found| (found.kind, found.is_conditional)).collect(),
            calls: self.calls,
            not_analysed: worst,
        }
    }
}

/// `CREATE TRIGGER`
pub(super) fn trigger(create: &ast::CreateTrigger) -> Option<Trigger> {
    let events = create.trigger_event_list().into_iter().flat_map(|list| list.trigger_events());
    Some(Trigger {
        name: names::plain(create.trigger()?.syntax()).or_else(|| names::last(create.trigger()))?,
        table: names::qualified(create.on_relation()?.syntax())?,
        events: events
            .map(|event| match event {
                ast::TriggerEvent::TriggerEventDelete(_) => RowChange::Delete,
                ast::TriggerEvent::TriggerEventInsert(_) => RowChange::Insert,
                ast::TriggerEvent::TriggerEventTruncate(_) => RowChange::Truncate,
                ast::TriggerEvent::TriggerEventUpdate(_) => RowChange::Update,
            })
            .collect(),
        action: TriggerAction::Calls(callee_name(&create.call_expr()?.syntax().first_child()?)?),
    })
}

/// SQLite's `CREATE TRIGGER … BEGIN … END`
pub(super) fn trigger_of_sqlite(text: &str) -> Option<Trigger> {
    use crate::sqlfile::{Lexicon, TokenKind, Tokens};
    let tokens: Vec<_> = Tokens::new(text, Lexicon::Any).map(|token| (token.kind, token.range)).collect();
    let word = |at: usize| match tokens.get(at) {
        Some((TokenKind::Word, range)) => text.get(range.clone()).map(str::to_uppercase).unwrap_or_default(),
        _ => String::new(),
    };
    let begin = (0..tokens.len()).find(|at| word(*at) == "BEGIN")?;
    let on = (0..begin).find(|at| word(*at) == "ON")?;
    let events: Vec<RowChange> = (0..on)
        .filter_map(|at| match word(at).as_str() {
            "INSERT" => Some(RowChange::Insert),
            "UPDATE" => Some(RowChange::Update),
            "DELETE" => Some(RowChange::Delete),
            _ => None,
        })
        .collect();
    let name_at = |at: usize| {
        let (kind, range) = tokens.get(at)?;
        let text = text.get(range.clone())?;
        match kind {
            TokenKind::Word => Some(text.to_lowercase()),
            TokenKind::QuotedName => Some(text.get(1..text.len().checked_sub(1)?)?.to_owned()),
            _ => None,
        }
    };
    let made = (0..on).find(|at| word(*at) == "TRIGGER")? + 1;
    let named = if word(made) == "IF" { made + 3 } else { made };
    let inner = tokens.get(begin)?.1.end..tokens.iter().rev().find(|(kind, _)| *kind == TokenKind::Word)?.1.start;
    Some(Trigger {
        name: name_at(named)?,
        table: TableName::new(name_at(on + 1)?),
        events,
        action: TriggerAction::Runs(of_text(text.get(inner)?)),
    })
}
