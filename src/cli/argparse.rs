//! Python's argparse, as far as Alembic's parser uses it: which word of a command line is what.
//!
//! Follows `argparse.ArgumentParser._parse_known_args` of Python 3.11. The outcome is a canonical command line without
//! any freedom left (`--option=value`, positionals behind `--`), which clap turns into `args::Cli`, and the command line
//! that Alembic's own parser gets from the engine.

use clap::Command;
use thiserror::Error;

use super::options::{self, Effect, Grammar, OptionSpec, Origin, Positionals};

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The help of a command, or of the whole (`None`).
    Help(Option<String>),
    /// `--version`
    Version,
    /// A command.
    Run(Invocation),
}

/// A command line without abbreviations and ambiguity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The command's canonical name: `ensure_version`, never `ensure-version`; with its group where it has one (`db init`).
    pub command: String,
    /// For clap, program name included.
    pub canonical: Vec<String>,
    /// What Alembic's own parser would have to be given, program name not included; for limbec's own commands only the
    /// options before the command.
    pub alembic: Vec<String>,
}

/// A command line that cannot be understood (exit status 2).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct UsageError {
    /// What is wrong with it.
    pub message: String,
    /// The command that was given, if that much was understood.
    pub command: Option<String>,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

/// Reads a command line, program name not included.
///
/// # Errors
/// Wherever argparse calls `error()`.
pub fn read(root: &Command, arguments: &[String]) -> Result<Request, UsageError> {
    // What Alembic accepts means what it means to Alembic, whatever limbec adds.
    read_with(root, arguments, |option| option.origin == Origin::Alembic)
        .or_else(|_| read_with(root, arguments, |_| true))
}

/// `read` with those options only that are wanted.
fn read_with(root: &Command, arguments: &[String], wanted: fn(&OptionSpec) -> bool) -> Result<Request, UsageError> {
    let mut globals = options::global_grammar(root);
    globals.options.retain(wanted);
    let before = match parse(&globals, arguments).map_err(|message| usage(None, message))? {
        Stop::Help => return Ok(Request::Help(None)),
        Stop::Version => return Ok(Request::Version),
        Stop::End(words) => words,
    };
    let Some((name, rest)) = before.positionals.split_first() else {
        return Err(usage(None, "a command is missing".to_owned()));
    };
    let Some(command) = root.find_subcommand(name) else { return Err(unknown_command(root, name)) };
    let Some(Named { command, canonical, rest }) = Named::find(command, rest)? else {
        return Ok(Request::Help(Some(command.get_name().to_owned())));
    };
    let mut grammar = options::command_grammar(root, command, &canonical);
    grammar.options.retain(wanted);
    let after = match parse(&grammar, rest).map_err(|message| usage(Some(&canonical), message))? {
        Stop::Help => return Ok(Request::Help(Some(canonical))),
        Stop::Version => return Ok(Request::Version),
        Stop::End(words) => words,
    };
    let extras: Vec<&str> = after.extras.iter().chain(&before.extras).map(String::as_str).collect();
    if let Some(first) = extras.first() {
        let error = usage(Some(&canonical), format!("unrecognized arguments: {}", extras.join(" ")));
        return Err(UsageError { suggestion: similar_option(&grammar, first), ..error });
    }
    Ok(Request::Run(invocation(&canonical, (&globals, &before), (&grammar, &after))))
}

/// The command to run.
struct Named<'a, 'b> {
    command: &'a Command,
    canonical: String,
    rest: &'b [String],
}

impl<'a, 'b> Named<'a, 'b> {
    /// Of a group of commands (`db`, `tenant`) the member that is named next; `None` where the group's help is asked for.
    fn find(command: &'a Command, rest: &'b [String]) -> Result<Option<Self>, UsageError> {
        let group = command.get_name();
        if !command.has_subcommands() {
            return Ok(Some(Self { command, canonical: group.to_owned(), rest }));
        }
        match rest.split_first() {
            Some((word, _)) if matches!(word.as_str(), "-h" | "--help") => Ok(None),
            Some((word, rest)) if !word.starts_with('-') => {
                let member = command.find_subcommand(word).ok_or_else(|| unknown_command(command, word))?;
                Ok(Some(Self { command: member, canonical: format!("{group} {}", member.get_name()), rest }))
            }
            _ => Err(usage(Some(group), format!("a command of `{group}` is missing"))),
        }
    }
}

