"""How hard the tests try: ``ci`` by default; ``pytest --hypothesis-profile=soak`` does twenty times more."""

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=100, print_blob=True)
settings.register_profile("soak", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("ci")
