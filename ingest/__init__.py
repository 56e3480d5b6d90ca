"""Fills the shelf: files become documents, documents become passages, passages become a release."""
