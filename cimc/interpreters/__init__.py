"""Reference interpreters: what each IR level means, in numpy."""
