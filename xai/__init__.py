"""Parallax: explain one model from several angles, and say where the angles disagree."""
