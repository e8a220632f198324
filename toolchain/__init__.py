"""Set-up of everything the build needs beyond Rust, Python, gcc, make and apt, without root."""
