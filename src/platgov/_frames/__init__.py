"""Parts of `platgov.frames`."""
