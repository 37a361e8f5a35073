"""Compute after the training of a model: serving it, and training a smaller model on its output."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num


@equation("2 × active_params × served_tokens", source="kaplan-2020-scaling")
def serving_flop(*, active_params: Num, served_tokens: Num) -> Num:
    r"""Return the model FLOP of running a model over tokens, read or written, attention scores left out.

    .. math:: C = 2 \, N \, T

    Args:
        active_params: Parameters that each token passes through. [1]
        served_tokens: Tokens of all requests together, of prompts and answers. [1]

    Returns:
        Model FLOP of the forward passes. [FLOP]

    Raises:
        OutOfRangeError: *active_params* is not positive or *served_tokens* is negative.

    Example:
        >>> serving_flop(active_params=7e9, served_tokens=1e12)
        1.4e+22

    References:
        Kaplan et al. 2020, arXiv:2001.08361, section 2.1; Sardana and Frankle 2023, *Beyond Chinchilla-optimal*, arXiv:2401.00448, section 2.
    """
    require(above=0.0, active_params=active_params)
    require(at_least=0.0, served_tokens=served_tokens)
    return 2.0 * active_params * served_tokens


@equation("(6 × student_params + 2 × teacher_params) × tokens", source="sanh-2019-distilbert")
def distillation_flop(*, student_params: Num, teacher_params: Num, tokens: Num) -> Num:
    r"""Return the model FLOP of training a student on the output of an existing teacher for every token.

    .. math:: C = (6 \, N_{student} + 2 \, N_{teacher}) \, D

    Args:
        student_params: Parameters of the student, which is trained. [1]
        teacher_params: Parameters of the teacher, which only runs forward. [1]
        tokens: Tokens that both see. [1]

    Returns:
        Model FLOP, the teacher's own training left out. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> distillation_flop(student_params=66e6, teacher_params=110e6, tokens=1e9)
        6.16e+17

    References:
        Sanh et al. 2019, *DistilBERT*, arXiv:1910.01108, section 3: the loss is over the teacher's soft targets.
    """
    require(above=0.0, student_params=student_params, teacher_params=teacher_params, tokens=tokens)
    return (6.0 * student_params + 2.0 * teacher_params) * tokens
