"""The cards of the methods, one file per kind of model."""
