"""Time ReAGent beside inseq's, check that both give the same scores, and compare the variants.

Run: python benchmarks/reagent.py [folder of a trained language model]

Needs inseq (`pip install inseq`; no dependency of Parallax, and its pins may want an environment
of their own). Both run in this process, on the same model, with one thread, the same probes, steps
and replacement source; time is processor time, runs alternate, ratios are medians.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scipy.stats import kendalltau
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel

from xai.methods.perturbation.reagent import Params, attribute
from xai.methods.perturbation.reagent_source import replacement
from xai.workbench.continued import Continued
from xai.workbench.language import Language
from xai.workbench.language_problem import problem

try:
    from inseq.attr.feat.ops import reagent_core as core
except ImportError:
    sys.exit("inseq is not installed here: pip install inseq, in an environment of its own.")

PROBES, STEPS, LIMIT, OUTPUTS, REPEATS = 16, 8, 30, 16, 5
STORIES_READ, WRITTEN = 10, 6
"""Prompts, and outputs of each, on which the variants are compared."""
STORIES = Path(__file__).resolve().parents[2] / "shared/data/models/stories260K-llama"
PROMPTS = Path(__file__).resolve().parents[2] / "shared/data/text/tinystories_prompts_100.jsonl"


class Uniform(core.POSTagTokenSampler):
    """inseq's own sampler with a single class of tokens: even over the vocabulary."""

    def __init__(self, allowed: np.ndarray) -> None:
        ids = torch.from_numpy(np.flatnonzero(allowed))
        self.id2pos = torch.zeros(len(allowed), dtype=torch.long)
        self.num_ids_per_pos, self.offsets = torch.tensor([len(ids)]), torch.tensor([0.0])
        self.compact_idx = ids


class Drawn:
    """A sampler that draws as ours does, from the numbers that `torch.rand` hands out."""

    def __init__(self, replace) -> None:
        self.replace = replace

    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        """Return a token for each."""
        return torch.from_numpy(self.replace(torch.rand(ids.shape).numpy()))


class Words:
    """Stands in for a tokenizer where token numbers are made up."""

    model_max_length = 256
    all_special_ids: tuple[int, ...] = ()
    added_tokens_decoder: dict[int, str] = {}
    unk_token_id = bos_token_id = eos_token_id = cls_token_id = sep_token_id = None

    def __len__(self) -> int:
        return 1 << 30

    def decode(self, ids: object, **_: object) -> str:
        """Return something to read, at no cost: inseq decodes every token of every step."""
        return str(ids)


def rationalizer(language: Language, sampler, *, steps: int, top: int, kept: float):
    """Put inseq's parts together as its method does."""
    evaluator = core.DeltaProbImportanceScoreEvaluator(
        model=language.network,
        tokenizer=language.tokenizer,
        token_replacer=core.UniformTokenReplacer(sampler=sampler, ratio=0.3),
        stopping_condition_evaluator=core.TopKStoppingConditionEvaluator(
            model=language.network, sampler=sampler, top_k=top, keep_top_n=0, keep_ratio=kept
        ),
        max_steps=steps,
    )
    return core.AggregateRationalizer(
        importance_score_evaluator=evaluator,
        batch_size=PROBES,
        overlap_threshold=0,
        keep_top_n=0,
        keep_ratio=kept,
    )


def theirs(run, sample: Continued, outputs) -> list[np.ndarray]:
    found = []
    for cause in sample.causes[outputs]:
        ids = torch.from_numpy(sample.ids)
        with torch.no_grad():
            run(ids[None, :cause], ids[cause : cause + 1])
        found.append(run.mean_importance_score.numpy())
    return found


def sample_of(ids: np.ndarray, outputs: int) -> Continued:
    """Return token numbers as a continuation of which every token may be replaced."""
    count = len(ids)
    return Continued(
        ids=ids,
        prompt=count - outputs,
        cut=0,
        text="",
        pieces=tuple(map(str, ids)),
        spans=((0, 0),) * count,
        words=np.arange(count),
        special=np.zeros(count, dtype=bool),
    )


def posed(language: Language, samples, seed: int = 0):
    even = language.ordinary.astype(float)
    return problem(language, samples, np.arange(len(samples)), seed, even)


def clock(call) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def ratio(name: str, inseq_run, our_run, share: float = 1.0) -> None:
    """Print the median of the ratios of runs that alternate; `share` scales inseq's up."""
    pairs = [(clock(inseq_run) * share, clock(our_run)) for _ in range(REPEATS)]
    ratios = sorted(a / b for a, b in pairs)
    a, b = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(
        f"{name:<62} inseq {a:7.3f} s  ours {b:7.3f} s  ratio {statistics.median(ratios):5.1f} "
        f"({ratios[0]:.1f} to {ratios[-1]:.1f})"
    )


def untrained() -> Language:
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=8192, n_positions=256, n_embd=256, n_layer=4, n_head=4)
    config.bos_token_id = config.eos_token_id = None
    return Language(GPT2LMHeadModel(config).eval().requires_grad_(False), Words())


def same_scores(language: Language, length: int) -> float:
    """Return the largest difference of shares when inseq is given our random numbers."""
    ids = np.random.default_rng(1).integers(0, language.size, length + 1)
    sample = sample_of(ids, 1)
    task = posed(language, [sample])
    params = Params("published", "uniform", PROBES, limit=20, start="noise", kept=5 / length)
    mine = attribute(task, params).values[0][0]
    draws = np.random.default_rng([0, 0, 0])
    replace = replacement(task.extras["next_tokens"], 0, "uniform")
    run = rationalizer(language, Drawn(replace), steps=20, top=3, kept=5 / length)
    with mock.patch.object(
        torch, "rand", lambda *shape, **_: torch.from_numpy(draws.random(tuple(shape[0])))
    ):
        their = theirs(run, sample, slice(None))[0]
    if not run.importance_score_evaluator.stop_mask.any():
        their = run.importance_score_evaluator.importance_score.mean(0).numpy()  # theirs is NaN
    return float(np.abs(mine - their).max())


