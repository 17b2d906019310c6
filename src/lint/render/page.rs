use std::fmt::Write;

use annotate_snippets::renderer::{AnsiColor, Style};

use crate::lint::{Group, RULES, Rule};

/// A rule's page for a terminal.
pub fn rule_page(rule: &Rule, colored: bool) -> String {
    let (bold, code) =
        if colored { (Style::new().bold(), AnsiColor::Cyan.on_default()) } else { (Style::new(), Style::new()) };
    let mut page = format!("{bold}{}{bold:#}\n{}\n\n", rule.name, facts(rule));
    let mut is_code = false;
    for line in rule.documentation().lines() {
        // Writing to a string does not fail.
        let _ = if let Some(fence) = line.strip_prefix("```") {
            is_code = !is_code;
            let Some(name) = fence.split_whitespace().find_map(|word| word.strip_prefix("file=")) else { continue };
            writeln!(page, "  {name}")
        } else if is_code && line.is_empty() {
            writeln!(page)
        } else if is_code {
            writeln!(page, "    {code}{line}{code:#}")
        } else if let Some(heading) = line.strip_prefix("## ") {
            writeln!(page, "{bold}{heading}{bold:#}")
        } else {
            writeln!(page, "{line}")
        };
    }
    page
}

/// Group, level, dialects, version, fix: in a line.
fn facts(rule: &Rule) -> String {
    let dialects: Vec<&str> = rule.dialects.iter().map(|dialect| dialect.name()).collect();
    let dialects = if dialects.is_empty() { "every database".to_owned() } else { dialects.join(", ") };
    let fix = if rule.is_fixable { "; `limbec validate --fix` repairs what it can" } else { "" };
    format!("{}; {}; {dialects}; since {}{fix}", rule.group.name(), rule.level.name(), rule.since)
}

/// A rule's page as Markdown.
pub fn rule_markdown(rule: &Rule) -> String {
    format!("# {}\n\n{}\n\n{}\n", rule.name, facts(rule), rule.documentation())
}

/// All rules as one page of Markdown: docs/rules.md.
pub fn rules_markdown() -> String {
    let mut page = "# Rules\n\n\
        <!-- Generated from the source: `cargo run -- rule --all --format markdown > docs/rules.md` -->\n\n\
        What `limbec validate` looks for. `limbec rule NAME` shows a rule in the terminal.\n\
        [Levels, settings and comments](validate.md) are described elsewhere.\n"
        .to_owned();
    let groups = [
        Group::Naming,
        Group::Graph,
        Group::Downgrade,
        Group::Published,
        Group::Hygiene,
        Group::Locks,
        Group::Compatibility,
    ];
    let of = |group: Group| RULES.iter().filter(move |rule| rule.group == group);
    for group in groups.into_iter().filter(|group| of(*group).next().is_some()) {
        let _ = write!(page, "\n## {}\n\n| rule | level | fix | |\n| --- | --- | --- | --- |\n", group.name());
        for rule in of(group) {
            let fix = if rule.is_fixable { "yes" } else { "" };
            let _ = writeln!(page, "| [{0}](#{0}) | {1} | {fix} | {2} |", rule.name, rule.level.name(), rule.summary());
        }
    }
    for rule in RULES {
        // One level below the page's own headings.
        let documentation = rule.documentation().replace("\n## ", "\n### ");
        let _ = write!(page, "\n## {}\n\n*{}*\n\n{documentation}\n", rule.name, facts(rule));
    }
    page
}
