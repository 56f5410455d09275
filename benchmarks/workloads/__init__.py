"""One file a workload; each lists its contenders."""
