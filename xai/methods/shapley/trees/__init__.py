"""Exact Shapley values of tree ensembles by tables over subtrees."""
