"""Parts of `platgov.accounts`."""
