"""Every sentence for people, from domain objects to words; pure."""
