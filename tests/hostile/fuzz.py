"""Fuzzes each parser under atheris, guided by coverage: no crash, no hang, no memory beyond the limit.

    pip install atheris==3.0.0
    python tests/hostile/fuzz.py --seconds 60                 every format, one after the other
    python tests/hostile/fuzz.py --seconds 600 model idx      some

An input that ends in anything but data or one of our errors is written to fuzz-findings/; it belongs into the corpus
beside this file, under a name that says what it is. Exit code 1 where there was one.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FINDINGS = Path("fuzz-findings")
MOST_SEED = 20_000  # bytes


def fuzz(name: str, folder: Path, options: list[str]) -> None:
    """In a process of its own, as atheris never returns, with files in ``folder``."""
    import atheris

    with atheris.instrument_imports(include=["chainrule", "json", "tomllib", "csv", "gzip", "numpy.lib"]):
        from hostile.formats import FORMATS
        from hostile.worker import outcome
    form = FORMATS[name]
    path = folder / form.file

    def once(data: bytes) -> None:
        path.write_bytes(data)
        ended = outcome(form, path)
        if ended.startswith("FAULT"):
            raise AssertionError(ended)

    seeds = folder / "seeds"
    seeds.mkdir()
    for i, case in enumerate([*form.good, *form.bad]):
        given = form.good.get(case, form.bad.get(case))
        if form.corpus.__name__.endswith("model") or not callable(given):  # the callable ones are large
            data = given() if callable(given) and case not in getattr(form.corpus, "COSTLY", ()) else given
            if isinstance(data, bytes) and len(data) <= MOST_SEED:
                (seeds / f"{i}").write_bytes(data)
    atheris.Setup([sys.argv[0], *options, str(seeds)], once)
    atheris.Fuzz()


def run(name: str, seconds: int) -> bool:
    """Fuzz a format for so long; whether nothing was found."""
    FINDINGS.mkdir(exist_ok=True)
    options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1000", "-max_len=20000",
               f"-artifact_prefix={FINDINGS}/{name}-", "-print_final_stats=1", "-verbosity=1"]  # fmt: skip
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, folder, *options],
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}", "CHAINRULE_ENGINE": "numpy"},
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
    tried = re.findall(r"number_of_executed_units: *(\d+)", done.stderr)
    peak = re.findall(r"peak_rss_mb: *(\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    print(
        f"{name:10}  {int(tried[-1]) if tried else 0:9,} inputs  {covered[-1] if covered else '?':>5} places reached  "
        f"{peak[-1] if peak else '?'} MB  {'nothing found' if done.returncode == 0 else 'FOUND'}",
        flush=True,
    )
    if done.returncode:
        print(f"{done.stdout[-1000:]}\n{done.stderr[-3000:]}")
    return done.returncode == 0


def main() -> int:
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]
    from hostile.formats import FORMATS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", default=[*FORMATS], help=", ".join(FORMATS))
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    clean = [run(name, asked.seconds) for name in asked.formats]
    return 0 if all(clean) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        fuzz(sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
    else:
        sys.exit(main())
