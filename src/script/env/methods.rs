use ruff_python_ast::Expr;

use super::arguments::Call;
use super::expressions::Reader;
use super::read::NotUnderstood;
use super::state::{Dict, State};
use super::text::Text;
use super::value::Value;

impl<'a> Reader<'a> {
    pub(super) fn method(
        &mut self,
        base: &Value<'a>,
        name: &str,
        arguments: Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        match base {
            Value::Config => self.config_method(name, &arguments, expression, state),
            Value::Dict(number) => self.dict_method(*number, name, &arguments, expression, state),
            Value::Text(text) => {
                for value in arguments.values() {
                    self.hand_over(value, name, state, arguments.line)?;
                }
                self.demand_text(text, arguments.line, state);
                Ok(self.text_method(text, name, &arguments, expression))
            }
            Value::Engine(engine) => match name {
                "connect" | "begin" if arguments.positional.is_empty() && arguments.keywords.is_empty() => {
                    Ok(Value::Connection(engine.clone()))
                }
                "dispose" => Ok(self.opaque(expression)),
                other => self.refuse(expression, format!("it calls {other} on the engine")),
            },
            Value::Connection(_) => self.connection_method(base, name, arguments, expression, state),
            Value::Opaque(_) => match (name, arguments.positional.as_slice()) {
                ("run_until_complete", [coroutine @ Value::Coroutine(..)]) => {
                    self.awaited(coroutine.clone(), expression, state)
                }
                _ => self.unknown_call(&self.excerpt(expression), &arguments, expression, state),
            },
            Value::Unsettled(origin) => {
                self.refuse(expression, format!("it uses {} (line {})", origin.text, origin.line))
            }
            other => match other.critical() {
                Some(what) => self.refuse(expression, format!("it calls {name} on {what}")),
                None => self.unknown_call(name, &arguments, expression, state),
            },
        }
    }

    fn config_method(
        &mut self,
        name: &str,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let line = arguments.line;
        // The `…_section_option` forms take the section first; only env.py's own section is followed.
        let own_section = matches!(arguments.argument(0, "section"), Some(Value::SectionName));
        match name {
            "get_main_option" => {
                let default = arguments.argument(1, "default").cloned();
                self.main_option(arguments.argument(0, "name"), default, expression, state)
            }
            "get_section_option" if own_section => {
                let default = arguments.argument(2, "default").cloned();
                self.main_option(arguments.argument(1, "name"), default, expression, state)
            }
            "set_main_option" => {
                let pair = (arguments.argument(0, "name").cloned(), arguments.argument(1, "value").cloned());
                self.set_option(pair, expression, state)
            }
            "set_section_option" if own_section => {
                let pair = (arguments.argument(1, "name").cloned(), arguments.argument(2, "value").cloned());
                self.set_option(pair, expression, state)
            }
            "get_section" if own_section || matches!(arguments.argument(0, "name"), Some(Value::SectionName)) => {
                let mut entries = state.options.clone();
                let url = self.option("sqlalchemy.url", Text::None, line, state);
                entries.insert("sqlalchemy.url".to_owned(), url);
                Ok(self.new_dict(Dict { section: true, entries, touched: None }, state))
            }
            "print_stdout" | "get_template_directory" | "get_alembic_boolean_option" => Ok(self.opaque(expression)),
            other => self.refuse(expression, format!("it calls config.{other} in a way that is not followed")),
        }
    }

    fn main_option(
        &mut self,
        name: Option<&Value<'a>>,
        default: Option<Value<'a>>,
        expression: &'a Expr,
        state: &State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let Some(Value::Text(Text::Literal(name))) = name else { return Ok(self.opaque(expression)) };
        let default = match default {
            None => Text::None,
            Some(Value::Text(text)) => text,
            Some(_) => return Ok(self.opaque(expression)),
        };
        Ok(self.option(name, default, self.line(expression), state))
    }

