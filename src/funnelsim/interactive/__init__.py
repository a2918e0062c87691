"""What answers while you watch: sliders in a notebook."""
