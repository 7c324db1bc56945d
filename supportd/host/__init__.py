"""Plugins as they are installed: found, checked, called, given their settings. The only room with pluggy's manager."""
