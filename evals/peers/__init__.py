"""Other products on the same items and the same quotes, each in an environment of its own."""
