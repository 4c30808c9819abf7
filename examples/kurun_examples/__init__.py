"""Processes as a user of kurun would write them."""
