"""The town of the guide's pictures: groups whose settings bring about what else takes hours, and their streets."""

# ruff: noqa: INP001 - it belongs to a command

_GENERAL = """
[policy]
quiet_from = ""
digest_at = ""
quiet_until = ""
share = 1.0
share_floor = 500
pause_seconds = 0.3
[[area]]
id = "donghu"
name = "东湖区"
level = "district"
[[area]]
id = "wangjiang"
name = "望江街道"
level = "street"
parent = "donghu"
[[area]]
id = "chunfeng"
name = "春风里社区"
level = "community"
parent = "wangjiang"
[[unit]]
id = "wuye"
name = "春风里物业服务中心"
area = "chunfeng"
acts_for = ["物业企业"]
[[unit]]
id = "jiedao-wuye"
name = "望江街道物业管理办公室"
area = "wangjiang"
acts_for = ["物业企业"]
[[unit]]
id = "shizheng"
name = "望江街道市政养护所"
area = "wangjiang"
acts_for = ["市政养护"]
[[unit]]
id = "qu-shizheng"
name = "东湖区市政工程处"
area = "donghu"
acts_for = ["市政养护"]
[[unit]]
id = "zhifa"
name = "望江街道综合行政执法队"
area = "wangjiang"
acts_for = ["城市管理", "综合执法"]
[[unit]]
id = "qu-chengguan"
name = "东湖区城市管理局"
area = "donghu"
acts_for = ["城市管理", "综合执法"]
"""
_GRID = """
[[grid]]
id = "{name}"
name = "春风里一网格"
groups = ["web:{name}"]
community = "{community}"
area = "chunfeng"
workers = [{workers}]
{more}
[grid.policy]
{policy}
"""
_COLLEAGUES = '{ id = "web:li", name = "网格员小李" }, { id = "web:zhao", name = "网格员小赵" }'
_WORKERS = '{ id = "web:chen", name = "网格员小陈" }'
_LIMITS = 'worker_limit = "1m"\nyellow = 0.05'
STAFF_ROOM = "staff-room"
"""The workers' own group."""
GROUPS: dict[str, str] = {
    "chunfeng": "",
    "waits": "file_at_once = false",
    "where": "",
    "buildings": "",
    "twins": "",
    "twins-2": "",
    "unsure": "report_confidence = 0.99\ncategory_confidence = 0.0",
    "private": "",
    "danger": "",
    "menus": "file_at_once = false",
    "menus-2": "file_at_once = false",
    "done": "",
    "returns": "",
    "disputes": "raise_after = 2",
    "households": 'residents_rule = "majority"',
    "photo": "photo_needed = true",
    "lapses": "worker_key_minutes = 0.1",
    "reminds": "file_at_once = false\nworker_minutes = 0.3",
    "drops": "",
    "inside": "",
    "chunfeng-1": 'desk = "staff"',
    "evening": "",
    "lights": f"file_at_once = false\n{_LIMITS}",
    "chunfeng-2": 'file_at_once = false\nfollow_confidence = 0.9\nworker_limit = "1m"\nyellow = 0.5',
}
"""Names of groups, and in what the policy of each differs."""
_ONE_COMMUNITY = {"twins": "twins", "twins-2": "twins"}
SETTINGS = _GENERAL + "".join(
    _GRID.format(
        name=name,
        workers=_COLLEAGUES if name.startswith("menus") else _WORKERS,
        community=_ONE_COMMUNITY.get(name, name),
        policy=policy,
        more=f'staff = "web:{STAFF_ROOM}"' if name == "chunfeng-1" else "",
    )
    for name, policy in GROUPS.items()
)
