"""docs/scale.md and its Chinese version, from what was measured and computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import prices
from bench.measurements import DRAFT, PLAIN, VISION

if TYPE_CHECKING:
    from bench.scale import Measured, Row

TEXT = {
    "en": """# Past one machine

[中文](scale.zh-CN.md)

How many instances do a million photos in a day take, or ten million in an hour; how long does a photo take then; and what does it
cost? `make scale` measures this machine, computes the rest by a simulation, and writes this page; to change it, run it again.

- **Measured** ({date}, {machine}; {versions}): photos of 12 megapixels, one thread, programs in turns, as in [benchmarks.md](benchmarks.md).
  The Python handlers are those of `bench/peers/handler.py`: the fastest (reduced decoding), and as most people write it.
- **Computed** (`bench/simulation.py`, seed {seed}): every photo of a generated trace, with one of the measured times. The trace is the
  same for all. Its tests compare the simulation with the formulas below.
- **Assumed**: an instance that has nothing to do is kept for {kept:.0f} s; a platform takes {platform_start:g} s until a new instance's program is
  started, Kubernetes {pod_start:g} s for a pod. A processor of a platform is as fast as one of this machine, and SCF gives a whole one to
  {scf_mb:.0f} MB: scale the times by what the platform's log says. Calls only: no gateway, no storage, no logs, no traffic.

| measured, milliseconds | a photo, median (p99) | start of the program, median |
| --- | ---: | ---: |
{measured}

## A million photos in a day

Twelve a second on average. By day there are 1.6 times as many, by night 0.4; every half hour on average a burst of a minute brings
five times as many.

{day}

## Ten million in an hour

2,778 a second from the first second on, with nothing running before; every ten minutes on average a burst of half a minute brings
twice as many.

{hour}

- **Instances** are the most at once: instances of a function, or pods of {processors} workers, scaled so that 70 % of them are busy with
  what comes (HorizontalPodAutoscaler with its defaults: every 15 s, at most twice as many or four more, down after 5 minutes; at least two).
- The **p99** of a function is about that of the times that were measured, {samples} of each program; there are none beyond the longest
  one.
- **Refused** got 429 (Lambda) or 432 (SCF), because the account may have no more instances: {scf_most:.0f} of {scf_mb:.0f} MB on SCF,
  {lambda_most:,.0f} on Lambda, where no more than {lambda_new:,.0f} start in ten seconds. Both sell or give more when asked. Events of buckets are not
  lost then but come again; those of clients have to be sent again.
- On **Kubernetes** nobody is refused here: a photo waits at the pod that has accepted it, so those of the first seconds wait for
  minutes, with pods beside them that have nothing to do. The real `vision serve` answers 503 after `--queue-limit` instead; have clients
  come again, or start pods before the hour begins. Who can wait takes `vision batch` instead ([batch.md](batch.md)): all
  processors are busy all of the time, and none is paid for that waits.

![dollars for a million photos](images/scale.svg)

## Formulas and prices

For a first estimate, without any simulation: λ photos a second, S seconds each, c workers.

| what | formula | a million a day: {program} |
| --- | --- | ---: |
| workers that are busy on average | λ · S (Little) | {busy:.2f} |
| share of photos that wait with c workers | Erlang C (c, λS) | c = 3: {erlang_c:.1%} |
| share that is refused with at most c instances | Erlang B (c, λS) | c = 5: {erlang_b:.2%} |
| cost of a function | photos · (S · GB · price of a GB-second + price of a call) | {cost_lambda} |
| cost of pods | pods · hours · (processors · price + GB · price) | two pods: {cost_pods} |
| machines for a batch of N photos in T seconds | N · S / (T · cores of a machine) | in an hour, two cores: {batch:.0f} |

| price or limit | | read |
| --- | ---: | --- |
{prices}
""",
    "zh": """# 超出一台机器

[English](scale.md)

一天一百万张照片，或者一小时一千万张，需要多少实例？每张照片要多久？要花多少钱？`make scale` 在本机上实测，其余部分用仿真计算，并写出本页；
要修改本页，请重新运行。

- **实测**（{date}，{machine}；{versions}）：1200 万像素的照片，单线程，各程序轮流运行，与 [benchmarks.md](benchmarks.md) 相同。Python 处理程序来自
  `bench/peers/handler.py`：一个是最快的写法（缩小解码），一个是多数人的写法。