fn usage(command: Option<&str>, message: String) -> UsageError {
    UsageError { message, command: command.map(str::to_owned), suggestion: None }
}

fn unknown_command(root: &Command, name: &str) -> UsageError {
    let names = root.get_subcommands().map(Command::get_name);
    let group = root.get_name();
    let (whole, command) =
        if group == "limbec" { (name.to_owned(), None) } else { (format!("{group} {name}"), Some(group)) };
    UsageError { suggestion: most_similar(name, names), ..usage(command, format!("there is no command `{whole}`")) }
}

fn similar_option(grammar: &Grammar, typed: &str) -> Option<String> {
    let name = typed.split('=').next().filter(|name| name.starts_with("--"))?;
    most_similar(name, grammar.options.iter().flat_map(|option| &option.names).map(String::as_str))
}

/// The candidate that a typing error may have turned into `typed`.
fn most_similar<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let score = |candidate: &str| (strsim::jaro(typed, candidate) * 1000.0) as u32;
    candidates
        .map(|candidate| (score(candidate), candidate))
        .filter(|(score, _)| *score > 700)
        .max()
        .map(|(_, c)| c.to_owned())
}

/// The words of one level, sorted.
#[derive(Debug, Default)]
struct Words {
    /// Index in `Grammar::options` and the value, in order.
    options: Vec<(usize, Option<String>)>,
    positionals: Vec<String>,
    extras: Vec<String>,
}

enum Stop {
    Help,
    Version,
    End(Words),
}

/// What one argument looks like, before it is known what takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// `A` of argparse's pattern.
    Argument,
    /// `-`: the first `--`.
    Separator,
    /// `O`: option index (none: unknown), its spelling, the value attached to it.
    Option { option: Option<usize>, name: String, value: Option<String> },
}

/// The option that counts revisions instead of naming one.
const STEP: &str = "--step";

struct Parser<'a> {
    grammar: &'a Grammar,
    arguments: &'a [String],
    shapes: Vec<Shape>,
    words: Words,
    positionals_done: bool,
}

/// `_parse_known_args`
fn parse(grammar: &Grammar, arguments: &[String]) -> Result<Stop, String> {
    let mut shapes = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let shape = match argument.as_str() {
            _ if shapes.contains(&Shape::Separator) => Shape::Argument,
            "--" => Shape::Separator,
            argument => grammar.shape(argument)?,
        };
        shapes.push(shape);
    }
    Parser { grammar, arguments, shapes, words: Words::default(), positionals_done: false }.run()
}

