"""Methods that change features and watch the score or the loss."""
