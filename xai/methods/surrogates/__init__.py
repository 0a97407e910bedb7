"""Methods that fit a simple model to the score near one input and read that model."""
