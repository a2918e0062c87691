"""Pictures: table in, ``ax=`` in, Axes out; the title says what the numbers say.

Every function takes a `Run`, the table it is about, replications or a comparison, and returns the axes that it drew in
(a tuple where there are several panels). With ``ax=None`` it draws in a new figure, which a notebook shows by itself,
also after ``_ = fs.plots.funnel(run)``; in a script save it: ``fs.plots.funnel(run).figure.savefig("funnel.png")``.
`show` shows a picture at once, from a widget for example.

A figure without a layout of its own gets one that keeps titles, footnotes and labels inside at any width.
"""

from funnelsim.plots.buyer import one_journey as one_journey
from funnelsim.plots.frame import show as show
from funnelsim.plots.frontiers import iso_profit as iso_profit
from funnelsim.plots.frontiers import overload_curve as overload_curve
from funnelsim.plots.frontiers import ratio_frontier as ratio_frontier
from funnelsim.plots.leads import overload as overload
from funnelsim.plots.money import profit_waterfall as profit_waterfall
from funnelsim.plots.paths import cash_path as cash_path
from funnelsim.plots.paths import chance as chance
from funnelsim.plots.plans import comparison as comparison
from funnelsim.plots.plans import staffing_ratio as staffing_ratio
from funnelsim.plots.robustness import regret as regret
from funnelsim.plots.robustness import sensitivity as sensitivity
from funnelsim.plots.robustness import switching as switching
from funnelsim.plots.steps import funnel as funnel
from funnelsim.plots.steps import journey_mix as journey_mix
from funnelsim.plots.sweeps import heat_map as heat_map
from funnelsim.plots.sweeps import sweep_line as sweep_line
from funnelsim.plots.sweeps import tornado as tornado
from funnelsim.plots.teams import utilisation_waiting as utilisation_waiting
from funnelsim.plots.waits import waiting_histogram as waiting_histogram
from funnelsim.plots.weeks import pipeline as pipeline
from funnelsim.plots.weeks import series as series
from funnelsim.plots.why import waterfall as waterfall
from funnelsim.plots.worth import bottleneck as bottleneck
from funnelsim.plots.worth import marginal_values as marginal_values
from funnelsim.plots.worth import worth as worth
