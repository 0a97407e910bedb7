"""Recipe to artefacts: the only door between workers (or a command line) and the laboratory."""
