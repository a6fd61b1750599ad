"""Words that led to the wrong department."""

import pytest
from test_dispatch import LETTERS, SHIPPED, dispatch


@pytest.mark.parametrize(
    ("path", "text", "lead"),
    [
        ("经济管理/能源管理/能源开发供应", "村里有人私自卖汽油柴油", "应急局"),
        ("环境保护/环境污染/噪音污染", "变压器半夜嗡嗡响", "供电公司"),
        ("城乡建设/城市建设和市政管理/燃气供应", "开发商另收燃气开口费", "市场监管局"),
        ("环境保护/环境污染/大气污染", "厨房一股臭鸡蛋味，燃气灶关了还是有", "燃气公司"),
        ("环境保护/环境污染/大气污染", "厨房里有煤气味", "燃气公司"),
        ("环境保护/环境污染/大气污染", "企业的燃气锅炉冒黑烟", "生态环境局"),
        ("环境保护/环境污染/大气污染", "饭店厨房油烟直排", "城管局"),
        ("农村农业/水利水电/防汛抗旱", "屋后山体裂了一条缝", "自然资源和规划局"),
        ("农村农业/水利水电/防汛抗旱", "河堤渗水", "水利局"),
        ("教育文体/教育行政管理/校园安全", "女儿放学后失踪", "公安局"),
        ("城乡建设/城市建设和市政管理/环境卫生", "垃圾站的流浪狗追人", "公安局"),
        ("城乡建设/城市建设和市政管理/公园管理", "公园海盗船的安全杠扣不上", "市场监管局"),
        ("城乡建设/城市建设和市政管理/公园管理", "公园想增加长椅", "城管局"),
        ("党务政务/群众团体/妇联工作", "丈夫喝酒后又殴打我", "公安局"),
    ],
)
def test_the_words_lead_where_they_belong(path: str, text: str, lead: str) -> None:
    domain = LETTERS.get_by_path(*path.split("/"))
    assert dispatch(SHIPPED, domain, text=text).lead == lead


def test_fuel_that_is_only_mentioned_leads_nowhere_else() -> None:
    domain = LETTERS.get_by_path("经济管理", "能源管理", "能源开发供应")
    text = "水电站停了，村里靠柴油机发电"
    assert dispatch(SHIPPED, domain, nature="求助", text=text).lead == "发改委"
