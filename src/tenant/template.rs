use super::TenantError;

/// What placeholders in `[tenants]` stand for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Placeholders<'a> {
    /// `{name}`, and `{NAME}` as an environment variable can have it.
    pub name: &'a str,
    /// `{schema}`
    pub schema: Option<&'a str>,
    /// `{url}`
    pub url: Option<&'a str>,
}

impl Placeholders<'_> {
    /// The text with every placeholder replaced; a value passes through `written` on its way.
    ///
    /// # Errors
    /// A placeholder that there is none of, or that has no value here.
    pub fn fill(&self, text: &str, written: impl Fn(&str) -> String) -> Result<String, TenantError> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let Some(length) = rest[start..].find('}') else { break };
            filled.push_str(&rest[..start]);
            let placeholder = &rest[start..=start + length];
            let value = self
                .value(placeholder)
                .ok_or_else(|| TenantError::Placeholder { placeholder: placeholder.to_owned() })?;
            filled.push_str(&written(&value));
            rest = &rest[start + length + 1..];
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn value(&self, placeholder: &str) -> Option<String> {
        match placeholder {
            "{name}" => Some(self.name.to_owned()),
            "{NAME}" => {
                let capital =
                    |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
                Some(self.name.chars().map(capital).collect())
            }
            "{schema}" => self.schema.map(str::to_owned),
            "{url}" => self.url.map(str::to_owned),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_unknown_ones_refused() {
        let values = Placeholders { name: "acme-eu", schema: Some("t"), url: None };
        let fill = |text: &str| values.fill(text, str::to_owned).map_err(|error| error.to_string());
        assert_eq!(fill("env:{NAME}_URL").unwrap(), "env:ACME_EU_URL");
        assert_eq!(fill("a{name}b{schema}c").unwrap(), "aacme-eubtc");
        assert_eq!(fill("100% {").unwrap(), "100% {");
        assert!(fill("{nme}").unwrap_err().starts_with("'{nme}' in [tenants] is no placeholder"));
        assert!(fill("{url}").is_err());
    }
}
