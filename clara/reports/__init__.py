"""Reports: facts in, text out. Nothing here runs a model or knows pytest."""
