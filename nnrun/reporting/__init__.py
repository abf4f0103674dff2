"""Reporting: what people and programs see.

Plain values and runs come in; text, JSON, pictures, pages, scripts and starter configs go out. It
never computes a result of its own.
"""
