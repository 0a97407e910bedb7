"""The website: reads rows and finished files, asks for work, never computes."""