- **计算**（`bench/simulation.py`，种子 {seed}）：对生成的请求序列中的每张照片，取一个实测时间。所有平台和程序使用同一个序列。仿真本身的测试与下面的公式
  对照。
- **假设**：空闲实例保留 {kept:.0f} 秒；平台在启动新实例的程序之前需要 {platform_start:g} 秒，Kubernetes 的 pod 需要 {pod_start:g} 秒。平台的处理器与本机一样快，SCF 的
  {scf_mb:.0f} MB 实例得到一个完整的核：请按平台日志里的时间换算。只计调用本身，不含网关、存储、日志和流量。

| 实测，毫秒 | 一张照片，中位数（p99） | 程序启动，中位数 |
| --- | ---: | ---: |
{measured}

## 一天一百万张

平均每秒 12 张。白天是平均值的 1.6 倍，夜里是 0.4 倍；平均每半小时有一次持续一分钟的突发，达到五倍。

{day}

## 一小时一千万张

从第一秒起每秒 2778 张，此前没有任何实例在运行；平均每十分钟有一次持续半分钟的突发，达到两倍。

{hour}

- **实例**是同时存在的最大数量：函数实例，或者各有 {processors} 个 worker 的 pod。伸缩目标是 70% 的 worker 在处理到来的照片（HorizontalPodAutoscaler 的默认设置：
  每 15 秒一次，最多翻倍或增加四个，5 分钟后才缩容；至少两个）。
- 函数的 **p99** 大致就是实测时间的 p99，每个程序有 {samples} 个实测值，没有比其中最长的更长的。
- **拒绝**：由于账号的实例数上限，得到 429（Lambda）或 432（SCF）。SCF 上是 {scf_most:.0f} 个 {scf_mb:.0f} MB 的实例，Lambda 上是 {lambda_most:,.0f} 个，
  并且十秒内最多启动 {lambda_new:,.0f} 个。两者都可以申请或购买更多。来自存储桶的事件不会丢失，会重新投递；客户端的请求需要重发。
- 在 **Kubernetes** 上这里没有拒绝：照片会在接受它的 pod 里一直等待，所以最初几秒的照片要等几分钟，即使旁边的 pod 空闲。真实的 `vision serve` 在超过
  `--queue-limit` 后会返回 503；请让客户端重试，或者在高峰之前先启动 pod。如果可以等待，应改用 `vision batch`（[batch.zh-CN.md](batch.zh-CN.md)）：所有处理器始终在工作，不为空闲付费。

![每百万张照片的费用（美元）](images/scale.svg)

## 公式和价格

不用仿真的初步估算：每秒 λ 张照片，每张 S 秒，c 个 worker。

| 内容 | 公式 | 一天一百万张：{program} |
| --- | --- | ---: |
| 平均忙碌的 worker 数 | λ · S（利特尔法则） | {busy:.2f} |
| c 个 worker 时需要等待的比例 | Erlang C (c, λS) | c = 3：{erlang_c:.1%} |
| 最多 c 个实例时被拒绝的比例 | Erlang B (c, λS) | c = 5：{erlang_b:.2%} |
| 函数的费用 | 照片数 · (S · GB · 每 GB 秒单价 + 每次调用单价) | {cost_lambda} |
| pod 的费用 | pod 数 · 小时 · (处理器 · 单价 + GB · 单价) | 两个 pod：{cost_pods} |
| 在 T 秒内批量处理 N 张照片的机器数 | N · S / (T · 每台机器的核数) | 一小时，双核：{batch:.0f} |

