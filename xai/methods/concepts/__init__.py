"""Methods that explain by concepts."""
