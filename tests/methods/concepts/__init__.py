"""Tests of concept methods."""
