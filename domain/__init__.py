"""What the product decides, pure: no input, no output, nothing of ours imported."""
