"""Numbers of a plan that are possible but that hardly anybody means: a rate of samples as frames, epochs for samples, cents for dollars."""

from typing import TYPE_CHECKING

from traincarbon.estimation.contradictions import first_of, outside, shown
from traincarbon.estimation.facts.hardware import gemm_ceiling, measured_ceiling
from traincarbon.uncertain import Num, any_of, median_of, where

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.estimation.plan import Plan
    from traincarbon.estimation.trace import Trace

_MOST_EPOCHS = 1e4
"""More passes over a data set than any published training makes: MAE 1,600, wav2vec 2.0 648."""
_MOST_FRAMES_PER_S = 200.0
"""Encoders see 12 to 100 frames a second; audio is sampled at 8,000 to 48,000."""
_MOST_FRAMES = 10_000.0
"""Frames of a clip of several minutes, longer than any that is trained on at once."""
_LARGEST_IMAGE_PX = 16384.0
"""Side of an image beyond those of pathology and remote sensing that are trained on at once. [px]"""
_MOST_GMAC = 1e7
"""Multiply-adds of a forward pass beyond those of a long video in the largest models, 1e6. [GMAC]"""
_MACS_PER_PARAM = (1.0, 1e6)
"""Multiply-adds of a sample over parameters: an image has one token at least; a clip of a long video has 1e5."""
_GPUS_PER_SEQUENCE = 64.0
"""More GPUs than this for one sequence of a step are hardly kept busy: 8 by tensors, 8 by stages or by context."""
_FEW_STEPS = 20.0
"""Steps of a trial rather than of a training."""
_LEAST_MFU = 1e-5
"""Utilisation below that of any published or metered training that was more than a trial."""
_LOW_MFU = 1e-3
"""Utilisation below that of any published run of more parameters than :data:`_MANY_PARAMS`; small models are bound by launching kernels."""
_MANY_PARAMS = 1e8
_MOST_GPUS = 1e6
"""More accelerators than any cluster has, by a factor of a few."""
_DEAREST_GPU = 1e5
"""More than one GPU of unknown price costs, a third of a server of eight. [$]"""
_TIMES_KNOWN = 3.0
"""Times the known price of an accelerator, or below it, from which a price is taken for that of a server, or for a slip."""
_LEAST_SERVER = 2e4
"""Price of a new server of old or small GPUs: what is stated of an accelerator below it may be its price when it was new. [$]"""
_WAFER_W = 2e3
"""Power of an accelerator that is a system of its own, of which no price is known: a CS-3 takes 23 kW and costs millions. [W]"""
_LEAST_PRICE, _MOST_PRICE = 100.0, 2e7
"""Less than a GPU, and more than a rack of them, costs. [$]"""
_PRICES = (
    ("electricity_price", 0.0, 2.0, "it is in dollars for one kWh, such as 0.12; is it in cents?"),
    ("rent_price", 0.0, 100.0, "it is the rent of one GPU for an hour, 0.2 to 15 dollars; is it that of a server, or of a day?"),
    ("purchase_price", _LEAST_PRICE, _MOST_PRICE, "it is in dollars for one server; is a suffix missing, as in 300k, or is it that of the cluster?"),
    ("service_life", 0.1, 20.0, "it is in years, 3 to 6 for most accelerators; is it in another unit?"),
)
"""Fields of a plan with the least and the most that anybody pays or keeps hardware for, and the hint beyond."""


def warn_of_utilisation(trace: "Trace", database: "Database") -> None:
    """Warn of a utilisation, stated or implied by hours, that no training reaches."""
    plan, facts, mfu = trace.plan, trace.facts, median_of(trace.values.get("mfu"))
    if mfu is None:
        return
    chip = facts.accelerator
    precision = str(trace.values.get("precision") or plan.precision or "")
    ceiling = measured_ceiling(facts.hardware, chip, precision) or gemm_ceiling(database, chip)
    what = "mfu is" if plan.accelerator_hours is None else "the hours imply a utilisation (MFU) of"

    def said(condition: Num) -> str:
        return f"{what} {shown(*first_of(condition, mfu))}"

    if any_of(beyond := mfu > ceiling):
        why = "is it the share of time in which the GPU is busy?" if plan.accelerator_hours is None else "are hours, FLOP and precision right?"
        trace.slips.append(f"{said(beyond)}, above {ceiling:.2g}, the most that matrix products alone reach on {chip.name}: {why}")
    elif any_of(below := mfu < _LEAST_MFU):
        trace.slips.append(f"{said(below)}, which no training has: is a number, a unit or a suffix wrong?")
    elif (params := _median(plan, "params")) is not None and any_of(low := (mfu < _LOW_MFU) & (params > _MANY_PARAMS)):
        trace.slips.append(f"{said(low)}, which no published run of so large a model has: is a number, a unit or a suffix wrong?")


def warn_of_data(trace: "Trace") -> None:
    """Warn of data and prices, as the plan states them, that hardly anybody has, and of more GPUs than there is work for."""
    plan = trace.stated
    trace.slips += [*_of_samples(plan), *_of_multiply_adds(plan), *_of_count(trace), *_of_prices(trace)]
    steps = _steps(trace)
    if (few := outside(steps, least=_FEW_STEPS)) is not None:
        trace.warnings.append(f"only {shown(few)} steps: starting, compiling and the first slow steps are not in the figures; give startup_hours")
    trace.warnings += _of_patches(plan)


