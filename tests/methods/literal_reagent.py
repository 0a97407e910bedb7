"""ReAGent as its paper and the two released codes have it: one token, one probe, one step a time.

Slow on purpose. `draws(step)` gives the random numbers of a step for all probes: coins (B, P),
numbers for the replacements (B, L), and again for the stop test (B, L).
"""

from __future__ import annotations

import numpy as np

from tests.methods.language import log_softmax


def literal(model, context, target, players, *, draws, replace, rules, noise):
    """Return shares (P,), contributions (P,), stopped (B,) and steps (B,) of one output."""
    whole = _probability(model, context, target)
    stopped, steps, sums = [], [], []
    for probe in range(rules["probes"]):
        total = np.zeros(noise.shape[1])
        passed = False
        for step in range(rules["steps"]):
            coins, first, second = draws(step)
            replaced = coins[probe] < rules["ratio"]
            changed = _swap(context, replaced, players, replace(first)[probe])
            drop = whole - _probability(model, changed, target)
            drop = min(max(drop, -1 + 1e-6), 1 - 1e-6)
            for player, was_replaced in enumerate(replaced):
                given = drop if was_replaced else -drop
                total[player] += np.log((given + 1) / 2) - np.log(1 - (given + 1) / 2)
            last = step == rules["steps"] - 1
            if rules["every_step"] or last:
                order = sorted(range(len(total)), key=lambda p: -(total + noise[probe])[p])
                best = order[: int(np.ceil(rules["kept"] * len(total)))]
                dropped = ~np.isin(np.arange(len(total)), best)
                changed = _swap(context, dropped, players, replace(second)[probe])
                logits = model.forward(changed[None])[0, -1]
                passed = target in np.argsort(-logits, kind="stable")[: rules["top"]]
                if passed and rules["every_step"]:
                    break
        stopped.append(passed)
        steps.append(step + 1)
        sums.append(total)
    stopped, steps, sums = np.array(stopped), np.array(steps), np.array(sums)
    used = stopped if stopped.any() and rules["every_step"] else np.ones_like(stopped)
    peaks = np.exp(sums + noise)
    shares = (peaks / peaks.sum(axis=1, keepdims=True))[used].mean(axis=0)
    return shares, (sums / steps[:, None])[used].mean(axis=0), stopped, steps


def _probability(model, context, target):
    return np.exp(log_softmax(model.forward(context[None])[0, -1]))[target]


def _swap(context, chosen, players, stand_in):
    changed = context.copy()
    for unit, player in enumerate(players):
        if player >= 0 and chosen[player]:
            changed[unit] = stand_in[unit]
    return changed
