"""The protocol: activities in, cards out."""
