"""`python3 -m toolchain setup|doctor|node|tensorflow`: see the Makefile targets of the same names."""

import argparse
import sys

from toolchain import doctor, parts, setup
from toolchain.console import Failure, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="find or fetch all that the build needs (quick when nothing is missing)")
    commands.add_parser("doctor", help="print what was found, from where, in which version")
    commands.add_parser("node", help="print the folder of a Node.js for deploying, fetched if the machine has none")
    commands.add_parser("tensorflow", help="fetch TensorFlow's C library, for graphs that are not converted; print its folder")
    arguments = parser.parse_args()
    try:
        if arguments.command == "setup":
            setup.run()
            return 0
        if arguments.command in parts.ON_DEMAND:
            print(setup.on_demand(arguments.command).place)
            return 0
        return doctor.run()
    except Failure as failure:
        say(f"set-up stopped: {failure}")
        return 2
    except KeyboardInterrupt:
        say("interrupted; the next run goes on from here")
        return 130


if __name__ == "__main__":
    sys.exit(main())
