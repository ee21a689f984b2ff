# SPDX-License-Identifier: Apache-2.0
"""How all plots of the measurements look."""

COLOURS = ["#b2182b", "#ef8a62", "#2166ac", "#67a9cf", "#1b7837", "#7fbf7b", "#762a83", "#af8dc3", "#8c510a"]


def begin(folder):
    """matplotlib, set up to draw into files that are the same for the same figures."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "uacce", "font.size": 10})
    folder.mkdir(parents=True, exist_ok=True)
    return plt


def finish(plt, figure, axes, path):
    """Adds grid and legend, and writes the figure as SVG and PNG."""
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    figure.tight_layout()
    for suffix in ("svg", "png"):
        figure.savefig(path.with_suffix("." + suffix), dpi=130, metadata={"Date": None} if suffix == "svg" else None)
    plt.close(figure)
