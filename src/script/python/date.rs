use std::fmt;

use chrono::{DateTime, Datelike, Local, NaiveDateTime, Offset, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use thiserror::Error;

/// Why the configured time zone cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DateError {
    /// Neither `ZoneInfo(v)` nor `ZoneInfo(v.upper())` exists.
    #[error("Can't locate timezone: {0}")]
    UnknownTimezone(String),
    /// `ZoneInfo` refuses the key itself: Alembic dies of a `ValueError`.
    #[error("the timezone {0:?} is not a name of the time zone database")]
    InvalidTimezone(String),
}

impl DateError {
    /// Whether Alembic reports this by `FAILED:` (exit 255).
    pub fn is_command_error(&self) -> bool {
        matches!(self, Self::UnknownTimezone(_))
    }
}

/// A revision's creation date: Python's `datetime`, aware when a time zone is configured, else naive local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateDate {
    local: NaiveDateTime,
    utc_offset_seconds: Option<i32>,
    epoch: i64,
}

impl CreateDate {
    /// The instant seen from the configured time zone (Alembic's `_generate_create_date`), or local time without one.
    /// As Python's clock, it is cut to microseconds.
    pub fn at(instant: DateTime<Utc>, timezone: Option<&str>) -> Result<Self, DateError> {
        let micros = TimeDelta::nanoseconds(i64::from(instant.timestamp_subsec_nanos() % 1_000));
        let instant = instant - micros;
        let (local, utc_offset_seconds) = match timezone {
            Some(name) => {
                let zoned = instant.with_timezone(&zone(name)?);
                (zoned.naive_local(), Some(zoned.offset().fix().local_minus_utc()))
            }
            None => (instant.with_timezone(&Local).naive_local(), None),
        };
        Ok(Self { local, utc_offset_seconds, epoch: instant.timestamp() })
    }

    /// Date and time of day as the file shows them.
    pub fn local(&self) -> NaiveDateTime {
        self.local
    }

    /// Python's `int(create_date.timestamp())`: seconds since 1970.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// An attribute of Python's `datetime` that is a number.
    pub fn attribute(&self, name: &str) -> Option<i64> {
        Some(match name {
            "year" => i64::from(self.local.year()),
            "month" => i64::from(self.local.month()),
            "day" => i64::from(self.local.day()),
            "hour" => i64::from(self.local.hour()),
            "minute" => i64::from(self.local.minute()),
            "second" => i64::from(self.local.second()),
            "microsecond" => i64::from(self.local.nanosecond() / 1_000),
            _ => return None,
        })
    }

    /// Python's `isoformat()`.
    pub fn isoformat(&self) -> String {
        self.to_string().replacen(' ', "T", 1)
    }

    /// Python's `strftime` for directives that depend on neither locale nor platform; `None` for any other.
    pub fn strftime(&self, format: &str) -> Option<String> {
        let mut out = String::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            out.push_str(&match chars.next()? {
                '%' => "%".to_owned(),
                'Y' if self.local.year() >= 1000 => self.local.year().to_string(),
                'y' => format!("{:02}", self.local.year() % 100),
                'm' => format!("{:02}", self.local.month()),
                'd' => format!("{:02}", self.local.day()),
                'H' => format!("{:02}", self.local.hour()),
                'M' => format!("{:02}", self.local.minute()),
                'S' => format!("{:02}", self.local.second()),
                'f' => format!("{:06}", self.local.nanosecond() / 1_000),
                'j' => format!("{:03}", self.local.ordinal()),
                _ => return None,
            });
        }
        Some(out)
    }
}

impl fmt::Display for CreateDate {
    /// Python's `str(datetime)`: no fraction when the microsecond is zero, an offset when aware.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local.format("%Y-%m-%d %H:%M:%S"))?;
        let micros = self.local.nanosecond() / 1_000;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        let Some(offset) = self.utc_offset_seconds else { return Ok(()) };
        let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
        write!(f, "{sign}{:02}:{:02}", offset / 3600, offset / 60 % 60)?;
        if offset % 60 != 0 { write!(f, ":{:02}", offset % 60) } else { Ok(()) }
    }
}

fn zone(name: &str) -> Result<Tz, DateError> {
    // ZoneInfo: keys are relative, normalized paths; anything else is a ValueError.
    let normalized = !name.is_empty()
        && !name.contains('\0')
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if !normalized {
        return Err(DateError::InvalidTimezone(name.to_owned()));
    }
    name.parse::<Tz>()
        .or_else(|_| name.to_uppercase().parse::<Tz>())
        .map_err(|_| DateError::UnknownTimezone(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str, timezone: &str) -> CreateDate {
        CreateDate::at(text.parse().unwrap(), Some(timezone)).unwrap()
    }

    #[test]
    fn prints_as_python_prints_a_datetime() {
        assert_eq!(date("2026-07-01T10:00:00.000123Z", "Europe/Paris").to_string(), "2026-07-01 12:00:00.000123+02:00");
        assert_eq!(date("2026-01-01T10:00:00.999999999Z", "UTC").to_string(), "2026-01-01 10:00:00.999999+00:00");
        assert_eq!(date("2026-01-01T10:00:00Z", "America/St_Johns").to_string(), "2026-01-01 06:30:00-03:30");
        assert_eq!(date("1900-01-01T10:00:00Z", "Africa/Monrovia").to_string(), "1900-01-01 09:16:52-00:43:08");
        assert_eq!(date("2026-01-01T10:00:00Z", "UTC").epoch(), 1_767_261_600);
    }

    #[test]
    fn zones_are_tried_as_typed_and_in_capitals() {
        assert_eq!(date("2026-01-01T10:00:00Z", "utc").to_string(), "2026-01-01 10:00:00+00:00");
        let refused = |name: &str| CreateDate::at(Utc::now(), Some(name)).unwrap_err();
        assert_eq!(refused("europe/Paris").to_string(), "Can't locate timezone: europe/Paris");
        assert!(!refused("").is_command_error());
        assert!(!refused("../UTC").is_command_error());
    }

    #[test]
    fn strftime_only_where_it_is_the_same_everywhere() {
        let date = date("2026-03-01T10:02:03.000004Z", "UTC");
        assert_eq!(date.strftime("%Y-%m-%d %H%M%S.%f %j%%").as_deref(), Some("2026-03-01 100203.000004 060%"));
        assert_eq!(date.strftime("%B"), None);
        assert_eq!(date.strftime("%"), None);
    }
}
