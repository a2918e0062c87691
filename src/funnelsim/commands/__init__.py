"""The commands of the command line, one module for each group; `funnelsim.cli` puts them together."""
