"""Write the schemas: ``python -m traincarbon.schemas FOLDER``."""

import os
import sys

from traincarbon.schemas import write

write(sys.argv[1] if len(sys.argv) > 1 else os.path.join("docs", "schemas"))
