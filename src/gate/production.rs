use glob::Pattern;

use crate::config::ProductionSetting;
use crate::database::DatabaseUrl;

/// Whether a database is production by the project's settings. `url` is `None` where it is not known.
pub fn is_production(setting: Option<&ProductionSetting>, url: Option<&DatabaseUrl>) -> bool {
    match (setting, url) {
        (None, _) => false,
        (Some(ProductionSetting::Always(always)), _) => *always,
        // Patterns that cannot be compared with anything protect rather than not.
        (Some(ProductionSetting::Urls(patterns)), None) => !patterns.is_empty(),
        (Some(ProductionSetting::Urls(patterns)), Some(url)) => {
            let spellings = url.without_secrets();
            patterns.iter().any(|pattern| {
                // The settings have checked it.
                Pattern::new(pattern).map_or(true, |pattern| spellings.iter().any(|text| pattern.matches(text)))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        let setting = ProductionSetting::Urls(vec!["mysql://nothing".to_owned(), pattern.to_owned()]);
        is_production(Some(&setting), Some(&DatabaseUrl::parse(url).unwrap()))
    }

    const URL: &str = "postgresql+psycopg2://me:s3cret@db.prod.example.com:5432/shop?sslmode=require";

    #[test]
    fn patterns_see_the_url_with_and_without_user_and_driver() {
        for pattern in [
            "*prod*",
            "postgresql://*.prod.example.com*",
            "postgresql://db.prod.example.com:5432/shop*",
            "postgresql+psycopg2://*@db.prod.*",
            "postgresql://me@db.prod.*",
            "*/shop*",
            "*://db.prod.example.com:*/[rs]hop?sslmode=*",
        ] {
            assert!(matches(pattern, URL), "{pattern}");
        }
        for pattern in ["postgresql://*staging*", "prod", "*/shop", "mysql://*"] {
            assert!(!matches(pattern, URL), "{pattern}");
        }
        assert!(matches("sqlite:///*/prod.db", "sqlite:////srv/a@b/prod.db"));
    }

    #[test]
    fn the_password_is_never_compared() {
        for pattern in ["*s3cret*", "*s3*"] {
            assert!(!matches(pattern, URL), "{pattern}");
        }
    }

    #[test]
    fn a_database_that_is_not_known_is_production_where_patterns_say_which_is() {
        let patterns = ProductionSetting::Urls(vec!["*prod*".to_owned()]);
        assert!(is_production(Some(&patterns), None));
        assert!(!is_production(Some(&ProductionSetting::Always(false)), None));
        assert!(is_production(Some(&ProductionSetting::Always(true)), None));
        assert!(!is_production(None, None));
    }
}
