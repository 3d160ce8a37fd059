"""Computes the accuracy of predictions from CSV with pandas, as the case accuracy_pandas needs it.

Usage: python accuracy.py PREDICTIONS.csv READINGS.csv EDGE EDGE ..., with the edges of the lead times in seconds.
Prints the scores of each range of lead times, and the times with and without reading the files.
"""

import json
import sys
import time

import pandas

predictions, readings, *edges = sys.argv[1:]
edges = [float(edge) for edge in edges]
begin = time.perf_counter()
predicted = pandas.read_csv(
    predictions,
    usecols=["valid_time", "issue_time", "lead_seconds", "value"],
    parse_dates=["valid_time", "issue_time"],
)
measured = pandas.read_csv(readings, usecols=["time", "value"], parse_dates=["time"])
read = time.perf_counter()
predicted["range"] = pandas.cut(predicted["lead_seconds"], edges, right=False)
predicted = predicted.dropna(subset=["range"]).sort_values("issue_time")
newest = predicted.drop_duplicates(["range", "valid_time"], keep="last")
pairs = newest.merge(measured.rename(columns={"time": "valid_time", "value": "reading"}), on="valid_time")
pairs["error"] = pairs["value"] - pairs["reading"]
pairs["absolute"] = pairs["error"].abs()
pairs["square"] = pairs["error"] ** 2
of_range = pairs.groupby("range", observed=True)
scores = of_range.agg(pairs=("error", "size"), bias=("error", "mean"), mae=("absolute", "mean"), mse=("square", "mean"))
scores["rmse"] = scores["mse"] ** 0.5
end = time.perf_counter()
rows = scores[["pairs", "bias", "mae", "rmse"]].to_dict("records")
print(json.dumps({"rows": rows, "seconds": end - begin, "seconds_without_reading": end - read}))
