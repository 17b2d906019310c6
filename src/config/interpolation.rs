use super::error::{ConfigError, InterpolationFault};
use super::ini::Ini;

/// `configparser.MAX_INTERPOLATION_DEPTH`
const MAX_DEPTH: usize = 10;

/// `BasicInterpolation.before_get`: replaces `%(name)s` by the option of that name and `%%` by a percent sign.
pub(super) fn expand(ini: &Ini, section: &str, key: &str, raw: &str) -> Result<String, ConfigError> {
    let mut out = String::with_capacity(raw.len());
    match expand_into(ini, section, raw, 1, &mut out) {
        Ok(()) => Ok(out),
        Err(fault) => Err(ConfigError::Interpolation {
            path: ini.path().to_owned(),
            line: ini.line(section, key).unwrap_or(0),
            section: section.to_owned(),
            option: key.to_owned(),
            fault,
        }),
    }
}

fn expand_into(ini: &Ini, section: &str, raw: &str, depth: usize, out: &mut String) -> Result<(), InterpolationFault> {
    if depth > MAX_DEPTH {
        return Err(InterpolationFault::TooDeep { limit: MAX_DEPTH });
    }
    let mut rest = raw;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('%') {
            out.push('%');
            rest = tail;
        } else if let Some(tail) = after.strip_prefix('(') {
            let (name, tail) = reference(tail).ok_or(InterpolationFault::BadReference)?;
            let name = name.to_lowercase();
            let Some(found) = ini.option(section, &name) else {
                return Err(InterpolationFault::Unknown { name });
            };
            if found.raw.contains('%') {
                expand_into(ini, section, &found.raw, depth + 1, out)?;
            } else {
                out.push_str(&found.raw);
            }
            rest = tail;
        } else {
            return Err(InterpolationFault::LonePercent);
        }
    }
    out.push_str(rest);
    Ok(())
}

/// `NAME)s` and what follows it; the name has one character at least.
fn reference(text: &str) -> Option<(&str, &str)> {
    let end = text.find(')').filter(|end| *end > 0)?;
    Some((&text[..end], text[end + 1..].strip_prefix('s')?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn value(text: &str) -> Result<String, String> {
        let ini = Ini::parse(text, Path::new("a.ini"), "/h").unwrap();
        ini.get("a", "k").map(Option::unwrap).map_err(|error| error.to_string())
    }

    #[test]
    fn references_nest_and_percent_signs_are_escaped() {
        assert_eq!(value("[a]\nk = %(j)s-%%\nj = <%(HERE)s>\n").unwrap(), "</h>-%");
    }

    #[test]
    fn a_cycle_ends_at_the_depth_limit() {
        let error = value("[a]\nk = %(k)s\n").unwrap_err();
        assert_eq!(error, "a.ini, line 2: the value of 'k' in section [a] refers to other options more than 10 deep");
    }

    #[test]
    fn faults_are_sentences() {
        let at = "a.ini, line 2: the value of 'k' in section [a]";
        assert_eq!(
            value("[a]\nk = 5%\n").unwrap_err(),
            format!("{at} has a '%' that is followed by neither '%' nor '(': write '%%' for a percent sign")
        );
        assert_eq!(
            value("[a]\nk = %(x)d\n").unwrap_err(),
            format!("{at} has a '%(' that does not go on as '%(name)s'")
        );
        assert_eq!(value("[a]\nk = %(x)s\n").unwrap_err(), format!("{at} refers to 'x', which is not set"));
    }
}
