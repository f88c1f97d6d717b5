"""The store on Valkey and Redis: one server, Sentinel or Cluster, for callers that wait and that await."""
