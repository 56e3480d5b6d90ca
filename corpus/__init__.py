"""The shelf: what a source is, what a passage is, and the released index in which passages are found."""