impl Parser<'_> {
    fn run(mut self) -> Result<Stop, String> {
        let is_option = |shape: &Shape| matches!(shape, Shape::Option { .. });
        let end_of_options = self.shapes.iter().rposition(is_option).map_or(0, |last| last + 1);
        let mut start = 0;
        while start < end_of_options {
            let next = (start..end_of_options).find(|&index| is_option(&self.shapes[index])).unwrap_or(end_of_options);
            if start != next {
                let end = self.take_positionals(start);
                if end > start {
                    start = end;
                    continue;
                }
                self.words.extras.extend_from_slice(&self.arguments[start..next]);
            }
            match self.take_option(next)? {
                Taken::Until(end) => start = end,
                Taken::Stop(stop) => return Ok(stop),
            }
        }
        let end = self.take_positionals(start);
        self.words.extras.extend_from_slice(&self.arguments[end..]);
        if let Some(revision) = self.revision_by_steps()? {
            self.words.positionals.push(revision);
            self.positionals_done = true;
        }
        match &self.grammar.positionals {
            Positionals::One(name) | Positionals::Many(name) if !self.positionals_done => {
                Err(format!("the following arguments are required: {name}"))
            }
            _ => Ok(Stop::End(self.words)),
        }
    }

    /// `--step N`, which stands for the revision `+N` or `-N`.
    fn revision_by_steps(&self) -> Result<Option<String>, String> {
        let Some(sign) = self.grammar.step_sign else { return Ok(None) };
        let mut given = self.words.options.iter().rev();
        let steps = given.find(|(option, _)| self.grammar.options[*option].label() == STEP);
        let Some((_, Some(steps))) = steps else { return Ok(None) };
        match steps.parse::<u32>() {
            Ok(0) | Err(_) => Err(format!("argument {STEP}: '{steps}' is no number of revisions from 1")),
            Ok(_) if self.positionals_done => Err(format!("argument {STEP}: not allowed with a revision")),
            Ok(steps) => Ok(Some(format!("{sign}{steps}"))),
        }
    }

    /// `consume_positionals`: as many as match at once; returns where they end.
    fn take_positionals(&mut self, start: usize) -> usize {
        if self.positionals_done {
            return start;
        }
        let run = |from: usize, wanted: fn(&Shape) -> bool| {
            from + self.shapes[from..].iter().take_while(|shape| wanted(shape)).count()
        };
        let separators: fn(&Shape) -> bool = |shape| *shape == Shape::Separator;
        let plain: fn(&Shape) -> bool = |shape| !matches!(shape, Shape::Option { .. });
        let first = run(start, separators);
        if self.grammar.positionals != Positionals::Free && self.shapes.get(first) != Some(&Shape::Argument) {
            return start;
        }
        let (end, keeps_separator) = match &self.grammar.positionals {
            Positionals::None => return start,
            Positionals::One(_) => (run(first + 1, separators), false),
            Positionals::Many(_) | Positionals::Free => (run(first, plain), false),
            Positionals::Command => (self.shapes.len(), true),
        };
        let mut taken = self.arguments[start..end].to_vec();
        if !keeps_separator && let Some(separator) = taken.iter().position(|argument| argument == "--") {
            taken.remove(separator);
        }
        self.words.positionals.extend(taken);
        self.positionals_done = self.grammar.positionals != Positionals::Free;
        end
    }

    /// `consume_optional`: one argument, which may be several short options in one.
    fn take_option(&mut self, index: usize) -> Result<Taken, String> {
        let Shape::Option { option, mut name, mut value } = self.shapes[index].clone() else {
            return Ok(Taken::Until(index + 1));
        };
        let Some(mut option) = option else {
            self.words.extras.push(self.arguments[index].clone());
            return Ok(Taken::Until(index + 1));
        };
        let mut found = Vec::new();
        let end = loop {
            let spec = &self.grammar.options[option];
            match value.take() {
                Some(attached) if spec.effect.takes_value() || spec.effect == Effect::OptionalStore => {
                    found.push((option, Some(attached)));
                    break index + 1;
                }
                Some(attached) => {
                    let mut rest = attached.chars();
                    let bundled = rest.next().filter(|_| !name.starts_with("--")).map(|letter| format!("-{letter}"));
                    let next = bundled.as_deref().and_then(|name| self.grammar.exact(name));
                    let (Some(bundled), Some(next)) = (bundled, next) else {
                        return Err(format!("argument {}: ignored explicit argument '{attached}'", spec.label()));
                    };
                    found.push((option, None));
                    (option, name) = (next, bundled);
                    value = Some(rest.as_str().to_owned()).filter(|rest| !rest.is_empty());
                }
                None if !spec.effect.takes_value() => {
                    found.push((option, None));
                    break index + 1;
                }
                None if self.shapes.get(index + 1) == Some(&Shape::Argument) => {
                    found.push((option, Some(self.arguments[index + 1].clone())));
                    break index + 2;
                }
                None => return Err(format!("argument {}: expected one argument", spec.label())),
            }
        };
        for (option, value) in found {
            match self.grammar.options[option].effect {
                Effect::Help => return Ok(Taken::Stop(Stop::Help)),
                Effect::Version => return Ok(Taken::Stop(Stop::Version)),
                _ => self.words.options.push((option, value)),
            }
        }
        Ok(Taken::Until(end))
    }
}

