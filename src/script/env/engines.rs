use ruff_python_ast::Expr;

use super::arguments::Call;
use super::configure::{Configuration, WITHOUT_EFFECT};
use super::expressions::Reader;
use super::read::NotUnderstood;
use super::state::State;
use super::text::Text;
use super::value::{EngineSource, Value};

/// Arguments of `create_engine` that do not change which database is reached, or how transactions behave.
const HARMLESS: [&str; 16] = [
    "poolclass",
    "future",
    "echo",
    "echo_pool",
    "pool_pre_ping",
    "pool_recycle",
    "pool_size",
    "max_overflow",
    "pool_timeout",
    "pool_use_lifo",
    "hide_parameters",
    "json_serializer",
    "json_deserializer",
    "query_cache_size",
    "logging_name",
    "pool_logging_name",
];

impl<'a> Reader<'a> {
    /// SQLAlchemy's functions that make engines; `None` for any other function.
    pub(super) fn call_engine_function(
        &mut self,
        path: &str,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Option<Value<'a>>, NotUnderstood> {
        let url = match path {
            "sqlalchemy.create_engine"
            | "sqlalchemy.engine.create_engine"
            | "sqlmodel.create_engine"
            | "sqlalchemy.ext.asyncio.create_async_engine" => {
                self.check_options(arguments, &["url"], expression)?;
                match arguments.argument(0, "url") {
                    Some(url) => url.clone(),
                    None => return self.refuse(expression, "an engine is made without a URL"),
                }
            }
            "sqlalchemy.engine_from_config"
            | "sqlalchemy.engine.engine_from_config"
            | "sqlalchemy.ext.asyncio.async_engine_from_config" => self.url_of_section(arguments, expression, state)?,
            "sqlalchemy.ext.asyncio.AsyncEngine" => {
                return match arguments.argument(0, "sync_engine") {
                    Some(engine @ Value::Engine(_)) => Ok(Some(engine.clone())),
                    _ => self.refuse(expression, "an AsyncEngine is made from something that is not followed"),
                };
            }
            _ => return Ok(None),
        };
        let url = self.known_text(&url, "the URL", arguments.line)?;
        Ok(Some(Value::Engine(EngineSource { url })))
    }

    fn check_options(&self, arguments: &Call<'a>, allowed: &[&str], expression: &'a Expr) -> Result<(), NotUnderstood> {
        if arguments.open {
            return self.refuse(expression, "an engine is made with options that are not known");
        }
        let odd = arguments.keywords.iter().map(|(key, _)| key.as_str());
        match odd.into_iter().find(|key| !HARMLESS.contains(key) && !allowed.contains(key)) {
            Some(key) => {
                self.refuse(expression, format!("an engine is made with {key}, which may change the connection"))
            }
            None => Ok(()),
        }
    }

    /// `engine_from_config(section, prefix="sqlalchemy.")`
    fn url_of_section(
        &mut self,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        self.check_options(arguments, &["url", "prefix", "configuration"], expression)?;
        let prefix = match arguments.argument(1, "prefix") {
            None => "sqlalchemy.",
            Some(Value::Text(Text::Literal(prefix))) => prefix.as_str(),
            Some(_) => return self.refuse(expression, "the prefix of the engine's options is not known"),
        };
        let Some(Value::Dict(number)) = arguments.argument(0, "configuration") else {
            return self.refuse(expression, "an engine is made from a configuration that is not followed");
        };
        let Some(dict) = state.dicts.get(number) else {
            return self.refuse(expression, "an engine is made from a configuration that is not followed");
        };
        if let Some(line) = dict.touched {
            return Err(NotUnderstood::new(
                line,
                "the engine's configuration is changed in a way that is not followed",
            ));
        }
        for key in dict.entries.keys() {
            let Some(option) = key.strip_prefix(prefix) else { continue };
            if option != "url" && !HARMLESS.contains(&option) {
                return self.refuse(
                    expression,
                    format!("the engine's option {option} is set, which may change the connection"),
                );
            }
        }
        if let Some(url) = arguments.keyword("url") {
            return Ok(url.clone());
        }
        let key = format!("{prefix}url");
        match self.dict_entry(*number, &key, state) {
            Some(url) => Ok(url),
            None => self.refuse(expression, format!("the engine's configuration has no {key}")),
        }
    }

    /// The arguments of `context.configure`.
    pub(super) fn configuration(
        &mut self,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Configuration, NotUnderstood> {
        let line = arguments.line;
        if arguments.open {
            return self.refuse(expression, "context.configure is given arguments that are not known");
        }
        let mut found = Configuration::default();
        if arguments.positional.len() > 1 {
            return self.refuse(expression, "context.configure is given arguments by position");
        }
        let connection = arguments.argument(0, "connection");
        match connection {
            Some(Value::Connection(engine)) => found.url = Some(engine.url.clone()),
            Some(other) if self.online => {
                let what = match other {
                    Value::Opaque(origin) | Value::Unsettled(origin) => origin.text.clone(),
                    Value::Path(path) => path.clone(),
                    _ => "something that is not followed".to_owned(),
                };
                return self
                    .refuse(expression, format!("the connection comes from {what}, which only running it can tell"));
            }
            None if self.online => return self.refuse(expression, "context.configure is given no connection"),
            _ => {}
        }
        let keywords = arguments.keywords.clone();
        for (key, value) in &keywords {
            let name = |what: &str| self.literal(value, what, line);
            match key.as_str() {
                "connection" | "url" | "dialect_name" => {}
                "version_table" => found.version_table = name("version_table")?,
                "version_table_schema" => found.version_table_schema = name("version_table_schema")?,
                "version_table_pk" => found.version_table_pk = self.known_flag(value, key, line)?,
                "transaction_per_migration" => {
                    found.transaction_per_migration = self.known_flag(value, key, line)?.unwrap_or(false);
                }
                "transactional_ddl" => found.transactional_ddl = self.known_flag(value, key, line)?,
                "on_version_apply" => found.on_version_apply = *value != Value::none(),
                harmless if WITHOUT_EFFECT.contains(&harmless) => {
                    // Callbacks are called with what Alembic makes of a script, after all has been decided.
                    if !matches!(value, Value::Function(_)) {
                        self.hand_over(value, "context.configure", state, line)?;
                    }
                }
                other => {
                    return self.refuse(expression, format!("context.configure is given {other}, which is not known"));
                }
            }
        }
        Ok(found)
    }

    fn literal(&self, value: &Value<'a>, what: &str, line: usize) -> Result<Option<String>, NotUnderstood> {
        match self.known_text(value, what, line)? {
            Text::None => Ok(None),
            Text::Literal(text) => Ok(Some(text)),
            _ => Err(NotUnderstood::new(line, format!("{what} is not written in env.py"))),
        }
    }
}
