"""Calls of every operation of both K2 APIs, and the page that is made from them."""