    /// An option as env.py would read it now: what it has set, or what the ini says.
    fn option(&self, name: &str, default: Text, line: usize, state: &State<'a>) -> Value<'a> {
        // Option names are those of Python's ConfigParser: without case.
        if let Some(set) = state.options.get(&name.to_lowercase()) {
            return set.clone();
        }
        match state.options.keys().find(|other| *other != "sqlalchemy.url") {
            Some(other) => {
                Value::opaque(line, format!("the ini's {name}, which may refer to the option {other} that it sets"))
            }
            None => Value::Text(Text::Ini(name.to_owned(), Box::new(default))),
        }
    }

    fn set_option(
        &mut self,
        (name, value): (Option<Value<'a>>, Option<Value<'a>>),
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let (Some(Value::Text(Text::Literal(name))), Some(value)) = (name, value) else {
            return self.refuse(expression, "it sets an option of the configuration that is not named");
        };
        let value = match value {
            Value::Text(text) => Value::Text(Text::Interpolated(Box::new(text))),
            Value::Path(path) => Value::opaque(self.line(expression), path),
            other => other,
        };
        self.hand_over(&value, "config", state, self.line(expression))?;
        state.options.insert(name.to_lowercase(), value);
        Ok(Value::none())
    }

    fn dict_method(
        &mut self,
        number: usize,
        name: &str,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let key = match arguments.positional.first() {
            Some(Value::Text(Text::Literal(key))) => Some(key.clone()),
            _ => None,
        };
        match (name, key) {
            ("get", Some(key)) => Ok(match self.dict_entry(number, &key, state) {
                // An absent option: the default, as the ini's reader has it.
                Some(Value::Text(Text::Ini(option, default))) => match arguments.positional.get(1) {
                    Some(Value::Text(given)) if *default == Text::None => {
                        Value::Text(Text::Ini(option, Box::new(given.clone())))
                    }
                    Some(Value::Text(_)) | None => Value::Text(Text::Ini(option, default)),
                    Some(_) => self.opaque(expression),
                },
                Some(value) => value,
                None => self.opaque(expression),
            }),
            ("update", _) if !arguments.open => {
                let mut entries = std::collections::BTreeMap::new();
                let mut touched = None;
                for value in &arguments.positional {
                    match value {
                        Value::Dict(other) => {
                            let other = state.dicts.get(other).cloned().unwrap_or_default();
                            touched = touched.or(other.touched).or(other.section.then_some(arguments.line));
                            entries.extend(other.entries);
                        }
                        other => {
                            self.hand_over(other, "a dictionary", state, arguments.line)?;
                            touched = Some(arguments.line);
                        }
                    }
                }
                entries.extend(arguments.keywords.iter().cloned());
                if let Some(dict) = state.dicts.get_mut(&number) {
                    dict.touched = dict.touched.or(touched);
                    dict.entries.extend(entries);
                }
                Ok(Value::none())
            }
            ("copy", _) => {
                let copy = state.dicts.get(&number).cloned().unwrap_or_default();
                Ok(self.new_dict(copy, state))
            }
            ("items" | "keys" | "values", _) => {
                self.hand_over(&Value::Dict(number), name, state, arguments.line)?;
                Ok(self.opaque(expression))
            }
            _ => {
                self.hand_over(&Value::Dict(number), name, state, arguments.line)?;
                self.unknown_call(name, arguments, expression, state)
            }
        }
    }

    fn connection_method(
        &mut self,
        connection: &Value<'a>,
        name: &str,
        arguments: Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        match name {
            "close" | "commit" | "rollback" => Ok(self.opaque(expression)),
            "begin" => Ok(Value::Transaction),
            "run_sync" => {
                let mut values = arguments.positional.into_iter();
                let Some(Value::Function(function)) = values.next() else {
                    return self.refuse(expression, "run_sync is given something that is not a function of env.py");
                };
                let positional = std::iter::once(connection.clone()).chain(values).collect();
                let inner =
                    Call { line: arguments.line, positional, keywords: arguments.keywords, open: arguments.open };
                self.call_function(function, inner, expression, state)
            }
            "execute" | "exec_driver_sql" | "scalar" | "scalars" => {
                self.refuse(expression, "it executes statements on the connection itself")
            }
            other => self.refuse(expression, format!("it calls {other} on the connection")),
        }
    }
}
