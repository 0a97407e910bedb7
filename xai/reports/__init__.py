"""Results, read once and said in words, as one HTML file, or as a bundle."""
