"""The sections of the page on a run.

Runs, measures and datasets come in; texts and pictures that a template lays out go out. No section
knows of HTML.
"""
