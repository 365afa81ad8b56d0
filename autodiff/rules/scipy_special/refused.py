"""Functions of `scipy.special` that have no rule, and why."""

from __future__ import annotations

from scipy import special

from autodiff.rules.refused import named, refused

PERIODIC = "Its derivative has no closed form. Write the equation it solves, and differentiate that with odeint."
SHAPES = "It inverts a distribution in a shape parameter, where the slope has no closed form. Use a root finder and "
SCALED = "Its scale is not an analytic function. Write the function without it, times np.exp."
SERIES = "Its derivative is a series that SciPy does not give. Write the sum or integral that defines it with NumPy."

refused(PERIODIC, *named(special, (
    "mathieu_a mathieu_b mathieu_cem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2 mathieu_sem "
    "obl_ang1 obl_ang1_cv obl_cv obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv "
    "pro_ang1 pro_ang1_cv pro_cv pro_rad1 pro_rad1_cv pro_rad2 pro_rad2_cv"
)))  # fmt: skip
refused(SHAPES + "the rule of implicit functions.", *named(special, (
    "bdtrik bdtrin btdtria btdtrib chdtriv chndtridf chndtrinc fdtridfd gdtrib nbdtrik nbdtrin "
    "ncfdtridfd ncfdtridfn ncfdtrinc nctdtridf nctdtrinc pdtrik stdtridf"
)))  # fmt: skip
refused(SCALED, *named(special, "hankel1e hankel2e airye"))
refused(SERIES, *named(special, (
    "agm besselpoly chndtr chndtrix elliprc elliprd elliprf elliprg elliprj eval_sh_jacobi it2i0k0 it2j0y0 kelvin "
    "kolmogi kolmogorov lpmv modfresnelm modfresnelp ncfdtr ncfdtri nctdtr nctdtrit smirnov smirnovi tklmbda"
)))  # fmt: skip
