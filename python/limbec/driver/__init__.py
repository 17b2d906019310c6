"""What limbec runs inside the project's Python: one request after the other, Alembic doing the work.

limbec carries the text of these files and hands it over when Python starts, so that nothing of limbec has to be
installed in the environment that it works for. Files import each other relatively: limbec chooses the name.
"""
