"""New data beside the summary of the training data: what is named, and what is not."""

import copy
import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import FileError, InputError, ShapeError
from chainrule.core.table import Table
from chainrule.diagnosis import compare, summarize
from chainrule.diagnosis.comparison import Compared, Comparison
from chainrule.diagnosis.drifts import DRIFTS
from chainrule.diagnosis.pages import HEADINGS, parts
from chainrule.diagnosis.two_samples import chi_square, false_discovery, merged, stability, upper_tail
from chainrule.preprocessing import PREPROCESSING
from chainrule.runs.spread import Spread
from chainrule.targets import TARGETS


def features(n, seed, d=6):
    """Normal, skewed, of few values, nearly always 0, constant, of a large offset."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, d))
    kinds = [
        z[:, 0],
        np.exp(2 * z[:, 1]),
        np.floor(2 * z[:, 2]),
        z[:, 3] * (z[:, 3] > 1.7),
        0 * z[:, 4],
        1e6 + z[:, 5],
    ]
    return np.column_stack(kinds)


def network_of(X, **more):
    """Untrained: what it predicts is as good as anything for a comparison."""
    target = TARGETS["classes"](("no", "yes", "maybe"))
    scaled = PREPROCESSING["standardize"].fit(X)
    net = cr.MLP([X.shape[1], 5, 3], loss="cross_entropy", preprocessing=scaled, target=target, **more)
    summarize(net, X)
    return net


def named(report):
    return [finding.rule for finding in report.findings]


@pytest.fixture(scope="module")
def net():
    return network_of(features(4000, 0))


@pytest.mark.parametrize("name", DRIFTS)
def test_the_program_of_a_rule_shows_it_and_its_cure(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(DRIFTS[name].example, names)
    assert named(compare(**names["faulty"]))[0] == name
    assert named(compare(**names["cured"])) == []


def test_the_tail_of_chi_square_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    for freedom in (1, 2, 3, 4, 9, 10, 11, 100, 999):
        for x in (1e-9, 0.5, 3.0, 20.0, 200.0, 1000.0, 3000.0):
            assert upper_tail(x, freedom) == pytest.approx(stats.chi2.sf(x, freedom), rel=1e-9, abs=1e-300)


def test_chi_square_and_false_discovery_are_scipys(rng):
    stats = pytest.importorskip("scipy.stats")
    a, b = rng.integers(1, 50, (2, 9)).astype(float)
    x, freedom = chi_square(a, b)
    right = stats.chi2_contingency(np.array([a, b]), correction=False)
    assert (x, freedom) == (pytest.approx(right.statistic, rel=1e-12), right.dof)
    p = rng.random(50) ** 3
    assert false_discovery(p) == pytest.approx(stats.false_discovery_control(p), rel=1e-12)


def test_the_stability_index_is_symmetric_and_zero_for_equal_shares():
    a, b = np.array([10.0, 20, 70]), np.array([40.0, 30, 30])
    assert stability(a, a) == 0
    assert stability(a, b) == pytest.approx(stability(b, a))
    assert stability(a, b) == pytest.approx(0.768, abs=1e-3)  # by hand


def test_bins_are_joined_until_each_side_expects_five():
    a, b = merged(np.array([0.0, 1, 100, 100, 1]), np.array([0.0, 0, 50, 50, 1]))
    assert (a.tolist(), b.tolist()) == ([101, 101], [50, 51])


@pytest.mark.parametrize("column", range(6))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_rows_summarized_fall_into_the_bins_of_the_summary(column, dtype):
    values = features(3000, 1)[:, column].astype(dtype)
    spread = Spread.of(values)
    assert spread.rows == 3000
    assert len(spread.edges) <= 11
    assert (spread.binned(values) == spread.bins).all()
    assert spread.quantile(0.5) == pytest.approx(np.quantile(values, 0.5, method="inverted_cdf"), rel=1e-5)


def test_a_value_that_many_rows_share_is_on_one_side_in_either_precision():
    thirds = np.random.default_rng(0).integers(0, 4, 900) / 3
    assert (Spread.of(thirds).binned(thirds.astype("f4")) == Spread.of(thirds).bins).all()


@pytest.mark.parametrize("seed", range(20))
def test_two_halves_of_the_same_data_are_no_drift(seed):
    X = features(600, seed)
    assert named(compare(network_of(X[:300]), X[300:])) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_tiny_shift_of_very_many_rows_is_no_drift(seed):
    X, new = features(10_000, seed), features(10_000, seed + 100)
    new[:, 0] += 0.08
    report = compare(network_of(X), new)
    assert report.compared.columns[0].q < 0.01  # it is there, beyond doubt
    assert report.compared.columns[0].psi < 0.02
    assert named(report) == []


@pytest.mark.parametrize("shift", [0.8, 1.5, 4.0])
@pytest.mark.parametrize("rows", [200, 2000])
def test_a_shift_is_named_with_its_feature(net, shift, rows):
    new = features(rows, 7)
    new[:, 0] += shift
    report = compare(net, new)
    assert "shifted-features" in named(report)
    finding = next(f for f in report.findings if f.rule == "shifted-features")
    assert (finding.where, finding.severity, finding.fault) == ("x0", "WARN", "DATA_DRIFT")
    assert finding.measured > 0.2


@pytest.mark.parametrize("times", [0.2, 0.4, 3.0, 10.0])
def test_another_scale_of_one_feature_is_a_shift(net, times):
    new = features(500, 8)
    new[:, 0] *= times
    (finding,) = [f for f in compare(net, new).findings if f.rule == "shifted-features"]
    assert finding.where == "x0"
    assert "other-scale" not in named(compare(net, new))


@pytest.mark.parametrize("column", [3, 4])
def test_a_constant_or_nearly_constant_feature_that_moves_is_named(net, column):
    for value in (-1.0, 5.0):
        new = features(500, 9)
        new[::2, column] = value
        assert f"x{column}" in compare(net, new).findings[0].where


@pytest.mark.parametrize("times", [0.01, 0.1, 10, 255])
def test_many_features_of_another_scale_are_one_cause(net, times):
    report = compare(net, features(300, 10) * times)
    first = report.findings[0]
    assert (first.rule, first.root) == ("other-scale", True)
    assert first.measured == pytest.approx(times, rel=0.5)
    assert ("unscaled" in first.says) == (times > 1)
    assert {f.because for f in report.findings[1:]} == {"other-scale"}


def test_a_shift_of_all_rows_to_one_class_is_a_shift_of_predictions(net):
    X = features(4000, 0)
    one = X[net.predict(X) == net.predict(X[:1])[0]][:300]
    report = compare(net, one)
    assert "shifted-predictions" in named(report)
    assert report.compared.predicted[0].now == 1.0


def test_values_predicted_are_compared_by_quantiles():
    X = features(1000, 0)
    net = cr.MLP([6, 1], loss="mean_squared_error", preprocessing=PREPROCESSING["standardize"].fit(X))
    net.target = TARGETS["values"].fit(np.arange(10.0)[:, None], ("price",), True)
    summarize(net, X)
    assert named(compare(net, features(500, 3))) == []
    far = features(500, 3)
    far[:, 0] += 20
    report = compare(net, far)
    (finding,) = [f for f in report.findings if f.rule == "shifted-predictions"]
    assert (finding.where, finding.because) == ("price", "shifted-features")


@pytest.mark.parametrize(
    ("psi", "q", "says"), [(0.5, 0.02, 0), (0.1, 1e-9, 0), (0.5, 0.005, 1), (np.nan, np.nan, 0)]
)
@pytest.mark.parametrize("name", ["shifted-features", "shifted-predictions"])
def test_both_significance_and_size_are_needed(name, psi, q, says):
    one = (Compared("a", p=q, psi=psi, q=q, what="median", then=0.0, now=1.0),)
    assert len(list(DRIFTS[name]().check(Comparison(200, 200, one, one, 200)))) == says


# -- tables -----------------------------------------------------------------------------------------------------


def table(n, seed, cities=("Paris", "Rome", "Oslo"), p=None, **columns):
    rng = np.random.default_rng(seed)
    found = {
        "age": np.array([f"{v:.1f}" for v in rng.uniform(0, 90, n)], object),
        "city": np.array(rng.choice(cities, n, p=p), object),
        **columns,
    }
    found = {name: cells for name, cells in found.items() if cells is not None}
    return Table(tuple(found), tuple(found.values()), np.arange(n) + 2, "new.csv")


@pytest.fixture(scope="module")
def of_tables():
    rows = table(1000, 0)
    net = cr.MLP([4, 1], loss="mean_squared_error", preprocessing=PREPROCESSING["columns"].fit(rows))
    summarize(net, rows)
    return net


def test_the_same_categories_in_other_rows_are_no_drift(of_tables):
    assert named(compare(of_tables, table(400, 1))) == []


@pytest.mark.parametrize("share", [0.6, 0.8, 1.0])
def test_other_shares_of_categories_are_a_shift(of_tables, share):
    rest = (1 - share) / 2
    finding = compare(of_tables, table(400, 2, p=(rest, share, rest))).findings[0]
    assert (finding.rule, finding.where) == ("shifted-features", "city")
    assert "share of 'Rome'" in finding.says


def test_unseen_categories_missing_columns_and_cells_that_are_no_numbers_are_errors(of_tables):
    report = compare(of_tables, table(400, 3, cities=("Paris", "Rome", "Oslo", "paris")))
    assert (report.findings[0].rule, report.worst()) == ("unseen-categories", "ERROR")
    assert set(report.findings[0].evidence) == {"paris"}
    report = compare(of_tables, table(400, 3, age=None))
    assert (report.findings[0].rule, report.findings[0].where) == ("missing-columns", "age")
    ages = table(400, 3)["age"].copy()
    ages[:7] = ["", "NA", "inf", "nan", "1_0", " ", "x"]
    report = compare(of_tables, table(400, 3, age=ages))
    assert (named(report), report.findings[0].measured) == (["unreadable-cells"], 7)
    assert report.compared.predicted_rows == 393


def test_an_empty_text_is_a_cell_that_cannot_be_read_and_no_category(of_tables):
    cities = table(400, 3)["city"].copy()
    cities[:3] = ["", " ", "\t"]
    report = compare(of_tables, table(400, 3, city=cities))
    assert (named(report), report.findings[0].where) == (["unreadable-cells"], "city")


def test_errors_come_before_warnings(of_tables):
    ages = np.array([f"{i % 90 + 60}" for i in range(400)], object)
    report = compare(of_tables, table(400, 3, cities=("Paris", "Rome", "Oslo", "Bern"), age=ages))
    assert named(report)[:2] == ["unseen-categories", "shifted-features"]


def test_columns_in_another_order_and_columns_more_are_no_drift(of_tables):
    rows = table(400, 5, more=np.array(["?"] * 400, object))
    turned = Table(rows.names[::-1], rows.columns[::-1], rows.lines, rows.source)
    assert named(compare(of_tables, turned)) == []


def test_of_few_rows_it_says_that_it_did_not_compare(of_tables, net):
    far = features(99, 3) * 1000
    report = compare(net, far)
    assert named(report) == []
    assert "was not compared" in str(report)
    assert report.document()["drift"]["spreads_compared"] is False
    assert named(compare(net, features(100, 3) * 1000)) != []
    assert named(compare(of_tables, table(9, 3, cities=("Bern",)))) == ["unseen-categories"]


def test_other_data_than_the_model_takes_are_refused(of_tables, net):
    with pytest.raises(InputError, match="takes an array of 6"):
        compare(net, table(200, 0))
    with pytest.raises(InputError, match="takes a table"):
        compare(of_tables, features(200, 0))
    with pytest.raises(ShapeError, match="takes 6 features"):
        compare(net, np.zeros((200, 5)))
    with pytest.raises(InputError, match="no new rows"):
        compare(net, np.zeros((0, 6)))
    with pytest.raises(InputError, match="no summary"):
        compare(cr.MLP([6, 3], loss="cross_entropy"), features(200, 0))
    with pytest.raises(InputError, match="too large"):
        summarize(cr.MLP([7000, 1], loss="mean_squared_error"), np.zeros((2, 7000)))


# -- the summary in the file -------------------------------------------------------------------------------------


def test_the_summary_survives_the_file_and_equal_rows_make_equal_files(tmp_path):
    for name in ("a", "b"):
        network_of(features(500, 0), seed=3).save(tmp_path / f"{name}.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    again = cr.load(tmp_path / "a.safetensors")
    assert named(compare(again, features(300, 5))) == []


def test_of_more_rows_than_it_looks_at_it_draws_the_same_ones():
    X = features(12_000, 0)
    one, two = network_of(X), network_of(X)
    assert one.training == two.training
    assert one.training["summary"]["rows"] == 10_000


def test_numbers_in_the_header_are_short():
    said = json.dumps(network_of(features(5000, 0)).training["summary"]["edges"][0])
    assert max(len(number) for number in said.strip("[]").split(", ")) <= 11  # sign, point, 6 digits, two zeros


WRONG = {
    "no object": lambda s: 3,
    "an entry more": lambda s: s | {"more": 1},
    "an entry less": lambda s: {k: v for k, v in s.items() if k != "counts"},
    "rows no number": lambda s: s | {"rows": "many"},
    "rows a truth": lambda s: s | {"rows": True},
    "rows none": lambda s: s | {"rows": 0},
    "rows too many": lambda s: s | {"rows": 10**9},
    "columns missing": lambda s: s | {"edges": s["edges"][1:]},
    "no lists": lambda s: s | {"edges": dict(enumerate(s["edges"]))},
    "a column no list": lambda s: s | {"edges": [None, *s["edges"][1:]]},
    "no edges": lambda s: s | {"edges": [[], *s["edges"][1:]]},
    "many edges": lambda s: s | {"edges": [[*range(12)], *s["edges"][1:]], "counts": [[0] * 12, *s["counts"][1:]]},
    "an edge no number": lambda s: s | {"edges": [["0"] * 11, *s["edges"][1:]]},
    "an edge infinite": lambda s: s | {"edges": [[*range(10), float("inf")], *s["edges"][1:]]},
    "an edge huge": lambda s: s | {"edges": [[*range(10), 10**90 * 10**300], *s["edges"][1:]]},
    "edges that fall": lambda s: s | {"edges": [s["edges"][0][::-1], *s["edges"][1:]]},
    "edges equal": lambda s: s | {"edges": [[0.0] * 11, *s["edges"][1:]]},
    "counts below 0": lambda s: s | {"counts": [[-1, *s["counts"][0][1:]], *s["counts"][1:]]},
    "counts of halves": lambda s: s | {"counts": [[float(c) for c in s["counts"][0]], *s["counts"][1:]]},
    "counts of other rows": lambda s: s | {"counts": [[0] * len(s["counts"][0]), *s["counts"][1:]]},
    "predictions no object": lambda s: s | {"predicted": []},
    "predictions of other classes": lambda s: s | {"predicted": {"edges": [[]], "counts": [[s["rows"]]]}},
    "predictions with edges": lambda s: s | {"predicted": {"edges": [[1.0]], "counts": [[s["rows"]]]}},
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_summary_that_says_nonsense_is_refused_in_one_line(net, wrong):
    twin = cr.MLP([6, 5, 3], loss="cross_entropy", preprocessing=net.preprocessing, target=net.target)
    twin.training = {"summary": WRONG[wrong](copy.deepcopy(net.training["summary"]))}
    with pytest.raises(
        FileError, match=r"^the summary of the training data in this model can't be used: .*[^\n]$"
    ):
        compare(twin, features(200, 0))


@pytest.mark.parametrize("name", DRIFTS)
def test_every_rule_of_drift_says_what_it_sees_why_it_matters_and_what_to_try(name):
    said = parts(DRIFTS[name])
    assert said["fault_in_words"]
    assert [heading for heading in HEADINGS[:3] if not said.get(heading)] == []
    assert DRIFTS[name]() == DRIFTS[name]()
    assert [other for other in DRIFTS[name].explains if other not in DRIFTS] == []
