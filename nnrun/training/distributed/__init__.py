"""Several replicas that train one model, on this machine or on several.

TF_CONFIG and a model come in; a team and its step go out. It never reads a table.
"""
