use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use regex::Regex;

use super::python::{CreateDate, Value, percent_format};
use super::timestamp::{self, STAMP_LENGTH, stamp_of};

/// How file names tell the time: by limbec's `YYYYMMDD_HHMMSS_` at their beginning, or by the tokens of `file_template`.
#[derive(Debug, Clone)]
pub struct NameStamps {
    template: Option<Template>,
    timezone: Option<String>,
}

/// The time that a file name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameStamp {
    /// In the time zone of the names.
    pub time: NaiveDateTime,
    /// To a second; otherwise the name tells less.
    pub is_exact: bool,
    is_standard: bool,
}

/// `file_template` as a pattern over names without `.py`.
#[derive(Debug, Clone)]
struct Template {
    pattern: Regex,
    /// Of each group: its token and its conversion, `%(year)d`.
    tokens: Vec<(String, String)>,
}

/// What of a date can be in a name.
const DATE: [&str; 7] = ["year", "month", "day", "hour", "minute", "second", "epoch"];

impl NameStamps {
    /// For a project's settings; a template without a date tells no time.
    pub fn new(file_template: &str, timezone: Option<&str>) -> Self {
        Self { template: Template::parse(file_template), timezone: timezone.map(str::to_owned) }
    }

    /// The time that a name tells. `name` is the path relative to its version location, without `.py`.
    pub fn stamp(&self, name: &str) -> Option<NameStamp> {
        if let Some(time) = stamp_of(file_name(name)) {
            return Some(NameStamp { time, is_exact: true, is_standard: true });
        }
        self.template.as_ref()?.stamp(name)
    }

    /// The time zone that stamps like this one are in; `None` is local time.
    pub fn timezone(&self, stamp: NameStamp) -> Option<&str> {
        self.timezone.as_deref().or(stamp.is_standard.then_some("UTC"))
    }

    /// The name with another time; everything else stays as it is.
    pub fn renamed(&self, name: &str, stamp: NameStamp, date: &CreateDate) -> Option<String> {
        if stamp.is_standard {
            let start = name.len() - file_name(name).len();
            let (folder, file) = name.split_at_checked(start)?;
            return Some(format!("{folder}{}{}", timestamp::stamp(date.local()), file.get(STAMP_LENGTH..)?));
        }
        self.template.as_ref()?.renamed(name, date)
    }
}

impl NameStamp {
    /// Whether a revision of this stamp may come after one of the other.
    pub fn follows(self, parent: Self) -> bool {
        if self.is_exact && parent.is_exact { self.time > parent.time } else { self.time >= parent.time }
    }

    /// The earliest time after this one.
    pub fn next(self) -> NaiveDateTime {
        self.time + TimeDelta::seconds(1)
    }
}

fn file_name(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, file)| file)
}

