"""What ails a network: one pass over data, figures for each layer, and sentences with the remedy."""

from nn.diagnosis.diagnose import diagnose
from nn.diagnosis.report import Diagnosis

__all__ = ["Diagnosis", "diagnose"]
