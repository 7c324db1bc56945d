"""Measurements that print."""
