"""Text classifiers: Shapley values against shap's partition, integrated gradients against captum.

Run with one thread: OMP_NUM_THREADS=1 python benchmarks/text.py [sentences]
Model: a random BERT of 4 layers × 256, sentences of about 30 tokens. Error: mean over sentences of
|φ − reference|² / |φ reference|²; reference: 4,096 coalitions, or 300 steps. Equal error: the
smallest budget of ours that errs no more than the peer. Time: CPU milliseconds per sentence.
Limit: the model's own forward (or forward and backward) for as many rows, at the best batch.
"""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import replace

import numpy as np
import shap
import torch
from captum.attr import IntegratedGradients
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    TextClassificationPipeline,
)

from xai.methods.gradient import integrated_gradients
from xai.methods.shapley import units
from xai.workbench import texts
from xai.workbench.classifier import Classifier
from xai.workbench.explained import Explained
from xai.workbench.text_scores import predict
from xai.workbench.tokenized import tokenized

LAYERS, WIDTH, WORDS = 4, 256, 4000
BUDGETS = (16, 256, 384, 512, 768, 1024)
STEPS = (8, 12, 16, 20, 24, 32, 40)


def main():
    warnings.simplefilter("ignore")
    sentences = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    classifier = made()
    problem, lines = posed(classifier, sentences)
    forward, both = limits(classifier)
    print(f"limit: forward {forward:.2f} ms, forward and backward {both:.2f} ms per sentence row")
    shapley(classifier, problem, lines, forward)
    gradients(classifier, problem, both)


def made():
    """Return a random classifier whose answers differ from sentence to sentence."""
    torch.manual_seed(0)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {w: i for i, w in enumerate([*special, *(f"w{i}" for i in range(WORDS))])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    inner.add_special_tokens(special)
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=128,
    )
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        intermediate_size=4 * WIDTH,
        max_position_embeddings=128,
        initializer_range=0.08,
        attn_implementation="eager",
    )
    network = BertForSequenceClassification(config).eval().requires_grad_(False)
    return Classifier(network, tokenizer, ("LABEL_0", "LABEL_1"))


def posed(classifier, sentences):
    draw = np.random.default_rng(0)
    lengths = draw.integers(25, 32, sentences)
    lines = [" ".join(f"w{i}" for i in draw.integers(0, WORDS, n)) for n in lengths]
    samples = [tokenized(classifier.tokenizer, classifier.most, line) for line in lines]
    targets = predict(classifier, samples).argmax(axis=1)
    problem = texts.problem(classifier, samples, np.arange(sentences), Explained(targets), 0)
    return replace(problem, inner=None), lines


def limits(classifier):
    """Return the CPU milliseconds per row of the network alone, at its best batch."""
    ids = torch.randint(5, WORDS, (128, 30))
    embedded = classifier.embed(ids).detach()

    def forward(batch):
        with torch.inference_mode():
            classifier.network(input_ids=ids[:batch])

    def both(batch):
        given = embedded[:batch].clone().requires_grad_()
        torch.autograd.grad(classifier.network(inputs_embeds=given).logits[:, 0].sum(), given)

    return [
        min(1000 * cpu(lambda b=b, run=run: run(b), 5) / b for b in (8, 16, 32, 64, 128))
        for run in (forward, both)
    ]


def cpu(run, repeats=1):
    found = []
    for _ in range(repeats):
        began = time.process_time()
        run()
        found.append(time.process_time() - began)
    return min(found)


def shapley(classifier, problem, lines, limit):
    reference = values(units.attribute(problem, units.Params(coalitions=4096)))
    pipe = TextClassificationPipeline(
        model=classifier.network, tokenizer=classifier.tokenizer, top_k=None
    )
    explainer = shap.Explainer(pipe)
    found = {}

    def peer():
        found["peer"] = explainer(lines, silent=True)

    seconds = cpu(peer)
    theirs = [
        np.asarray(one[:, classifier.outputs.index(of[0])].values)
        for one, of in zip(found["peer"], problem.outputs, strict=True)
    ]
    wrong = error(theirs, reference)
    print("\nShapley values                evaluations      error   ms/sentence")
    rows = len(lines)
    each = 1000 * seconds / rows
    print(f"shap partition, pipeline      {500:11d} {wrong:10.1e} {each:13.0f}")
    equal = None
    for budget in BUDGETS:
        params = units.Params(coalitions=budget)

        def ours(params=params):
            found["ours"] = units.attribute(problem, params)

        ours()  # operators of the regression are kept for the next sentences of this length
        mine = 1000 * cpu(ours) / rows
        evaluations = found["ours"].evaluations / rows
        miss = error(values(found["ours"]), reference)
        share = limit * evaluations / mine
        print(
            f"ours                          {evaluations:11.0f} {miss:10.1e} {mine:13.0f}"
            f"   {share:.0%} of the limit"
        )
        if equal is None and miss <= wrong:
            equal = each / mine
    print(f"at equal error: {equal:.1f} times faster" if equal else "never as near as the peer")


def gradients(classifier, problem, limit):
    truth = integrated_gradients.Params(steps=300, most=300)
    reference = values(integrated_gradients.attribute(problem, truth))
    access = problem.gradients
    found = {}

    def peer():
        each = []
        for sample, of in enumerate(problem.outputs):
            inputs, baselines = access.stack(np.array([sample]))
            target = classifier.outputs.index(of[0])

            def score(given, target=target):
                return classifier.network(inputs_embeds=given).logits.softmax(-1)[:, target]

            each.append(IntegratedGradients(score).attribute(inputs, baselines))
        found["peer"] = [one.sum(-1)[0].numpy() for one in each]

    rows = len(problem.rows)
    theirs = 1000 * cpu(peer, 3) / rows
    wrong = error([f[1:-1] for f in found["peer"]], [r[1:-1] for r in reference], cut=False)
    print("\nIntegrated gradients              steps      error   ms/sentence")
    print(f"captum, a sentence at a time  {50:11d} {wrong:10.1e} {theirs:13.0f}")
    equal = None
    for steps in STEPS:
        params = integrated_gradients.Params(steps=steps, gap=1.0)

        def ours(params=params):
            found["ours"] = integrated_gradients.attribute(problem, params)

        mine = 1000 * cpu(ours, 3) / rows
        miss = error(values(found["ours"]), reference)
        share = limit * (steps + 2) / mine
        print(
            f"ours                          {steps:11d} {miss:10.1e} {mine:13.0f}"
            f"   {share:.0%} of the limit"
        )
        # The error is a square: below this both differ by the rounding of 32 bits alone.
        if equal is None and miss <= max(wrong, 1e-12):
            equal = theirs / mine
    print(f"at equal error: {equal:.1f} times faster" if equal else "never as near as the peer")


def values(found):
    return [one[0] for one in found.values]


def error(theirs, reference, *, cut=True):
    misses = []
    for one, truth in zip(theirs, reference, strict=True):
        whole = one if len(one) == len(truth) or not cut else np.concatenate([[0], one, [0]])
        misses.append(np.square(whole - truth).sum() / np.square(truth).sum())
    return float(np.mean(misses))


if __name__ == "__main__":
    main()