enum Taken {
    Until(usize),
    Stop(Stop),
}

impl Grammar {
    fn exact(&self, name: &str) -> Option<usize> {
        self.options.iter().position(|option| option.names.iter().any(|known| known == name))
    }

    /// `_parse_optional`
    fn shape(&self, argument: &str) -> Result<Shape, String> {
        let known = |option, name: &str, value: Option<&str>| Shape::Option {
            option: Some(option),
            name: name.to_owned(),
            value: value.map(str::to_owned),
        };
        if !argument.starts_with('-') {
            return Ok(Shape::Argument);
        }
        if let Some(option) = self.exact(argument) {
            return Ok(known(option, argument, None));
        }
        if argument == "-" {
            return Ok(Shape::Argument);
        }
        if let Some((name, value)) = argument.split_once('=')
            && let Some(option) = self.exact(name)
        {
            return Ok(known(option, name, Some(value)));
        }
        for origin in [Origin::Alembic, Origin::Limbec] {
            match self.candidates(argument, origin).as_slice() {
                [] => {}
                [(option, name, value)] => return Ok(known(*option, name, *value)),
                several => {
                    let names: Vec<&str> = several.iter().map(|(_, name, _)| *name).collect();
                    return Err(format!("ambiguous option: {argument} could match {}", names.join(", ")));
                }
            }
        }
        if is_negative_number(argument) || argument.contains(' ') {
            return Ok(Shape::Argument);
        }
        Ok(Shape::Option { option: None, name: argument.to_owned(), value: None })
    }

    /// `_get_option_tuples`: option, its spelling, the value attached.
    fn candidates<'a>(&'a self, argument: &'a str, origin: Origin) -> Vec<(usize, &'a str, Option<&'a str>)> {
        let mut found = Vec::new();
        let names = self.options.iter().enumerate().filter(|(_, option)| option.origin == origin);
        for (index, name) in names.flat_map(|(index, option)| option.names.iter().map(move |name| (index, name))) {
            if argument.starts_with("--") {
                let (prefix, value) =
                    argument.split_once('=').map_or((argument, None), |(prefix, value)| (prefix, Some(value)));
                if name.starts_with(prefix) {
                    found.push((index, name.as_str(), value));
                }
            } else if let Some(value) = argument.strip_prefix(name.as_str()).filter(|_| name.len() == 2) {
                found.push((index, name.as_str(), Some(value)));
            }
        }
        found
    }
}

/// `_negative_number_matcher`: `^-\d+$|^-\d*\.\d+$`, where `$` also matches before a final newline.
fn is_negative_number(argument: &str) -> bool {
    let Some(number) = argument.strip_prefix('-') else { return false };
    let number = number.strip_suffix('\n').unwrap_or(number);
    let digits = |text: &str| text.chars().all(|c| c.is_numeric() && !c.is_alphabetic());
    match number.split_once('.') {
        None => !number.is_empty() && digits(number),
        Some((whole, fraction)) => digits(whole) && !fraction.is_empty() && digits(fraction),
    }
}

