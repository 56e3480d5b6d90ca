"""An encoder that was written can be taught further: what it is read back as is what was written, but for rounding to 8 bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

pytest.importorskip("onnx", reason="the extra `train` is not installed")


def small() -> tuple[Any, Tokenizer, dict[str, Any]]:
    """A transformer of two layers over eight pieces, its tokenizer, and its weights."""
    import torch

    from evals.train_encoder import SPECIAL, bert, tokenizer_of

    tokenizer = tokenizer_of([*((piece, 0.0) for piece in SPECIAL), *((f"▁{word}", -2.0) for word in "wie mag dat delen".split())])
    made = torch.Generator().manual_seed(1)

    def some(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=made) * 0.1

    state = {f"embeddings.{name}_embeddings.weight": some(rows, 24) for name, rows in (("word", 8), ("position", 16), ("token_type", 2))}
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{i}." for i in range(2)):
        norms += [f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            state |= {f"{layer}{name}.weight": some(24, 24), f"{layer}{name}.bias": some(24)}
        state |= {f"{layer}intermediate.dense.weight": some(48, 24), f"{layer}intermediate.dense.bias": some(48)}
        state |= {f"{layer}output.dense.weight": some(24, 48), f"{layer}output.dense.bias": some(24)}
    state |= {f"{name}.{part}": some(24) + float(part == "weight") for name in norms for part in ("weight", "bias")}
    return bert(state), tokenizer, state


def test_a_written_encoder_is_read_back_with_the_weights_it_had(tmp_path: Path) -> None:
    import torch

    from evals.train_encoder import model_again, vectors, write_model

    model, tokenizer, state = small()
    write_model(tmp_path, model, tokenizer, np.zeros(24, np.float32))
    again, words = model_again(tmp_path)
    for name, weight in again.state_dict().items():
        assert float((weight - state[name]).abs().max()) < 0.01, name
    with torch.inference_mode():
        one, two = (vectors(m.eval(), t, ["wie mag dat", "delen"]).numpy() for m, t in ((model, tokenizer), (again, words)))
    assert (one * two).sum(axis=1) == pytest.approx(1.0, abs=1e-3)


def test_what_frozen_layers_made_of_a_text_is_remembered_and_gives_the_vectors_of_the_whole_model() -> None:
    import torch

    from evals.train_encoder import Reader

    model, tokenizer, _ = small()
    model.eval()
    texts = ["wie mag dat delen", "delen", "wie mag dat delen", "mag"]
    with torch.inference_mode():
        ids = torch.tensor([tokenizer.encode(texts[0]).ids])
        whole = torch.nn.functional.normalize(model(input_ids=ids).last_hidden_state.mean(1), dim=-1)[0]
    reader = Reader(model, tokenizer, 1)
    for _ in range(2):  # read, then remembered
        found = reader.vectors(texts)
        assert float((found[0] - whole).abs().max()) < 2e-3  # remembered in half precision
        assert torch.equal(found[0], found[2])
    found.sum().backward()
    assert model.encoder.layer[0].output.dense.weight.grad is None
    assert model.encoder.layer[1].output.dense.weight.grad is not None
