"""What the contracts of what stands in Redis run on: real servers, one of each kind for a file, emptied between tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.real_redis import RealCluster, RealRedis, real_cluster, real_redis


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealRedis]:
    """One server for the whole file; it is emptied between tests."""
    async with real_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealCluster]:
    """One cluster of three servers for the whole file."""
    async with real_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running
