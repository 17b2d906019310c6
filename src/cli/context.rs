use super::argparse::Invocation;
use super::args::GlobalArgs;
use super::environment::Environment;
use super::ui::Ui;

/// What a command works with. Everything expensive is made on first use and kept.
#[derive(Debug)]
pub struct CommandContext {
    /// Prints.
    pub ui: Ui,
    /// Variables, current directory, terminal.
    pub environment: Environment,
    /// Options of every command.
    pub globals: GlobalArgs,
    /// The command line, canonical.
    pub invocation: Invocation,
}

impl CommandContext {
    /// A context that has looked at nothing yet.
    pub fn new(ui: Ui, environment: Environment, globals: GlobalArgs, invocation: Invocation) -> Self {
        Self { ui, environment, globals, invocation }
    }
}
