"""How the weights are made; nothing here is needed to judge messages."""
