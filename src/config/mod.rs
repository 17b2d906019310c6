//! The project's configuration: the ini file and `[tool.alembic]` exactly as Alembic reads them, and limbec's own settings.

mod adopted;
mod deploy_settings;
mod error;
mod ini;
mod interpolation;
mod lint_settings;
mod package;
mod project;
mod script_settings;
mod search_path;
mod settings;
mod settings_edit;
mod sources;
mod target;
mod tenant_settings;
mod toml;
mod url_source;

pub use adopted::{Adopted, AdoptedState};
pub use deploy_settings::{
    BackupSetting, DeployOptions, DestructiveSetting, HistorySetting, HookPoint, HookSetting, LockSetting,
    ProductionSetting, SqlRevisionsSetting, parse_duration,
};
pub use error::{ConfigError, IniFault, InterpolationFault};
pub use ini::{DEFAULT_SECTION, Ini};
pub use lint_settings::LintOptions;
pub use package::{PackageFolders, PackageResolver};
pub use project::{DEFAULT_INI_SECTION, Project, ProjectOptions};
pub use script_settings::ScriptSettings;
pub use search_path::SearchPath;
pub use settings::{Settings, SettingsError};
pub use settings_edit::SettingsEdit;
pub use sources::Sources;
pub use target::{DatabaseTarget, EnvPy, Place, TargetError, TargetRequest, UrlOrigin};
pub use tenant_settings::{CommonSource, Isolation, ListedTenant, TenantMode, TenantOptions, TenantSource};
pub use toml::{OptionValue, Toml};
pub use url_source::{UrlSource, UrlSourceError};
