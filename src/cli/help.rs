//! The help: clap's, with the commands in two groups and examples.

use clap::{Arg, ArgAction, Command};

use super::options::is_alembic_command;

/// What to type, and what it does.
const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "",
        &[
            ("limbec upgrade head", "upgrade the database to the newest revision"),
            ("limbec current -v", "which revisions it is at"),
            ("limbec history -r-3:", "the newest revisions"),
            ("limbec plan upgrade head", "what an upgrade would do"),
            ("limbec new \"add user preferences\"", "a new revision, filled from the models"),
            ("limbec -n tenant -x tenant=acme upgrade head", "another ini section, an argument for env.py"),
            ("limbec doctor", "how limbec sees project, database and Python"),
        ],
    ),
    ("branches", &[("limbec branches -v", "with paths and docstrings")]),
    (
        "bundle apply",
        &[
            (
                "limbec bundle apply migrations.bundle --url postgresql://app@db/shop",
                "to the newest revision, without Python",
            ),
            ("limbec bundle apply migrations.bundle +1 --url sqlite:///shop.db --dry-run", "what would one step do?"),
        ],
    ),
    (
        "bundle build",
        &[
            ("limbec bundle build", "every revision, up and down, into migrations.bundle"),
            (
                "limbec bundle build --server postgresql://postgres@localhost/postgres -o shop.bundle",
                "recorded on databases of this server",
            ),
            ("limbec bundle build 4fd2:head --allow-missing", "from 4fd2 on, without what needs Python"),
        ],
    ),
    (
        "bundle downgrade",
        &[("limbec bundle downgrade migrations.bundle -1 --url postgresql://app@db/shop", "back by one revision")],
    ),
    ("bundle show", &[("limbec bundle show migrations.bundle", "revisions, heads, checksums, what needs Python")]),
    (
        "bundle stamp",
        &[("limbec bundle stamp migrations.bundle head --url sqlite:///shop.db", "the version table alone")],
    ),
    ("bundle verify", &[("limbec bundle verify migrations.bundle", "in CI: is it what the revision files say?")]),
    ("check", &[("limbec check", "fails when a revision is missing for a change of the models")]),
    (
        "current",
        &[
            ("limbec current", "the revisions that the database is at"),
            ("limbec current --check-heads", "for a script: fails unless it is at the newest"),
        ],
    ),
    (
        "db create",
        &[
            ("limbec db create", "the database of the project's URL"),
            ("limbec db create shop --role app --secret-file app.password", "with a role of its own"),
            ("limbec db create shop --server postgresql://admin@db/postgres", "on another server"),
        ],
    ),
    (
        "db drop",
        &[
            ("limbec db drop shop --dry-run", "what would be lost?"),
            ("limbec db drop shop --role app --yes", "with its role, without asking"),
        ],
    ),
    (
        "db init",
        &[
            ("limbec db init", "schema, version table and history table"),
            ("limbec --schema app db init --dry-run", "what is absent in the schema app?"),
        ],
    ),
    (
        "db move-schema",
        &[
            ("limbec db move-schema --from public --to app --dry-run", "what would move, and what to look at"),
            ("limbec db move-schema --from public --to app", "in one transaction"),
            ("limbec db move-schema --from public --to app --tables orders,lines", "these tables alone"),
            ("limbec db move-schema --from public --to app --copy --verify hash", "a copy, compared by checksums"),
        ],
    ),
    (
        "downgrade",
        &[
            ("limbec downgrade -1", "one revision back, as --step 1"),
            ("limbec downgrade ae1027", "back to that revision"),
            ("limbec downgrade base", "undo everything"),
            ("limbec downgrade --sql ae1027:base", "print the SQL of it"),
        ],
    ),
    (
        "tenant downgrade",
        &[
            ("limbec tenant downgrade acme foo -1", "one revision back"),
            ("limbec tenant downgrade --all ae1027", "every tenant, back to that revision"),
        ],
    ),
    (
        "tenant migrate",
        &[
            ("limbec tenant migrate acme foo", "these two"),
            ("limbec tenant migrate --all --wave 1,10%,rest", "first one, then a tenth, then the rest"),
            ("limbec tenant migrate --resume", "continue the last run that did not come to its end"),
        ],
    ),
    (
        "tenant status",
        &[
            ("limbec tenant status", "where every tenant stands"),
            ("limbec tenant status --check", "for a script: fails unless all are at the newest"),
        ],
    ),
    ("edit", &[("limbec edit head", "the newest revision"), ("limbec edit current", "what the database is at")]),
    ("ensure_version", &[("limbec ensure_version", "create the version table, empty")]),
    (
        "freeze",
        &[
            ("limbec freeze", "write limbec.lock: these revisions must not change any more"),
            ("limbec freeze --check", "for CI: fails unless limbec.lock is current"),
            ("limbec freeze --accept ae1027a6acf4", "a changed revision is meant to be changed"),
        ],
    ),
    (
        "graph",
        &[
            ("limbec graph", "in the terminal"),
            ("limbec graph -r-20:", "the newest revisions"),
            ("limbec graph current:", "what an upgrade would add"),
            ("limbec graph --output graph.svg", "a picture"),
            ("limbec graph --tables", "what every revision does to tables"),
            ("limbec graph --format mermaid", "for a README or a pull request"),
            ("limbec graph --format dot > graph.dot", "for Graphviz"),
        ],
    ),
    ("heads", &[("limbec heads -v", "with path and docstring"), ("limbec heads --format json", "for a script")]),
    (
        "history",
        &[
            ("limbec history -i", "mark what the database is at"),
            ("limbec history -r-3:", "from three below the head up to it"),
            ("limbec history -r current:", "what an upgrade would add"),
            ("limbec history -r ae1027:1975ea -v", "between two revisions, with docstrings"),
        ],
    ),
    (
        "import",
        &[
            ("limbec import --dry-run db/migrations", "what would become of each file, and what has run"),
            ("limbec import db/migrations", "SQL revisions, and the state of the database carried over"),
            ("limbec import db/migrations --init", "the same where there is no Alembic project yet"),
            ("limbec import --from sqlx migrations", "for files that several tools have"),
            ("limbec import db/migrations --applied-until 007", "files that were run by hand, up to this one"),
            ("limbec import db/migrations --state-only --url URL", "another database, from its own table"),
        ],
    ),
    (
        "init",
        &[
            ("limbec init alembic", "alembic.ini and the directory alembic"),
            ("limbec init -t async migrations", "for an asynchronous driver"),
            ("limbec init -t pyproject migrations", "with the configuration in pyproject.toml"),
        ],
    ),
    ("list", &[("limbec list", "oldest first"), ("limbec list --format json", "for a script, see docs/json.md")]),
    ("list_templates", &[("limbec list_templates", "what `init --template` takes")]),
    (
        "log",
        &[
            ("limbec log --limit 20", "the newest twenty steps"),
            ("limbec log --outcome failed --since 7d", "what failed in the last week"),
            ("limbec log --revision head --format json", "for a script, see docs/json.md"),
        ],
    ),
    ("merge", &[("limbec merge heads -m \"join both branches\"", "one head of all")]),
    (
        "new",
        &[
            ("limbec new \"add user preferences\"", "compare models and database, write the difference"),
            ("limbec new \"fill preferences\" --no-autogenerate", "an empty revision, without Python"),
            ("limbec new --sql \"add index\"", "a revision that is SQL, up and down, in files of its own"),
        ],
    ),
    (
        "plan",
        &[
            ("limbec plan upgrade head", "from what the database is at"),
            ("limbec plan upgrade head --from base", "on an empty database"),
            ("limbec plan downgrade -1 --from ae1027 --format json", "for a script, without any database"),
        ],
    ),
    (
        "rebase",
        &[
            ("limbec rebase", "this branch's revisions on top of those of the base branch"),
            ("limbec rebase --diff", "show what it would change"),
            (
                "limbec rebase ae1027a6acf4 --onto 1975ea83b712",
                "that revision, and what builds on it, on top of another",
            ),
        ],
    ),
    (
        "revision",
        &[
            ("limbec revision -m \"add a table\"", "an empty revision"),
            ("limbec revision --autogenerate -m \"add a table\"", "filled from the models"),
            ("limbec revision -m \"a fix\" --head ae1027 --splice", "a new branch"),
        ],
    ),
    (
        "repair",
        &[
            ("limbec repair --dry-run", "what would be done"),
            ("limbec repair implied-row", "only that"),
            ("limbec repair --accept ae1027a6acf4", "a changed revision is meant to be changed"),
        ],
    ),
    (
        "report",
        &[
            ("limbec report --html report.html", "one page that needs nothing else"),
            ("limbec report --no-database --html - > report.html", "what the files alone tell"),
            ("limbec report --format json", "the same for a script, see docs/json.md"),
        ],
    ),
    (
        "rule",
        &[
            ("limbec rule index-without-concurrently", "what it flags, why, and what to do instead"),
            ("limbec rule --all", "list the rules"),
        ],
    ),
    ("show", &[("limbec show head", "the newest revision"), ("limbec show current", "what the database is at")]),
    (
        "squash",
        &[
            ("limbec squash --to 1975ea83b712 --dry-run", "which files would go, and whether the baseline works"),
            ("limbec squash --to 1975ea83b712 --with-data", "with the rows that the revisions have put into tables"),
            ("limbec squash --to 1975ea83b712 --from-database", "the old revisions cannot be run any more"),
        ],
    ),
    (
        "stamp",
        &[
            ("limbec stamp head", "the schema is already there: say so"),
            ("limbec stamp --purge ae1027", "whatever the version table says"),
        ],
    ),
    (
        "status",
        &[
            ("limbec status", "what is applied, when, and what is pending"),
            ("limbec status --check", "for a script: 1 where revisions are pending, 3 where the database is ahead"),
            ("limbec status --format json", "for a script, see docs/json.md"),
        ],
    ),
    (
        "tenant bootstrap",
        &[
            ("limbec tenant bootstrap acme --tag eu", "create, migrate, seed, register"),
            ("limbec tenant bootstrap acme", "go on where it was broken off"),
        ],
    ),
    (
        "tenant create",
        &[("limbec tenant create acme --admin-url env:ADMIN_URL", "database, role, secret file; or schema")],
    ),
    ("tenant drop", &[("limbec tenant drop acme --yes acme --backup=backups", "for a script, with a backup before")]),
    ("tenant seed", &[("limbec tenant seed --all --again 10_defaults.sql", "a seed that has changed")]),
    (
        "tenant runs",
        &[
            ("limbec tenant runs", "which runs there are"),
            ("limbec tenant runs spring", "how far it is, what has failed, and where"),
            ("limbec tenant runs spring --cancel", "no further tenant begins"),
        ],
    ),
    (
        "upgrade",
        &[
            ("limbec upgrade head", "to the newest revision"),
            ("limbec upgrade heads", "of all branches"),
            ("limbec upgrade +2", "two revisions on, as --step 2"),
            ("limbec upgrade --sql head > upgrade.sql", "print the SQL, from an empty database"),
            ("limbec upgrade --transaction per-revision head", "a failure undoes the failed revision alone"),
        ],
    ),
    (
        "validate",
        &[
            ("limbec validate", "all revisions; what is published brings warnings only"),
            ("limbec validate --changed --base origin/main", "what changed since that branch"),
            ("limbec validate --fix", "repair what is safe to repair"),
            ("limbec validate --format sarif > limbec.sarif", "for a code scanner"),
        ],
    ),
    (
        "verify",
        &[
            ("limbec verify", "is the database what the revision files say?"),
            ("limbec verify --format json", "for a script"),
        ],
    ),
];

