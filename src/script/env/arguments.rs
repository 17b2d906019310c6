use ruff_python_ast::{Arguments, Expr};

use super::expressions::Reader;
use super::read::NotUnderstood;
use super::state::State;
use super::value::Value;

/// The evaluated arguments of a call.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) line: usize,
    pub(super) positional: Vec<Value<'a>>,
    pub(super) keywords: Vec<(String, Value<'a>)>,
    /// `*args` or `**kwargs` of something unknown was among them.
    pub(super) open: bool,
}

impl<'a> Call<'a> {
    pub(super) fn of(
        reader: &mut Reader<'a>,
        arguments: &'a Arguments,
        state: &mut State<'a>,
        line: usize,
    ) -> Result<Self, NotUnderstood> {
        let mut call = Self { line, positional: Vec::new(), keywords: Vec::new(), open: false };
        for argument in &*arguments.args {
            if let Expr::Starred(starred) = argument {
                let value = reader.evaluate(&starred.value, state)?;
                reader.hand_over(&value, "an unknown call", state, line)?;
                call.open = true;
            } else {
                call.positional.push(reader.evaluate(argument, state)?);
            }
        }
        for keyword in &*arguments.keywords {
            let value = reader.evaluate(&keyword.value, state)?;
            match (&keyword.arg, &value) {
                (Some(name), _) => call.keywords.push((name.to_string(), value)),
                (None, Value::Dict(number)) => match state.dicts.get(number) {
                    Some(dict) if dict.touched.is_none() && !dict.section => {
                        call.keywords.extend(dict.entries.iter().map(|(key, value)| (key.clone(), value.clone())));
                    }
                    _ => call.open = true,
                },
                (None, _) => {
                    reader.hand_over(&value, "an unknown call", state, line)?;
                    call.open = true;
                }
            }
        }
        Ok(call)
    }

    /// An argument by position or name.
    pub(super) fn argument(&self, position: usize, name: &str) -> Option<&Value<'a>> {
        self.positional.get(position).or_else(|| self.keyword(name))
    }

    pub(super) fn keyword(&self, name: &str) -> Option<&Value<'a>> {
        self.keywords.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value<'a>> {
        self.positional.iter().chain(self.keywords.iter().map(|(_, value)| value))
    }
}
