"""One tiny model for all tests, trained once on a handful of examples that stand here."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

ROWS = """\
report\thousing.elevator\tnormal\t{6号楼}的电梯卡在中间不动了
report\thousing.elevator\turgent\t有人困在{2栋1单元}电梯里出不来
report\thousing.elevator\tnormal\tthe lift in {block 9} stops between floors
report\tutilities.water\turgent\t{11栋}整栋楼都没水
report\tutilities.water\tnormal\tno water in {building 4} since noon
report\ttraffic.streetlight\tnormal\t{育才路}路灯坏了一排
report\tsafety.fire\temergency\t{8栋}着火了快来人
report\tsafety.fire\temergency\tfire on the third floor of {block 2}
chatter\t\t\t早上好各位邻居
chatter\t\t\t今天天气不错去{人民公园}走走
chatter\t\t\t哈哈哈笑死我了
chatter\t\t\tgood morning everyone
chatter\t\t\t晚饭吃什么好呢
consult\t\t\t居住证去哪里办
consult\t\t\twhere do I renew my permit
urge\t\t\t报了三天的灯什么时候修
second\t\t\t我们{3单元}也没水
detail\t\t\t就在{东门}保安亭后面
resolved\t\t\t来水了谢谢师傅
disputed\t\t\t没修好还是漏
withdraw\t\t\t不好意思是我看错了
"""


def written(folder: Path, rows: str, header: str = "intent\tcategory\turgency\ttext") -> Path:
    """Write `rows` as the Chinese examples of a data folder; return the folder."""
    (folder / "zh").mkdir(parents=True, exist_ok=True)
    (folder / "zh" / "some.tsv").write_text(f"{header}\n{rows}", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """Return the path of the tiny model."""
    import train

    folder = tmp_path_factory.mktemp("tiny")
    train.train(folder / "tiny.tar.gz", written(folder / "data", ROWS))
    return folder / "tiny.tar.gz"


@pytest.fixture(scope="session")
def reader(model):
    """Return a reader with the tiny model."""
    from reader import Reader

    return Reader(model)
