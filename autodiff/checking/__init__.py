"""The gradient check that explains: witnesses that know nothing of the rules, and where a wrong rule stands."""
