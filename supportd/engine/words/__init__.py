"""Commands in plain words, the same in a terminal and in a chat with the bot: what each does inside one transaction."""
