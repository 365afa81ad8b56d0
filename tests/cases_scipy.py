"""Where the ufuncs of scipy.special are differentiated in the tests: two or more points for each operand.

A row: the operands, each a number that stays as it is or a list of points. Operands whose derivative is
refused are numbers.
"""

from __future__ import annotations

import numpy as np

ANY = [-1.7, -0.4, 0.3, 2.1]
POSITIVE = [0.2, 0.9, 2.6, 7.0]
UNIT = [0.08, 0.3, 0.55, 0.93]

POINTS: dict[str, tuple] = {
    # error functions, the normal distribution, logistic functions
    "erf": (ANY,), "erfc": (ANY,), "erfcx": ([-1.7, 0.3, 2.1, 9.0],), "erfi": (ANY,), "erfinv": ([-0.7, 0.1, 0.8],),
    "erfcinv": ([0.1, 0.8, 1.6],), "dawsn": ([-9.0, -0.4, 0.3, 2.1],), "wofz": ([-1.7, 0.3 + 0.5j, 9.0 - 1j],),
    "ndtr": (ANY,), "log_ndtr": ([-9.0, -0.4, 0.3, 2.1],), "ndtri": (UNIT,), "ndtri_exp": ([-9.0, -1.0, -0.2],),
    "owens_t": (ANY, [0.4, -1.1, 0.7, 2.0]), "voigt_profile": (ANY, [0.4, 1.1, 0.7, 2.0], [0.3, 0.5, 1.5, 0.9]),
    "expit": (ANY,), "log_expit": (ANY,), "logit": (UNIT,),
    # gamma and beta functions
    "gamma": ([-1.4, -0.5, 0.3, 4.2],), "gammaln": (POSITIVE,), "loggamma": (POSITIVE,), "gammasgn": (ANY,),
    "rgamma": ([-2.0, -1.4, 0.0, 0.3, 0.5, 4.2],), "psi": ([-1.4, 0.3, 4.2],), "digamma": ([-1.4, 0.3, 4.2],),
    "poch": (POSITIVE, [0.5, 1.5, 0.3, 2.0]), "beta": (POSITIVE, [1.3, 0.4, 2.0, 5.0]),
    "betaln": (POSITIVE, [1.3, 0.4, 2.0, 5.0]), "binom": ([5.2, 7.0, 30.0], [2.1, 3.0, 11.5]),
    "gammainc": (1.7, POSITIVE), "gammaincc": (25.0, [12.0, 24.0, 40.0]), "gammaincinv": (1.7, UNIT),
    "gammainccinv": (12.5, UNIT), "betainc": (1.7, 2.4, UNIT), "betaincc": (30.0, 12.0, [0.5, 0.7, 0.8]),
    "betaincinv": (1.7, 2.4, UNIT), "betainccinv": (5.0, 2.4, UNIT), "zetac": (2.0,),
    "wrightomega": (ANY,),
    # logarithms, powers, entropies, losses, degrees
    "expm1": (ANY,), "log1p": (POSITIVE,), "exp2": (ANY,), "exp10": (ANY,), "exprel": ([-1.7, 0.0, 1e-5, 3.0],),
    "cbrt": (POSITIVE,), "cosm1": (ANY,), "powm1": (POSITIVE, ANY), "xlogy": (ANY, POSITIVE),
    "xlog1py": (ANY, POSITIVE), "entr": (POSITIVE,), "rel_entr": (POSITIVE, [0.3, 0.9, 1.0, 9.0]),
    "kl_div": (POSITIVE, [0.3, 0.9, 1.0, 9.0]), "boxcox": (POSITIVE, [0.5, 0.0, -1.0, 2.0]),
    "boxcox1p": (POSITIVE, [0.5, 0.0, -1.0, 2.0]), "inv_boxcox": ([0.5, -0.6, 0.3, 4.0], [0.5, 0.0, -1.0, 2.0]),
    "inv_boxcox1p": ([0.5, -0.6, 0.3, 4.0], [0.5, 0.0, -1.0, 2.0]), "huber": (1.1, [-2.0, -0.4, 0.3, 1.9]),
    "pseudo_huber": ([0.5, 1.1, 2.0, 0.8], ANY), "sindg": ([-30.0, 20.0, 100.0],), "cosdg": ([-30.0, 20.0, 100.0],),
    "tandg": ([-30.0, 20.0, 100.0],), "cotdg": ([-30.0, 20.0, 100.0],),
    "radian": ([3.0, -9.0], [20.0, 5.5], [1.0, 59.0]), "round": ([-1.7, 0.3],),
    # Bessel functions and their like
    "jv": (1.5, POSITIVE), "jn": (2, POSITIVE), "jve": (1.5, POSITIVE), "yv": (0.5, POSITIVE), "yve": (0.5, POSITIVE),
    "yn": (3, POSITIVE), "iv": (2.5, POSITIVE), "ive": (1.5, [0.2, 2.6, 70.0]), "kv": (0.7, POSITIVE),
    "kve": (2.0, [0.2, 2.6, 70.0]), "kn": (0, POSITIVE), "hankel1": (1.5, POSITIVE), "hankel2": (1.5, POSITIVE),
    "j0": (ANY,), "j1": (ANY,), "y0": (POSITIVE,), "y1": (POSITIVE,), "i0": (ANY,), "i1": (ANY,), "k0": (POSITIVE,),
    "k1": (POSITIVE,), "i0e": ([-70.0, -1.0, 0.3, 60.0],), "i1e": ([-70.0, -1.0, 0.3, 60.0],),
    "k0e": ([0.3, 2.0, 60.0],), "k1e": ([0.3, 2.0, 60.0],), "ber": (POSITIVE,), "bei": (POSITIVE,), "ker": (POSITIVE,),
    "kei": (POSITIVE,), "berp": (POSITIVE,), "beip": (POSITIVE,), "kerp": (POSITIVE,), "keip": (POSITIVE,),
    "struve": (1.5, POSITIVE), "modstruve": (0, POSITIVE), "itstruve0": (POSITIVE,), "itmodstruve0": (POSITIVE,),
    "it2struve0": (POSITIVE,),
    # hypergeometric functions, polynomials, integrals
    "hyp0f1": (1.7, ANY), "hyp1f1": (1.2, 2.5, ANY), "hyperu": (1.2, 2.5, POSITIVE),
    "hyp2f1": (0.5, 1.2, 2.7, [-2.0, -0.3, 0.6]),
    "wright_bessel": (1.5, 1.1, POSITIVE), "log_wright_bessel": (1.5, 1.1, POSITIVE), "eval_jacobi": (3, 0.5, 1.5, ANY),
    "eval_gegenbauer": (4, 0.7, ANY), "eval_genlaguerre": (3, 0.5, ANY), "eval_chebyt": (5, ANY),
    "eval_chebyu": (4, ANY), "eval_chebyc": (3, ANY), "eval_chebys": (3, ANY), "eval_legendre": (4, ANY),
    "eval_laguerre": (4, ANY), "eval_hermite": (4, ANY), "eval_hermitenorm": (0, ANY), "eval_sh_chebyt": (3, ANY),
    "eval_sh_chebyu": (3, ANY), "eval_sh_legendre": (3, ANY), "exp1": (POSITIVE,), "expi": (POSITIVE,),
    "expn": (2, POSITIVE), "spence": ([0.1, 0.9999, 1.0, 4.0],), "ellipk": ([-3.0, 1e-9, 0.4, 0.9],),
    "ellipkm1": ([0.1, 0.6, 4.0],), "ellipe": ([-3.0, 1e-9, 0.4, 0.9],), "ellipkinc": (ANY, 0.4),
    "ellipeinc": (ANY, 0.4),
    # distribution functions
    "chdtr": (3.0, POSITIVE), "chdtrc": (3.0, POSITIVE), "chdtri": (3.0, UNIT), "pdtr": (4, POSITIVE),
    "pdtrc": (4, POSITIVE), "pdtri": (4, UNIT), "gdtr": (POSITIVE, 1.7, [1.0, 2.0, 0.5, 0.3]),
    "gdtrc": (POSITIVE, 1.7, [1.0, 2.0, 0.5, 0.3]), "gdtrix": (POSITIVE, 1.7, UNIT), "gdtria": (UNIT, 1.7, POSITIVE),
    "bdtr": (2, 9, UNIT), "bdtrc": (2, 9, UNIT), "bdtri": (2, 9, UNIT), "nbdtr": (2, 9, UNIT), "nbdtrc": (2, 9, UNIT),
    "nbdtri": (2, 9, UNIT), "fdtr": (3.0, 8.0, POSITIVE), "fdtrc": (3.0, 8.0, POSITIVE), "fdtri": (3.0, 8.0, UNIT),
    "stdtr": (2.5, ANY), "stdtrit": (2.5, UNIT), "nrdtrimn": (UNIT, [0.5, 1.0, 2.0, 3.0], ANY),
    "nrdtrisd": ([0.5, 1.0, -2.0, 0.2], [0.7, 0.8, 0.9, 0.6], [1.5, 3.0, 2.0, 0.4]),
    # several outputs
    "airy": (ANY,), "itairy": (ANY,), "fresnel": (ANY,), "sici": (POSITIVE,), "shichi": (POSITIVE,),
    "itj0y0": (POSITIVE,), "iti0k0": (POSITIVE,), "ellipj": (ANY, 0.4), "pbdv": (1.5, ANY), "pbvv": (1.5, ANY),
    "pbwa": (0.5, ANY),
}  # fmt: skip


def points(name: str) -> tuple[list, list[int]]:
    """Return the operands of a row, as arrays and numbers, and which of them are differentiated."""
    operands = [np.array(x) if isinstance(x, list) else x for x in POINTS[name]]
    return operands, [i for i, x in enumerate(operands) if isinstance(x, np.ndarray)]
