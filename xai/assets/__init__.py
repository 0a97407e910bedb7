"""The door: models and datasets in, one internal form out. All of it runs inside the jail."""
