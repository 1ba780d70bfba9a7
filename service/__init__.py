"""The process around the product: settings, logs, metrics, health, embedded Redis."""
