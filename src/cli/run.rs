use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use super::argparse::{self, Invocation, Request, UsageError};
use super::args::{Cli, ColorWhen, GlobalArgs};
use super::commands;
use super::context::CommandContext;
use super::environment::Environment;
use super::error::{CommandError, Convention};
use super::options;
use super::ui::{Ui, UiOptions};

/// Parses the arguments, runs the command and turns the outcome into an exit status.
pub fn main() -> ExitCode {
    let mut root = Cli::command();
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match argparse::read(&root, &arguments) {
        Ok(Request::Run(invocation)) => match parse(&mut root, &invocation) {
            Ok(cli) => run(&cli, invocation),
            Err(error) => clap_exit(&error),
        },
        Ok(Request::Help(command)) => help(&mut root, command.as_deref()),
        Ok(Request::Version) => print(&root.render_version()),
        Err(error) => wrong_usage(&mut root, &error),
    }
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
    let ui = Ui::new(ui_options(&cli.globals, &environment));
    let mut context = CommandContext::new(ui, environment, cli.globals.clone(), invocation);
    let status = match commands::run(&mut context, &cli.command) {
        Ok(status) => status.into(),
        Err(error) => error.report(&mut context.ui, convention),
    };
    context.ui.flush();
    status
}

fn ui_options(globals: &GlobalArgs, environment: &Environment) -> UiOptions {
    let plain = ["NO_COLOR", "CI"].iter().any(|name| environment.variable(name).is_some());
    UiOptions {
        quiet: globals.quiet,
        colored: match globals.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => !plain && io::stderr().is_terminal() && environment.variable("TERM") != Some("dumb"),
        },
        message_width: environment.message_width,
        verbosity: globals.verbosity,
    }
}

fn help(root: &mut clap::Command, command: Option<&str>) -> ExitCode {
    root.build();
    let command = match command.and_then(|name| root.find_subcommand_mut(name)) {
        Some(command) => command,
        None => root,
    };
    print(&command.render_long_help().to_string())
}

/// Prints what was asked for instead of a command.
fn print(text: &str) -> ExitCode {
    let mut ui = Ui::new(UiOptions::plain());
    ui.result(text.trim_end());
    ui.flush();
    ExitCode::SUCCESS
}

fn wrong_usage(root: &mut clap::Command, error: &UsageError) -> ExitCode {
    root.build();
    let command = match error.command.as_deref().and_then(|name| root.find_subcommand_mut(name)) {
        Some(command) => command,
        None => root,
    };
    clap_exit(&command.error(ErrorKind::UnknownArgument, &error.message))
}

/// Prints a usage error in clap's form.
fn clap_exit(error: &clap::Error) -> ExitCode {
    // Nobody is left to be told when standard error is gone.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}
