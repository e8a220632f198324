"""The one error type that the command line reports as a message instead of a trace."""


class TrainingInputError(Exception):
    """Something given to the training is missing or broken; the message names it and the remedy."""
