"""Where a group lives: a stable hash spreads groups over a fixed number of partitions."""

from zlib import crc32

PARTITIONS = 256


def partition_of(group: str, partitions: int = PARTITIONS) -> int:
    """The partition of a group; the same on every machine and in every run."""
    return crc32(group.encode()) % partitions


def partition_key(partition: int, name: str) -> str:
    """A key of a partition, in Redis: all of one partition carry the same hash tag."""
    return f"linli:{{p{partition:03d}}}:{name}"


def group_of_case(case: str) -> str:
    """The group of a case: a case's id is its group's with its number behind a colon."""
    return case.rpartition(":")[0]
