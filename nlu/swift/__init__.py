"""The steps of config.yml as the server runs them: the same numbers with less work, since a batch goes through as a whole."""
