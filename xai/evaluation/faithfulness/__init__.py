"""How faithful attributions are to the model: measured by taking away what they call important."""
