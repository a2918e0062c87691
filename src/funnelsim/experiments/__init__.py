"""Many runs: replications, comparisons and their intervals."""
