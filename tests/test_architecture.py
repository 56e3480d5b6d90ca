"""The shape of the house: who may import whom, what loads nothing heavy, what is packaged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "gradio", "chromadb", "llama_index", "sentence_transformers", "sklearn", "deduce", "pypdfium2", "onnxruntime")


def test_importing_our_packages_loads_no_heavy_library() -> None:
    modules = [
        ".".join(p.relative_to(ROOT).with_suffix("").parts)
        for package in ("corpus", "ingest", "assistant", "evals", "vraagbaak")
        for p in sorted((ROOT / package).glob("*.py"))
        if p.name not in ("__init__.py", "__main__.py", "train_embedding.py", "build_lexicon.py", "train_guard.py", "train_encoder.py", "train_follow_ups.py")
        and not p.name.startswith("render")
    ]
    code = f"import sys, json\nfor m in {modules!r}: __import__(m)\nprint(json.dumps([h for h in {HEAVY!r} if h in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_the_command_line_says_its_help_without_numpy() -> None:
    code = "import sys\nfrom vraagbaak.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False", "numpy takes as long as everything else that --help needs"


def test_imports_go_one_way_and_each_heavy_library_has_one_home() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
