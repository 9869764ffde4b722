"""Builders and comparisons that several tests share."""
