use crate::cli::context::CommandContext;
use crate::cli::error::{CommandError, ErrorKind};
use crate::config::DEFAULT_INI_SECTION;
use crate::migrate::Operation;
use crate::report::{TenantStanding, TenantsReport};
use crate::tenant::{Selection, Surveyed, TenantTotals};

impl CommandContext {
    /// Where the tenants stand; `None` where there are none to this history. Works on their section afterwards.
    ///
    /// # Errors
    /// Ctrl-C.
    pub(super) fn tenants_report(&mut self) -> Result<Option<TenantsReport>, CommandError> {
        let project = self.project()?;
        let options = &project.settings.tenants;
        let is_theirs = options.section.as_ref().is_none_or(|section| *section == project.section);
        if options.source.is_none() || !(is_theirs || self.globals.name == DEFAULT_INI_SECTION) {
            return Ok(None);
        }
        let section = options.section.clone().unwrap_or_else(|| project.section.clone());
        let operation = Operation::Upgrade { target: "heads".to_owned() };
        let surveyed = self.tenants(&Selection::default()).and_then(|tenants| self.survey(&operation, tenants));
        let (surveyed, error) = match surveyed {
            Ok(surveyed) => (surveyed, None),
            Err(error) if error.kind == ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let reason = self.reason(&error);
                self.ui.warning(&format!("the report is without tenants: {reason}"));
                (Vec::new(), Some(reason))
            }
        };
        let tenants = surveyed.iter().map(|surveyed| self.standing_of(surveyed)).collect();
        Ok(Some(TenantsReport { section, tenants, totals: TenantTotals::of(&surveyed), error }))
    }

    /// Where a tenant stands, for those who read it.
    pub(in crate::cli) fn standing_of(&self, surveyed: &Surveyed) -> TenantStanding {
        let standing = &surveyed.standing;
        TenantStanding {
            tenant: surveyed.tenant.name.clone(),
            state: surveyed.state(),
            heads: standing.rows().to_vec(),
            pending: standing.pending(),
            reason: surveyed.reason().map(|reason| self.ui.censored(reason)),
        }
    }
}
