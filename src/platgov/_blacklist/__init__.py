"""Parts of `platgov.blacklist`."""
