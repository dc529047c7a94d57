"""The dashboard's panels as a picture, drawn from what Prometheus has of them: not Grafana's own drawing."""

import datetime

import matplotlib

matplotlib.use("svg")
import matplotlib.dates as dates
import matplotlib.pyplot as plot

COLUMNS = 4
MANY = 8
WARN, GOOD = "#cc3311", "#009988"


def label(metric, legend):
    for name, value in metric.items():
        legend = legend.replace("{{" + name + "}}", value)
    return legend


def draw(path, panels, prometheus, since, until):
    panels = [(panel, targets) for panel, targets in panels if targets]
    rows = -(-len(panels) // COLUMNS)
    plot.rcParams.update({"font.size": 7, "svg.fonttype": "none", "axes.titlesize": 8, "path.simplify_threshold": 1.0})
    figure, axes = plot.subplots(rows, COLUMNS, figsize=(4.2 * COLUMNS, 2.3 * rows), layout="constrained")
    figure.suptitle(f"keyferry: the panels of dashboard.json under load, drawn from Prometheus' API ({int(until - since)} s)", fontsize=10)
    for (panel, targets), axis in zip(panels, axes.flat):
        axis.set_title(panel["title"], loc="left", fontweight="bold")
        series = [
            (label(found["metric"], legend), found["values"])
            for expression, legend in targets
            for found in prometheus.api("query_range", query=expression, start=since, end=until, step=max(2, int((until - since) / 60)))["result"]
        ]
        one(panel["type"], axis, sorted(series), panel["fieldConfig"]["defaults"].get("unit", ""))
    for axis in list(axes.flat)[len(panels) :]:
        axis.axis("off")
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    print(f"drawn: {path}")


def one(kind, axis, series, unit):
    axis.spines[["top", "right"]].set_visible(False)
    if not series:
        axis.text(0.5, 0.5, "nothing", ha="center", va="center", color="#888888", transform=axis.transAxes)
        axis.set_xticks([]), axis.set_yticks([])
    elif kind == "bargauge":
        bars = {name: float(values[-1][1]) for name, values in series}
        order = sorted(bars, key=lambda name: (bars[name], "ever" in name))
        axis.barh(order, [bars[name] for name in order], color=GOOD)
    elif kind == "table":
        axis.axis("off")
        axis.text(0, 0.9, "\n".join(name for name, _ in series[:MANY]), va="top", transform=axis.transAxes)
    elif kind == "stat":
        axis.axis("off")
        axis.text(0.5, 0.5, stat(float(series[0][1][-1][1]), unit), ha="center", va="center", fontsize=20, transform=axis.transAxes)
    else:
        for name, values in series[:MANY]:
            moments = [datetime.datetime.fromtimestamp(moment, datetime.timezone.utc) for moment, _ in values]
            axis.plot(moments, [float(value) for _, value in values], linewidth=1, label=name)
        axis.set_ylim(bottom=0)
        axis.xaxis.set_major_formatter(dates.DateFormatter("%M:%S"))
        axis.xaxis.set_major_locator(plot.MaxNLocator(4))
        axis.set_ylabel({"reqps": "calls/s", "cps": "1/s", "short": "", "none": "", "percentunit": "processors"}.get(unit, unit))
        axis.legend(fontsize=5, frameon=False, ncols=2, loc="best")


def stat(value, unit):
    if unit == "s":
        return f"{value / 86400:.1f} days" if value > 86400 else f"{value / 60:.0f} min"
    return f"{value:g}"
