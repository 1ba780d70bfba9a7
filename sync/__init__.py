"""The presence engine. Knows nothing of chat; reaches people through `sync.ports.People`."""
