use super::error::ConfigError;

/// Which two files are read, as given (relative to the current directory).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The ini file.
    pub ini: String,
    /// The `pyproject.toml`.
    pub toml: String,
    /// The `pyproject.toml` was named, by `-c` or ALEMBIC_CONFIG.
    pub is_toml_named: bool,
}

impl Sources {
    /// Alembic's `_inis_from_config`: `-c` (repeatable) beats ALEMBIC_CONFIG, which beats the defaults.
    ///
    /// A file is TOML if its base name is exactly `pyproject.toml`.
    pub fn choose(config_options: &[String], alembic_config: Option<&str>) -> Result<Self, ConfigError> {
        let (mut ini, mut toml) = (None, None);
        for name in config_options {
            let (place, error) = if is_pyproject(name) {
                (&mut toml, ConfigError::TwoPyprojects)
            } else {
                (&mut ini, ConfigError::TwoInis)
            };
            if place.replace(name.clone()).is_some() {
                return Err(error);
            }
        }
        let from_environment = alembic_config.filter(|name| !name.is_empty());
        let is_toml_named =
            toml.as_ref().is_some_and(|name: &String| !name.is_empty()) || from_environment.is_some_and(is_pyproject);
        let chosen = |given: Option<String>, is_toml: bool, default: &str| {
            given
                .filter(|name| !name.is_empty())
                .or_else(|| from_environment.filter(|name| is_pyproject(name) == is_toml).map(str::to_owned))
                .unwrap_or_else(|| default.to_owned())
        };
        let (ini, toml) = (chosen(ini, false, "alembic.ini"), chosen(toml, true, "pyproject.toml"));
        Ok(Self { ini, toml, is_toml_named })
    }
}

fn is_pyproject(name: &str) -> bool {
    name.rsplit('/').next() == Some("pyproject.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(options: &[&str], environment: Option<&str>) -> Result<(String, String), String> {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        Sources::choose(&options, environment)
            .map(|sources| (sources.ini, sources.toml))
            .map_err(|error| error.to_string())
    }

    fn pair(ini: &str, toml: &str) -> Result<(String, String), String> {
        Ok((ini.to_owned(), toml.to_owned()))
    }

    #[test]
    fn options_beat_the_environment_and_that_beats_the_defaults() {
        assert_eq!(choose(&[], None), pair("alembic.ini", "pyproject.toml"));
        assert_eq!(choose(&[], Some("")), pair("alembic.ini", "pyproject.toml"));
        assert_eq!(choose(&[], Some("x/pyproject.toml")), pair("alembic.ini", "x/pyproject.toml"));
        assert_eq!(choose(&["a.ini"], Some("b.ini")), pair("a.ini", "pyproject.toml"));
        assert_eq!(choose(&["d/pyproject.toml"], Some("b.ini")), pair("b.ini", "d/pyproject.toml"));
        assert_eq!(choose(&["d/pyproject.toml", "a.ini"], None), pair("a.ini", "d/pyproject.toml"));
        assert_eq!(choose(&["my-pyproject.toml"], None), pair("my-pyproject.toml", "pyproject.toml"));
    }

    #[test]
    fn two_of_a_kind_are_refused() {
        assert_eq!(choose(&["a.ini", "b.ini"], None).unwrap_err(), "only one ini file may be indicated");
        let error = choose(&["pyproject.toml", "x/pyproject.toml"], None).unwrap_err();
        assert_eq!(error, "pyproject.toml indicated more than once");
    }
}
