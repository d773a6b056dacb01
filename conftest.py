pytest_plugins = ["clara.plugin"]
