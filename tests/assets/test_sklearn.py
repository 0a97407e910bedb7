"""scikit-learn models: our path against the library's own on the frame it was fitted with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn import ensemble, linear_model, neighbors, preprocessing, svm, tree
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessRegressor, kernels
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tests.assets.frames import encoded
from tests.shared import FOLDER, needs_shared
from xai.assets.models import load_model
from xai.assets.sklearn_types import ALLOWED
from xai.errors import NotApplicable, RefusedFile, XaiError


def frame(rows=160, seed=0):
    draw = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "age": draw.integers(18, 80, rows).astype(float),
            "job": draw.choice(["clerk", "farmer", "nurse"], rows).astype(object),
            "rank": draw.choice([1, 2, 5], rows),
            "owner": draw.random(rows) > 0.5,
            "income": draw.normal(size=rows),
        }
    )
    data.loc[::7, "income"] = np.nan
    data.loc[::9, "job"] = np.nan
    label = np.where((data.age > 40) ^ (data.job == "nurse") ^ (data["rank"] == 2), "yes", "no")
    return data, label


def pipeline(last, unknown="ignore"):
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(handle_unknown=unknown),
    )
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    parts = [
        ("n", numbers, ["income", "age"]),
        ("w", words, ["job"]),
        ("o", OrdinalEncoder(), ["rank"]),
    ]
    return make_pipeline(ColumnTransformer(parts, remainder="passthrough"), last)


def saved(tmp_path, model):
    skops.io.dump(model, tmp_path / "model.skops")
    return load_model(tmp_path / "model.skops", "skops")


def bound_to(model, x):
    columns, matrix = encoded(x if isinstance(x, pd.DataFrame) else pd.DataFrame(x))
    return model.bind(columns), matrix


ESTIMATORS = [
    tree.DecisionTreeClassifier(max_depth=4),
    RandomForestClassifier(6, max_depth=4, n_jobs=2, random_state=0),
    ensemble.ExtraTreesClassifier(6, random_state=0),
    ensemble.GradientBoostingClassifier(n_estimators=6),
    ensemble.HistGradientBoostingClassifier(max_iter=6, min_samples_leaf=5),
    ensemble.AdaBoostClassifier(n_estimators=4),
    ensemble.BaggingClassifier(n_estimators=3),
    linear_model.LogisticRegression(),
    linear_model.SGDClassifier(loss="log_loss"),
    svm.LinearSVC(),
    svm.SVC(),
    CalibratedClassifierCV(svm.SVC()),
    neighbors.KNeighborsClassifier(3),
    GaussianNB(),
    MLPClassifier((4,), max_iter=3),
    GridSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1]}, cv=2),
    ensemble.VotingClassifier(
        [("a", linear_model.LogisticRegression()), ("b", GaussianNB())], voting="soft"
    ),
]
TREES = ESTIMATORS[:5]


def named(model):
    return type(model).__name__


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("model", ESTIMATORS, ids=named)
def test_classifiers_give_the_librarys_own_output(tmp_path, model, classes):
    x, y = load_iris(return_X_y=True)
    x, y = x[y < classes] - x.mean(0), y[y < classes]
    model.fit(x, y)
    loaded = saved(tmp_path, model)
    bound, matrix = bound_to(loaded, x)
    margin = bound.outputs(matrix)
    assert margin.shape == (len(x), classes)
    if loaded.facts.output == "margin":
        own = model.decision_function(x)
        np.testing.assert_allclose(margin[:, 1:] if own.ndim == 1 else margin, own.reshape(
            len(x), -1))  # fmt: skip
    else:
        np.testing.assert_allclose(margin, model.predict_proba(x))
    np.testing.assert_array_equal(margin.argmax(1), model.predict(x))
    assert set(loaded.facts.trusted_types) <= ALLOWED


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("model", TREES, ids=named)
def test_contributions_of_trees_add_up(tmp_path, model, classes):
    x, y = load_iris(return_X_y=True)
    x, y = x[y < classes], y[y < classes]
    y = (y + (np.arange(len(y)) % 5 == 0)) % classes
    loaded = saved(tmp_path, model.fit(x, y))
    assert {"trees", "builtin"} <= set(loaded.facts.capabilities)
    bound, matrix = bound_to(loaded, x)
    targets = np.arange(len(x)) % classes
    found = bound.contributions(matrix, targets)
    output = bound.outputs(matrix)[np.arange(len(x)), targets]
    np.testing.assert_allclose(found.values.sum(1) + found.base, output, atol=1e-6)
    assert all(len(importance.values) == 4 for importance in bound.builtin(matrix))


@pytest.mark.parametrize(
    "model",
    [
        tree.DecisionTreeRegressor(max_depth=4),
        ensemble.RandomForestRegressor(5, max_depth=5),
        ensemble.GradientBoostingRegressor(n_estimators=8, loss="huber"),
        ensemble.HistGradientBoostingRegressor(max_iter=8),
    ],
    ids=named,
)
def test_contributions_of_regressions_add_up_with_missing_values(tmp_path, model):
    x, y = load_diabetes(return_X_y=True)
    if not isinstance(model, ensemble.GradientBoostingRegressor):
        x[::5, 2] = np.nan
    loaded = saved(tmp_path, model.fit(x, y))
    bound, matrix = bound_to(loaded, x)
    found = bound.contributions(matrix[:40], np.zeros(40, dtype=int))
    output = model.predict(x[:40])
    np.testing.assert_allclose(found.values.sum(1) + found.base, output, rtol=1e-6)
    assert loaded.facts.outputs == ("value",)


@pytest.mark.filterwarnings("ignore")
def test_contributions_are_those_of_shap_itself(tmp_path):
    import shap

    x, y = load_breast_cancer(return_X_y=True)
    model = RandomForestClassifier(4, max_depth=4, random_state=0).fit(x, y)
    bound, matrix = bound_to(saved(tmp_path, model), x)
    found = bound.contributions(matrix[:20], np.ones(20, dtype=int))
    theirs = shap.TreeExplainer(model).shap_values(x[:20])[:, :, 1]
    np.testing.assert_allclose(found.values, theirs, atol=1e-8)


@pytest.mark.parametrize("model", [RandomForestClassifier(8), linear_model.LogisticRegression()])
def test_a_pipeline_gets_the_frame_it_was_fitted_on(tmp_path, model):
    data, label = frame()
    whole = pipeline(model).fit(data, label)
    loaded = saved(tmp_path, whole)
    bound, matrix = bound_to(loaded, data)
    np.testing.assert_allclose(bound.probabilities(matrix), whole.predict_proba(data))
    by_name = {feature.name: feature for feature in loaded.facts.features}
    assert by_name["job"].categories == ("clerk", "farmer", "missing", "nurse")
    assert by_name["rank"].categories == ("1", "2", "5")
    assert by_name["age"].kind == by_name["owner"].kind == "number"
    assert loaded.facts.outputs == ("no", "yes")


def test_contributions_behind_a_pipeline_are_summed_per_column(tmp_path):
    data, label = frame()
    loaded = saved(tmp_path, pipeline(RandomForestClassifier(6, random_state=0)).fit(data, label))
    bound, matrix = bound_to(loaded, data)
    found = bound.contributions(matrix, np.ones(len(data), dtype=int))
    assert found.values.shape == (len(data), 5)
    assert "9 encoded columns, summed per column" in found.algorithm
    output = bound.outputs(matrix)[:, 1]
    np.testing.assert_allclose(found.values.sum(1) + found.base, output, atol=1e-8)


def test_a_step_that_mixes_columns_takes_the_trees_away(tmp_path):
    data, label = frame()
    numbers = data[["age", "income"]]
    whole = make_pipeline(KNNImputer(), RandomForestClassifier(4)).fit(numbers, label)
    loaded = saved(tmp_path, whole)
    assert not {"trees", "builtin"} & set(loaded.facts.capabilities)
    bound, matrix = bound_to(loaded, numbers)
    with pytest.raises(NotApplicable):
        bound.contributions(matrix, np.zeros(len(data), dtype=int))
    np.testing.assert_allclose(bound.outputs(matrix), whole.predict_proba(numbers))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "step",
    [
        preprocessing.KBinsDiscretizer(3),
        preprocessing.SplineTransformer(),
        preprocessing.QuantileTransformer(n_quantiles=5),
        preprocessing.PowerTransformer(),
        preprocessing.FunctionTransformer(np.sqrt),
        SelectKBest(k=2),
    ],
    ids=named,
)
def test_single_column_steps_are_followed(tmp_path, step):
    x, y = load_iris(return_X_y=True)
    loaded = saved(tmp_path, make_pipeline(step, RandomForestClassifier(4)).fit(x, y))
    bound, matrix = bound_to(loaded, x)
    found = bound.contributions(matrix, y)
    output = bound.outputs(matrix)[np.arange(150), y]
    np.testing.assert_allclose(found.values.sum(1) + found.base, output, atol=1e-6)


def test_booleans_and_numbers_as_words_meet_their_encoders(tmp_path):
    data, label = frame()
    data = data[["owner", "rank"]].assign(
        owner=data.owner.astype(str), rank=data["rank"].astype(str)
    )
    whole = make_pipeline(OneHotEncoder(), linear_model.LogisticRegression()).fit(data, label)
    loaded = saved(tmp_path, whole)
    typed = data.assign(owner=data.owner == "True", rank=data["rank"].astype(int))
    bound, matrix = bound_to(loaded, typed)
    np.testing.assert_allclose(bound.probabilities(matrix), whole.predict_proba(data))


def test_an_unseen_word_that_the_encoder_refuses_is_one_sentence(tmp_path):
    data, label = frame()
    loaded = saved(tmp_path, pipeline(linear_model.LogisticRegression(), "error").fit(data, label))
    bound, matrix = bound_to(loaded, data.assign(job="pilot"))
    assert "pilot did not occur in training" in bound.notes[0]
    with pytest.raises(XaiError, match="pilot"):
        bound.outputs(matrix)


def test_text_where_numbers_belong_is_refused(tmp_path):
    data, label = frame()
    loaded = saved(tmp_path, pipeline(linear_model.LogisticRegression()).fit(data, label))
    with pytest.raises(RefusedFile, match="Column age holds text"):
        bound_to(loaded, data.assign(age="forty"))


def test_native_categories_of_histogram_boosting(tmp_path):
    data, label = frame()
    typed = data.assign(job=data.job.astype("category"))
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=5, min_samples_leaf=5, categorical_features="from_dtype"
    ).fit(typed, label)
    loaded = saved(tmp_path, model)
    bound, matrix = bound_to(loaded, data)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 1], model.decision_function(typed))
    assert "trees" not in loaded.facts.capabilities
    assert "functools.partial" in loaded.facts.trusted_types


def test_linear_importance_is_coefficient_times_spread(tmp_path):
    x, y = load_diabetes(return_X_y=True)
    model = linear_model.LinearRegression().fit(x, y)
    bound, matrix = bound_to(saved(tmp_path, model), x)
    (found,) = bound.builtin(matrix)
    np.testing.assert_allclose(found.values, np.abs(model.coef_) * x.std(0))


@pytest.mark.filterwarnings("ignore")
def test_other_regressors_load(tmp_path):
    x, y = load_diabetes(return_X_y=True)
    x, y = x[:80], y[:80]
    for model in (
        GaussianProcessRegressor(kernels.RBF() + kernels.WhiteKernel()),
        linear_model.TweedieRegressor(power=1.5, link="log"),
        TransformedTargetRegressor(linear_model.Ridge(), func=np.log, inverse_func=np.exp),
        make_pipeline(
            ColumnTransformer([("s", StandardScaler(), make_column_selector())]),
            neighbors.KNeighborsRegressor(algorithm="ball_tree"),
        ),
    ):
        model.fit(pd.DataFrame(x, columns=[f"c{i}" for i in range(10)]), y)
        bound, matrix = bound_to(saved(tmp_path, model), x)
        np.testing.assert_allclose(
            bound.outputs(matrix)[:, 0],
            model.predict(pd.DataFrame(x, columns=[f"c{i}" for i in range(10)])),
        )
        assert not is_classifier(model)


def harmful(path):
    return path


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (make_pipeline(preprocessing.FunctionTransformer(harmful), GaussianNB()), "harmful"),
        (make_pipeline(TfidfVectorizer(), linear_model.LogisticRegression()), "raw text"),
        (StandardScaler(), "neither a classifier nor a regressor"),
        (ensemble.IsolationForest(n_estimators=2), "neither a classifier nor"),
        (neighbors.KNeighborsRegressor(), "train one model per target"),
    ],
    ids=["function", "text", "transformer", "outliers", "targets"],
)
def test_what_is_not_explained_is_refused_by_name(tmp_path, model, words):
    x, y = load_iris(return_X_y=True)
    if words == "raw text":
        model.fit(["a word", "two words"], [0, 1])
    else:
        model.fit(x, np.column_stack([y, y]) if "targets" in words or "target" in words else y)
    with pytest.raises(RefusedFile, match=words):
        saved(tmp_path, model)


@needs_shared
def test_the_hostile_file_is_refused_by_the_name_of_its_type():
    with pytest.raises(RefusedFile, match=r"builtins\.eval|os\.system|posix\.system"):
        load_model(FOLDER / "hostile" / "evil.skops", "skops")


@needs_shared
@pytest.mark.parametrize(
    ("data", "accuracy"), [("adult_test_4000.csv", 0.854), ("adult_test.parquet", 0.860)]
)
def test_the_real_pipeline_reaches_its_accuracy(data, accuracy):
    path = FOLDER / "tabular" / data
    adult = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    loaded = load_model(FOLDER / "models" / "adult_rf_pipeline.skops", "skops")
    columns, matrix = encoded(adult[[feature.name for feature in loaded.facts.features]])
    shares = loaded.bind(columns).outputs(matrix)
    hits = np.array(loaded.facts.outputs)[shares.argmax(1)] == adult.income
    assert hits.mean() == pytest.approx(accuracy, abs=6e-4)


@needs_shared
def test_the_real_support_vector_machine_reaches_its_accuracy():
    heart = pd.read_csv(FOLDER / "tabular" / "heart_test.csv")
    loaded = load_model(FOLDER / "models" / "heart_svm_pipeline.skops", "skops")
    columns, matrix = encoded(heart[[feature.name for feature in loaded.facts.features]])
    hits = loaded.bind(columns).outputs(matrix).argmax(1) == heart.disease
    assert hits.mean() == pytest.approx(0.829, abs=5e-4)
