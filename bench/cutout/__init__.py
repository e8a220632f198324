"""`make bench-cutout`: the function `cutout` beside the same steps in Python."""
