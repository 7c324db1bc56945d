"""The central proof: killed anywhere, nothing is lost and nothing is doubled."""
