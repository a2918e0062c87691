from funnelsim import plots as plots
from funnelsim.errors import FunnelsimError as FunnelsimError
from funnelsim.experiments.compare import Comparison as Comparison
from funnelsim.experiments.compare import compare as compare
from funnelsim.experiments.payroll import equal_payroll as equal_payroll
from funnelsim.experiments.replicate import Replications as Replications
from funnelsim.experiments.replicate import replicate as replicate
from funnelsim.experiments.single import list_scenarios as list_scenarios
from funnelsim.experiments.single import simulate as simulate
from funnelsim.interactive.explore import explore as explore
from funnelsim.report.html import html_report as html_report
from funnelsim.run import Run as Run
from funnelsim.scenario.diagnostic import alignment_diagnostic as alignment_diagnostic
from funnelsim.scenario.files import load as load
from funnelsim.scenario.files import load_study as load_study
from funnelsim.scenario.schema import Change as Change
from funnelsim.scenario.schema import Plan as Plan
from funnelsim.scenario.schema import Scenario as Scenario
from funnelsim.scenario.schema import World as World
from funnelsim.scenario.study import Study as Study

__version__: str
