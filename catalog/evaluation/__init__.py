"""Agreement of a catalog's tags with hand labels.

fields.py     what can be compared, and what an empty label means      gold.py       the labels, read and checked
tagged.py     what the catalog says, and by which rule                 scores.py     the figures, pure
bootstrap.py  their intervals                                          compare.py    one field: labels against tags
evaluate.py   a gold file against a catalog                            report.py     as text and as JSON
"""

from catalog.evaluation.evaluate import Evaluation, evaluate
from catalog.evaluation.report import as_document, as_text

__all__ = ["Evaluation", "as_document", "as_text", "evaluate"]
