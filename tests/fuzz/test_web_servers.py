"""Strange requests at every door that is open to others: an answer below 500, soon, and the door stays open."""

from urllib.parse import quote

from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.desk.server import make_app
from connectors.desk.settings import Settings
from tests.console_world import world
from tests.fuzz.strange import BOMBS, document, in_time, inputs, with_strange_values

AT_ONCE = 60
"""Requests of one example: a server is opened for each."""
# Not made smaller when it fails: that would open a server a thousand times, and the answer names the request.
few = settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
SIGNS = st.text(max_size=30) | st.sampled_from([bomb.decode("latin-1")[:1500] for bomb in BOMBS])

FORM = {
    "service_code": "housing.leak",
    "description": "坏了",
    "address_string": "5号楼",
    "lat": "31.2",
    "long": "121.4",
    "media_url": "http://a/b",
    "service_request_id": "x",
    "status": "fixed",
    "update_id": "u",
    "updated_datetime": "2026-03-01T00:00:00Z",
    "api_key": "k",
}
FORMS = st.dictionaries(st.sampled_from(list(FORM)), SIGNS).map(lambda some: {**FORM, **some})
OPEN311 = "/open311/v2"
POSTS = st.tuples(
    st.sampled_from(
        (f"{OPEN311}/requests.json", f"{OPEN311}/requests.xml", f"{OPEN311}/servicerequestupdates.json")
    ),
    FORMS
    | inputs(
        b"service_code=housing.leak&address=a",
        b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--",
    ),
    st.sampled_from(
        ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", "a/b")
    ),
)
QUERIES = st.tuples(
    st.sampled_from(
        ("requests", "servicerequestupdates", "services", "requests/{}", "tokens/{}", "services/{}")
    ),
    SIGNS,
    st.dictionaries(
        st.sampled_from(("start_date", "end_date", "status", "page", "page_size", "q", "service_request_id")),
        SIGNS | st.sampled_from(("0001-01-01", "9999-12-31T23:59:59-23:59", "999999", "open,closed")),
        max_size=4,
    ),
)


async def tried(client: TestClient, method: str, path: str, **more: object) -> int:
    with in_time():
        answer = await client.request(method, path, allow_redirects=False, **more)
        await answer.read()
    assert answer.status < 500, (method, path, more)
    return answer.status


def posted(body: object, kind: str) -> dict[str, object]:
    if isinstance(body, dict):
        return {"data": {name: _sendable(value) for name, value in body.items()}}
    return {"data": body, "headers": {"Content-Type": kind}}


@few
@given(
    st.lists(POSTS, min_size=AT_ONCE, max_size=AT_ONCE), st.lists(QUERIES, min_size=AT_ONCE, max_size=AT_ONCE)
)
async def test_the_desk_answers_whatever_is_asked_and_filed(tmp_path_factory, posts, queries):
    made = make_app(Settings(home=tmp_path_factory.mktemp("desk"), key="k"))
    async with TestClient(TestServer(made)) as client:
        for path, body, kind in posts:
            await tried(client, "POST", path, **posted(body, kind))
        for what, part, query in queries:
            path = f"{OPEN311}/{what.format(quote(part.encode('utf-8', 'replace'), safe=''))}.xml"
            await tried(client, "GET", path, params={name: _sendable(value) for name, value in query.items()})
        assert await tried(client, "GET", f"{OPEN311}/requests.json") == 200


@few
@given(
    st.lists(
        with_strange_values({"status": "returned", "note": "a", "reason": "not_ours"}).map(document)
        | inputs(b'{"status": "fixed", "note": ""}'),
        min_size=AT_ONCE,
        max_size=AT_ONCE,
    )
)
async def test_the_desk_moves_tickets_by_good_orders_only(tmp_path_factory, bodies):
    made = make_app(Settings(home=tmp_path_factory.mktemp("desk"), key="k"))
    async with TestClient(TestServer(made)) as client:
        await client.post(f"{OPEN311}/requests.json", data=FORM)
        (ticket,) = (await (await client.get("/api/tickets")).json())["tickets"]
        for body in bodies:
            await tried(client, "POST", f"/api/tickets/{ticket['id']}", data=body)


@few
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ("/api/cases", "/console/rates", "/console/rates.csv", "/console/case/{}", "/login", "/{}")
            ),
            SIGNS,
            st.dictionaries(
                st.sampled_from(("group", "from", "to", "by", "period", "lang", "token", "replayed")),
                SIGNS,
                max_size=4,
            ),
            st.sampled_from(("operator", "")),
        ),
        min_size=AT_ONCE,
        max_size=AT_ONCE,
    )
)
async def test_the_console_and_the_interface_answer_whatever_is_asked(requests):
    async with world() as here:
        await here.log_in()
        for path, part, query, role in requests:
            target = path.format(quote(part.encode("utf-8", "replace"), safe=""))
            asked = {name: _sendable(value) for name, value in query.items()}
            more = {} if role else {"headers": {"Cookie": f"linli_login={quote(part[:200])}"}}
            await tried(here.client, "GET", target, params=asked, **more)
        await tried(here.client, "POST", "/logout", data=here.form)


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
