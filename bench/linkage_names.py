"""Common German names (folded to ASCII) at the head of the bench's name lists; syllables make the long tail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["name_list", "zipf_mandelbrot"]


def _words(text: str) -> list[str]:
    return text.split()


SURNAMES = _words("""
mueller schmidt schneider fischer weber meyer wagner becker schulz hoffmann schaefer koch bauer richter klein wolf
schroeder neumann schwarz zimmermann braun krueger hofmann hartmann lange schmitt werner schmitz krause meier lehmann
schmid schulze maier koehler herrmann koenig walter mayer huber kaiser fuchs peters lang scholz moeller weiss jung hahn
schubert vogel friedrich keller guenther frank berger winkler roth beck lorenz baumann franke albrecht schuster simon
ludwig boehm winter kraus martin schumacher kraemer vogt stein jaeger otto sommer gross seidel heinrich brandt haas
schreiber graf schulte dietrich ziegler kuhn kuehn pohl engel horn busch bergmann thomas voigt sauer arnold wolff
pfeiffer beyer lindner ernst hansen huebner kramer jansen franz lutz lenz haase hermann ott petersen roemer schwab
peter hesse nowak kowalski yilmaz kaya demir sahin nguyen oezdemir celik arslan aydin kilic schiller schroeter
brinkmann fiedler ebert geiger hauser ullrich bock bender stark wirth berg kirsch reuter marx fritz moser
""")
GIRLS = _words("""
mia emma hannah sofia lina emilia marie lea anna lena leonie clara ella luisa ida frieda mathilda charlotte maja amelie
johanna nele sarah laura lara julia katharina alina paula greta lotta helena antonia victoria elisa jana pia isabell
melina zoe fiona stella carla romy merle finja jule mila lilly nora elif zeynep fatima aylin
""")
BOYS = _words("""
ben noah leon paul elias finn luis jonas felix maximilian luca henry emil oskar theo jakob anton moritz leo max julian
david alexander philipp tim niklas jan simon lukas fabian erik mats jannik samuel rafael johannes jonathan vincent karl
till linus tom mika levi matteo milan adam ali mohammed emir yusuf kerem hannes konstantin
""")
_STARTS = _words("""
al an bar ber bin bo bra brei bu dar der dir do ebe eck eng er fal fen fin flo gei ger gie gla grab grun
hag ham hau heg hei hil ho hu jor kal kel kie kir klo kno kra kur lam lau leh lin lo lu mar mei men mit
mo nag neu nie ober ol os pan per plat po rau rei rie ro rud sand sche schi schla scho se sie span stei
sti stro tan thie trau tri uhl ul un vei vo wal wei wen wie win zan zei zim
""")
_MIDDLES = ["", "de", "ke", "le", "mer", "na", "ne", "ner", "ra", "ri", "se", "ser", "ste", "ter", "tin", "zel"]
_SURNAME_ENDS = _words(
    "ach bach bauer berg brecht burg dorf feld furt gard ger hammer hardt haus heim hoff holz horst huber ing kamp ke "
    "ler ling mann meier meister mer muth ner nick rath rich sen ski stein thal wald weiler"
)
_GIRL_ENDS = _words("a ia ina ine ette lia nja ra sa ta tte vie")
_BOY_ENDS = _words("an as ek en ert ian ias ik in jo o on or us")


def name_list(kind: str, length: int) -> list[str]:
    """
    Distinct names, most frequent first.

    Args:
        kind: surname, girl or boy.
        length: How many.
    """
    head, ends = {"surname": (SURNAMES, _SURNAME_ENDS), "girl": (GIRLS, _GIRL_ENDS), "boy": (BOYS, _BOY_ENDS)}[kind]
    made = [start + middle + end for end in ends for middle in _MIDDLES for start in _STARTS]
    order = np.random.default_rng([length, len(head)]).permutation(len(made))
    names = dict.fromkeys(head)
    names.update(dict.fromkeys(made[place] for place in order))
    if len(names) < length:
        raise ValueError(f"{kind}: {len(names)} names can be made, {length} were wanted")
    return list(names)[:length]


def zipf_mandelbrot(length: int, *, offset: float, power: float) -> NDArray[np.float64]:
    """`(length,)` probabilities proportional to (rank + offset) ** -power, rank from 1."""
    shares = (np.arange(1, length + 1) + offset) ** -power
    return np.asarray(shares / shares.sum(), dtype=np.float64)
