"""The presence engine. Knows nothing of chat; reaches people through `sync.engine.ports.People`."""
