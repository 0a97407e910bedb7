"""What is asked beside the explanations: other data, other models, the data themselves."""