/// The help of a command, or of the whole.
pub(super) fn help(root: Command, command: Option<&str>) -> String {
    let version = Arg::new("version").long("version").action(ArgAction::SetTrue).help("Print the version");
    let mut root = root.arg(version);
    root.build();
    let command = match command.and_then(|name| Some((name, find(&root, name)?))) {
        Some((name, command)) => command.clone().after_long_help(format!(
            "{}\n\nOptions of every command, such as --config, -x, --quiet or --url: see `limbec --help`.",
            examples(name)
        )),
        None => {
            let template = format!(
                "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}\nOptions:\n{{options}}{{after-help}}",
                commands(&root)
            );
            with_examples(root, "").help_template(template)
        }
    };
    let help = command.mut_arg("help", |arg| arg.help("Print this help").long_help("Print this help"));
    help.clone().render_long_help().to_string()
}

/// A command by its canonical name, which has two words in a group.
fn find<'a>(root: &'a Command, name: &str) -> Option<&'a Command> {
    name.split(' ').try_fold(root, |command, word| command.find_subcommand(word))
}

fn with_examples(command: Command, name: &str) -> Command {
    command.after_long_help(examples(name))
}

fn examples(command: &str) -> String {
    let examples = EXAMPLES.iter().find(|(name, _)| *name == command).map_or(&[][..], |(_, examples)| examples);
    if examples.is_empty() {
        return String::new();
    }
    format!("Examples:\n{}", columns(examples).trim_end())
}

