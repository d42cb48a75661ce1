"""kafka-python's own integration tests, from its source distribution, against the broker under test."""

import os
import subprocess
import sys

from left_out import LEFT_OUT

TIME_LIMIT = 400


def test_kafka_python_integration_suite(broker, suite):
    environment = {**os.environ, "KAFKA_URI": f"kafka://{broker.bootstrap}", "KAFKA_VERSION": "4.3", "KAFKA_ROOT": str(suite)}
    command = [sys.executable, "-m", "pytest", "test/integration", "-q", "-ra", "-p", "no:cacheprovider", "--tb=short", "--show-capture=no"]
    command += [f"--deselect={test}" for test in LEFT_OUT]
    done = subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT)
    print(done.stdout, done.stderr)  # shown when this fails
    summary = next((line for line in done.stdout.splitlines() if " passed" in line), "no summary")
    assert done.returncode == 0 and "skipped" not in summary, summary


def test_every_left_out_test_exists(suite):
    for test in LEFT_OUT:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (suite / path).read_text() if name else (suite / path).exists(), test