impl Template {
    fn parse(template: &str) -> Option<Self> {
        let mut pattern = String::from("^");
        let mut tokens = Vec::new();
        let mut rest = template;
        while let Some(at) = rest.find('%') {
            pattern.push_str(&regex::escape(&rest[..at]));
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                pattern.push('%');
                rest = after;
                continue;
            }
            let (name, after) = rest.strip_prefix('(')?.split_once(')')?;
            let end = after.find(|c: char| c.is_ascii_alphabetic())?;
            let (conversion, after) = after.split_at(end + 1);
            pattern.push_str(match name {
                "epoch" => r"(-?\d+)",
                "year" => r"(\d{4})",
                name if DATE.contains(&name) && end == 0 => r"(\d{1,2})",
                name if DATE.contains(&name) => r"(\d{2})",
                "rev" => "(.+?)",
                _ => "(.*?)",
            });
            tokens.push((name.to_owned(), format!("%({name}){conversion}")));
            rest = after;
        }
        pattern.push_str(&regex::escape(rest));
        pattern.push('$');
        let has = |name: &str| tokens.iter().any(|(token, _)| token == name);
        let tells_time = has("epoch") || (has("year") && has("month") && has("day"));
        let pattern = tells_time.then(|| Regex::new(&pattern).ok())??;
        Some(Self { pattern, tokens })
    }

    fn stamp(&self, name: &str) -> Option<NameStamp> {
        let groups = self.pattern.captures(name)?;
        let number = |wanted: &str| -> Option<i64> {
            let at = self.tokens.iter().position(|(token, _)| token == wanted)?;
            groups.get(at + 1)?.as_str().parse().ok()
        };
        let of_epoch = || Some(chrono::DateTime::from_timestamp(number("epoch")?, 0)?.naive_utc());
        let of_fields = || {
            let field = |name: &str| u32::try_from(number(name)?).ok();
            let date = NaiveDate::from_ymd_opt(i32::try_from(number("year")?).ok()?, field("month")?, field("day")?)?;
            let at = |name: &str| field(name).unwrap_or(0);
            date.and_hms_opt(at("hour"), at("minute"), at("second"))
        };
        let is_exact = self.tokens.iter().any(|(token, _)| token == "second" || token == "epoch");
        let time = of_fields().or_else(of_epoch).filter(|time| time.year() >= 1)?;
        Some(NameStamp { time, is_exact, is_standard: false })
    }

    fn renamed(&self, name: &str, date: &CreateDate) -> Option<String> {
        let groups = self.pattern.captures(name)?;
        let value = |token: &str| match token {
            "epoch" => Some(Value::Int(date.epoch())),
            other => date.attribute(other).map(Value::Int),
        };
        let mut renamed = String::new();
        let mut done = 0;
        for ((token, conversion), group) in self.tokens.iter().zip(groups.iter().skip(1)) {
            let group = group?;
            renamed.push_str(name.get(done..group.start())?);
            if DATE.contains(&token.as_str()) {
                renamed.push_str(&percent_format(conversion, &value).ok()?);
            } else {
                renamed.push_str(group.as_str());
            }
            done = group.end();
        }
        renamed.push_str(name.get(done..)?);
        Some(renamed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> CreateDate {
        CreateDate::at(text.parse().unwrap(), Some("UTC")).unwrap()
    }

    fn renamed(template: &str, name: &str) -> Option<String> {
        let stamps = NameStamps::new(template, None);
        stamps.renamed(name, stamps.stamp(name)?, &date("2026-03-04T05:06:07Z"))
    }

    #[test]
    fn names_get_another_time_and_keep_the_rest() {
        for (template, name, expected) in [
            ("%(rev)s_%(slug)s", "20260101_120000_add_x", Some("20260304_050607_add_x")),
            ("%(rev)s_%(slug)s", "sub/20260101_120000_add_x", Some("sub/20260304_050607_add_x")),
            ("%(rev)s_%(slug)s", "ae1027a6acf4_add_x", None),
            (
                "%(year)d_%(month).2d_%(day).2d_%(hour).2d%(minute).2d-%(rev)s_%(slug)s",
                "2026_01_02_0304-ab_c_d",
                Some("2026_03_04_0506-ab_c_d"),
            ),
            ("%(year)d/%(month).2d_%(day).2d_%(slug)s", "2025/12_31_a", Some("2026/03_04_a")),
            ("%(year)d-%(month)d-%(day)d-%(slug)s", "2025-1-31-a", Some("2026-3-4-a")),
            ("%(epoch)s_%(rev)s", "1700000000_ab", Some("1772600767_ab")),
            ("%(year)d-%(month)d-%(day)d-%(slug)s", "2025-13-31-a", None),
            ("%(year)d_%(slug)s", "2025_a", None),
            ("%(year", "2025_a", None),
        ] {
            assert_eq!(renamed(template, name).as_deref(), expected, "{template} {name}");
        }
    }

    #[test]
    fn stamps_are_compared_as_exactly_as_they_are() {
        let stamps = NameStamps::new("%(year)d%(month).2d%(day).2d_%(slug)s", None);
        let coarse = stamps.stamp("20260101_a").unwrap();
        let exact = stamps.stamp("20260101_000000_a").unwrap();
        assert!(coarse.follows(coarse) && coarse.follows(exact) && !exact.follows(exact));
        assert_eq!((stamps.timezone(coarse), stamps.timezone(exact)), (None, Some("UTC")));
        assert_eq!(exact.next().to_string(), "2026-01-01 00:00:01");
    }
}
