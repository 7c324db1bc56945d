"""The pages and doors that speak HTTP: health, metrics, single-purpose links, and the answers at the homeserver's door."""
