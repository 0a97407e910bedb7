"""Shapley values: credit shared by what a player adds to every coalition of the others."""
