"""Talking with people in Teams: endpoint, channel, commands, handlers, sign-in."""