fn invocation(command: &str, before: (&Grammar, &Words), after: (&Grammar, &Words)) -> Invocation {
    let known = options::is_alembic_command(command);
    let mut occurrences: Vec<(&OptionSpec, Option<&str>)> = Vec::new();
    for (grammar, words) in [before, after] {
        occurrences.extend(words.options.iter().map(|(option, value)| (&grammar.options[*option], value.as_deref())));
    }
    let globals = spelled(occurrences.iter().filter(|(option, _)| option.global));
    let own = spelled(occurrences.iter().filter(|(option, _)| !option.global));
    let positionals = &after.1.positionals;
    let mut canonical = vec!["limbec".to_owned()];
    canonical.extend(globals.iter().map(|(_, word)| word.clone()));
    canonical.extend(command.split(' ').map(str::to_owned));
    canonical.extend(own.iter().map(|(_, word)| word.clone()));
    if !positionals.is_empty() {
        canonical.push("--".to_owned());
        canonical.extend_from_slice(positionals);
    }
    let alembic_globals = &before.0.options;
    let is_alembic = |option: &OptionSpec| {
        option.origin == Origin::Alembic
            || option.global
                && alembic_globals
                    .iter()
                    .any(|global| global.origin == Origin::Alembic && global.canonical() == option.canonical())
    };
    let mut alembic: Vec<String> =
        globals.iter().filter(|(option, _)| is_alembic(option)).map(|(_, word)| word.clone()).collect();
    if known {
        alembic.push(command.to_owned());
        alembic.extend(own.iter().filter(|(option, _)| is_alembic(option)).map(|(_, word)| word.clone()));
        if positionals.iter().any(|argument| argument.starts_with('-')) {
            alembic.push("--".to_owned());
        }
        alembic.extend_from_slice(positionals);
    }
    Invocation { command: command.to_owned(), canonical, alembic }
}

