"""Every privacy switch of the libraries below us, set before any of them is imported.

`seal()` is the first thing the command line, the tests and every child process do. What each switch stops was observed on the
versions in pyproject.toml: onnxruntime 1.29+ reports its use, Gradio asks for its version and keeps a run history in the
browser, Hugging Face libraries ask their hub for updates, and a proxy setting would send local calls elsewhere.
"""

from __future__ import annotations

import os

SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_ANALYTICS_MAX_EVENTS": "100",  # what it counts for a page that is switched off here; it would keep 10,000
    "GRADIO_SHARE": "False",
    "GRADIO_MCP_SERVER": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "DO_NOT_TRACK": "1",
    "MPLBACKEND": "Agg",
}
# LlamaIndex would silently answer with a remote service when it finds a key.
FORGOTTEN = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "LLAMA_CLOUD_API_KEY", "HF_TOKEN", "CHROMA_API_KEY")
_LOCAL = "127.0.0.1,localhost,::1"


def seal(*, online: bool = False) -> None:
    """Set the switches. online: leave the hub reachable, for `vraagbaak models use` alone."""
    os.environ.update(SWITCHES)
    if online:
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "0"
    for name in FORGOTTEN:
        os.environ.pop(name, None)
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name, "")
        os.environ[name] = f"{known},{_LOCAL}" if known and _LOCAL not in known else known or _LOCAL
    # One question at a time is fastest on one thread; ingest asks for more where it pays.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
