"""The parts of the pipeline, one a file; config.yml says in which order they run."""
