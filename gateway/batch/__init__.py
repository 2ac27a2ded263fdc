"""The same mapping and matching on a cluster, for national loads."""
