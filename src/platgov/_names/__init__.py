"""Parts of :mod:`platgov.names`."""
