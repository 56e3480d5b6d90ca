"""Reads from the shelf: a question becomes an answer in which every sentence is cited."""
