"""Print the league table of faithfulness of all methods for language models.

Run: python benchmarks/faithfulness_generation.py [model] [prompts.jsonl] [prompts] [outputs]

Soft-NS and Soft-NC as defined (`xai.evaluation.soft`): Hellinger distance, 8 draws of masks that
all methods share, both scalings; comprehensiveness and sufficiency of the log-probability beside
them, with 10, 20 and 50 % of the tokens removed. Tables give ln(mean / mean of `random`), so that
random values stand at 0, with a 95 % interval over prompts; places without a defined score are
counted.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from transformers import AutoModelForCausalLM, AutoTokenizer

from xai.evaluation.faithfulness.softly import control
from xai.evaluation.intervals import mean_interval
from xai.evaluation.soft import SCALINGS, Place, against_control, judge
from xai.methods import catalogue
from xai.workbench.continued import Writing, continued
from xai.workbench.language import Language, open_language
from xai.workbench.language_problem import problem

SHARED = Path(__file__).resolve().parents[2] / "shared/data"
CONTROL = "random"
REMOVED = (0.1, 0.2, 0.5)


def opened(path: Path) -> Language:
    if path.is_file():
        return open_language(str(path))
    network = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    return Language(network.eval().requires_grad_(False), AutoTokenizer.from_pretrained(path))


def explained(task) -> dict[str, object]:
    """Run every method at its defaults."""
    found = {}
    for slug, card in catalogue.of(catalogue.GENERATION).items():
        began = time.process_time()
        module = catalogue.load(slug, catalogue.GENERATION)
        found[slug] = module.attribute(task, module.Params())
        spent = time.process_time() - began
        print(f"{card.title:<34} {found[slug].evaluations:>8} evaluations {spent:7.1f} s")
    return found


def judged(task, found) -> tuple[dict, np.ndarray]:
    """Return scores by (measure, scaling, method), one per place, and the prompt of each place."""
    scores: dict[tuple[str, str, str], list[float]] = {}
    groups = []
    for sample, causes in enumerate(task.causes):
        for output, cause in enumerate(causes):
            groups.append(sample)
            free = task.players[sample][:cause] >= 0
            place = Place(sample, output, free, (0, int(task.rows[sample]), output))
            methods = {slug: one.values[sample][output, :cause] for slug, one in found.items()}
            # The control of every run: the softmax of uniform numbers, as in the paper.
            methods[CONTROL] = control(cause, (0, 9, int(task.rows[sample]), output, 0))
            for (slug, scaling), score in judge(task.extras["soft"], place, methods).items():
                scores.setdefault(("Soft-NS", scaling, slug), []).append(score.sufficiency)
                scores.setdefault(("Soft-NC", scaling, slug), []).append(score.comprehensiveness)
    return {key: np.array(values) for key, values in scores.items()}, np.array(groups)


def removed(task, found) -> dict[tuple[str, str], np.ndarray]:
    """Return comprehensiveness and sufficiency (lower is better) by method, one per place."""
    scores: dict[tuple[str, str], list[float]] = {}
    for sample, causes in enumerate(task.causes):
        players = int(task.player_counts[sample])
        one = np.array([sample])
        whole = task.score(np.ones((1, players), dtype=bool), one)[0]
        for slug, result in found.items():
            masks = []
            for output, cause in enumerate(causes):
                order = np.argsort(-result.values[sample][output, :cause], kind="stable")
                order = task.players[sample][order]
                order = order[order >= 0]
                for share in REMOVED:
                    top = order[: int(np.ceil(share * len(order)))]
                    kept = np.ones((2, players), dtype=bool)
                    kept[0, top] = False
                    kept[1, np.setdiff1d(order, top)] = False
                    masks.append(kept)
            rows = np.concatenate(masks)
            answers = task.score(rows, np.full(len(rows), sample))
            answers = answers.reshape(len(causes), len(REMOVED), 2, -1)
            for output in range(len(causes)):
                falls = whole[output] - answers[output, :, :, output]
                scores.setdefault(("comprehensiveness", slug), []).append(falls[:, 0].mean())
                scores.setdefault(("sufficiency", slug), []).append(falls[:, 1].mean())
    return {key: np.array(values) for key, values in scores.items()}


def table(title: str, scores: dict[str, np.ndarray], groups: np.ndarray) -> None:
    print(f"\n| {title} | mean | ln(mean / random) | 95 % interval | left out |")
    print("|---|---|---|---|---|")
    rows = {
        slug: against_control(values, scores[CONTROL], groups, 0) for slug, values in scores.items()
    }
    for slug in sorted(rows, key=lambda slug: -np.nan_to_num(rows[slug][0], nan=-np.inf)):
        middle, low, high, out = rows[slug]
        mean = np.nanmean(scores[slug])
        print(f"| {slug} | {mean:.3f} | {middle:+.2f} | {low:+.2f} to {high:+.2f} | {out} |")


def plain(title: str, scores: dict[str, np.ndarray], groups: np.ndarray, sign: int) -> None:
    print(f"\n| {title} | mean | 95 % interval |")
    print("|---|---|---|")
    names = list(scores)
    count = np.bincount(groups)
    means = np.stack([np.bincount(groups, scores[slug]) / count for slug in names])
    middle, low, high = mean_interval(means, 0)
    for row in np.argsort(-sign * middle):
        print(f"| {names[row]} | {middle[row]:.3f} | {low[row]:.3f} to {high[row]:.3f} |")


def main() -> None:
    torch.set_num_threads(1)
    given = sys.argv[1:]
    model = Path(given[0]) if given else SHARED / "models/stories260K-llama"
    data = Path(given[1]) if len(given) > 1 else SHARED / "text/tinystories_prompts_100.jsonl"
    count = int(given[2]) if len(given) > 2 else 60
    outputs = int(given[3]) if len(given) > 3 else 8
    if not model.exists() or not data.exists():
        sys.exit("No model and prompts beside this checkout: name a folder and a JSONL file.")
    language = opened(model)
    prompts = [json.loads(line)["prompt"] for line in data.read_text().splitlines()]
    counts = np.zeros(language.size)
    for prompt in prompts:
        counts += np.bincount(language.tokenizer(prompt)["input_ids"], minlength=language.size)
    samples = [
        continued(language, prompt, None, Writing(outputs, 0.0, 0), row)
        for row, prompt in enumerate(prompts[:count])
    ]
    frequencies = np.where(language.ordinary, counts, 0)
    task = problem(language, samples, np.arange(len(samples)), 0, frequencies)
    units = [len(sample.ids) - 1 for sample in samples]
    print(f"{model.name}: {len(samples)} prompts, {task.output_counts.sum()} written tokens, ")
    print(f"{np.mean(units):.0f} tokens of context in the mean, {time.strftime('%Y-%m-%d')}\n")
    found = explained(task)
    scores, groups = judged(task, found)
    for measure in ("Soft-NS", "Soft-NC"):
        for scaling in SCALINGS:
            chosen = {s: v for (m, c, s), v in scores.items() if (m, c) == (measure, scaling)}
            table(f"{measure}, {scaling}", chosen, groups)
    falls = removed(task, found)
    for name, sign in (("comprehensiveness", 1), ("sufficiency", -1)):
        chosen = {slug: v for (measure, slug), v in falls.items() if measure == name}
        plain(f"{name}, nats ({'higher' if sign > 0 else 'lower'} is better)", chosen, groups, sign)


if __name__ == "__main__":
    main()
