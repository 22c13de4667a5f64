"""Pure builders of what a page shows: frames and values in, a styled table, a chart or HTML out."""