/// Each option once (those that add up: as often as given), in the order of its first appearance, the last value winning.
fn spelled<'a>(
    occurrences: impl Iterator<Item = &'a (&'a OptionSpec, Option<&'a str>)>,
) -> Vec<(&'a OptionSpec, String)> {
    let mut words: Vec<(&OptionSpec, String)> = Vec::new();
    for (option, value) in occurrences {
        let name = option.canonical();
        let word = value.map_or_else(|| name.to_owned(), |value| format!("{name}={value}"));
        let earlier = words.iter_mut().find(|(known, _)| known.canonical() == name);
        match earlier {
            Some(earlier) if !matches!(option.effect, Effect::Append | Effect::Count) => earlier.1 = word,
            _ => words.push((option, word)),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::CommandFactory;
    use serde::Deserialize;

    use super::*;
    use crate::cli::args::Cli;

    /// What Alembic's parser made of a command line; written by tests/conformance/argparse_cases.py.
    #[derive(Debug, Deserialize)]
    struct Case {
        argv: Vec<String>,
        exit: String,
        command: Option<String>,
        #[serde(default)]
        options: BTreeMap<String, Vec<String>>,
        #[serde(default)]
        positionals: Vec<String>,
    }

    fn read_line(arguments: &[&str]) -> Result<Request, UsageError> {
        read(&Cli::command(), &arguments.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    fn without_additions(root: &Command, arguments: &[String]) -> Result<Request, UsageError> {
        read_with(root, arguments, |option| option.origin == Origin::Alembic)
    }

    fn alembic_line(arguments: &[&str]) -> String {
        match read_line(arguments) {
            Ok(Request::Run(invocation)) => invocation.alembic.join(" "),
            other => panic!("{other:?}"),
        }
    }

    /// The options of a canonical command line, by name.
    fn values(words: &[String], command: &str) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
        let mut options: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut rest = words.iter().peekable();
        let mut seen_command = false;
        while let Some(word) =
            rest.next_if(|word| word.starts_with('-') && *word != "--" || !seen_command && *word == command)
        {
            if word == command {
                seen_command = true;
            } else {
                let (name, value) =
                    word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
                options.entry(name.to_owned()).or_default().extend(value.map(str::to_owned));
            }
        }
        rest.next_if(|word| *word == "--");
        (options, rest.cloned().collect())
    }

    #[test]
    fn understands_what_argparse_understands() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../tests/conformance/argparse_cases.json")).unwrap();
        assert!(cases.len() > 1000);
        let root = Cli::command();
        let mut wrong = Vec::new();
        for case in &cases {
            let request = read(&root, &case.argv);
            let same = match (&request, case.exit.as_str()) {
                (Err(_), "usage") | (Ok(Request::Help(_) | Request::Version), "printed") => true,
                // Only because limbec has more options, or has them after the command as well.
                (Ok(_), "usage") => {
                    without_additions(&root, &case.argv).is_err()
                        || case.argv.iter().any(|word| word.ends_with("-version"))
                }
                (Ok(Request::Run(invocation)), "run") => {
                    let (options, positionals) = values(&invocation.canonical[1..], &invocation.command);
                    Some(&invocation.command) == case.command.as_ref()
                        && options == case.options
                        && positionals == case.positionals
                        && values(&invocation.alembic, &invocation.command) == (options, positionals)
                        && Cli::command().try_get_matches_from(&invocation.canonical).is_ok()
                }
                _ => false,
            };
            if !same {
                wrong.push(format!("{case:?}\n    {request:?}"));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {} differ:\n{}",
            wrong.len(),
            cases.len(),
            wrong[..wrong.len().min(20)].join("\n")
        );
    }

    #[test]
    fn steps_stand_for_a_relative_revision() {
        assert_eq!(alembic_line(&["upgrade", "--step", "2"]), "upgrade +2");
        assert_eq!(alembic_line(&["upgrade", "--step=2", "--sql"]), "upgrade --sql +2");
        assert_eq!(alembic_line(&["downgrade", "--step", "1"]), "downgrade -- -1");
        let message = |arguments: &[&str]| read_line(arguments).unwrap_err().message;
        assert_eq!(message(&["upgrade", "--step", "1", "head"]), "argument --step: not allowed with a revision");
        assert_eq!(message(&["upgrade", "--step", "0"]), "argument --step: '0' is no number of revisions from 1");
        assert_eq!(message(&["downgrade", "--step", "x"]), "argument --step: 'x' is no number of revisions from 1");
        assert_eq!(message(&["upgrade"]), "the following arguments are required: revision");
    }

    #[test]
    fn prefixes_of_alembics_options_win() {
        assert_eq!(alembic_line(&["upgrade", "--s", "head"]), "upgrade --sql head");
        assert_eq!(alembic_line(&["upgrade", "--t=x", "head"]), "upgrade --tag=x head");
        assert_eq!(alembic_line(&["current", "-c"]), "current --check-heads");
        assert_eq!(alembic_line(&["heads", "-v", "-v"]), "heads --verbose");
        assert_eq!(alembic_line(&["ensure-version"]), "ensure_version");
    }

    #[test]
    fn options_before_the_command_may_follow_it() {
        let expected = "--config=a.ini -x=1 -x=2 heads";
        assert_eq!(alembic_line(&["-c", "a.ini", "-x", "1", "heads", "-x2"]), expected);
        assert_eq!(alembic_line(&["heads", "-c", "a.ini", "-x", "1", "-x", "2", "--url", "sqlite://"]), expected);
        assert_eq!(alembic_line(&["current", "--config", "a.ini"]), "--config=a.ini current");
    }

    #[test]
    fn limbecs_own_commands_take_options_anywhere() {
        let Ok(Request::Run(invocation)) = read_line(&["plan", "downgrade", "--from", "a", "-1", "--for=json"]) else {
            panic!("not understood");
        };
        assert_eq!(invocation.canonical, ["limbec", "plan", "--from=a", "--format=json", "--", "downgrade", "-1"]);
        assert_eq!(invocation.alembic, [""; 0]);
    }

    #[test]
    fn suggests_what_was_probably_meant() {
        let suggestion = |arguments: &[&str]| read_line(arguments).unwrap_err().suggestion;
        assert_eq!(suggestion(&["upgrad", "head"]).as_deref(), Some("upgrade"));
        assert_eq!(suggestion(&["heads", "--verbos3"]).as_deref(), Some("--verbose"));
        assert_eq!(suggestion(&["zzz"]), None);
    }
}
