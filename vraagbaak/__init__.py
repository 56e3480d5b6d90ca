"""The front door: one command and one web app, composed from the rooms below."""
