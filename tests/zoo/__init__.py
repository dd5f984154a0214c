"""Rules that treat people unequally, each in its own way, and rules that do not."""