/// The commands in two groups.
fn commands(root: &Command) -> String {
    let group = |alembic: bool| {
        let commands = root.get_subcommands().filter(|command| is_alembic_command(command.get_name()) == alembic);
        let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
        let rows: Vec<(String, String)> =
            commands.map(|command| (command.get_name().to_owned(), about(command))).collect();
        columns(&rows.iter().map(|(name, about)| (name.as_str(), about.as_str())).collect::<Vec<_>>())
    };
    format!("Commands of Alembic:\n{}\nCommands of limbec:\n{}", group(true), group(false))
}

fn columns(rows: &[(&str, &str)]) -> String {
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(left, right)| format!("  {left:width$}  {right}\n")).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn every_command_and_option_is_documented() {
        let root = Cli::command();
        let members = root.get_subcommands().flat_map(Command::get_subcommands);
        for command in root.get_subcommands().chain(members) {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{name} {}", arg.get_id());
            }
        }
    }

    #[test]
    fn every_example_is_understood() {
        let root = Cli::command();
        for (_, examples) in EXAMPLES {
            for (line, _) in *examples {
                let words = shlex::split(line.split(" > ").next().unwrap()).unwrap();
                let request = crate::cli::argparse::read(&root, &words[1..]);
                assert!(matches!(request, Ok(crate::cli::argparse::Request::Run(_))), "{line}: {request:?}");
            }
        }
    }

    #[test]
    fn the_help_names_every_command_once() {
        let text = help(Cli::command(), None);
        for command in Cli::command().get_subcommands() {
            let line = format!("\n  {} ", command.get_name());
            assert_eq!(text.matches(&line).count(), 1, "{line}");
        }
    }
}
