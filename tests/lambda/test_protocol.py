"""What the platform sees of a start, of limits, and of the end."""

import json
import unittest

from . import events
from .emulator import PROJECT, Emulator, packaged

TOMATO = (PROJECT / "tests/tomato.json").read_bytes()


class Protocol(unittest.TestCase):
    def test_sigterm_comes_and_the_function_leaves(self) -> None:
        with Emulator(packaged()) as emulator:
            self.assertIn(b"omato", emulator.invoke(TOMATO)[1])
            log = emulator.end()
        self.assertIn("Internal agent wasm-vision", log)
        self.assertIn("SIGTERM: no event in hand, leaving", log)

    def test_a_start_that_fails_is_told_with_its_reason(self) -> None:
        for variable, value, reason in [("VISION_WASM", "/var/task/bootstrap", "is no wasm module"),
                                        ("VISION_TIME_LIMIT", "soon", "invalid value 'soon'")]:
            with self.subTest(variable), Emulator(packaged(), {variable: value}) as emulator:
                status, body = emulator.invoke(TOMATO)
                answer = json.loads(body)
                self.assertEqual(answer["errorType"], "Runtime.InitError", (status, answer))
                self.assertIn(reason, answer["errorMessage"])

    def test_an_event_that_takes_too_long_gets_an_answer_of_ours_before_the_platform_ends_it(self) -> None:
        endless = PROJECT / "target/endless.wasm"
        # (module (func (export "_start") (loop $on (br $on))))
        endless.write_bytes(bytes.fromhex("0061736d01000000010401600000030201000" "70a01065f737461727400000a09010700034" "00c000b0b"))
        vision = [str(PROJECT / "target/release/vision"), "lambda", "--wasm", str(endless)]
        with Emulator(vision, timeout=2) as emulator:
            status, body = emulator.invoke(json.dumps(events.balancer("QQ==")).encode())
            answer = json.loads(body)
            self.assertEqual((answer["statusCode"], answer["statusDescription"]), (504, "504 Gateway Timeout"), status)
            self.assertEqual(json.loads(emulator.invoke(b'{"body": ""}')[1])["errorType"], "timeout")

    def test_what_a_json_log_holds_is_json(self) -> None:
        with Emulator(packaged(), {"AWS_LAMBDA_LOG_FORMAT": "JSON"}) as emulator:
            emulator.invoke(TOMATO)
            log = emulator.end()
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        self.assertTrue(any(line.get("message") == "answered" for line in lines), log)

    def test_a_function_without_its_module_says_what_is_missing(self) -> None:
        with Emulator(packaged(), {"VISION_WASM": "/var/task/other.wasm"}) as emulator:
            emulator.invoke(TOMATO)
            self.assertIn("/var/task/other.wasm is missing: put the function there, alone", emulator.log())


if __name__ == "__main__":
    unittest.main()