| 价格或上限 | | 读取 |
| --- | ---: | --- |
{prices}
""",
}

WORDS = {
    "en": {"head": "| platform | program | instances | cold starts | median, ms | p99, ms | p99.9, ms | refused | cost |",
           "read": "{source}, {date}",
           "names": {VISION: "vision", DRAFT: "python, draft", PLAIN: "python"}},
    "zh": {"head": "| 平台 | 程序 | 实例 | 冷启动 | 中位数，ms | p99，ms | p99.9，ms | 拒绝 | 费用 |",
           "read": "{source}，{date}",
           "names": {VISION: "vision", DRAFT: "python, draft", PLAIN: "python"}},
}

PRICES = {
    "en": ["Lambda, a GB-second", "Lambda, a million calls", "Lambda, instances of an account", "Lambda, new instances in ten seconds",
           "SCF, a GB-second", "SCF, ten thousand calls", "SCF, memory of all instances of a region, MB",
           "Pods (EKS on Fargate), a processor for an hour", "Pods, a GB for an hour"],
    "zh": ["Lambda，每 GB 秒", "Lambda，每百万次调用", "Lambda，账号的实例数", "Lambda，十秒内的新实例数",
           "SCF，每 GB 秒", "SCF，每万次调用", "SCF，一个地域所有实例的内存，MB",
           "Pod（EKS on Fargate），每核每小时", "Pod，每 GB 每小时"],
}


def markdown(language: str, measured: Measured, tables: dict[str, list[Row]]) -> str:
    """The page in `en` or `zh`."""
    from bench import scale
    photos, seconds = scale.DAY.photos, scale.DAY.seconds
    service = sum(measured.warm[VISION]) / len(measured.warm[VISION])
    load = photos / seconds * service
    return TEXT[language].format(
        date=measured.date, machine=measured.machine, versions=measured.versions, seed=scale.SEED, kept=scale.KEPT,
        platform_start=scale.PLATFORM_START, pod_start=scale.POD_START, scf_mb=prices.SCF_GB * 1024,
        scf_most=scale.PLATFORMS[0].model.most, lambda_most=prices.LAMBDA_INSTANCES.value,
        lambda_new=prices.LAMBDA_NEW_IN_TEN_SECONDS.value, samples=len(measured.warm[VISION]), processors=prices.POD_PROCESSORS,
        measured=_measured(language, measured), day=_table(language, tables["day"]), hour=_table(language, tables["hour"]),
        program=f"{VISION}, S = {service * 1000:.0f} ms", busy=load, erlang_c=erlang_c(load, 3), erlang_b=erlang_b(load, 5),
        cost_lambda=f"Lambda: ${prices.of_lambda(photos * service, photos):.2f}",
        cost_pods=f"${prices.of_pods(2 * seconds, photos):.2f}", batch=photos * service / 3600 / 2, prices=_prices(language))


def erlang_b(load: float, servers: int) -> float:
    """The share that is refused where nobody waits."""
    share = 1.0
    for server in range(1, servers + 1):
        share = load * share / (server + load * share)
    return share


def erlang_c(load: float, servers: int) -> float:
    """The share that waits."""
    refused = erlang_b(load, servers)
    return refused / (1 - load / servers * (1 - refused))


def _measured(language: str, measured: Measured) -> str:
    def quantile(times: list[float], share: float) -> float:
        return sorted(times)[max(0, -(-int(len(times) * share * 1000) // 1000) - 1)] * 1000

    names = WORDS[language]["names"]
    return "\n".join(f"| {names[program]} | {quantile(times, 0.5):.1f} ({quantile(times, 0.99):.1f}) | "
                     f"{quantile(measured.start[program], 0.5):.0f} |" for program, times in measured.warm.items())


def _table(language: str, rows: list[Row]) -> str:
    words = WORDS[language]
    lines = [words["head"], "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        outcome = row.outcome
        times = " | ".join(f"{outcome.latency.quantile(share) * 1000:,.0f}" for share in (0.5, 0.99, 0.999))
        refused = outcome.refused / (outcome.refused + outcome.answered)
        cold = f"{outcome.cold:,}" if outcome.cold else "–"
        lines.append(f"| {row.platform} | {words['names'][row.program]} | {outcome.peak:,} | {cold} | {times} | "
                     f"{_share(refused)} | {row.currency}{row.cost:,.2f} |")
    return "\n".join(lines)


def _share(share: float) -> str:
    if share == 0:
        return "0"
    return f"{share:.2%}" if share >= 0.0001 else "< 0.01%"


def _prices(language: str) -> str:
    known = [("$", prices.LAMBDA_GB_SECOND), ("$", prices.LAMBDA_MILLION_CALLS), ("", prices.LAMBDA_INSTANCES),
             ("", prices.LAMBDA_NEW_IN_TEN_SECONDS), ("¥", prices.SCF_GB_SECOND), ("¥", prices.SCF_TEN_THOUSAND_CALLS),
             ("", prices.SCF_MEMORY), ("$", prices.POD_PROCESSOR_HOUR), ("$", prices.POD_GB_HOUR)]
    words = WORDS[language]
    lines = []
    for name, (currency, price) in zip(PRICES[language], known, strict=True):
        read = words["read"].format(source=f"<{price.source}>", date=price.read)
        value = f"{price.value:,.10f}".rstrip("0").rstrip(".")
        lines.append(f"| {name} | {currency}{value} | {read} |")
    return "\n".join(lines)
