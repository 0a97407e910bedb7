"""Shapley interaction values: what two features add together beyond what each adds alone."""