def single_output(language: Language, length: int) -> None:
    ids = np.random.default_rng(0).integers(0, language.size, length + 1)
    sample = sample_of(ids, 1)
    run = rationalizer(language, Uniform(language.ordinary), steps=STEPS, top=0, kept=5 / length)
    params = Params("published", "uniform", PROBES, limit=STEPS, top=0, kept=5 / length)
    ratio(
        f"one output, {length} tokens of context, no probe stops",
        lambda: theirs(run, sample, slice(None)),
        lambda: attribute(posed(language, [sample]), params),
    )


def many_outputs(language: Language, length: int) -> None:
    ids = np.random.default_rng(0).integers(0, language.size, length + OUTPUTS)
    sample = sample_of(ids, OUTPUTS)
    run = rationalizer(language, Uniform(language.ordinary), steps=STEPS, top=0, kept=0.3)
    params = Params("fixed", "uniform", PROBES, steps=STEPS)
    ratio(
        f"{OUTPUTS} outputs after {length} tokens, fixed budget against inseq without stops",
        lambda: theirs(run, sample, slice(0, None, 5)),
        lambda: attribute(posed(language, [sample]), params),
        share=OUTPUTS / len(range(0, OUTPUTS, 5)),
    )


def stories(language: Language, length: int, outputs: int, count: int) -> list[Continued]:
    """Return beginnings of stories, cut to one length and continued by the likeliest tokens."""
    import json

    lines = [json.loads(line) for line in PROMPTS.read_text().splitlines()]
    samples = []
    for line in lines:
        ids = language.tokenizer(f"{line['prompt']} {line['reference']}")["input_ids"]
        if len(samples) < count and len(ids) >= length:
            ids = ids[:length]
            for _ in range(outputs):
                with torch.inference_mode():
                    last = language.logits(torch.tensor([ids]), torch.tensor([len(ids) - 1]))
                ids = [*ids, int(last[0, 0].argmax())]
            samples.append(sample_of(np.array(ids), outputs))
    return samples


def trained(language: Language, length: int) -> None:
    samples = stories(language, length, 4, 3)
    kept = 5 / length
    run = rationalizer(language, Uniform(language.ordinary), steps=LIMIT, top=3, kept=kept)
    for variant in ("published", "shared"):
        params = Params(variant, "uniform", PROBES, limit=LIMIT, kept=kept)
        ratio(
            f"trained model, 3 × 4 outputs, {length} tokens, {variant}, probes stop",
            lambda: [theirs(run, sample, slice(None)) for sample in samples],
            lambda params=params: attribute(posed(language, samples), params),
        )


def taus(one, other, causes) -> list[float]:
    return [
        kendalltau(a[output, :cause], b[output, :cause]).statistic
        for a, b, before in zip(one.values, other.values, causes, strict=True)
        for output, cause in enumerate(before)
    ]


def told(name: str, found: list[float]) -> None:
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    print(f"{name:<34} {np.mean(found):6.3f}  standard error {error:.3f}")


def agreement(language: Language) -> None:
    """Print the mean Kendall tau of each variant with the published one, and of two seeds."""
    samples = stories(language, 40, WRITTEN, STORIES_READ)
    first = posed(language, samples)
    steps = {"limit": 2 * LIMIT}
    literal = attribute(first, Params("published", **steps))
    second = attribute(posed(language, samples, 1), Params("published", **steps))
    others = {
        "shared": attribute(posed(language, samples, 2), Params("shared", **steps)),
        "fixed": attribute(posed(language, samples, 3), Params("fixed")),
    }
    again = attribute(posed(language, samples, 4), Params("fixed"))
    count = f"{STORIES_READ} × {WRITTEN} outputs"
    print(f"\nKendall tau of the shares with those of `published`, mean over {count}")
    told("published, another seed", taus(literal, second, first.causes))
    for name, found in others.items():
        pairs = zip(
            taus(literal, found, first.causes), taus(second, found, first.causes), strict=True
        )
        told(f"{name}, with each of the two seeds", [(a + b) / 2 for a, b in pairs])
    told("fixed with another seed of fixed", taus(others["fixed"], again, first.causes))
    total = PROBES * STORIES_READ * WRITTEN
    stopped = total - int(np.sum(literal.per_sample["stopped"])), total
    print("published: {} of {} probes did not stop within {} steps".format(*stopped, 2 * LIMIT))


def main() -> None:
    torch.set_num_threads(1)
    language = untrained()
    for length in (32, 64):
        gap = same_scores(language, length)
        print(f"{length} tokens: largest difference of shares, same random numbers: {gap:.1e}")
    for length in (32, 64):
        single_output(language, length)
        many_outputs(language, length)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else STORIES
    if not folder.is_dir() or not PROMPTS.is_file():
        sys.exit("No trained model beside this checkout: name the folder of one.")
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    story = Language(network.eval().requires_grad_(False), AutoTokenizer.from_pretrained(folder))
    gap = same_scores(story, 32)
    print(f"trained model: largest difference of shares, same random numbers: {gap:.1e}")
    for length in (32, 64):
        trained(story, length)
    agreement(story)


if __name__ == "__main__":
    main()
