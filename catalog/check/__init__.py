"""Claims of a text: found, read for what they assert, and put beside the evidence the catalog holds. Never judged."""
