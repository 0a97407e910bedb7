"""A GPT-2 whose weights are set by hand: each token it writes is the one `back` places before."""

from __future__ import annotations

import torch

from tests.assets.folders import WORDS, _zipped, word_tokenizer

PLACES = 64


def copying_language_model(path, back=5, sharpness=8.0):
    """Write the model as the zip `path`; return the path.

    An embedding has a number per token (what stands here), per place (where it stands), and per
    token again (what was copied). One head looks at the place it copies from.
    """
    from transformers import GPT2Config, GPT2LMHeadModel

    count = 3 + len(WORDS)
    width = count + PLACES + count
    config = GPT2Config(
        vocab_size=count,
        n_positions=PLACES,
        n_embd=width,
        n_layer=1,
        n_head=1,
        n_inner=8,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
    )
    network = GPT2LMHeadModel(config)
    for weight in network.parameters():
        torch.nn.init.zeros_(weight)
    token, place, copied = slice(0, count), slice(count, count + PLACES), slice(-count, None)
    body, block = network.transformer, network.transformer.h[0]
    body.wte.weight[:, token] = torch.eye(count)
    body.wpe.weight[:, place] = torch.eye(PLACES)
    for norm, ones in ((block.ln_1, 2), (block.ln_2, 3), (body.ln_f, 3)):
        # Every vector has as many ones, so undoing the normalisation takes two constants.
        mean = ones / width
        norm.weight[:] = (mean - mean**2) ** 0.5
        norm.bias[:] = mean
    query, key, value = (block.attn.c_attn.weight[:, i * width :][:, :width] for i in range(3))
    for here in range(PLACES):
        there = max(0, here + 1 - back)
        query[count + here, count + there] = 30 * width**0.5
    key[place, place] = torch.eye(PLACES)
    value[token, copied] = torch.eye(count)
    block.attn.c_proj.weight[:] = torch.eye(width)
    network.lm_head.weight[:, copied] = torch.eye(count) * sharpness
    return _zipped(path, network, word_tokenizer(("<unk>", "<s>", "</s>")))


copying_language_model = torch.no_grad()(copying_language_model)
