"""The parts of `platgov.testing`. Only `strategies`, `generating` and `plugin` need hypothesis or pytest."""
