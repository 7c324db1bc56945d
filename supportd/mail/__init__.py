"""Mail, both ways; begins with the plugin that needs it."""
