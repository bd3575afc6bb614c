"""How good the order of job-match is, by listing and as full texts are bought, against simpler orders; titles by their vectors."""

import importlib.machinery
import importlib.util
import os
import sys

from harness import Disagreement

TITLE = "the ranking: nDCG@10 as full texts are bought"


def module(path, name):
    loader = importlib.machinery.SourceFileLoader(name, path)
    made = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = made
    loader.exec_module(made)
    return made


def run(bench):
    here = os.path.join(bench.top, "tests", "quality")
    quality = module(os.path.join(here, "quality.py"), "quality")
    titles = module(os.path.join(here, "titles"), "titles")
    try:
        rank(bench, quality)
        for path in [os.path.join(here, "titles.tsv"), *filter(None, os.environ.get("BENCH_TITLES", "").split(":"))]:
            near(bench, titles, path)
    except (quality.Failed, titles.Failed, OSError) as trouble:
        raise Disagreement(str(trouble)) from None


def rank(bench, quality):
    data = quality.Set()
    buys = quality.BUYS if bench.size_name != "tiny" else (0, 20)
    rows, told = [], {}
    for ranker in (quality.JobMatch(bench.path("state")), quality.BM25(), quality.Cosine(), quality.Chance()):
        for n, ranking in quality.rankings(data, ranker, buys).items():
            told[ranker.name, n] = of = quality.summary(data, ranking)
            if ranker.name == quality.Chance.name and n:
                continue
            rows.append(
                [
                    "%s, %s" % (ranker.name, "%d full texts" % n if n else "listings"),
                    *("%.3f" % of[part]["ndcg"] for part in ("all", "dev", "held-out")),
                    "%.3f" % of["all"]["mrr"],
                    "%.0f %%" % (100 * of["all"]["unjudged"]),
                ]
            )
    bench.table(
        "nDCG@10, %d profiles, %d jobs; full texts are bought for the best of each ranker's own listing order"
        % (len(data.profiles), len(data.jobs)),
        ["", "all", "dev", "held-out", "MRR", "unjudged"],
        rows,
    )
    last = buys[-1]
    for n in (0, last):
        ours, theirs = told["job-match", n]["held-out"]["ndcg"], told["BM25", n]["held-out"]["ndcg"]
        bench.target("held-out nDCG@10 of job-match / of BM25, %d full texts" % n, 1.0, ours / theirs, at_most=False)
    gain = told["job-match", last]["all"]["ndcg"] - told["job-match", 0]["all"]["ndcg"]
    bench.note("%d full texts add %.3f to job-match's nDCG@10." % (last, gain))


def near(bench, titles, path):
    queries = {"full": 2000, "quick": 500, "tiny": 50}[bench.size_name]
    count, groups, rows = titles.measured(path, queries)
    bench.table(
        "%s: %d titles of %d occupations, each looked for among all others" % (os.path.basename(path), count, groups),
        ["", "queries", "MRR", "precision@1", "recall@10"],
        [[name, str(n), *("%.3f" % figure for figure in figures)] for name, n, *figures in rows],
    )
