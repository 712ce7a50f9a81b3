"""How single values look in a config file, before any meaning: each with the words that the JSON schema says of it."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

Number = Annotated[Decimal, Meta(description='a decimal number as text: "1.5"')]
SpanText = Annotated[str, Meta(pattern=r"^(\d+(ms|s|m|h|d))+$", description='a length of time: "30m", "1h30m"')]
Percent = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?%$", description='a share: "25%"')]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="letters, digits, . _ -")]
AssetName = Annotated[str, Meta(pattern=r"^[A-Z0-9]{2,10}$", description="an asset in capitals: BTC")]
HopText = Annotated[str, Meta(pattern=r"^[A-Z0-9]{2,10}>[A-Z0-9]{2,10}$", description='one hop: "BTC>USDT"')]
DaysText = Annotated[
    str,
    Meta(
        pattern=r"^(mon|tue|wed|thu|fri|sat|sun)([,-](mon|tue|wed|thu|fri|sat|sun))*$",
        description='weekdays: "mon-fri", "sat,sun"',
    ),
]
TimeText = Annotated[
    str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", description='a time of day: "09:30"; "24:00" is its end')
]
OffsetText = Annotated[str, Meta(pattern=r"^[+-]([01]\d|2[0-3]):[0-5]\d$", description='local time less UTC: "+08:00"')]
PortionText = Annotated[
    str, Meta(pattern=r"^\d+(\.\d+)?%?$", description='a share of what is left, or a quantity: "20%", "0.05"')
]
BoundText = Annotated[
    str,
    Meta(pattern=r"^\d+(\.\d+)?%?$", description='a price in the asset bought, or a share of arrival: "66500", "95%"'),
]
Count = Annotated[int, Meta(ge=1)]
Weight = Annotated[int, Meta(ge=0)]
