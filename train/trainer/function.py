"""The last step: the model becomes a function, by the runtime's own command."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from trainer.errors import TrainingInputError


def make_function(vision: Path, folder: Path, name: str, say: Callable[[str], None]) -> Path:
    """Run ``vision function`` on the model in ``folder``; returns ``NAME.wasm`` beside it.

    Raises:
        TrainingInputError: there is no such program, or it refused the model. The model itself is kept.
    """
    target = folder / f"{name}.wasm"
    command = [str(vision), "function", "--model", str(folder / "model.toml"), "-o", str(target)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise TrainingInputError(f"{vision} can't be run ({error.strerror}); the model is in {folder}. Build it by `make build`, then: {' '.join(command)}") from error
    for line in (done.stdout + done.stderr).splitlines():
        say(f"  {line}")
    if done.returncode != 0 or not target.is_file():
        raise TrainingInputError(f"the model is in {folder}, but it could not be made a function; the command was: {' '.join(command)}")
    return target
