"""`python3 -m tests.lambda.fetch FOLDER`: the emulator and AWS's sample events, out of the wheel that requirements.txt pins."""

import re
import sys
from pathlib import Path

from toolchain import console, pypi

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# The emulator (samcli/local/rapid) and the sample events (samcli/lib/generated_sample_events).
MEMBERS = "samcli/l"


def main() -> int:
    requirement, sha256 = re.fullmatch(r"(\S+) \\\s+--hash=sha256:(\w+)\s*", REQUIREMENTS.read_text()).groups()
    try:
        pypi.unpack(Path(sys.argv[1]), requirement, "any", sha256, MEMBERS)
    except console.Failure as failure:
        print(f"tests.lambda.fetch: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