def _of_patches(plan: "Plan") -> list[str]:
    """Return what to say where patches leave a rest of the image; the side of latent video is that of a square as large as its frames, which are none."""
    side, patch, latent = (_median(plan, name) for name in ("image_size", "patch_size", "latent_factor"))
    if side is None or patch is None or (latent is not None and plan.frames is not None):
        return []
    has_rest = side % (patch * (1.0 if latent is None else latent)) != 0.0
    if not any_of(has_rest):
        return []
    side, patch, latent = first_of(has_rest, side, patch, latent)
    within = "" if latent is None else f" × latent_factor {shown(latent)}"
    return [f"image_size {shown(side)} is no multiple of patch_size {shown(patch)}{within}: is one of them wrong?"]


def _steps(trace: "Trace") -> Num | None:
    """Return the steps of the training, None where the plan states no batch, or how long it starts up."""
    plan = trace.plan
    tokens, batch = _median(plan, "tokens"), _median(plan, "batch_tokens")
    return None if tokens is None or batch is None or plan.startup_hours is not None or plan.accelerator_hours is not None else tokens / batch


def _of_samples(plan: "Plan") -> list[str]:
    found = []
    samples = _median(plan, "samples")
    epochs = outside(_number(plan, "epochs"), most=_MOST_EPOCHS)
    if epochs is not None:
        swapped = " or are samples and epochs the wrong way round?" if samples is not None and any_of(samples < epochs) else ""
        found.append(f"epochs is {shown(epochs)}, more than any training makes: are all epochs in samples already,{swapped or ' or is a suffix wrong?'}")
    for name, most, why in (
        ("frames_per_s", _MOST_FRAMES_PER_S, "audio has that many samples a second; an encoder sees 25 to 100 frames"),
        ("frames", _MOST_FRAMES, "it counts the frames of one clip, such as 16 or 81"),
        ("image_size", _LARGEST_IMAGE_PX, "it is the side of an image in pixels, such as 224"),
    ):
        value = outside(_number(plan, name), most=most)
        if value is not None:
            found.append(f"{name} is {shown(value)}: {why}")
    return found


def _of_multiply_adds(plan: "Plan") -> list[str]:
    gmac, params = _median(plan, "gmac_per_sample"), _median(plan, "params" if plan.active_params is None else "active_params")
    if gmac is None:
        return []
    unit = "it counts 1e9 multiply-adds, 4.1 for ResNet-50; is it in another unit?"
    if (large := outside(_number(plan, "gmac_per_sample"), most=_MOST_GMAC)) is not None:
        return [f"gmac_per_sample is {shown(large)}: {unit}"]
    if params is None or plan.audio_hours is not None:
        return []
    per_param = gmac * 1e9 / params
    least, most = _MACS_PER_PARAM
    if any_of(is_off := (per_param < least) | (per_param > most)):
        gmac, per_param = first_of(is_off, gmac, per_param)
        return [f"gmac_per_sample is {shown(gmac)}, {shown(per_param)} multiply-adds for each parameter: {unit}"]
    return []


def _of_count(trace: "Trace") -> list[str]:
    """Return what to say where there are more accelerators than samples, or than sequences of a step can keep busy."""
    plan = trace.stated
    n = median_of(trace.values.get("accelerators"))
    if (most := outside(trace.values.get("accelerators"), most=_MOST_GPUS)) is not None:
        return [f"{shown(most)} GPUs are more than any cluster has: is a suffix or an exponent wrong?"]
    if n is None or plan.accelerator_hours is not None or plan.hours is not None or plan.days is not None:
        return []
    samples, batch, seq_len = (_median(plan, name) for name in ("samples", "batch_tokens", "seq_len"))
    if samples is not None and any_of(idle := n > samples):
        n, samples = first_of(idle, n, samples)
        return [f"{shown(n)} GPUs for {shown(samples)} samples: most of them have no work"]
    sequences = None if batch is None or seq_len is None else batch / seq_len
    if sequences is not None and any_of(idle := n > _GPUS_PER_SEQUENCE * sequences):
        n, sequences = first_of(idle, n, sequences)
        return [f"{shown(n)} GPUs share a step of {shown(sequences)} × seq_len tokens: batch_tokens counts those of all GPUs; is it that of one?"]
    return []


def _of_prices(trace: "Trace") -> list[str]:
    """Return what to say of prices and years that nobody pays or keeps hardware for."""
    plan, hardware = trace.stated, trace.facts.hardware
    found = []
    for name, least, most, why in _PRICES:
        if name == "purchase_price" and not hardware.is_server:
            found += _of_one_accelerator(trace)
        elif (value := outside(_number(plan, name), least=least, most=most)) is not None:
            found.append(f"{name} is {shown(value)}: {why}")
    return found


def _of_one_accelerator(trace: "Trace") -> list[str]:
    """Return what to say of a price of the accelerator that the plan names as hw, by the price that is known of it."""
    chip, given = trace.facts.hardware, trace.facts.given("purchase_price")
    least: Num = _LEAST_PRICE
    most: Num = _DEAREST_GPU if (chip.value("board_power_w") or 0.0) < _WAFER_W else _MOST_PRICE
    if given is not None:
        known, times = median_of(given.value), _TIMES_KNOWN
        least = where(known < times * least, known / times, least)
        most = where(times * known > _LEAST_SERVER, times * known, _LEAST_SERVER)
    stated = _number(trace.stated, "purchase_price")
    if (price := outside(stated, most=most)) is not None:
        return [f"purchase_price is {shown(price)}: the plan names {chip.name} as hw, so it is that of one of them; of a server, name the server as hw"]
    if (price := outside(stated, least=least)) is not None:
        return [f"purchase_price is {shown(price)}: it is in dollars for one accelerator; is a suffix missing, as in 30k?"]
    return []


def _number(plan: "Plan", name: str) -> Num | None:
    return None if getattr(plan, name) is None else plan.number(name)


def _median(plan: "Plan", name: str) -> Num | None:
    return None if getattr(plan, name) is None else median_of(plan.number(name))
