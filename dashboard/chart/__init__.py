"""The chart of one instrument, or of several: which bars a range is drawn with, and what is drawn over them."""
