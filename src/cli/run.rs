use std::io::{self, IsTerminal};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use super::argparse::{self, Invocation, Request, UsageError};
use super::args::{Cli, ColorWhen, GlobalArgs};
use super::context::CommandContext;
use super::environment::Environment;
use super::error::{CommandError, Convention};
use super::ui::{LogFormat, Ui, UiOptions};
use super::{help, options, unsquash};

/// Parses the arguments, runs the command and turns the outcome into an exit status: 0 done, 1 failed (255 where Alembic
/// says `FAILED`), 2 wrong usage, 130 interrupted.
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(report_panic));
    panic::catch_unwind(AssertUnwindSafe(start)).unwrap_or(ExitCode::FAILURE)
}

fn start() -> ExitCode {
    let mut root = Cli::command();
    let mut arguments = Vec::new();
    for argument in std::env::args_os().skip(1) {
        match argument.into_string() {
            Ok(argument) => arguments.push(argument),
            Err(argument) => {
                let failure = CommandError::usage(format!("{} is not valid Unicode", argument.display()));
                return failure.report(&mut Ui::new(UiOptions::plain()), Convention::Limbec);
            }
        }
    }
    match argparse::read(&root, &arguments) {
        Ok(Request::Run(invocation)) => match parse(&mut root, &invocation) {
            Ok(cli) => run(&cli, invocation),
            Err(error) => not_taken(&error, &mut early_ui(&arguments)),
        },
        Ok(Request::Help(command)) => print(&help::help(root, command.as_deref())),
        Ok(Request::Version) => print(&format!("limbec {}", env!("CARGO_PKG_VERSION"))),
        Err(error) => wrong_usage(&error).report(&mut early_ui(&arguments), Convention::Limbec),
    }
}

/// Prints what is wrong with the arguments, before they are known: as a log where one is asked for.
fn early_ui(arguments: &[String]) -> Ui {
    let typed = |pair: &[String]| pair[0] == "--log-format" && pair[1] == "json";
    let wants_log = arguments.iter().any(|word| word == "--log-format=json")
        || arguments.windows(2).any(typed)
        || std::env::var_os("LIMBEC_LOG_FORMAT").is_some_and(|value| value == "json");
    let log_format = if wants_log { LogFormat::Json } else { LogFormat::Text };
    Ui::new(UiOptions { log_format, ..UiOptions::plain() })
}

/// What clap says of an argument, in clap's own form for people.
fn not_taken(error: &clap::Error, ui: &mut Ui) -> ExitCode {
    if ui.logs_json() {
        let text = error.to_string();
        let sentence = text.split("\n\n").next().unwrap_or_default();
        return CommandError::usage(sentence.trim_start_matches("error: ")).report(ui, Convention::Limbec);
    }
    // Nobody is left to be told when standard error is gone.
    let _ = error.print();
    ExitCode::from(2)
}

fn parse(root: &mut clap::Command, invocation: &Invocation) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&root.try_get_matches_from_mut(&invocation.canonical)?)
}

fn run(cli: &Cli, invocation: Invocation) -> ExitCode {
    let environment = match Environment::read() {
        Ok(environment) => environment,
        Err(error) => {
            let failure = CommandError::crashed("the current directory cannot be found").caused_by(error.to_string());
            return failure.report(&mut Ui::new(UiOptions::plain()), Convention::Limbec);
        }
    };
    let convention = match (options::is_alembic_command(&invocation.command), cli.globals.raiseerr) {
        (true, false) => Convention::Alembic,
        (true, true) => Convention::Raise,
        (false, _) => Convention::Limbec,
    };
    let log_format = match log_format(&cli.globals, &environment) {
        Ok(format) => format,
        Err(failure) => return failure.report(&mut Ui::new(UiOptions::plain()), convention),
    };
    let ui = Ui::new(ui_options(&cli.globals, &environment, log_format));
    let mut context = CommandContext::new(ui, environment, cli.globals.clone(), invocation);
    let outcome = unsquash::run(&mut context, &cli.command);
    // The first failure is told; one at the end of Python only if there was none before.
    let ended = context.finish_engine();
    let status = match outcome.and_then(|status| ended.map(|()| status)) {
        Ok(status) => status.into(),
        Err(error) => error.report(&mut context.ui, convention),
    };
    context.ui.flush();
    match context.ui.lost_output() {
        None => status,
        Some(error) => CommandError::lost_output(&error).report(&mut context.ui, convention),
    }
}

fn log_format(globals: &GlobalArgs, environment: &Environment) -> Result<LogFormat, CommandError> {
    match (globals.log_format, environment.variable("LIMBEC_LOG_FORMAT")) {
        (Some(format), _) => Ok(format),
        (None, None | Some("text")) => Ok(LogFormat::Text),
        (None, Some("json")) => Ok(LogFormat::Json),
        (None, Some(other)) => Err(CommandError::usage(format!("LIMBEC_LOG_FORMAT is `{other}`"))
            .hint("set it to `text` or `json`, or leave it out")),
    }
}

fn ui_options(globals: &GlobalArgs, environment: &Environment, log_format: LogFormat) -> UiOptions {
    let unwanted = environment.variable("NO_COLOR").is_some() || environment.is_ci();
    let dumb = environment.variable("TERM") == Some("dumb");
    let colored = |is_terminal: bool| match globals.color {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => !unwanted && !dumb && is_terminal,
    };
    UiOptions {
        quiet: globals.quiet,
        colored: colored(io::stderr().is_terminal()),
        colored_results: colored(io::stdout().is_terminal()),
        message_width: environment.message_width,
        verbosity: globals.verbosity,
        encoding: environment.stdout_encoding(),
        log_format,
        progress: io::stderr().is_terminal() && !environment.is_ci(),
    }
}

/// Prints what was asked for instead of a command.
fn print(text: &str) -> ExitCode {
    let mut ui = Ui::new(UiOptions::plain());
    ui.result(text.trim_end());
    ui.flush();
    ExitCode::SUCCESS
}

fn wrong_usage(error: &UsageError) -> CommandError {
    let mut failure = CommandError::usage(&error.message);
    if let Some(suggestion) = &error.suggestion {
        failure = failure.hint(format!("did you mean `{suggestion}`?"));
    }
    if error.message.ends_with("expected one argument") {
        failure =
            failure.hint("a value that begins with a dash is glued to its option, as in `-r-3:` or `--rev-range=-3:`");
    }
    failure.hint(match &error.command {
        Some(command) => format!("`limbec {command} --help` explains its arguments"),
        None => "`limbec --help` lists the commands".to_owned(),
    })
}

/// A bug becomes one sentence; Python's callers and worker threads unwind on.
fn report_panic(panic: &PanicHookInfo<'_>) {
    let what = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(|place| format!(" ({}, line {})", place.file(), place.line())).unwrap_or_default();
    let failure = CommandError::crashed(format!("limbec has a bug: {what}{place}")).hint(format!(
        "please report this sentence and the command line at {}/issues; the database is as the last finished step left it",
        env!("CARGO_PKG_REPOSITORY")
    ));
    let arguments: Vec<String> = std::env::args_os().filter_map(|argument| argument.into_string().ok()).collect();
    failure.report(&mut early_ui(&arguments), Convention::Limbec);
}
