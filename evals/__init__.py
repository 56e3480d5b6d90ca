"""Measures: what every change does to answer quality."""
