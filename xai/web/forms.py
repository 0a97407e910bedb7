"""What may be asked of a new explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from xai.assets.rows import choose
from xai.assets.texts import text_columns
from xai.errors import InvalidParameter, XaiError
from xai.methods import catalogue
from xai.methods.shapley.pairs import order as pairs
from xai.runner.plan import missing_capability
from xai.runner.replacers import KIND
from xai.runner.replacers import check as check_replacer
from xai.vocabulary import MethodChoice, Recipe
from xai.web import fitting
from xai.web.asked import FIELDS, OF_KINDS, targets
from xai.web.boxes import MethodField, ParameterField
from xai.web.further import Further
from xai.web.models import Upload
from xai.web.picker import UploadField

if TYPE_CHECKING:
    from xai.methods.card import Card, Parameter
    from xai.web.fitting import Fit

ROWS_HOW = (
    ("sample", "A random sample"),
    ("first", "The first rows"),
    ("all", "All rows"),
    ("list", "These rows"),
)
_LARGEST_SEED = 2**31 - 1


class RunForm(forms.Form):
    """The second step: what to explain, on which rows, by which methods."""

    target = forms.ChoiceField(label="Output to explain", required=False)
    label = forms.ChoiceField(
        label="Column with the truth",
        required=False,
        help_text="Permutation importance and accuracy need it; the model never sees it.",
    )
    rows_how = forms.ChoiceField(label="Rows to explain", choices=ROWS_HOW, initial="sample")
    rows_count = forms.IntegerField(
        label="How many",
        min_value=1,
        initial=100,
        required=False,
        help_text="Of a sample, or of the first rows.",
    )
    rows_list = forms.CharField(
        label="Which rows",
        required=False,
        max_length=2000,
        help_text="Counted from 0, such as 3,7,12 or 0:100.",
    )
    features = forms.CharField(
        label="Columns, in the model’s order",
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="One per line. The model file names no columns, so their order decides.",
    )
    background = forms.IntegerField(
        label="Background rows",
        min_value=1,
        max_value=1000,
        initial=50,
        help_text="Rows that stand for “no signal”. More: slower, steadier.",
    )
    text = forms.ChoiceField(label="Column with the text")
    pair = forms.ChoiceField(
        label="Column with a second text",
        required=False,
        help_text="For models that compare two texts.",
    )
    continuation = forms.ChoiceField(
        label="Column with the continuation",
        required=False,
        help_text="Without one, the model writes it.",
    )
    tokens = forms.IntegerField(
        label="Tokens to write",
        min_value=1,
        max_value=256,
        initial=16,
        required=False,
        help_text="Each written token is explained. A given continuation is cut here.",
    )
    temperature = forms.FloatField(
        label="Temperature",
        min_value=0,
        max_value=5,
        initial=0,
        required=False,
        help_text="0: the likeliest token each time. 1: drawn as the model says, by the seed.",
    )
    replacer = UploadField(
        queryset=None,
        label="Replacements from",
        required=False,
        empty_label="No masked language model",
        help_text="For ReAGent with the source “masked”: a second model, which guesses what else "
        "could stand in each place.",
    )
    score = forms.ChoiceField(
        label="Score to explain",
        required=False,
        choices=(("", "Probability of the class"), ("logit", "Logit of the class")),
        help_text="A logit still moves where the model is sure; other classes have no part in it.",
    )
    seed = forms.IntegerField(
        label="Seed",
        min_value=0,
        max_value=_LARGEST_SEED,
        initial=0,
        help_text="The same seed gives the same numbers.",
    )

    def __init__(
        self, data: Any, *, model: Upload, dataset: Upload, fit: Fit | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.model, self.dataset = model, dataset
        self.kind = str(model.facts["kind"])
        self._cards = catalogue.of(self.kind)
        for name in OF_KINDS - FIELDS[self.kind]:
            del self.fields[name]
        self.further = Further(data, model, dataset)
        self._offer(fit or fitting.Fit(dataset, is_fitting=True))
        if "replacer" in self.fields:
            self._lend()
        rows = dataset.facts["rows"]
        self.fields["rows_count"].initial = min(100, rows)
        self.fields["rows_how"].help_text = f"The dataset has {rows:,} rows."

    def _offer(self, fit: Fit) -> None:
        """Fill the choices with what the model and the data have."""
        facts = self.model.facts
        columns = [column["name"] for column in self.dataset.facts.get("columns", ())]
        texts = text_columns(self.dataset.facts)
        none = [("", "None")]
        choices = {
            "target": targets(facts),
            "label": none + [(c, c) for c in columns],
            "text": [(c, c) for c in texts],
            "pair": none + [(c, c) for c in texts],
            "continuation": none + [(c, c) for c in texts],
        }
        for name in choices.keys() & self.fields.keys():
            self.fields[name].choices = choices[name]  # type: ignore[attr-defined]
            self.fields[name].initial = getattr(fit, name, "")
        if "features" in self.fields and facts["has_names"]:
            del self.fields["features"]
        elif "features" in self.fields:
            usable = [name for name in columns if name != fit.label]
            self.fields["features"].initial = "\n".join(usable[: len(facts["features"])])

    def _lend(self) -> None:
        """Offer the owner's masked language models."""
        mine = Upload.objects.filter(owner=self.model.owner).listed().ready()
        self.fields["replacer"].queryset = mine.filter(facts__kind=KIND)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Read rows and methods, each with a sentence of its own if it is wrong."""
        cleaned = super().clean() or {}
        if not self.errors:
            self._try("rows_how", self._rows)
            if self.kind == catalogue.TABULAR:
                self._try("features" if "features" in self.fields else "label", self._match)
        if not self.errors:
            self._try(None, self._further)
        self._methods = [choice for choice in map(self._method, self._ticked()) if choice]
        if not self.errors:
            self._try("rows_how", self._pairs)
            self._try(None, lambda: check_replacer(self.recipe()))
        if not self._methods and not self.errors:
            self.add_error(None, "Choose at least one method.")
        return cleaned

    def recipe(self) -> Recipe:
        """Return what was asked, of a valid form."""
        return self._recipe(tuple(self._methods))

    def recipe_of_all(self) -> Recipe:
        """Return the recipe with every method that can run: for the costs on the cards."""
        every = [self._method(one.card.slug) for one in self.method_fields() if not one.reason]
        return self._recipe(tuple(choice for choice in every if choice))

    def method_fields(self) -> list[MethodField]:
        """Return the method cards of the page, as ticked and filled in now."""
        ticked = set(self._ticked())
        fields = []
        for card in self._cards.values():
            reason = missing_capability(card, self.model.facts)
            parameters = [
                ParameterField(p, f"{card.slug}-{p.name}", self._given(card, p))
                for p in card.parameters
            ]
            fields.append(MethodField(card, card.slug in ticked and not reason, reason, parameters))
        return fields

    def _ticked(self) -> list[str]:
        if self.is_bound:
            known = self._cards
            given = self.data.getlist("methods")  # type: ignore[attr-defined]
            return [slug for slug in given if slug in known]
        return list(catalogue.recommended(self.model.facts["kind"]))

    def _given(self, card: Card, parameter: Parameter) -> Any:
        if not self.is_bound:
            return parameter.default
        name = f"{card.slug}-{parameter.name}"
        if parameter.kind == "bool" and card.slug in self._ticked():
            return name in self.data
        return self.data.get(name, parameter.default)

    def _method(self, slug: str) -> MethodChoice | None:
        card = self._cards[slug]
        reason = missing_capability(card, self.model.facts)
        if reason:
            self.add_error(None, f"{card.title} {reason}.")
            return None
        try:
            params = card.read({p.name: self._given(card, p) for p in card.parameters})
        except InvalidParameter as error:
            if slug in self._ticked():
                self.add_error(None, f"{card.title}: {error}")
            return None
        return MethodChoice(slug, params)

    def _try(self, name: str | None, check: Any) -> None:
        try:
            check()
        except XaiError as error:
            self.add_error(name, str(error))

    def _rows(self) -> None:
        choose(self._rows_spec(), self.dataset.facts["rows"], self.cleaned_data["seed"])

    def _pairs(self) -> None:
        if any(choice.params.get("interactions") for choice in self._methods):
            seed = int(self.cleaned_data["seed"])
            rows = choose(self._rows_spec(), self.dataset.facts["rows"], seed)
            pairs.check(len(rows), len(self.model.facts["features"]))

    def _further(self) -> None:
        self.further.check(self.cleaned_data.get("label", ""), self._order())

    def _match(self) -> None:
        found = fitting.matched(self.model, self.dataset, self.cleaned_data["label"], self._order())
        self.notes = found.notes

    def _order(self) -> tuple[str, ...]:
        lines = str(self._answers().get("features") or "").splitlines()
        return tuple(line.strip() for line in lines if line.strip())

    def _rows_spec(self) -> str:
        answers = self._answers()
        how = answers["rows_how"]
        if how == "all":
            return "all"
        if how == "list":
            return str(answers["rows_list"]).replace(" ", "")
        count = answers["rows_count"] or 100
        return f"{how}:{min(count, self.dataset.facts['rows'])}"

    def _answers(self) -> dict[str, Any]:
        if self.is_bound:
            return self.cleaned_data
        return {name: one.initial or "" for name, one in self.fields.items()} | {"seed": 0}

    def _recipe(self, methods: tuple[MethodChoice, ...]) -> Recipe:
        answers = self._answers()
        return Recipe(
            model=self.model.sha256,
            dataset=self.dataset.sha256,
            methods=methods,
            rows=self._rows_spec(),
            target=answers.get("target") or "",
            label=answers.get("label") or "",
            features=self._order(),
            background=answers.get("background") or 1,
            seed=answers["seed"],
            kind=self.kind,
            text=answers.get("text") or "",
            pair=answers.get("pair") or "",
            continuation=answers.get("continuation") or "",
            score=answers.get("score") or "",
            temperature=answers.get("temperature") or 0.0,
            replacer=getattr(answers.get("replacer"), "sha256", ""),
            tokens=answers.get("tokens") or (16 if "tokens" in self.fields else 0),
            analyses=self.further.slugs,
            external=self.further.sha256,
        )
