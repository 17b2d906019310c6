/// A file of a template: its name and its bytes.
pub(super) type BundledFile = (&'static str, &'static [u8]);

macro_rules! template {
    ($name:literal: $($file:literal),+ $(,)?) => {
        ($name, &[$(($file, include_bytes!(concat!("templates/", $name, "/", $file)))),+])
    };
}

/// Alembic's templates for `init`, in the order in which `list_templates` shows them.
pub(super) const TEMPLATES: [(&str, &[BundledFile]); 5] = [
    template!("generic": "README", "alembic.ini.mako", "env.py", "script.py.mako"),
    template!("async": "README", "alembic.ini.mako", "env.py", "script.py.mako"),
    template!("multidb": "README", "alembic.ini.mako", "env.py", "script.py.mako"),
    template!("pyproject": "README", "alembic.ini.mako", "env.py", "pyproject.toml.mako", "script.py.mako"),
    template!("pyproject_async": "README", "alembic.ini.mako", "env.py", "pyproject.toml.mako", "script.py.mako"),
];
